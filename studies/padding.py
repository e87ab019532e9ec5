"""How long must a net train that reads its answer after the padding?

Claim: taking `out[:, -1]` of a padded block costs training, and then safety. After 200 steps such a net is hardly
better than a coin where the right one is nearly done; after 2,000 it has learned to carry its answer through the
padding that it knows, and is still several points behind; where the block is padded further than in training, some
seeds fail.

Wrong if: after 2,000 steps the wrong net is as good as the right one, or no seed loses ten points in a wider block. It
is one task, one size and one learning rate.
"""

import torch
from torch import nn
from torch.nn import functional as F

from .runner import Study

LONGEST, STOPS = 12, (200, 500, 1000, 2000)


def ends(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sequences of 2 to 12 numbers in a block, their lengths, and whether the last number is above the one before."""
    torch.manual_seed(seed)
    lengths, x, rows = torch.randint(2, LONGEST + 1, (n,)), torch.randn(n, LONGEST, 1), torch.arange(n)
    higher = (x[rows, lengths - 1] > x[rows, lengths - 2])[:, 0].long()
    return x * (torch.arange(LONGEST) < lengths[:, None])[..., None], lengths, higher


def trained(read_at: str, seed: int):
    """At each of STOPS, the net as it is then: a function of a block and its lengths."""
    torch.manual_seed(seed)
    layer, head = nn.RNN(1, 16, batch_first=True), nn.Linear(16, 2)
    x, lengths, higher = ends(3200, seed)
    adam = torch.optim.Adam([*layer.parameters(), *head.parameters()], lr=0.01)

    def net(x, lengths):
        out, _ = layer(x)
        return head(out[:, -1] if read_at == "out[:, -1]" else out[torch.arange(len(x)), lengths - 1])

    for step in range(1, max(STOPS) + 1):
        rows = torch.randint(len(x), (32,))
        loss = F.cross_entropy(net(x[rows], lengths[rows]), higher[rows])
        adam.zero_grad()
        loss.backward()
        adam.step()
        if step in STOPS:
            yield net


def padded_ends(read_at: str, seed: int) -> list:
    """The accuracy on 2,000 fresh sequences at each stop, and at the last one in a block that is twice as wide."""
    x, lengths, higher = ends(2000, seed=99)

    def accuracy(net, x):
        with torch.no_grad():
            return round(100 * (net(x, lengths).argmax(dim=1) == higher).float().mean().item(), 2)

    found = []
    for net in trained(read_at, seed):
        found.append(accuracy(net, x))
    return [*found, accuracy(net, F.pad(x, (0, 0, 0, LONGEST)))]


STUDIES = {
    "padded_ends": Study(
        title="Reading the answer after the padding",
        note="nn.RNN(1, 16) and nn.Linear(16, 2) say whether the last of 2 to 12 numbers is above the one before. The "
             "head reads the state at lengths - 1, or at the last column of the padded block, out[:, -1]. Adam at "
             "0.01, batch 32, 3,200 sequences; accuracy on 2,000 fresh ones after so many steps, and after the last "
             "of them in a block of 24 columns instead of 12. A coin gets half.",
        keys=("read at", "seed"), columns=(*(f"after {steps:,} steps (%)" for steps in STOPS), "in a wider block (%)"),
        runs=tuple((read_at, seed) for read_at in ("lengths - 1", "out[:, -1]") for seed in range(10)),
        run=padded_ends),
}
