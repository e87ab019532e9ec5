"""fit, evaluate and History: what they learn, keep, print, refuse and survive."""

import errno
import math
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from seqlab import Evaluation, History, SequenceClassifier, checkpoints, evaluate, fit, training


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rising_or_falling(n, seed=0):
    """Sequences of 6 numbers, class 1 if they rise and 0 if they fall."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (n,), generator=generator)
    slope = (2.0 * labels - 1)[:, None] * torch.linspace(-1, 1, 6)
    return (slope + 0.2 * torch.randn(n, 6, generator=generator))[..., None], labels


TRAIN, VAL = rising_or_falling(256), rising_or_falling(64, seed=1)


def small_model(seed=0, **options):
    torch.manual_seed(seed)
    return SequenceClassifier("rnn", 1, 8, 2, **options)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def train(model, **options):
    return fit(model, TRAIN, VAL, **{"epochs": 3, "batch_size": 32, "quiet": True, **options})


def interrupt_in_epoch(monkeypatch, epoch, batch=3):
    """Press Ctrl-C, so to speak, before the given batch of the given epoch (of 8 batches)."""
    clip, calls = nn.utils.clip_grad_norm_, iter(range(10**6))

    def clip_or_stop(*arguments):
        if next(calls) == (epoch - 1) * 8 + batch:
            raise KeyboardInterrupt
        return clip(*arguments)

    monkeypatch.setattr(training.nn.utils, "clip_grad_norm_", clip_or_stop)


# --- learning -----------------------------------------------------------------------------------------------------

def test_what_is_left_out_of_fit_is_what_the_published_numbers_were_measured_with():
    models = [small_model(), small_model()]
    fit(models[0], TRAIN, VAL, quiet=True)
    fit(models[1], TRAIN, VAL, epochs=3, batch_size=128, lr=0.01, clip=1.0, schedule="one-cycle", weight_decay=0.01,
        seed=0, quiet=True)
    assert torch.equal(*map(weights, models))


def test_fit_learns_a_small_task_and_says_how_it_went():
    model = small_model()
    before = evaluate(model, VAL)
    history = train(model)
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert set(history[0]) == {"epoch", "train_loss", "val_loss", "val_accuracy", "seconds"}
    assert history[-1]["train_loss"] < history[0]["train_loss"]
    assert evaluate(model, VAL).accuracy == 1.0 > before.accuracy
    assert not model.training


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    runs = []
    for seed in (0, 0, 1):
        model = small_model()
        train(model, seed=seed)
        runs.append(weights(model))
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_the_callers_random_numbers_are_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    model = small_model(num_layers=2, dropout=0.5)
    torch.manual_seed(5)
    train(model, epochs=1)
    assert torch.equal(torch.rand(3), expected)


def test_an_interrupted_quiet_run_still_says_so(monkeypatch, capsys):
    interrupt_in_epoch(monkeypatch, 1)
    train(small_model())
    assert capsys.readouterr().out.startswith("Interrupted: 0 of 3")


def test_the_best_weights_are_kept_not_the_last(monkeypatch):
    accuracies, seen = iter([0.5, 0.9, 0.9, 0.7]), []

    def pretend(model, data):
        seen.append(weights(model))
        return Evaluation(1.0, next(accuracies))

    monkeypatch.setattr(training, "evaluate", pretend)
    model = small_model()
    history = train(model, epochs=4)
    assert history.best_epoch == 2, "the first of two equally good epochs"
    assert torch.equal(weights(model), seen[1])
    assert not torch.equal(weights(model), seen[3])


def test_an_empty_history_has_no_best_epoch():
    with pytest.raises(ValueError, match="no epoch has been finished"):
        _ = History().best_epoch


def test_clipping_holds_the_gradient_norm(monkeypatch):
    norms = []
    step = torch.optim.AdamW.step

    def watch(self, *arguments, **options):
        norms.append(math.sqrt(sum(p.grad.pow(2).sum().item() for p in self.param_groups[0]["params"])))
        return step(self, *arguments, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", watch)
    train(small_model(), epochs=1, clip=0.01)
    assert max(norms) <= 0.01 * 1.001
    norms.clear()
    train(small_model(), epochs=1, clip=None)
    assert max(norms) > 0.01


@pytest.mark.parametrize("schedule", ["one-cycle", None])
def test_the_learning_rate_goes_up_to_lr_and_down_or_stays(monkeypatch, schedule):
    rates = []
    step = torch.optim.AdamW.step

    def watch(self, *arguments, **options):
        rates.append(self.param_groups[0]["lr"])
        return step(self, *arguments, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", watch)
    train(small_model(), lr=0.02, schedule=schedule)
    assert len(rates) == 3 * 8
    if schedule is None:
        assert set(rates) == {0.02}
    else:
        peak = rates.index(max(rates))
        assert max(rates) == pytest.approx(0.02, rel=0.02)
        assert rates[0] == pytest.approx(0.02 / 25)
        assert rates[-1] < rates[0] / 100
        assert rates[:peak + 1] == sorted(rates[:peak + 1])
        assert rates[peak:] == sorted(rates[peak:], reverse=True)


def test_every_example_is_seen_once_an_epoch_the_last_small_batch_too():
    seen = []

    class Watching(nn.Linear):
        def forward(self, x):
            if self.training:
                seen.append(x.clone())
            return super().forward(x)

    inputs, labels = torch.arange(10.0)[:, None], torch.zeros(10, dtype=torch.int64)
    fit(Watching(1, 2), (inputs, labels), (inputs, labels), epochs=2, batch_size=4, quiet=True)
    assert [len(batch) for batch in seen] == [4, 4, 2, 4, 4, 2]
    epochs = torch.cat(seen[:3]).flatten(), torch.cat(seen[3:]).flatten()
    assert all(torch.equal(epoch.sort().values, torch.arange(10.0)) for epoch in epochs)
    assert not torch.equal(*epochs), "each epoch has its own order"


# --- evaluating ---------------------------------------------------------------------------------------------------

def test_evaluate_is_the_mean_over_all_examples_however_they_are_batched():
    model = small_model()
    logits = model(VAL[0])
    result = evaluate(model, VAL, batch_size=7)
    assert result.loss == pytest.approx(F.cross_entropy(logits, VAL[1]).item(), rel=1e-5)
    assert result.accuracy == (logits.argmax(dim=1) == VAL[1]).float().mean().item()
    assert str(Evaluation(0.12345, 0.98766)) == "loss 0.1235  acc 98.77 %"


@pytest.mark.parametrize("training_mode", [True, False])
def test_evaluate_uses_eval_mode_and_puts_the_mode_back(training_mode):
    model = small_model(num_layers=2, dropout=0.5).train(training_mode)
    assert evaluate(model, VAL) == evaluate(model, VAL), "dropout was on"
    assert model.training is training_mode
    with pytest.raises(ValueError):
        evaluate(model, (torch.zeros(4, 6, 3), torch.zeros(4, dtype=torch.int64)))
    assert model.training is training_mode


def test_evaluate_takes_a_model_without_weights_and_keeps_no_gradients():
    class Guess(nn.Module):
        def forward(self, x):
            return torch.eye(2)[torch.ones(len(x), dtype=torch.int64)]

    assert evaluate(Guess(), VAL).accuracy == (VAL[1] == 1).float().mean().item()
    model = small_model()
    evaluate(model, VAL)
    assert all(p.grad is None for p in model.parameters())


# --- interruptions and checkpoints --------------------------------------------------------------------------------

@pytest.mark.parametrize("schedule", ["one-cycle", None])
@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_an_interrupted_run_goes_on_to_the_same_weights_bit_for_bit(tmp_path, monkeypatch, capsys, epoch, schedule):
    options = {"schedule": schedule, "seed": 3}
    whole = small_model(num_layers=2, dropout=0.3)      # dropout draws random numbers, which must be the same too
    expected = train(whole, **options)

    options["checkpoint"] = tmp_path / "run.pt"
    with monkeypatch.context() as patch:
        interrupt_in_epoch(patch, epoch)
        cut = small_model(num_layers=2, dropout=0.3)
        history = train(cut, **options)
    assert len(history) == epoch - 1
    assert not cut.training
    assert f"Interrupted: {epoch - 1} of 3 epochs are finished. Run this again" in capsys.readouterr().out

    torch.rand(17)                                      # a new session's random numbers stand elsewhere
    resumed = small_model(seed=9, num_layers=2, dropout=0.3) if epoch > 1 else cut      # a new process
    history = train(resumed, **options)
    assert torch.equal(weights(resumed), weights(whole))
    strip = lambda rows: [{k: v for k, v in row.items() if k != "seconds"} for row in rows]
    assert strip(history) == strip(expected)


def test_an_interruption_without_a_checkpoint_keeps_the_best_weights(monkeypatch, capsys):
    two = small_model()
    expected = train(two, epochs=2, schedule=None)
    interrupt_in_epoch(monkeypatch, 3)
    model = small_model()
    history = train(model, schedule=None)
    assert len(history) == 2
    assert history.best_epoch == expected.best_epoch
    assert torch.equal(weights(model), weights(two))
    assert not model.training
    assert "The model keeps its best weights so far." in capsys.readouterr().out


def test_a_finished_run_is_not_trained_again(tmp_path, capsys):
    model = small_model()
    first = train(model, checkpoint=tmp_path / "run.pt")
    again = small_model(seed=4)
    assert train(again, checkpoint=str(tmp_path / "run.pt"), quiet=False) == first
    assert "Resumed from" in capsys.readouterr().out
    assert torch.equal(weights(again), weights(model))
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"], "no temporary file is left"


def test_the_folder_of_a_checkpoint_is_made(tmp_path):
    train(small_model(), epochs=1, checkpoint=tmp_path / "new" / "folder" / "run.pt")
    assert (tmp_path / "new" / "folder" / "run.pt").exists()


@pytest.mark.parametrize("damage", ["half", "empty", "text", "a state_dict", "a tensor", "a part is missing"])
def test_a_damaged_checkpoint_is_named_and_left_alone(tmp_path, damage):
    path = tmp_path / "run.pt"
    train(small_model(), checkpoint=path)
    content = path.read_bytes()
    if damage == "a state_dict":
        torch.save(small_model().state_dict(), path)
    elif damage == "a tensor":
        torch.save(torch.zeros(3), path)
    elif damage == "a part is missing":
        saved = torch.load(path, weights_only=True)
        del saved["best"]
        torch.save(saved, path)
    else:
        path.write_bytes({"half": content[:len(content) // 2], "empty": b"", "text": b"not a checkpoint"}[damage])
    left = path.read_bytes()
    model = small_model(seed=2)
    before = weights(model)
    with pytest.raises(ValueError, match=r"run\.pt is not a checkpoint of fit, or is damaged.*delete it"):
        train(model, checkpoint=path)
    assert path.read_bytes() == left
    assert torch.equal(weights(model), before)


def test_a_checkpoint_never_runs_code(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "was_here"),)

    torch.save({"settings": Evil()}, tmp_path / "run.pt")
    with pytest.raises(ValueError, match="not a checkpoint of fit"):
        train(small_model(), checkpoint=tmp_path / "run.pt")
    assert not (tmp_path / "was_here").exists()


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    train(small_model(), checkpoint=tmp_path / "run.pt")
    with pytest.raises(ValueError, match=r"other settings \(epochs, lr\)"):
        train(small_model(), checkpoint=tmp_path / "run.pt", epochs=5, lr=0.5)


def test_a_checkpoint_of_another_model_is_refused_and_leaves_this_one_as_it_was(tmp_path):
    train(small_model(), checkpoint=tmp_path / "run.pt")
    torch.manual_seed(8)
    other = SequenceClassifier("rnn", 1, 5, 2)
    before = weights(other)
    with pytest.raises(ValueError, match="checkpoint of another model"):
        train(other, checkpoint=tmp_path / "run.pt")
    assert torch.equal(weights(other), before)


def test_a_tilde_means_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    train(small_model(), epochs=1, checkpoint="~/runs/run.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["run.pt"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX file modes")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_checkpoint_is_as_open_as_any_other_file(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        train(small_model(), epochs=1, checkpoint=tmp_path / "run.pt")
    finally:
        os.umask(before)
    assert (tmp_path / "run.pt").stat().st_mode & 0o777 == mode


def no_permission(path, monkeypatch):
    path.write_bytes(b"somebody else's")

    def denied(self):
        raise PermissionError(errno.EACCES, "Permission denied")
    monkeypatch.setattr(Path, "read_bytes", denied)
    return "cannot be read (Permission denied)"


def a_directory(path, monkeypatch):
    path.mkdir()
    return "cannot be read (Is a directory)"


def under_a_file(path, monkeypatch):
    path.parent.rmdir()
    path.parent.write_text("a file")
    return "cannot be read (Not a directory)"


def no_folder_can_be_made(path, monkeypatch):
    path.parent.rmdir()
    path.parent.symlink_to("/proc/seqlab")
    return "cannot be written (File exists)"


def no_file_can_be_made(path, monkeypatch):
    path.parent.rmdir()
    path.parent.symlink_to("/proc/self")
    return "cannot be written (No such file or directory)"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux, where even root cannot write everywhere")
@pytest.mark.parametrize("trouble", [no_permission, a_directory, under_a_file, no_folder_can_be_made,
                                     no_file_can_be_made])
def test_a_checkpoint_out_of_reach_is_told_before_the_first_epoch(tmp_path, monkeypatch, trouble):
    path = tmp_path / "folder" / "run.pt"
    path.parent.mkdir()
    words = trouble(path, monkeypatch)
    monkeypatch.setattr(training, "_train_epoch", lambda *_, **__: pytest.fail("an epoch was trained"))
    with pytest.raises(OSError) as problem:
        train(small_model(), checkpoint=path)
    assert str(problem.value) == f"the checkpoint {path} {words}"


def test_numbers_of_numpy_will_do_and_come_back_from_the_checkpoint(tmp_path):
    options = {"epochs": np.int64(2), "batch_size": np.int32(32), "lr": np.float64(0.01), "clip": np.float32(1.0),
               "weight_decay": np.float64(0.01), "seed": np.int64(3), "checkpoint": tmp_path / "run.pt"}
    model, again = small_model(), small_model(seed=1)
    train(model, **options)
    assert len(train(again, **options)) == 2
    assert torch.equal(weights(model), weights(again))


def test_a_failed_write_leaves_the_old_checkpoint_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    train(small_model(), checkpoint=path)
    old = path.read_bytes()

    def full_disk(content, file):
        with open(file, "wb") as f:
            f.write(b"half of")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(OSError, match="No space left"):
        checkpoints._write(path, {})
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["run.pt"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_a_process_killed_while_it_writes_leaves_the_old_checkpoint(tmp_path):
    path = tmp_path / "run.pt"
    model = small_model()
    train(model, checkpoint=path)
    old = path.read_bytes()
    script = textwrap.dedent("""
        import os, signal, sys, torch
        from seqlab import checkpoints
        def die_half_way(content, file):
            open(file, "wb").write(b"half of")
            os.kill(os.getpid(), signal.SIGKILL)
        torch.save = die_half_way
        checkpoints._write(checkpoints.Path(sys.argv[1]), {})
    """)
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -signal.SIGKILL
    assert path.read_bytes() == old
    again = small_model(seed=1)
    assert len(train(again, checkpoint=path)) == 3
    assert torch.equal(weights(again), weights(model))


# --- what goes wrong ----------------------------------------------------------------------------------------------

def test_a_loss_that_is_not_a_number_stops_in_words_and_leaves_the_good_weights(tmp_path):
    inputs = TRAIN[0].clone()
    inputs[7] = math.nan
    model = small_model()
    before = weights(model)
    with pytest.raises(FloatingPointError, match=r"is nan: lower lr \(now at most 0.01\).*clip.*NaN in the inputs"):
        fit(model, (inputs, TRAIN[1]), VAL, epochs=2, batch_size=32, quiet=True, checkpoint=tmp_path / "run.pt")
    assert torch.equal(weights(model), before)
    assert not model.training
    assert not (tmp_path / "run.pt").exists()


def test_an_infinite_loss_stops_too():
    model = nn.Linear(1, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[3e38], [-3e38]]))
    with pytest.raises(FloatingPointError, match=r"training loss is (inf|nan)"):
        fit(model, (torch.ones(4, 1), torch.ones(4, dtype=torch.int64)), VAL, epochs=1, quiet=True)


@pytest.mark.parametrize(("options", "words"), [
    ({"epochs": 0}, "epochs should be a whole number of at least 1, got 0"),
    ({"epochs": 2.5}, "epochs should be a whole number"),
    ({"batch_size": 0}, "batch_size should be a whole number"),
    ({"lr": 0}, "lr should be greater than 0"),
    ({"lr": float("nan")}, "lr should be greater than 0"),
    ({"clip": -1.0}, "clip should be greater than 0, or None"),
    ({"schedule": "cosine"}, 'schedule should be "one-cycle" or None, got \'cosine\''),
    ({"epochs": True}, "epochs should be a whole number of at least 1, got True"),
    ({"lr": "fast"}, "lr should be greater than 0, got 'fast'"),
    ({"weight_decay": -1}, "weight_decay should be at least 0, got -1"),
    ({"seed": 0.5}, "seed should be a whole number, got 0.5"),
])
def test_bad_settings_are_named(options, words):
    with pytest.raises(ValueError) as problem:
        train(small_model(), **options)
    assert words in str(problem.value)


@pytest.mark.parametrize(("data", "words"), [
    (TRAIN[0], "should be a pair of tensors (inputs, labels), got Tensor"),
    ((TRAIN[0], TRAIN[1].tolist()), "should be a pair of tensors"),
    ((TRAIN[0], TRAIN[1][:5]), "one label per example: inputs (256, 6, 1), labels (5,)"),
    ((TRAIN[0], TRAIN[1][:, None]), "one label per example"),
    ((TRAIN[0][:0], TRAIN[1][:0]), "one label per example"),
    ((torch.tensor(1.0), TRAIN[1]), "one label per example"),
    ((TRAIN[0], TRAIN[1].float()), "labels should be int64 class numbers, got torch.float32; use labels.long()"),
])
def test_bad_data_is_named(data, words):
    for name, call in (("train", lambda: fit(small_model(), data, VAL, quiet=True)),
                       ("val", lambda: fit(small_model(), TRAIN, data, quiet=True)),
                       ("data", lambda: evaluate(small_model(), data))):
        with pytest.raises(ValueError) as problem:
            call()
        assert str(problem.value).startswith(name)
        assert words in str(problem.value)


@pytest.mark.parametrize("label", [7, 2, -1, -100])
def test_a_label_that_is_no_class_is_named_before_anything_is_trained(label, monkeypatch, tmp_path):
    monkeypatch.setattr(training, "_train_epoch", lambda *_, **__: pytest.fail("an epoch was trained"))
    labels = TRAIN[1].clone()
    labels[200] = label
    bad, model = (TRAIN[0], labels), small_model()
    before = weights(model)
    for name, call in (("train", lambda: fit(model, bad, VAL, batch_size=32, quiet=True)),
                       ("val", lambda: fit(model, TRAIN, bad, batch_size=32, quiet=True)),
                       ("data", lambda: evaluate(model, bad, batch_size=32))):
        with pytest.raises(ValueError) as problem:
            call()
        assert str(problem.value) == (f"{name}: labels should be class numbers from 0 to 1, one for each of the "
                                      f"model's 2 scores, got {label}")
    assert torch.equal(weights(model), before)
    assert model.training


def test_the_classes_are_counted_on_one_batch_and_no_random_number_is_used(monkeypatch):
    sizes = []

    class Watching(nn.Dropout):
        def forward(self, x):
            sizes.append((self.training, len(x)))
            return nn.functional.dropout(x, 0.5)        # random in eval mode too

    model = nn.Sequential(Watching(), nn.Linear(1, 2))
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with monkeypatch.context() as patch:
        patch.setattr(training, "evaluate", lambda *_: Evaluation(1.0, 1.0))
        fit(model, (torch.ones(10, 1), torch.zeros(10).long()), (torch.ones(3, 1), torch.ones(3).long()),
            epochs=1, batch_size=4, quiet=True)
    assert sizes == [(False, 4), (True, 4), (True, 4), (True, 2)]
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("answer", [lambda x: x.new_zeros(len(x), 3, 2), lambda x: x.new_zeros(len(x)),
                                    lambda x: x.new_zeros(len(x) + 1, 2)])
def test_scores_of_another_shape_are_named(answer):
    class Odd(nn.Linear):
        def forward(self, x):
            return answer(x)

    for call in (lambda: fit(Odd(1, 2), TRAIN, VAL, quiet=True), lambda: evaluate(Odd(1, 2), VAL)):
        with pytest.raises(ValueError, match=r"the model should give \(batch, classes\), one score per class"):
            call()


# --- what is printed ----------------------------------------------------------------------------------------------

def run_in_a_new_process(quiet, **environment):
    script = f"""
import torch
from seqlab import SequenceClassifier, fit
x, y = torch.randn(64, 6, 1), torch.zeros(64, dtype=torch.int64)
fit(SequenceClassifier("rnn", 1, 4, 2), (x, y), (x, y), epochs=2, quiet={quiet})
"""
    kept = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    done = subprocess.run([sys.executable, "-c", script], env={**kept, "OMP_NUM_THREADS": "1", **environment},
                          capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_one_line_per_epoch_in_the_fixed_form(capsys):
    train(small_model(), epochs=2, quiet=False)
    lines = [line.rsplit("\r", 1)[-1] for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == 2
    for epoch, line in enumerate(lines, start=1):
        assert re.fullmatch(
            rf"epoch  {epoch}/2  train loss \d\.\d{{4}}  val loss \d\.\d{{4}}  val acc \d+\.\d\d %  \d+\.\d s", line)


@pytest.mark.slow
def test_the_progress_bar_is_shown_and_can_be_silenced():
    shown = run_in_a_new_process(quiet=False)
    assert "epoch 1/2:   0%|" in shown
    without_bar = run_in_a_new_process(quiet=False, TQDM_DISABLE="1")
    assert "|" not in without_bar
    assert without_bar.count("\n") == 2
    assert run_in_a_new_process(quiet=True) == ""
