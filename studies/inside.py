"""What can be seen inside a network that reads digits row by row, and what of it holds for the next seed.

Claim: trained by its last answer alone, an LSTM(28, 64) says the right digit late, and knows it earlier. After 18 of
the 28 rows its head is right about fewer than half of the test digits, while a linear probe of the same states is right
about nine in ten; and the head is then sure of more than it gets right. The row from which the answer stays differs
more between the digits than, for one digit, between the seeds.

The unit of the last state that goes with a digit most closely keeps doing so on other digits, and yet the network reads
that digit as well without it; two dozen of such units cost it more, and on average far more, than as many drawn at
random.

How sure it is tells digits read right from noise, and much less from upside-down digits and from halves of two digits.

Wrong if: for any seed the probe is less than 20 points better after 18 rows; the mean rows of the classes have a
smaller standard deviation than the seeds of a class have on average; a best unit loses half of its correlation, or
costs its class more than 2 points on average over the seeds; or at 5 % false alarms fewer of the upside-down digits
than of the images of noise go unnoticed. It is one width and one recipe.
"""

import functools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqlab import SequenceClassifier, fit, load_digits

from .runner import Study

SEEDS, ROWS = range(5), (8, 12, 16, 18, 20, 22, 24, 28)
WAYS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
CHANGES = ("none", *(f"{way} {pixels}" for way in WAYS for pixels in (2, 4)), *(
    f"noise {sd}" for sd in (0.1, 0.3)), "inverted", "upside down", "mirrored", "two halves", "only noise")
NO_DIGIT = ("two halves", "only noise")


@functools.cache
def trained(seed: int) -> SequenceClassifier:
    torch.manual_seed(seed)
    digits, model = load_digits("mnist", quiet=True), SequenceClassifier("lstm", 28, 64, 10)
    fit(model, digits.train, digits.val, epochs=3, seed=seed, quiet=True)
    return model


@torch.no_grad()
def states(model: SequenceClassifier, images: Tensor) -> Tensor:
    """The state after every row, (n, 28, hidden_size)."""
    return torch.cat([model.layer(part)[0] for part in images.split(1000)])


@functools.lru_cache(maxsize=1)
def read_by(seed: int) -> tuple[Tensor, Tensor]:
    """The states of this network on 5,000 training digits and on the test digits."""
    digits = load_digits("mnist", quiet=True)
    return states(trained(seed), digits.train[0][:5000]), states(trained(seed), digits.test[0])


def share(right: Tensor) -> float:
    return round(100 * right.float().mean().item(), 2)


def probe(x: Tensor, labels: Tensor) -> nn.Linear:
    """A linear layer that names the digit from a state, fitted to these states alone."""
    torch.manual_seed(0)
    layer = nn.Linear(x.shape[1], 10)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=50)

    def loss():
        optimizer.zero_grad()
        loss = F.cross_entropy(layer(x), labels) + 1e-4 * layer.weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(loss)
    return layer


def inside_rows(rows: int, seed: int) -> list:
    """After so many rows of the test digits: what the head says, what a probe says, and the head to a torn page."""
    digits, model = load_digits("mnist", quiet=True), trained(seed)
    images, labels = digits.test
    known, read = (states[:, rows - 1] for states in read_by(seed))
    own = probe(known, digits.train[1][:5000])
    torn = images.clone()
    torn[:, rows:] = 0
    with torch.no_grad():
        sure, said = model.head(read).softmax(dim=1).max(dim=1)
        on_torn = model.head(states(model, torn)[:, -1]).argmax(dim=1)
        return [share(said == labels), share(sure), share(own(read).argmax(dim=1) == labels), share(on_torn == labels)]


def stays_from(answers: Tensor) -> Tensor:
    """The number of rows (n,) after which the answers (n, rows) do not change any more."""
    changes = answers[:, 1:] != answers[:, :-1]
    return 1 + (changes * torch.arange(1, answers.shape[1])).amax(dim=1)


def correlation(units: Tensor, claim: Tensor) -> Tensor:
    """Pearson's, of each column of `units` (n, hidden_size) with a claim (n,) of zeros and ones."""
    units, claim = units - units.mean(dim=0), claim.float() - claim.float().mean()
    return (units * claim[:, None]).sum(dim=0) / (units.norm(dim=0) * claim.norm())


@torch.no_grad()
def inside_digits(digit: int, seed: int) -> list:
    """When the answer to this digit stays; which unit goes with it in one half, and what it costs in the other."""
    labels, model, (_, read) = load_digits("mnist", quiet=True).test[1], trained(seed), read_by(seed)
    half = len(labels) // 2
    settled = stays_from(model.head(read).argmax(dim=2))[labels == digit].float()
    first, second = read[:half, -1], read[half:, -1]
    found = correlation(first, labels[:half] == digit)
    order = found.abs().argsort(descending=True)
    again = correlation(second, labels[half:] == digit)[order[0]]
    own = labels[half:] == digit

    def without(units):
        changed = second.clone()
        changed[:, units] = first[:, units].mean(dim=0)
        return share((model.head(changed).argmax(dim=1) == digit)[own])

    torch.manual_seed(0)
    others = [without(torch.randperm(64)[:24]) for _ in range(20)]
    return [round(settled.mean().item(), 2), round(settled.std().item(), 2), round(found[order[0]].abs().item(), 3),
            round((again * found[order[0]].sign()).item(), 3), without([]), without(order[:1]), without(order[:24]),
            round(sum(others) / len(others), 2)]


def changed(images: Tensor, change: str) -> Tensor:
    """The images moved, with noise, turned round, or put together from two; the same for every network."""
    torch.manual_seed(0)
    way, _, much = change.partition(" ")
    if way in WAYS:
        down, right = (int(much) * step for step in WAYS[way])
        return F.pad(images, (right, -right, down, -down))
    if way == "noise":
        return (images + float(much) * torch.randn_like(images)).clamp(0, 1)
    return {
        "none": lambda: images, "inverted": lambda: 1 - images, "upside down": lambda: images.flip(1),
        "mirrored": lambda: images.flip(2), "only noise": lambda: torch.rand_like(images),
        "two halves": lambda: torch.cat([images[:, :14], images[torch.randperm(len(images)), 14:]], dim=1)}[change]()


@torch.no_grad()
def answers(model: SequenceClassifier, images: Tensor) -> tuple[Tensor, Tensor]:
    """The best answer's probability (n,), and which it is."""
    return model.head(states(model, images)[:, -1]).softmax(dim=1).max(dim=1)


def inside_changed(change: str, seed: int) -> list:
    """Of the test digits, changed so: how many are read, how sure the network is, and whether one notices."""
    digits, model = load_digits("mnist", quiet=True), trained(seed)
    sure, said = answers(model, digits.val[0])
    alarm = sure[said == digits.val[1]].quantile(0.05)
    images, labels = digits.test
    sure, said = answers(model, changed(images, change))
    wrong = said != labels if change not in NO_DIGIT else torch.ones_like(said).bool()
    return [share(~wrong), share(sure), share(sure[wrong]), share(sure[wrong] >= alarm)]


NETWORK = ("LSTM(28, 64), the last state, three epochs of `seqlab.fit` on 55,000 digits of MNIST; judged on the test "
           "digits, with seeds 0 to 4. ")
STUDIES = {
    "inside_rows": Study(
        "What a network says after some of the rows, and what its state holds",
        NETWORK + "After so many of the 28 rows: the answers of the head, which was trained on the last state only; "
        "the probability of its best answer; the answers of a linear probe, fitted to 5,000 states after that row; and "
        "what the head says in the end if the rest of the page is white.",
        ("rows", "seed"), ("head (%)", "best answer (%)", "probe (%)", "rest white (%)"),
        tuple((rows, seed) for seed in SEEDS for rows in ROWS), inside_rows),
    "inside_digits": Study(
        "When the answer stays, and what one unit has to do with it",
        NETWORK + "For the test digits of one class: after how many rows the answer does not change any more, mean and "
        "standard deviation; the correlation of the class with that unit of the last state for which it is largest in "
        "the first half of the digits, there and in the second half; and how many of the second half are read with "
        "all units, and with that unit, the 24 most correlated, and 24 drawn at random (the mean of 20 draws) at their "
        "mean.",
        ("digit", "seed"), ("stays from row", "sd", "correlation", "other half", "read (%)", "without it (%)",
                            "without 24 (%)", "without 24 drawn (%)"),
        tuple((digit, seed) for seed in SEEDS for digit in range(10)), inside_digits),
    "inside_changed": Study(
        "Digits moved, covered with noise, turned, and no digits at all",
        NETWORK + "The test digits changed: how many are read, the probability of the best answer, the same where it "
        "is wrong, and how many of the wrong answers have a higher probability than an alarm that 5 % of the "
        "validation digits that are read right set off. Two halves of different digits, and only noise, are no digit, "
        "so every answer is wrong.",
        ("change", "seed"), ("read (%)", "best answer (%)", "when wrong (%)", "unnoticed (%)"),
        tuple((change, seed) for seed in SEEDS for change in CHANGES), inside_changed),
}
