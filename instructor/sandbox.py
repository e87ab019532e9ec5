"""A process in which a submission runs, away from everything: no network, no files but its own, and limits.

The way in: bubblewrap starts instructor/inside.py, which loads PyTorch once and then makes a process for each
submission, in namespaces of its own. Where a system allows bubblewrap but not namespaces inside it, each submission
gets a bubblewrap of its own, which is slower. Without bubblewrap nothing is run, unless `unsafe` is asked for.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from tools.course import ROOT
from tools.outside import find_bubblewrap, how_to_get

INSIDE = Path(__file__).with_name("inside.py")
PRELOAD = ["torch", "numpy", "torch._dynamo", "matplotlib.pyplot", "seqlab", "seqlab.plots", "tqdm.auto"]   # slow ones
SYSTEM = ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"]
UNSAFE = ("Without a sandbox every submission runs with your own rights: it can read, change and delete your files, "
          "use your network, and see other submissions. Only the limits on time and memory hold.")
FOLDER = "seqlab-sandbox-"       # how a sandbox's own folder is called, among other temporary ones
COURSE = "/course"      # where the package without its checks stands in the sandbox; /tmp is each submission's own
START_S = 120           # until PyTorch is loaded, on a machine that is busy
WAITS = 4               # a limit of seconds is of computing; on the clock it may be so many times as long
TOO_LONG = "took too long"
LOOK_S = 0.25           # how often somebody looks at the memory of a submission that computes
NO_CHECKS = '''"""In the sandbox nothing is checked: the checks hold what the answers are compared with."""


class CheckFailed(Exception):
    pass


def check(*given, **named):
    pass


your_turn = check


def tensor(got, name="your answer"):
    import torch
    if isinstance(got, (list, tuple)) and got and not all(isinstance(part, (int, float)) for part in got):
        return torch.stack([tensor(part) for part in got])
    return torch.as_tensor(got)
'''


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds for a cell, for a call of its function and in all; memory of one process
    and of all of them, and its disk, in MiB; processes and threads; the slot is the number of the worker.

    Seconds are those in which it computes, so that a grade does not depend on what else the machine does; one that
    only waits is stopped after four times as long."""

    cell_s: float = 10
    call_s: float = 10
    total_s: float = 120
    memory_mib: int = 2048
    disk_mib: int = 64
    processes: int = 64
    reply_mib: int = 16
    slot: int = 0


class NoSandbox(RuntimeError):
    """There is no sandbox here, and `unsafe` was not asked for."""


class Stopped(Exception):
    """The submission's process does not answer any more; the words say why."""


def kind() -> str:
    """"namespaces" or "bubblewrap"; NoSandbox, with a sentence, where there is none."""
    try:
        find_bubblewrap()
    except FileNotFoundError as problem:
        raise NoSandbox(f"{problem}. Nothing was run. To get it: {how_to_get('bubblewrap')}. Or, if you trust every "
                        f"one of these files, --unsafe. {UNSAFE}") from problem
    with Sandbox(preload=[]) as sandbox:
        return "namespaces" if sandbox.nested else "bubblewrap"


def bare_seqlab(folder: Path) -> Path:
    """A copy of the package for the sandbox, without the checks; the folder to put on its path."""
    shutil.copytree(ROOT / "seqlab", folder / "seqlab",
                    ignore=shutil.ignore_patterns("checks", "__pycache__", "widgets", "results"))
    (folder / "seqlab" / "checks").mkdir()
    (folder / "seqlab" / "checks" / "__init__.py").write_text(NO_CHECKS, encoding="utf-8")
    return folder


def own_folder() -> tuple[Path, int]:
    """A folder for one sandbox, and the lock by which others see that it is used; the system takes that from who dies.
    What those who were killed have left is removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        with contextlib.suppress(OSError):                  # it is used, or belongs to somebody else
            lock = _lock(left)
            if os.fstat(lock).st_uid == os.getuid():
                shutil.rmtree(left, ignore_errors=True)
            os.close(lock)
    made = Path(tempfile.mkdtemp(prefix="seqlab-new-"))
    lock = _lock(made)
    return made.rename(made.with_name(FOLDER + made.name.removeprefix("seqlab-new-"))), lock


def _lock(folder: Path) -> int:
    """The number under which the folder is open and locked. OSError if it is locked already, or no folder."""
    import fcntl  # here, for Windows has none; nothing is graded there
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(number)
        raise
    return number


class Sandbox:
    """One place to run submissions in, one after the other. Used as a context.

    Args:
        unsafe: without bubblewrap.
        nested: whether each submission gets namespaces of its own inside; None to find out.
    """

    def __init__(self, unsafe: bool = False, nested: bool | None = None, preload: list[str] | None = None):
        self.unsafe, self.nested = unsafe, False if unsafe else nested
        self.preload = PRELOAD if preload is None else preload
        self.folder, self.lock = own_folder()
        self.process = self.control = self.channel = None
        self.used, self.started = False, 0
        bare_seqlab(self.folder)
        shutil.copy(INSIDE, self.folder / "inside.py")
        for path in [self.folder, *self.folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)

    def __enter__(self):
        try:
            self.start()
            if self.nested is None:
                self.nested = self._allows_nesting()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *problem):
        self.close()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    def command(self, control: int) -> list[str]:
        course = str(self.folder) if self.unsafe else COURSE
        settings = json.dumps({"path": [course], "preload": self.preload})
        run = [sys.executable, "-I", "-X", "utf8", f"{course}/inside.py", str(control), settings]
        if self.unsafe:
            return run
        packages = {sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib", "platstdlib")}
        shown = {path for path in [*SYSTEM, sys.prefix, sys.base_prefix, *packages,
                                   str(Path(sys.executable).resolve().parent)] if os.path.exists(path)}
        data = os.environ.get("SEQLAB_DATA")
        if data and os.path.isdir(data):
            shown.add(os.path.abspath(data))
        root = os.getuid() == 0
        worlds = (["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
                   "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_KILL"]
                  if root else ["--unshare-all"])
        command = [find_bubblewrap(), *worlds, "--die-with-parent", "--new-session", "--clearenv", "--hostname", "exam"]
        for name, value in self.environment().items():
            command += ["--setenv", name, value]
        # Where worlds are nested, each submission covers this /proc with its own; a covered one would forbid that.
        processes = ["--proc", "/proc"] if self.nested is False else ["--bind", "/proc", "/proc"]
        command += ["--dev", "/dev", "--perms", "1777", "--size", str(64 << 20), "--tmpfs", "/dev/shm", *processes,
                    "--perms", "1777", "--size", str(64 << 20), "--tmpfs", "/tmp"]
        for parent in sorted({str(parent) for path in shown for parent in Path(path).parents} - {"/", "/tmp"}, key=len):
            command += ["--perms", "0755", "--dir", parent]     # else nobody but root would get through
        for path in sorted(shown, key=len):
            command += ["--symlink", os.readlink(path), path] if os.path.islink(path) and path in SYSTEM else [
                "--ro-bind", path, path]
        command += ["--ro-bind", str(self.folder), COURSE]
        return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", *run]

    def environment(self) -> dict[str, str]:
        threads = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        data = os.environ.get("SEQLAB_DATA")
        return {"HOME": "/tmp", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MPLBACKEND": "agg", "TQDM_DISABLE": "1",
                "PYTHONDONTWRITEBYTECODE": "1", "MPLCONFIGDIR": "/tmp/matplotlib", **threads,
                **({"SEQLAB_DATA": os.path.abspath(data)} if data else {})}

    def start(self) -> None:
        """Start what submissions are forked from. RuntimeError if it does not come up."""
        if not self.unsafe:
            try:
                find_bubblewrap()
            except FileNotFoundError as problem:
                raise NoSandbox(f"{problem}. {UNSAFE}") from problem
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {**os.environ, **self.environment(), "HOME": str(self.folder)} if self.unsafe else None
        with theirs:
            self.process = subprocess.Popen(self.command(theirs.fileno()), pass_fds=[theirs.fileno()],
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.PIPE, env=environment, start_new_session=True)
        if not select.select([self.control], [], [], START_S)[0] or self.control.recv(16) != b"ready":
            said = self._last_words()
            raise RuntimeError(f"the sandbox does not start: {said or 'it says nothing'}")
        self.used = False
        self.started += 1

    def _last_words(self) -> str:
        with contextlib.suppress(Exception):
            self.process.kill()
            return self.process.communicate(timeout=5)[1].decode(errors="replace").strip().split("\n")[-1][:300]
        return ""

    def _allows_nesting(self) -> bool:
        self.nested = True
        try:
            self.open(Limits())
            self.send({"cells": [], "answered": {}})
            return self.read(30) == {"ready": True}
        except Stopped as problem:
            self.why_not = str(problem)
            self.stop()
            self.nested = False
            self.start()
            return False
        finally:
            self.end()

    def stop(self) -> None:
        """End it with everything in it."""
        for one in (self.channel, self.control):
            if one is not None:
                one.close()
        self.channel = self.control = None
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
            self.process.stderr.close()
            self.process = None

    # --- one submission at a time ---

    def open(self, limits: Limits) -> None:
        """A fresh process for a submission. RuntimeError if none can be had."""
        self.end()
        if self.process is None or self.process.poll() is not None or (self.used and not (self.nested or self.unsafe)):
            self.stop()
            self.start()
        self.limits, self.used, self.buffer, self.first, self.looked = limits, True, b"", True, time.monotonic()
        self.channel, theirs = socket.socketpair()
        message = {"limits": asdict(limits), "isolate": bool(self.nested)}
        if self.unsafe:
            self.home = tempfile.mkdtemp(dir=self.folder)
            message["limits"]["home"] = self.home
        with theirs:
            socket.send_fds(self.control, [json.dumps(message).encode()], [theirs.fileno()])
        if not select.select([self.control], [], [], START_S)[0] or self.control.recv(16) != b"done":
            self.stop()
            raise RuntimeError("the sandbox does not answer any more")
        self.deadline, self.at_start = time.monotonic() + WAITS * limits.total_s, None

    def end(self) -> None:
        """End the submission's process and all that it started."""
        if self.channel is None:
            return
        self.channel.close()
        self.channel = None
        try:
            self.control.send(json.dumps({"isolate": bool(self.nested)}).encode())
            if not select.select([self.control], [], [], 10)[0] or self.control.recv(16) != b"done":
                self.stop()
        except OSError:
            self.stop()
        if self.unsafe:
            shutil.rmtree(self.home, ignore_errors=True)

    def send(self, message: dict) -> None:
        """Stopped if nobody is there."""
        content = memoryview(json.dumps(message).encode() + b"\n")
        end = time.monotonic() + WAITS * self.limits.cell_s
        self.channel.setblocking(False)
        while content:
            if not select.select([], [self.channel], [], max(0.0, end - time.monotonic()))[1]:
                raise Stopped(TOO_LONG)
            try:
                content = content[self.channel.send(content):]
            except BlockingIOError:
                continue
            except OSError as problem:
                raise Stopped("ended its process") from problem

    def read(self, seconds: float) -> dict:
        """The next message. Stopped, with the cause, if none comes."""
        end, before = min(time.monotonic() + WAITS * seconds, self.deadline), None
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0:
                raise Stopped(TOO_LONG)
            if time.monotonic() - self.looked >= LOOK_S:        # also at one that never stops sending
                computed = self._look()
                before = computed if before is None else before
                self.at_start = before if self.at_start is None else self.at_start
                if computed - before > seconds or computed - self.at_start > self.limits.total_s:
                    raise Stopped(TOO_LONG)
            if not select.select([self.channel], [], [], min(left, LOOK_S))[0]:
                continue
            try:
                got = self.channel.recv(1 << 20)
            except BlockingIOError:
                continue
            except OSError:
                got = b""
            if not got:
                raise Stopped("ended its process")
            self.buffer += got
            if len(self.buffer) > self.limits.reply_mib << 20:
                raise Stopped("returned too much")
        line, self.buffer = self.buffer.split(b"\n", 1)
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as problem:
            raise Stopped("broke off its connection to the grader") from problem
        if not isinstance(message, dict):
            raise Stopped("broke off its connection to the grader")
        first, self.first = self.first, False
        if "refused" in message:                # said before any code of the submission's runs, or by the submission
            raise Stopped(f"could not be given a sandbox: {message['refused']}" if first else
                          "broke off its connection to the grader")
        return message

    def _look(self) -> float:
        """The seconds that the submission's processes have computed. Stopped if they are too many, or too large."""
        self.looked = time.monotonic()
        try:
            own = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return 0.0
        if len(own) > self.limits.processes + 8:
            raise Stopped("started too many processes")
        if sum(map(_memory, own)) > (self.limits.memory_mib + 1024) << 20:
            raise Stopped("used too much memory")
        return sum(map(_computed, own))


def _computed(process: psutil.Process) -> float:
    """Seconds on a processor, with those of the processes that it has waited for."""
    with contextlib.suppress(psutil.Error):
        return sum(process.cpu_times()[:4])
    return 0.0


def _memory(process: psutil.Process) -> int:
    """Bytes of its own and its part of what is shared."""
    try:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0
