"""The trainer of the playground: its gradients, its optimiser, its start and its examples are PyTorch's."""

import json
import math
import random
import subprocess

import pytest
import torch
from places import ROOT
from torch import nn
from torch.nn import functional as F

from seqlab import results
from seqlab.widgets import rnn_playground


def javascript(node, code, given):
    """What the code, which has the training's modules and `given`, prints as JSON."""
    names = {"recurrent": "newNet, forward, backward, crossEntropy, squaredError, clip, adam, weightsOf",
             "training": "newTraining, trainOnce, ask, look", "tasks": "TASKS", "mersenne": "mersenne"}
    imports = "".join(f'import {{ {each} }} from "./seqlab/widgets/{name}.js";\n' for name, each in names.items())
    script = (f"{imports}import fs from 'node:fs';\nconst given = JSON.parse(fs.readFileSync(0, 'utf8'));\n"
              "const plain = (_, value) => ArrayBuffer.isView(value) ? [...value] : value;\n"
              f"const tell = (what) => console.log(JSON.stringify(what, plain));\n{code}")
    done = subprocess.run([node, "--input-type=module", "--eval", script], input=json.dumps(given), cwd=ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def flat(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


# --- gradients -------------------------------------------------------------------------------------------------------

STEPS = """
tell(given.map(({ sizes, weights, examples, loss, most, rate }) => {
  const net = newNet(sizes), measure = { crossEntropy, squaredError }[loss];
  net.weights.all.set(weights);
  const optimiser = adam(net.weights.all, net.gradients.all, rate);
  const told = [];
  for (let step = 0; step < 3; step++) {
    net.gradients.all.fill(0);
    const inputs = [];
    let sum = 0;
    for (const { x, answer } of examples) {
      forward(net, x);
      sum += measure(net, answer);
      backward(net, x, { inputsToo: true });
      inputs.push([...net.dx]);
    }
    const gradients = [...net.gradients.all], norm = clip(net.gradients.all, most);
    optimiser.step();
    told.push({ loss: sum, gradients, inputs, norm, weights: [...net.weights.all] });
  }
  return told;
}));
"""


def any_net(number):
    """A net, examples, a loss and settings of training, drawn at random."""
    draw = random.Random(number)
    torch.manual_seed(number)
    kind = ("rnn", "gru", "lstm")[number % 3]
    inputs, units, outputs = draw.randint(1, 5), draw.randint(1, 24), draw.randint(2, 6)
    steps, examples = draw.randint(1, 40), draw.randint(1, 6)
    loss = draw.choice(["crossEntropy", "squaredError"])
    layer = getattr(nn, kind.upper())(inputs, units, batch_first=True).double()
    head = nn.Linear(units, 1 if loss == "squaredError" else outputs).double()
    with torch.no_grad():
        for weight in (*layer.parameters(), *head.parameters()):
            weight.mul_(draw.choice([0.2, 1.0, 2.5]))
    x = torch.randn(examples, steps, inputs, dtype=torch.float64, requires_grad=True)
    y = torch.randint(outputs, (examples,)) if loss == "crossEntropy" else torch.randn(examples, dtype=torch.float64)
    return kind, layer, head, x, y, loss, draw.choice([0.01, 1.0, 1e9]), 10 ** draw.uniform(-4, -0.5)


def agrees(found, right):
    """Equal to 1e-10, relative to the size of the whole."""
    found, right = torch.tensor(found, dtype=torch.float64).flatten(), right.detach().flatten()
    assert found.shape == right.shape
    assert (found - right).norm() <= 1e-10 * right.norm() + 1e-300


@pytest.mark.slow
def test_gradients_clipping_and_adam_are_those_of_torch_on_50_random_nets(node):
    nets = [any_net(number) for number in range(50)]
    found = javascript(node, STEPS, [{
        "sizes": {"kind": kind, "inputs": layer.input_size, "units": layer.hidden_size, "steps": x.shape[1],
                  "outputs": head.out_features},
        "weights": flat((*layer.parameters(), *head.parameters())).tolist(), "loss": loss, "most": most, "rate": rate,
        "examples": [{"x": x[k].flatten().tolist(), "answer": y[k].item()} for k in range(len(y))]}
        for kind, layer, head, x, y, loss, most, rate in nets])
    assert {kind for kind, *_ in nets} == {"rnn", "gru", "lstm"} and {loss for *_, loss, _, _ in nets} == {
        "crossEntropy", "squaredError"}
    for (_, layer, head, x, y, loss, most, rate), told in zip(nets, found, strict=True):
        weights = [*layer.parameters(), *head.parameters()]
        optimizer = torch.optim.Adam(weights, lr=rate)
        for step in told:
            optimizer.zero_grad()
            x.grad = None
            said = head(layer(x)[0][:, -1])
            error = (F.cross_entropy(said, y, reduction="sum") if loss == "crossEntropy"
                     else F.mse_loss(said[:, 0], y, reduction="sum"))
            error.backward()
            agrees(step["loss"], error)
            agrees(step["gradients"], flat(weight.grad for weight in weights))
            agrees(step["inputs"], x.grad)
            agrees(step["norm"], nn.utils.clip_grad_norm_(weights, most))
            optimizer.step()
            agrees(step["weights"], flat(weights))


# --- the start and the examples --------------------------------------------------------------------------------------

RUN = """
tell(given.map(({ kind, settings, batches }) => {
  const { net, random } = newTraining(kind, settings), start = [...net.weights.all];
  const drawn = TASKS[settings.task].draw(random, 32, settings.lag + 1);
  const training = newTraining(kind, settings);
  while (training.batches < batches && !training.ended) trainOnce(training);
  return { start, drawn, losses: training.losses, shares: training.shares, ended: training.ended };
}));
"""
PLAIN = {"task": "recall", "lag": 20, "hidden_size": 12, "lr": 0.02, "clipping": True, "max_norm": 1.0, "opened": True,
         "bias": 5.0, "seed": 0}


def by_torch(kind, settings, batches):
    """(the weights at the start, the first x and y, losses and shares of so many batches), trained in float64."""
    task, size, steps = settings["task"], settings["hidden_size"], settings["lag"] + 1
    inputs, outputs, draw = rnn_playground.TASKS[task]
    near, names = rnn_playground.NUMBERS.get(task), {"torch": torch, "F": F, "steps": steps}
    torch.manual_seed(settings["seed"])
    layer, head = getattr(nn, kind.upper())(inputs, size, batch_first=True).double(), nn.Linear(size, outputs).double()
    if settings["opened"] and kind != "rnn":
        layer.bias_ih_l0.data[size:2 * size], layer.bias_hh_l0.data[size:2 * size] = settings["bias"], 0
    weights = [*layer.parameters(), *head.parameters()]
    start, first, losses, shares = flat(weights), None, [], []
    optimizer = torch.optim.Adam(weights, lr=settings["lr"])
    for _ in range(batches):
        exec("\n".join(draw), names)
        x, y = names["x"].double(), names["y"].double() if near else names["y"]
        first = first or (x.flatten(1), y)
        said = head(layer(x)[0][:, -1])
        loss = F.mse_loss(said[:, 0], y) if near else F.cross_entropy(said, y)
        shares.append(((said[:, 0] - y).abs() < eval(near, names) if near else said.argmax(1) == y).double().mean())
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        if settings["clipping"]:
            nn.utils.clip_grad_norm_(weights, settings["max_norm"])
        optimizer.step()
    return start, first, losses, torch.stack(shares)


@pytest.mark.slow
def test_every_task_and_cell_starts_draws_and_trains_as_in_torch(node):
    """To the last digit before the first batch, and over 20 batches as long as float64 allows."""
    asked = [(kind, {**PLAIN, "task": task, "lag": lag, "seed": seed, "opened": seed % 2 == 0, "clipping": seed != 3})
             for seed, (kind, task, lag) in enumerate((kind, task, lag) for kind in ("rnn", "gru", "lstm")
                                                      for task in rnn_playground.TASKS for lag in (1, 9))]
    found = javascript(node, RUN, [{"kind": kind, "settings": settings, "batches": 20} for kind, settings in asked])
    assert len(found) == 30
    for (kind, settings), told in zip(asked, found, strict=True):
        start, (x, y), losses, shares = by_torch(kind, settings, 20)
        assert told["start"] == start.tolist(), (kind, settings)
        assert [one["x"] for one in told["drawn"]] == x.tolist(), settings["task"]
        assert [one["answer"] for one in told["drawn"]] == y.tolist(), settings["task"]
        assert told["losses"] == pytest.approx(losses[:len(told["losses"])], rel=1e-7), (kind, settings)
        assert told["shares"] == shares.tolist()[:len(told["shares"])], (kind, settings)


LOOK = """
tell(given.map(({ kind, settings }) => look(newTraining(kind, settings)).gradient));
"""


def test_the_gradient_by_lag_is_that_of_torch(node):
    asked = [(kind, {**PLAIN, "task": task, "lag": 7, "seed": 4}) for kind in ("rnn", "gru", "lstm")
             for task in rnn_playground.TASKS]
    found = javascript(node, LOOK, [{"kind": kind, "settings": settings} for kind, settings in asked])
    for (kind, settings), gradient in zip(asked, found, strict=True):
        figure = rnn_playground.RNNPlayground(cells=[kind], **settings)
        assert gradient == pytest.approx(rnn_playground.gradient_by_lag(figure, kind), abs=1e-9)


# --- what the pages say of their experiments -------------------------------------------------------------------------

OUTCOMES = """
tell(given.map(({ kind, settings, seeds }) => seeds.map((seed) => {
  const training = newTraining(kind, { ...settings, seed });
  while (!training.ended && training.batches < 600) trainOnce(training);
  return [training.batches, training.ended, ask(training)];
})));
"""


@pytest.mark.deep
def test_what_the_pages_say_of_the_experiments_is_so(node):
    """The playground's page and the chapter on what a net keeps; a run is the same on every machine."""
    closed, race = {**PLAIN, "opened": False}, {**PLAIN, "opened": False, "lr": 0.01}
    ten, first = list(range(10)), [0]
    asked = [("lstm", closed, ten), ("lstm", PLAIN, ten), ("rnn", race, ten), ("gru", race, ten),
             ("rnn", {**race, "lr": 0.03}, ten), ("gru", {**race, "lr": 0.03}, ten),
             ("lstm", {**PLAIN, "task": "parity", "lag": 3}, ten), ("lstm", {**PLAIN, "task": "parity"}, ten[:5]),
             ("lstm", {**closed, "lr": 0.1}, ten[:3]), ("lstm", {**closed, "hidden_size": 32}, first)]
    found = javascript(node, OUTCOMES, [{"kind": kind, "settings": settings, "seeds": seeds}
                                        for kind, settings, seeds in asked])
    right = [sum(share >= 0.95 for *_, share in runs) for runs in found]
    assert right == [0, 9, 2, 0, 3, 10, 8, 0, 0, 0]
    assert found[1][0][:2] == [169, "solved"]
    assert max(share for runs in (found[0], found[3], found[8], found[9]) for *_, share in runs) < 0.3, "they guess"


STUDIED = {"RNN": ("rnn", None), "GRU": ("gru", None), "GRU, update bias 2": ("gru", 2.0), "LSTM": ("lstm", None),
           "LSTM, forget bias 2": ("lstm", 2.0), "LSTM, forget bias 4": ("lstm", 4.0)}


def wilson(solved, runs, z=1.96):
    """The interval of Wilson for a rate, at 95 %."""
    rate, middle = solved / runs, solved / runs + z * z / (2 * runs)
    half = z * math.sqrt(rate * (1 - rate) / runs + z * z / (4 * runs * runs))
    return (middle - half) / (1 + z * z / runs), (middle + half) / (1 + z * z / runs)


def may_be_one_rate(ours, theirs):
    """Whether the interval of Newcombe for the difference of two rates, at 95 %, holds 0: both are (solved, runs)."""
    (low, high), (their_low, their_high) = wilson(*ours), wilson(*theirs)
    rate, their_rate = ours[0] / ours[1], theirs[0] / theirs[1]
    difference = rate - their_rate
    return (difference - math.hypot(rate - low, their_high - their_rate) <= 0
            <= difference + math.hypot(high - rate, their_rate - their_low))


def test_two_rates_that_are_near_may_be_one_and_others_not():
    assert may_be_one_rate((9, 10), (4, 5)) and may_be_one_rate((20, 20), (4, 5))
    assert not may_be_one_rate((10, 10), (2, 5)) and not may_be_one_rate((0, 10), (3, 5))


@pytest.mark.deep
@pytest.mark.parametrize("lag", [5, 10, 20, 40])
def test_the_rates_of_the_stored_study_are_found_again(node, lag):
    """The first five seeds make the starts and batches of studies/recall.py; the study is in float32, so a run that
    hangs by a thread ends otherwise, and a rate of five runs is compared as one that has an interval itself."""
    settings = {**PLAIN, "lag": lag, "hidden_size": 24, "lr": 0.01}
    seeds = list(range(10 if lag < 40 else 5))         # the longest takes the longest
    found = javascript(node, OUTCOMES, [{"kind": kind, "seeds": seeds,
                                         "settings": {**settings, "opened": bias is not None, "bias": bias or 0}}
                                        for kind, bias in STUDIED.values()])
    for name, runs in zip(STUDIED, found, strict=True):
        stored = results("recall_first").where(name, lag)["accuracy (%)"]
        ours, theirs = sum(share >= 0.95 for *_, share in runs), sum(accuracy >= 95 for accuracy in stored)
        assert may_be_one_rate((ours, len(runs)), (theirs, len(stored))), (name, lag, ours, theirs)
