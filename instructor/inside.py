"""What runs inside the sandbox: it holds PyTorch ready, forks a process for each submission, and answers calls there.

Nothing in this file is trusted by the grader once a submission runs: the submission may rewrite all of it. It only
computes what it is asked for; what is right is decided outside, in instructor/hidden.py. It imports nothing of this
project, for the sandbox does not show it, and what goes in and out is JSON, one message a line.
"""

import ast
import base64
import builtins
import contextlib
import ctypes
import itertools
import json
import os
import re
import resource
import signal
import socket
import struct
import sys
import types

DEPTH, PARTS, NUMBERS, LETTERS = 8, 20_000, 400_000, 100_000       # what one value may hold; more is no answer
ALL_PARTS = 200_000         # of all lists in one message
MIB = 1 << 20
RECURRENT = {"rnn_tanh", "rnn_relu", "gru", "lstm", "rnn_tanh_cell", "rnn_relu_cell", "gru_cell", "lstm_cell",
             "mkldnn_rnn_layer"}


# --- values as JSON ---------------------------------------------------------------------------------------------------

def encode(value, depth: int = 0):
    """The value as JSON; what is no plain value becomes {"?": name of its type}.

    A list is {"l": [...]}, a tuple {"t": [...]}, a dict {"d": [[key, value], ...]}, a set {"e": [...]}, a tensor or an
    array {"T": dtype, "s": shape, "b": base64, "g": whether it needs a gradient}.
    """
    if depth > DEPTH:
        return {"?": "something nested too deeply"}
    if value is None or type(value) in (bool, float):
        return value
    if type(value) is int:
        return value if abs(value) < 10**18 else {"?": "int of many digits"}
    if type(value) is str:
        return value if len(value) <= LETTERS else {"?": "str of many letters"}
    kinds = (("l", list), ("t", tuple), ("e", (set, frozenset)))
    kind = next((kind for kind, types in kinds if isinstance(value, types)), None)
    if kind:
        return {kind: [encode(one, depth + 1) for one in value]} if len(value) <= PARTS else {"?": "a long list"}
    if isinstance(value, dict):
        pairs = [[encode(key, depth + 1), encode(one, depth + 1)] for key, one in value.items()]
        return {"d": pairs} if len(pairs) <= PARTS else {"?": "a long dict"}
    if isinstance(value, range | types.GeneratorType | map | zip | filter | reversed):
        return encode(list(itertools.islice(value, PARTS + 1)), depth)
    import numpy
    import torch
    if isinstance(value, numpy.generic):
        return encode(value.item(), depth)
    if isinstance(value, numpy.ndarray):
        value = torch.from_numpy(value.copy()) if value.dtype.kind in "fiub" else None
    if isinstance(value, torch.Tensor) and value.numel() <= NUMBERS and not value.is_complex():
        plain = value.detach().cpu().contiguous()
        plain = plain.float() if plain.dtype == torch.bfloat16 else plain
        array = plain.numpy()
        return {"T": str(array.dtype), "s": list(array.shape), "b": base64.b64encode(array.tobytes()).decode(),
                "g": bool(value.requires_grad)}
    return {"?": type(value).__name__[:60]}


class Opaque:
    """What came back and is no plain value: equal to nothing."""

    def __init__(self, name: str):
        self.name = name

    def __eq__(self, other):
        return False

    __hash__ = object.__hash__

    def __repr__(self):
        return f"<{self.name}>"


DTYPES = {"float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"}


def decode(message, special=None, left: list[int] | None = None):
    """The value that this JSON stands for. ValueError if it is none, or holds more parts than are `left`, for not all
    that comes was made by `encode`. `special` decodes {"h": ...} and {"c": ...}."""
    if message is None or type(message) in (bool, int, float, str):
        return message
    if not isinstance(message, dict):
        raise ValueError("this is no value")
    left = left or [ALL_PARTS]
    for kind, make in (("l", list), ("t", tuple), ("e", set), ("d", dict)):
        if kind in message:
            left[0] -= len(message[kind])
            if left[0] < 0:
                raise ValueError("this is more than one value may hold")
            if kind == "d":
                return {decode(key, special, left): decode(one, special, left) for key, one in message["d"]}
            return make([decode(one, special, left) for one in message[kind]])
    if "T" in message:
        import numpy
        import torch
        if message["T"] not in DTYPES or not all(type(size) is int and 0 <= size <= NUMBERS for size in message["s"]):
            raise ValueError("this is no tensor")       # no side is long, for an empty one may be walked along too
        numbers = numpy.frombuffer(base64.b64decode(message["b"], validate=True), dtype=message["T"])
        return torch.from_numpy(numbers.reshape(message["s"]).copy())
    if special and ("h" in message or "c" in message):
        return special(message)
    return Opaque(str(message.get("?"))[:60])


# --- the notebook and its answers -------------------------------------------------------------------------------------

class Delegated(BaseException):
    """A recurrent layer of PyTorch was called where the answer is to be written by hand."""


def without_layers():
    """A block in which PyTorch's recurrent layers, and the course's own cells, cannot be called."""
    from torch.overrides import TorchFunctionMode

    class Guard(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            if getattr(function, "__name__", "").split(".")[0] in RECURRENT:
                raise Delegated
            return function(*args, **(kwargs or {}))

    return Guard()


def tidy(source: str) -> str:
    """The cell as Python: magics and shell commands left out, each in its line."""
    first = source.lstrip().split("\n", 1)[0]
    if first.startswith("%%"):
        if first.split()[0] not in ("%%time", "%%capture", "%%timeit"):
            return ""
        source = source.replace(first, "", 1)
    try:
        ast.parse(source)
        return source
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    lines = []
    for line in source.split("\n"):
        bare = line.lstrip()
        indent = line[:len(line) - len(bare)]
        if bare.startswith(("%", "!", "?")) or re.fullmatch(r"\??[\w.]+\?{1,2}\s*", bare):
            line = indent + "pass"
        elif re.match(r"[\w, ]+=\s*[!%]", bare):
            line = indent + bare.split("=")[0] + "= []"
        lines.append(line)
    return "\n".join(lines)


class Inside:
    """A notebook that has run, and the answers in it. `say` sends a message out, `hear` waits for the next."""

    def __init__(self, say, hear):
        self.say, self.hear = say, hear
        self.names = {"__name__": "__main__", "__builtins__": builtins}
        self.answers, self.kept, self.delegated = {}, {}, False

    def run(self, cells: list, answered: dict) -> None:
        """Run [number, source, exercise or None] one after the other; keep what each exercise's cell defines.

        `answered`: exercise -> the names that its answer has.
        """
        for number, source, exercise in cells:
            self.say({"cell": number})
            before = dict(self.names)
            error = None
            try:
                code = compile(tidy(source), f"<cell {number}>", "exec")
                exec(code, self.names)
            except BaseException as problem:
                error = self.described(problem)
                error["text"] = str(problem)[:300]
            for one, names in answered.items():
                new = {name for name in names if name in self.names and self.names[name] is not before.get(name, self)}
                if one == exercise or (exercise is None and new == set(names)):
                    self.answers.setdefault(one, {}).update({name: self.names[name] for name in new})
            self.say({"cell": number, "error": error})

    def described(self, problem: BaseException) -> dict:
        """What is said of an exception: its type, and the cell and line of the submission that it came from."""
        if isinstance(problem, Delegated):
            self.delegated = True
        place, trace = [None, None], problem.__traceback__
        while trace:
            named = re.fullmatch(r"<cell (\d+)>", trace.tb_frame.f_code.co_filename)
            if named:
                place = [int(named[1]), trace.tb_lineno]
            trace = trace.tb_next
        if isinstance(problem, SyntaxError):
            named = re.fullmatch(r"<cell (\d+)>", problem.filename or "")
            place = [int(named[1]), problem.lineno] if named else place
        return {"type": type(problem).__name__, "cell": place[0], "line": place[1]}

    def special(self, message: dict):
        """What the grader has put here and means by its number, or a function of the grader's."""
        if "h" in message:
            return self.kept[message["h"]]

        def called(*given, **options):
            self.say({"call": message["c"], "given": encode(list(given)), "options": encode(options)})
            reply = self.hear()
            if "error" in reply:
                raise ValueError("what was given to this function does not suit it")
            return decode(reply["value"], self.special)

        return called

    def ask(self, message: dict) -> dict:
        """Evaluate an expression over the answers of an exercise and what is given; reply with its value."""
        import math

        import numpy
        import torch
        self.delegated = False
        try:
            names = {"torch": torch, "nn": torch.nn, "np": numpy, "math": math, "gradients": gradients, "load": load,
                     **{name: self.names[name] for name in message["names"] if name in self.names},
                     **self.answers.get(message["of"], {})}
            for name in message["names"]:
                if name not in names:
                    return {"missing": name}
            names |= {name: decode(value, self.special) for name, value in message["given"].items()}
            with without_layers() if message["by_hand"] else contextlib.nullcontext():
                value = eval(message["expression"], names)
                if not message["keep"]:
                    reply = {"value": encode(value)}
            if message["keep"]:
                self.kept[message["keep"]] = value
                reply = {"value": {"?": type(value).__name__[:60]}}
        except BaseException as problem:
            reply = {"error": self.described(problem)}
        return {**reply, "delegated": self.delegated}

    def serve(self) -> None:
        """Run the notebook, then answer until the other side has gone."""
        first = self.hear()
        self.run(first["cells"], first["answered"])
        self.say({"ready": True})
        while True:
            self.say(self.ask(self.hear()))


def load(net, weights):
    """The net with these weights, in the order of its parameters, and of their kind."""
    import torch
    net = net.to(weights[0].dtype)
    with torch.no_grad():
        for parameter, weight in zip(net.parameters(), weights, strict=True):
            parameter.copy_(weight)
    return net


def gradients(result, of, along):
    """What a loss, the sum of `result` times `along`, sends back to each of `of`; zeros where nothing arrives."""
    import torch
    result = torch.stack(list(result)) if isinstance(result, (list, tuple)) else torch.as_tensor(result)
    if not result.requires_grad:
        return [torch.zeros_like(one) for one in of]
    loss = (result.double() * along.double()).sum()
    return list(torch.autograd.grad(loss, list(of), allow_unused=True, materialize_grads=True))


# --- a process for each submission ------------------------------------------------------------------------------------

libc = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWUSER, NEWPID, NEWNET, NEWIPC, NEWUTS = 0x20000, 0x10000000, 0x20000000, 0x40000000, 0x08000000, 0x04000000
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 0x4000, 0x40000
PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG = 4, 24, 38, 1
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2


def must(result: int, what: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def not_root(limits: dict) -> None:
    """Go on as nobody, so that limits hold: they do not for root."""
    if os.getuid() == 0:
        other = 100_000 + limits["slot"]            # nobody's number
        os.setgroups([])
        os.setresgid(other, other, other)
        os.setresuid(other, other, other)


def own_world(limits: dict) -> None:
    """Namespaces of this process's own: no other process is seen or reached, nothing that was written before is there,
    and what is written now ends with it. OSError where the system does not allow it."""
    not_root(limits)
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)         # else the two maps below belong to root
    user, group = os.getuid(), os.getgid()
    must(libc.unshare(NEWUSER | NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS), "unshare")
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"1000 {user} 1")
    write("/proc/self/gid_map", f"1000 {group} 1")
    become_child()
    must(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount /")
    must(libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV, None), "mount /proc")
    for place in (b"/tmp", b"/dev/shm"):
        options = f"size={limits['disk_mib']}m,nr_inodes=20000,mode=777".encode()
        must(libc.mount(b"tmpfs", place, b"tmpfs", MS_NOSUID | MS_NODEV, options), f"mount {place.decode()}")
    write("/proc/sys/user/max_user_namespaces", "0")        # no second world, with powers and disks of its own
    os.chdir("/tmp")
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    must(libc.capset(header, none), "capset")
    must(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def become_child() -> None:
    """Go on in a child; the parent waits for it and ends as it does."""
    child = os.fork()
    if child:
        for number in range(3, 256):
            with contextlib.suppress(OSError):
                os.close(number)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0x7F)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def reap() -> None:
    """Go on in a child, while this process, the first of its world, buries the dead and ends with the child."""
    child = os.fork()
    if not child:
        return
    for number in range(3, 256):
        with contextlib.suppress(OSError):
            os.close(number)
    while True:
        ended, _ = os.wait()
        if ended == child:
            os._exit(0)         # the system then ends all others of this world


def set_limits(limits: dict, processes: bool) -> None:
    memory = resource.RLIM_INFINITY
    with contextlib.suppress(FileNotFoundError), open("/proc/self/statm") as file:      # Linux only
        memory = int(file.read().split()[0]) * resource.getpagesize() + limits["memory_mib"] * MIB
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, limits["disk_mib"] * MIB),
                       (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 256),
                       (resource.RLIMIT_CPU, int(limits["total_s"]) + 10),
                       *([(resource.RLIMIT_NPROC, limits["processes"])] if processes else [])):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


# Where memory is kept that no limit counts; the keys of whoever grades; what only attacks on the system need.
FORBIDDEN = {       # machine -> (its number for filters, the numbers of these calls), in the order of the first line
    # memfd_create, memfd_secret, shmget, msgget; add_key, request_key, keyctl; io_uring_setup, userfaultfd, bpf, perf
    "x86_64": (0xC000003E, (319, 447, 29, 68, 248, 249, 250, 425, 323, 321, 298)),
    "aarch64": (0xC00000B7, (279, 447, 194, 186, 217, 218, 219, 425, 282, 280, 241)),
}
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOWED, REFUSED, OTHER_CALLS = 0x7FFF0000, 0x00050001, 0x40000000     # refused: "not permitted"


def forbid_calls() -> None:
    """From now on this process and its children are refused the calls above, where the system has such filters."""
    machine, numbers = FORBIDDEN.get(os.uname().machine, (None, ()))
    if sys.platform != "linux" or not numbers:
        return
    left = len(numbers)
    steps = [(LOAD, 0, 0, 4), (EQUAL, 0, left + 3, machine), (LOAD, 0, 0, 0), (AT_LEAST, left + 1, 0, OTHER_CALLS),
             *((EQUAL, left - k, 0, number) for k, number in enumerate(numbers)),
             (RETURN, 0, 0, ALLOWED), (RETURN, 0, 0, REFUSED)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    header = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(program)))
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0)


def can_forbid_calls() -> bool:
    """Whether this system and this machine have such filters: tried out in a process of its own."""
    child = os.fork()
    if not child:
        forbid_calls()
        try:
            os.memfd_create("tried")
        except OSError:
            os._exit(0)
        os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def serve_submission(channel: socket.socket, limits: dict, isolate: bool) -> None:
    """The whole life of the process in which one submission runs."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    lines = channel.makefile("r", encoding="utf-8", newline="\n")

    def say(message: dict) -> None:
        channel.sendall(json.dumps(message).encode() + b"\n")

    def hear() -> dict:
        line = lines.readline()
        if not line:
            os._exit(0)
        return json.loads(line)

    if isolate:
        try:
            own_world(limits)
        except OSError as problem:
            say({"refused": str(problem)})
            os._exit(1)
        reap()
    elif "home" in limits:
        os.chdir(limits["home"])
    else:
        not_root(limits)
    set_limits(limits, processes="home" not in limits)
    forbid_calls()
    in_a_notebook()
    Inside(say, hear).serve()


def in_a_notebook() -> None:
    """What a cell expects to find around it, from Jupyter and from Colab; nobody answers `input`."""
    def no_input(prompt=""):
        raise EOFError("nobody is there to answer input()")

    builtins.input = no_input
    builtins.display = lambda *shown, **options: None
    builtins.get_ipython = lambda: None
    colab = types.ModuleType("google.colab")
    colab.drive = types.SimpleNamespace(mount=lambda *given, **options: None)
    colab.files = types.SimpleNamespace(upload=dict, download=lambda *given: None)
    colab.userdata = types.SimpleNamespace(get=lambda name: "")
    google = sys.modules.setdefault("google", types.ModuleType("google"))
    google.colab = sys.modules["google.colab"] = colab
    sys.argv = ["notebook"]


def main(control: int, settings: dict) -> None:
    """Load what is slow to load, then make a process for each submission that the grader sends a channel for."""
    for path in reversed(settings["path"]):
        sys.path.insert(0, path)
    for module in settings["preload"]:
        with contextlib.suppress(ImportError):
            __import__(module)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    connection, child = socket.socket(fileno=control), 0
    connection.send(b"ready")
    while True:
        message, descriptors, *_ = socket.recv_fds(connection, 1 << 16, 1)
        if not message:
            return
        wanted = json.loads(message)
        if "limits" in wanted:
            child = os.fork()
            if not child:
                connection.close()
                serve_submission(socket.socket(fileno=descriptors[0]), wanted["limits"], wanted["isolate"])
                os._exit(0)
            os.close(descriptors[0])
        elif child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            if not wanted.get("isolate"):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            child = 0
        connection.send(b"done")


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
