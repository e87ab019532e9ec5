"""Every keyword does something: fit, evaluate, Recurrent and SequenceClassifier, one changed keyword at a time."""

import inspect

import pytest
import torch
from pretend_gpu import GPU, pretend_gpu
from torch import nn

from seqlab import Recurrent, SequenceClassifier, evaluate, fit

OTHER_VALUES = {
    fit: {"epochs": 2, "batch_size": 16, "lr": 0.02, "clip": 0.01, "schedule": None, "weight_decay": 0.5, "seed": 1,
          "checkpoint": "run.pt", "device": GPU, "quiet": True},
    evaluate: {"batch_size": 5},
    Recurrent: {"num_layers": 1, "bias": False, "batch_first": False, "dropout": 0.5, "bidirectional": True},
    SequenceClassifier: {"num_layers": 1, "pooling": "mean", "bidirectional": True, "dropout": 0.5, "seq_len": 5},
}


def keywords(thing):
    return [name for name, parameter in inspect.signature(thing).parameters.items()
            if parameter.default is not inspect.Parameter.empty]


def fitted(folder, capsys, **options):
    """All that a call of fit leaves: weights, where they are, what was printed, files."""
    torch.manual_seed(0)
    model, x = nn.Linear(3, 2), torch.randn(64, 3)
    with pretend_gpu():
        fit(model, (x, (x[:, 0] > 0).long()), (x, (x[:, 1] > 0).long()), **options)
        parameters = [parameter.detach().cpu().tolist() for parameter in model.parameters()]
    return parameters, model.weight.device, bool(capsys.readouterr().out), [path.name for path in folder.iterdir()]


def evaluated(**options):
    sizes = []
    model = nn.Linear(3, 2)
    model.register_forward_hook(lambda module, given, answer: sizes.append(len(answer)))
    evaluate(model, (torch.zeros(12, 3), torch.zeros(12).long()), **options)
    return sizes


def answered(make, **options):
    """What a layer or classifier with these options answers."""
    torch.manual_seed(0)
    model = make(**options)
    torch.manual_seed(1)
    with torch.no_grad():
        answer = model(torch.randn(4, options.get("seq_len", 4), 3))
    return (answer[0] if isinstance(answer, tuple) else answer).tolist()


@pytest.mark.parametrize(("thing", "name"), [pytest.param(thing, name, id=f"{thing.__name__}-{name}")
                                             for thing in OTHER_VALUES for name in keywords(thing)])
def test_a_keyword_changes_something(thing, name, tmp_path, monkeypatch, capsys):
    changed = {name: OTHER_VALUES[thing][name]}
    if thing is fit:
        monkeypatch.chdir(tmp_path)
        results = [fitted(tmp_path, capsys, **options) for options in ({}, {}, changed)]
    elif thing is evaluate:
        results = [evaluated(**options) for options in ({}, {}, changed)]
    else:
        base = {"num_layers": 2, **({"pooling": "concat", "seq_len": 4} if name == "seq_len" else {})}
        make = lambda **options: thing("lstm", 3, 5, *([2] if thing is SequenceClassifier else []), **options)
        results = [answered(make, **options) for options in (base, base, {**base, **changed})]
    once, again, otherwise = results
    assert once == again
    assert once != otherwise
