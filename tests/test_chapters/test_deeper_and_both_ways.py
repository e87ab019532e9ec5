"""The chapter: its layers are PyTorch's, its images vary as it says, and what it says of the studies is so."""

import statistics

import pytest
import torch
from torch import nn

import seqlab
from seqlab import plots
from studies import deeper
from tools import course

from . import coded_digits, numbers, verdicts

DEEPER = course.chapter("deeper-and-both-ways")
TEST, VAL = "test accuracy (%)", "validation accuracy (%)"


@pytest.fixture(scope="module")
def ran():
    """The chapter on coded digits."""
    drawing = course.Recorder()
    drawing.figure, drawing.COLOURS = plots.figure, plots.COLOURS
    return DEEPER.play(load_digits=lambda: coded_digits(640), plots=drawing)


# --- layers -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sizes", [(3, 4, 2), (28, 5, 3)])
def test_a_stack_is_its_layers_one_after_the_other(sizes):
    names = DEEPER.definitions()
    input_size, hidden_size, _ = sizes
    stack, x = nn.LSTM(*sizes, batch_first=True), torch.rand(6, 7, input_size)
    layers = [names["poured"](nn.LSTM(hidden_size if k else input_size, hidden_size, batch_first=True), k, stack)
              for k in range(sizes[2])]
    out, (h_n, _) = stack(x)
    if len(layers) == 2:
        by_hand, states = names["read_stacked"](*layers, x)
        assert torch.allclose(by_hand, out, atol=1e-6) and torch.allclose(states, h_n, atol=1e-6)
    for layer, last in zip(layers, h_n, strict=True):
        x, (own, _) = layer(x)
        assert torch.allclose(own[0], last, atol=1e-6)


def test_what_the_cells_print_of_states(ran):
    assert verdicts(ran("two = nn.LSTM(28, 128, num_layers=2").printed) == [False, True]
    assert [numbers(line) for line in ran("lower = poured(nn.LSTM").printed.replace(",", "").splitlines()] == [
        [4 * 128 * (28 + 128) + 8 * 128], [4 * 128 * (128 + 128) + 8 * 128]]
    assert verdicts(ran("by_hand, states = read_stacked").printed) == [True, True]
    assert verdicts(ran("same = torch.equal(h_n[row]").printed) == [True, False, True]
    assert verdicts(ran("to_the_end = ").printed) == [True]
    ends = ran('print(name, f"is h_n').printed.splitlines()
    assert [line.split("]", 1)[1].split()[-1] for line in ends] == ["h_n[0]", "state", "h_n[1]"]
    assert [line.split(": ")[1] for line in ran("for row, state in enumerate(h_n)").printed.splitlines()[:4]] == [
        "lower layer", "lower layer", "upper, forward", "upper, backward"]


def test_the_gradient_of_deep_stacks_is_weak_and_an_lstms_weaker(ran):
    rows = {int(row[0]): row[1:] for row in map(numbers, ran("def arrives").printed.splitlines()[1:])}
    for kind, column in (("rnn", 0), ("lstm", 1)):
        falls = [row[column] for row in rows.values()]
        assert falls == sorted(falls, reverse=True), kind
    assert rows[1][1] / rows[8][1] > 1000 and rows[1][0] / rows[8][0] < 30
    for seed in (1, 2):         # by other seeds too, and another way to the gradient
        torch.manual_seed(seed)
        images, labels, falls = torch.rand(16, 28, 28), torch.arange(16) % 10, []
        for kind in ("rnn", "lstm"):
            arrived = []
            for layers in (1, 8):
                model = seqlab.SequenceClassifier(kind, 28, 128, 10, layers)
                loss = -model(images).log_softmax(dim=1)[range(16), labels].mean()
                arrived.append(torch.autograd.grad(loss, model.layer.weight_ih_l0)[0].norm().item())
            falls.append(arrived[0] / arrived[1])
        assert falls[0] < 40 and falls[1] > 1000


def test_dropout_is_between_the_layers_only(ran):
    one = ran("one = nn.LSTM(28, 128, dropout=0.5")
    assert numbers(one.printed)[:2] == [1, 0] and verdicts(one.printed) == [True]
    assert one["said"][0].category is UserWarning and "dropout option adds dropout after all but last" in str(
        one["said"][0].message)


def test_which_rows_each_state_has_read(ran):
    fig = ran("seen = [torch.autograd")["fig"]
    forward, backward = (ax.images[0].get_array() for ax in fig.axes)
    wanted = torch.ones(28, 28, dtype=torch.bool).tril().numpy()
    assert (forward == wanted).all() and (backward == wanted.T).all()


@pytest.mark.parametrize("given", [{}, {"num_layers": 2, "dropout": 0.3}, {"both_ways": True}, {"mean_too": True},
                                   {"both_ways": True, "num_layers": 2, "mean_too": True, "learned_start": True}])
def test_the_reader_is_the_studys(given):
    mine, theirs = DEEPER.definitions()["RowReader"](16, **given), deeper.RowReader(16, **given)
    with torch.no_grad():
        for parameter in mine.parameters():
            parameter.copy_(torch.randn_like(parameter))
    theirs.load_state_dict(mine.state_dict())
    x = torch.rand(3, 28, 28)
    assert torch.allclose(mine.eval()(x), theirs.eval()(x), atol=1e-6)


def test_a_learned_start_is_where_the_layer_starts(ran):
    reader = DEEPER.definitions()["RowReader"](4, learned_start=True)
    h_0, c_0 = reader.start.data.normal_()
    x = torch.rand(3, 28, 28)
    _, (h_n, _) = reader.layer(x, (h_0.repeat(1, 3, 1), c_0.repeat(1, 3, 1)))
    assert torch.allclose(reader(x), reader.head(h_n[0]))
    printed = ran("more = size(RowReader").printed
    assert numbers(printed)[0] == 2 * 128 and verdicts(printed) == [True]


# --- images -----------------------------------------------------------------------------------------------------------

def dot(row, column):
    image = torch.zeros(1, 28, 28)
    image[0, row, column] = 1
    return image


def centre(image):
    """Of the ink: (row, column)."""
    places = torch.arange(28.0)
    return torch.stack([(image.sum(dim=2) * places).sum(), (image.sum(dim=1) * places).sum()]) / image.sum()


def test_images_stay_within_the_given_amounts_and_go_both_ways():
    varied = DEEPER.definitions()["varied"]
    torch.manual_seed(0)
    images = dot(13, 20).repeat(400, 1, 1)
    assert torch.allclose(varied(images), images, atol=1e-4)
    moved = torch.stack([centre(one[None]) for one in varied(images, shift=2)]) - torch.tensor([13.0, 20.0])
    assert moved.abs().max() < 2.1 and moved.min() < -1.7 and moved.max() > 1.7
    turned = torch.stack([centre(one[None]) for one in varied(images, turn=0.2)]) - 13.5
    angles = torch.atan2(turned[:, 0], turned[:, 1])
    assert angles.abs().max() < 0.32 and angles.min() < -0.15 and angles.max() > 0.1
    slanted = torch.stack([centre(one[None]) for one in varied(dot(4, 14).repeat(400, 1, 1), slant=0.25)])
    assert (slanted[:, 0] - 4).abs().max() < 0.1 and (slanted[:, 1] - 14).abs().max() < 0.25 * 9.5 + 0.2
    resized = torch.stack([centre(one[None]) for one in varied(images, size=0.15)]) - 13.5
    assert 5 < resized[:, 1].min() < 6 and 7 < resized[:, 1].max() < 8
    bent = torch.stack([centre(one[None]) for one in varied(images, bend=0.8)]) - torch.tensor([13.0, 20.0])
    assert 0.2 < bent.std() < 1.0 and bent.mean().abs() < 0.2


def test_the_images_vary_as_in_the_study_and_only_in_training(ran):
    names, images = DEEPER.definitions("EVERYTHING"), coded_digits(20).train[0]
    assert names["EVERYTHING"] == deeper.EVERYTHING
    for amounts in deeper.IMAGES.values():
        torch.manual_seed(3)
        mine = names["varied"](images, **amounts)
        torch.manual_seed(3)
        assert torch.equal(mine, deeper.varied(images, **amounts))
    assert verdicts(ran("class Varied").printed) == [True, False, False, True]


# --- what it says of the studies --------------------------------------------------------------------------------------

def test_each_change_is_at_the_rate_that_validation_chose():
    changes = seqlab.results("one_change")
    at_its_rate = DEEPER.definitions(changes=changes, VAL=VAL)["at_its_rate"]
    for name, runs in changes.by("change").items():
        first = runs.by("seed")[0]
        _, rate = max(zip(first[VAL], first["rate"], strict=True))
        assert deeper.CHOSEN.get(name, rate) == rate and set(at_its_rate(name)["rate"]) == {rate}, name
        assert len(at_its_rate(name)) == (3 if name in deeper.CHOSEN else 1)
    first, *lines = DEEPER.printed("def at_its_rate").splitlines()[1:]
    assert first.startswith("none") and numbers(first)[0] == 0.01       # and the other rate in the next line
    for line, name in zip(lines, changes.by("change"), strict=True):
        assert line.startswith(name)
        rate, mean = numbers(line.removeprefix(name).replace(",", ""))[:2]
        assert rate == at_its_rate(name)["rate"][0] and mean == pytest.approx(
            statistics.fmean(at_its_rate(name)[TEST]), abs=0.006)


def test_the_recurrent_weights_of_the_wrong_end_get_no_gradient(ran):
    lines = ran("class LastOfOut").printed.splitlines()
    assert [("no gradient" in line) for line in lines[:3]] == [False, False, True]


# --- what it says of the changes --------------------------------------------------------------------------------------

def gains(name, part, than="none", study="one_change"):
    """Of each seed, at the rate that the change went on with."""
    runs, key = seqlab.results(study), ()
    if study == "one_change":
        key = (DEEPER.definitions(changes=runs, VAL=VAL)["at_its_rate"](name)["rate"][0],)
    pairs = zip(runs.where(name, *key)[part], runs.where(than, *key)[part], strict=False)
    return seqlab.summary(a - b for a, b in pairs)


def side(gained):
    """1 or -1 if the interval is clear of 0, else 0."""
    low, high = gained.interval
    return (low > 0) - (high < 0)


def test_which_bars_are_clear_of_zero():
    """As the text and the alt text say; three and four layers have no bar."""
    changes = [name for name in deeper.CHOSEN if name != "none"]
    sides = {part: {name: side(gains(name, part)) for name in changes} for part in (TEST, VAL)}
    assert {part: {name: where for name, where in found.items() if where} for part, found in sides.items()} == {
        TEST: {"2 layers, dropout 0.2": 1, "mean and last": 1, "constant rate": -1},
        VAL: {"2 layers, dropout 0.2": 1, "2 layers": 1, "214 units": 1, "varied images": 1, "forget bias 1": 1,
              "constant rate": -1, "constant rate, averaged": -1, "averaged": -1}}
    above = [name for name in changes if gains(name, TEST).mean > 1 / 8]
    assert set(above) == {"2 layers, dropout 0.2", "214 units", "mean and last", "2 layers"}
    for part in (TEST, VAL):
        assert gains("both ways, 86 units", part).mean < 0 and gains("constant rate", part).mean < -1
        assert gains("constant rate", part).mean < gains("constant rate, averaged", part).mean < 0
    dropped = seqlab.results("one_change")
    on_val = [dropped.where(name, 0.01)[VAL] for name in ("2 layers, dropout 0.2", "2 layers")]
    assert all(a < b for a, b in zip(*on_val, strict=True))


def test_the_winner_with_new_seeds():
    first = gains("2 layers, dropout 0.2", TEST).mean
    found = {(name, part): gains(name, part, study="with_new_seeds") for name in deeper.AGAIN if name != "none"
             for part in (TEST, VAL)}
    assert found["2 layers, dropout 0.2", TEST].mean == pytest.approx(first / 2, abs=0.02)
    assert {key: side(gained) for key, gained in found.items()} == {
        (name, part): int(part == VAL and "76" not in name) for name, part in found}
    ahead = {name: sum(line.startswith(f"  {name} ") and line.endswith("5 of 5")
                       for line in DEEPER.printed("with_new_seeds").splitlines()) for name in deeper.AGAIN}
    assert ahead == {"none": 0, "2 layers": 1, "2 layers, dropout 0.2": 1, "2 layers, 76 units": 0}
    new = seqlab.results("with_new_seeds")
    dropped, kept = new.where("2 layers, dropout 0.2"), new.where("2 layers")
    assert all(a < b for a, b in zip(dropped[VAL], kept[VAL], strict=True))
    assert statistics.fmean(dropped[TEST]) == pytest.approx(statistics.fmean(kept[TEST]), abs=0.005)


def test_what_varied_images_gain_and_that_it_depends_on_the_digits():
    longer = seqlab.results("with_varied_images")

    def gained(name, than, part):
        return seqlab.summary(a - b for a, b in zip(longer.where(name)[part], longer.where(than)[part], strict=True))

    for part in (TEST, VAL):
        assert side(gained("all of it", "as they are", part)) == 1
    shifted = {part: gained("shifted", "as they are", part) for part in (TEST, VAL)}
    assert [side(shifted[part]) for part in (TEST, VAL)] == [1, 0]
    assert [side(gained("all of it", "shifted", part)) for part in (TEST, VAL)] == [0, 1]
    losses = {name: [statistics.fmean(h[-1][k] for h in longer.where(name)["history"]) for k in (0, 1)]
              for name in ("as they are", "all of it")}
    known, new = losses["as they are"], losses["all of it"]
    assert known[1] / known[0] == pytest.approx(5, abs=0.6) and new[0] / known[0] == pytest.approx(9.5, abs=0.5)
    assert new[1] < new[0] / 2 and new[1] < known[1]
    more = longer.where("as they are").summary(TEST).mean - seqlab.results("one_change").where(
        "none", 0.01).summary(TEST).mean
    assert more == pytest.approx(max(gains(name, TEST).mean for name in deeper.CHANGES if name != "none"), abs=0.06)


def test_eight_layers_stand_at_a_guess_where_one_has_learnt(ran):
    printed = DEEPER.printed("race(0, num_layers=8)").splitlines()
    one, eight = (numbers(line)[-1] for line in printed)
    assert one > 60 and eight < 15
