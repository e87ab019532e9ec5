"""Devices: which one is chosen, and that everything on a training path is made where the model is.

No GPU is needed: pretend_gpu.py has one whose numbers are real and whose rules are a GPU's. What is trained on it must
equal what is trained on the CPU.
"""

import copy
import inspect

import pytest
import torch
from pretend_gpu import GPU, OnGPU, pretend_gpu
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

import seqlab
from seqlab import (
    GRUCell,
    LSTMCell,
    Recurrent,
    RNNCell,
    SequenceClassifier,
    choose_device,
    evaluate,
    fit,
    plots,
    shape_table,
)
from tools.course import chapter, chapters

# --- which device is chosen ---------------------------------------------------------------------------------------


class GPUByName(TorchFunctionMode):
    """What is asked of "cuda" or "mps" is done by the pretended GPU."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        there = lambda leaf: GPU if isinstance(leaf, torch.device) and leaf.type in ("cuda", "mps") else leaf
        return func(*tree_map(there, args), **tree_map(there, kwargs or {}))


@pytest.fixture
def machine(monkeypatch):
    """machine(cuda="Tesla T4") pretends that this GPU is there; with `too_old`, PyTorch has no code for it."""
    monkeypatch.delenv("SEQLAB_DEVICE", raising=False)

    def pretend(cuda=None, mps=False, too_old=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda is not None)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device=None: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        with pretend_gpu(no_kernel_image=too_old), GPUByName():
            return choose_device()

    return pretend


@pytest.mark.parametrize(("there", "expected"), [
    ({"cuda": "Tesla T4"}, "device: cuda (Tesla T4)\n"),
    ({"mps": True}, "device: mps (Apple GPU)\n"),
    ({}, "device: cpu (fast enough for this course)\n"),
    ({"cuda": "Tesla P100-PCIE-16GB", "too_old": True},
     "device: cpu (Tesla P100-PCIE-16GB cannot be used: this PyTorch has no code for it, "
     "no kernel image is available for execution on the device)\n"),
])
def test_the_best_device_that_works_is_chosen_and_said(machine, capsys, there, expected):
    assert machine(**there) == torch.device(expected.split()[1])
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(("wish", "expected"), [
    ("cpu", "device: cpu (fast enough for this course)\n"), ("cuda", "device: cuda (Tesla T4)\n"),
    ("cuda:1", "device: cuda:1 (Tesla T4)\n"), ("mps", "device: mps (Apple GPU)\n"), ("", "device: cuda (Tesla T4)\n")])
def test_a_wish_is_granted(machine, monkeypatch, capsys, wish, expected):
    monkeypatch.setenv("SEQLAB_DEVICE", wish)
    assert machine("Tesla T4") == torch.device(expected.split()[1])
    assert capsys.readouterr().out == expected


def test_a_wish_that_cannot_be_granted_is_told(monkeypatch, capsys):
    monkeypatch.setenv("SEQLAB_DEVICE", "cuda:99")
    assert choose_device() == torch.device("cpu")
    line, = capsys.readouterr().out.splitlines()
    assert line.startswith("device: cpu (cuda:99 cannot be used: ") and line.endswith(")")


@pytest.mark.parametrize("wish", ["gpu", "cuda:one", "cuda:", "cpu:0 please", "meta"])
def test_a_wish_that_is_no_device_is_told(monkeypatch, wish):
    monkeypatch.setenv("SEQLAB_DEVICE", wish)
    with pytest.raises(ValueError) as problem:
        choose_device()
    assert str(problem.value) == f"SEQLAB_DEVICE should be cpu, cuda, cuda:1 (the second GPU) or mps, got {wish!r}"


def test_quiet_prints_nothing_and_no_random_number_is_used(machine, capsys):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    machine("Tesla T4")
    assert torch.equal(torch.rand(3), expected)
    capsys.readouterr()
    choose_device(quiet=True)
    assert capsys.readouterr().out == ""


# --- on another device: "meta", whose tensors have shapes and a device, and no numbers ----------------------------

def parts_of(names, home):
    """The layers, cells and models among these names that were written here, and not imported."""
    return [thing for name, thing in names.items() if isinstance(thing, type) and issubclass(thing, nn.Module)
            and inspect.getmodule(thing).__name__.startswith(home)]


NEEDED = {"first-classifier": ["LAYERS"]}      # values that its classes use
WRITTEN = parts_of(vars(seqlab), "seqlab") + [
    part for one in chapters() for part in parts_of(one.definitions(*NEEDED.get(one.subject, ())), "builtins")]
DEEP = [{"num_layers": 2, "bidirectional": both, "dropout": 0.5} for both in (False, True)]
OPTIONS = {Recurrent: [{"cell": kind, **deep} for kind in ("rnn", "gru", "lstm") for deep in DEEP],
           SequenceClassifier: [{"kind": kind, **deep} for kind in ("rnn", "lstm", GRUCell) for deep in DEEP]}
SIZES = {"input_size": 3, "hidden_size": 4, "num_classes": 2, "cell": "lstm", "kind": "gru", "use": "lengths - 1",
         "reset_after": True, "z_keeps": True}
READS = {"FirstClassifier": 1, "Reader": 1, "StepReader": 1,      # input_size, where it is fixed
         "RowReader": 28, "ForgetfulReader": 28, "Prepared": 28, "LastOfOut": 28,
         "Varied": 28}
WRAPS = {"Varied"}      # a model, and changes what it reads


def made(part, **options):
    wanted = inspect.signature(part).parameters
    if issubclass(part, nn.RNNBase):        # its signature names no size
        return part(SIZES["input_size"], SIZES["hidden_size"])
    wrapped = {"model": nn.RNN(28, 4)} if part.__name__ in WRAPS else {}
    return part(**{name: value for name, value in SIZES.items() if name in wanted} | wrapped | options)


@pytest.mark.parametrize("part", WRITTEN, ids=lambda part: part.__qualname__)
def test_everything_written_here_stays_on_another_device(part):
    """Whatever it makes on its way (a state of zeros, a mask) is made where its input is: meta takes no other."""
    x = torch.randn(2, 5, READS.get(part.__name__, 3))
    if part.__name__.endswith("Cell") or part.__name__ == "AnyGRU":
        h = torch.randn(2, 4)
        pair = "LSTM" in part.__name__ or part.__name__ in ("EightLinearCell", "BuiltInCell")
        given = [x[:, 0], (h, h) if pair else h]
    else:
        given = [x, torch.tensor([5, 3])] if part.__name__ in ("Reader", "StepReader") else [x]
    for chosen in OPTIONS.get(part, [{}]):
        model = made(part, **chosen)
        here = tree_flatten(model(*given))[0]
        there = tree_flatten(model.to("meta")(*tree_map(lambda leaf: leaf.to("meta"), given)))[0]
        assert [leaf.device.type for leaf in there] == ["meta"] * len(here)
        assert [leaf.shape for leaf in there] == [leaf.shape for leaf in here]


# --- the package on a GPU -----------------------------------------------------------------------------------------

def on_both(work, *given):
    """`work(device, *given)`, all moved there, on the CPU and on the GPU from the same seed: the results are equal."""
    results = []
    for device in (torch.device("cpu"), GPU):
        with pretend_gpu():
            torch.manual_seed(0)
            answer = work(device, *(copy.deepcopy(one).to(device) for one in given))
            leaves = tree_flatten(answer)[0]
            assert all(leaf.device == device for leaf in leaves if isinstance(leaf, torch.Tensor))
            results.append([leaf.cpu() if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves])
    for on_cpu, on_gpu in zip(*results, strict=True):
        torch.testing.assert_close(on_gpu, on_cpu, rtol=0, atol=1e-5)


def trained(model):
    return [parameter.detach() for parameter in model.parameters()]


X, Y = torch.randn(12, 5, 3, generator=torch.Generator().manual_seed(0)), torch.arange(12) % 2
LENGTHS = [5, 2, 3, 1, 5, 4] * 2


def test_the_pretended_gpu_has_the_rules_of_one():
    with pretend_gpu():
        x, rows = X.to(GPU), torch.tensor([1, 0])
        assert isinstance(x, OnGPU) and x[rows].device == GPU and (x + torch.tensor(1.0)).device == GPU
        total = torch.zeros(())
        for mixed in (lambda: x + X, lambda: nn.Linear(3, 2)(x), lambda: X[rows.to(GPU)], lambda: total.add_(x.sum()),
                      lambda: nn.LSTM(3, 4).to(GPU)(x, (torch.zeros(1, 5, 4),) * 2), lambda: torch.where(X > 0, x, x),
                      lambda: nn.functional.cross_entropy(x[:, 0], Y), lambda: x.numpy()):
            with pytest.raises(RuntimeError):
                mixed()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm", RNNCell, GRUCell, LSTMCell])
def test_every_classifier_answers_and_learns_there(kind):
    def step(device, model, x, y):
        answers = [model(x)]
        if model.pooling != "concat":
            answers += [model(x, lengths=LENGTHS), model(x, lengths=torch.tensor(LENGTHS, device=device))]
        sum(nn.functional.cross_entropy(answer, y) for answer in answers).backward()
        return [*(answer.detach() for answer in answers), [parameter.grad for parameter in model.parameters()]]

    for pooling in ("last", "mean", "concat"):
        for bidirectional in (False, True):
            on_both(step, SequenceClassifier(kind, 3, 4, 2, 2, pooling=pooling, bidirectional=bidirectional, seq_len=5),
                    X, Y)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_recurrent_takes_lengths_and_states_there(cell):
    h_0 = torch.randn(4, 12, 4)

    def read(device, layer, x, h_0):
        given = (h_0, h_0) if cell == "lstm" else h_0
        results = [layer(x), layer(x, given), layer(x, given, lengths=LENGTHS),
                   layer(x, lengths=torch.tensor(LENGTHS, device=device))]
        return tree_map(torch.Tensor.detach, results)

    on_both(read, Recurrent(cell, 3, 4, 2, bidirectional=True), X, h_0)


@pytest.mark.parametrize("kind", ["lstm", LSTMCell])
def test_fit_and_evaluate_run_there_from_data_in_main_memory(kind, tmp_path):
    def run(device, model):
        options = {"epochs": 2, "batch_size": 5, "quiet": True, "device": device}
        if device == GPU:
            options["checkpoint"] = tmp_path / "run.pt"
        history = fit(model, (X, Y), (X, Y), **options)
        if device == GPU:
            again = fit(copy.deepcopy(model), (X, Y), (X, Y), **options)
            assert list(again) == list(history), "the run of the GPU is resumed there"
        return trained(model), [[row["train_loss"], row["val_loss"]] for row in history], tuple(evaluate(model, (X, Y)))

    on_both(run, SequenceClassifier(kind, 3, 4, 2, 2, dropout=0.3))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("kind", ["lstm", LSTMCell])
def test_fit_trains_and_resumes_on_a_real_gpu(kind, tmp_path):
    def run():
        model = SequenceClassifier(kind, 3, 4, 2)
        fit(model, (X, Y), (X, Y), epochs=2, quiet=True, device="cuda", checkpoint=tmp_path / "run.pt")
        assert all(parameter.is_cuda for parameter in model.parameters())
        return trained(model), evaluate(model, (X, Y))

    torch.testing.assert_close(*(run() for _ in range(2)), rtol=0, atol=0)


# --- the training loops of the chapters ---------------------------------------------------------------------------

def test_the_first_classifier_trains_there():
    names = chapter("first-classifier").definitions()

    def work(device, model, x, y):
        losses = names["train"](model, [(x, y)], epochs=2)
        return trained(model), losses, names["accuracy"](model, x, y)

    names["LAYERS"] = {"lstm": nn.LSTM}
    x, y = names["trends"](6, 5, seed=0)
    on_both(work, names["FirstClassifier"](), x, y)
    for pooling in ("last", "mean"):
        on_both(work, names["SequenceClassifier"]("lstm", 1, 4, 2, pooling), x, y)


def test_variable_lengths_are_read_there():
    names = chapter("variable-lengths").definitions()
    x, lengths, y = names["ends"](12, "up", seed=0, longest=5)

    def states(device, layer, cell, x, lengths):
        mask = names["real_steps"](lengths, x.shape[1])
        return [state.detach() for state in (
            mask, names["mean_over_real"](layer(x)[0], mask), names["last_by_gather"](layer, x, lengths),
            names["last_by_loop"](cell, x, mask), names["last_by_packing"](layer, x, lengths.cpu()))]

    on_both(states, nn.RNN(1, 4, batch_first=True), RNNCell(1, 4), x, lengths)
    for use in ("lengths - 1", "out[:, -1]"):
        on_both(lambda device, *given: trained(names["train"](*given, steps=2)), names["Reader"](use), x, lengths, y)


@pytest.mark.slow
def test_digits_read_row_by_row_are_trained_there():
    digits, answers = torch.rand(40, 28, 28), torch.arange(40) % 10

    def work(device, images, labels):
        names = chapter("images-as-sequences").definitions(device=device, labels=labels)
        right, forgetful = names["RowReader"](8).to(device), names["ForgetfulReader"](8).to(device)
        losses = [names["train"](model, images, labels, steps=2) for model in (right, forgetful)]
        names["expect_independent"](right, images)
        shuffled = names["reorder"](images, torch.arange(784).flip(0))
        assert names["shuffle_each"](images).device == device
        shape_table(right.lstm, images)
        return (losses, trained(right), trained(forgetful), names["accuracy"](right, shuffled, labels),
                names["moved"](right, images, shuffled).tolist())

    on_both(work, digits, answers)


@pytest.mark.slow
def test_the_hand_built_classifier_is_trained_there():
    digits, answers = torch.rand(40, 28, 28), torch.arange(40) % 10

    def work(device, images, labels):
        names = chapter("hand-built-digits").definitions(device=device)
        model = names["DigitClassification"](28, 8).to(device)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, 3)
        loss = names["train_epoch"](model, (images, labels), optimizer, scheduler, batch_size=16)
        _, state = model.lstm(images)
        carried, _ = model.lstm(images, state)
        return (loss, names["evaluate"](model, images, labels), trained(model), names["predict"](model, images[0]),
                carried.detach(), names["learn_by_heart"](images[:4], labels[:4], steps=1))

    on_both(work, digits, answers)


@pytest.mark.slow
def test_a_race_of_two_layers_is_run_there():
    digits, answers = torch.rand(40, 28, 28), torch.arange(40) % 10

    def work(device, images, labels):
        names = chapter("head-to-head").definitions(device=device, images=images, labels=labels, val=(images, labels))
        read = [images[batch].mean() for batch in names["batches"](0)]
        return read, [names["race"](kind, 0, 0.01, head) for kind, head in (("rnn", "last"), ("lstm", "mean"))]

    on_both(work, digits, answers)


def test_digits_on_a_gpu_are_drawn():
    with pretend_gpu():
        digits = torch.rand(4, 28, 28).to(GPU)
        plots.digits(digits, torch.arange(4).to(GPU), torch.arange(4).to(GPU))
        plots.digit_as_sequence(digits[0])
        plots.confusion(torch.eye(10).long().to(GPU))
