"""Gradient clipping on and off, at six learning rates.

Claim: where gradients explode, clipping decides whether training works at all. Without it, only the smallest of six
rates learns with every seed, and ends with a loss several times higher than clipping reaches at its best rate.

Wrong if: without clipping some rate learns with every seed (a loss below 1) and ends about as low; or if clipping at
0.01 fails with any seed. It is plain SGD on one task that makes gradients explode; Adam is not looked at.
"""

import math

import torch
from torch import nn

from .runner import Study

SEEDS = range(5)


def count_ones(lr: float, clipping: str, seed: int) -> list:
    """The share of ones among 50 inputs, from a ReLU net that starts as the identity; `clipping` is "on" or "off".

    The loss is in units of what always answering one half costs.
    """
    torch.manual_seed(seed)
    rnn, head = nn.RNN(1, 16, nonlinearity="relu", batch_first=True), nn.Linear(16, 1)
    with torch.no_grad():
        rnn.weight_hh_l0.copy_(torch.eye(16))
        rnn.bias_ih_l0.zero_(), rnn.bias_hh_l0.zero_()
    weights = [*rnn.parameters(), *head.parameters()]
    optimizer = torch.optim.SGD(weights, lr=lr)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, total_iters=250)
    losses, norms = [], []
    for _ in range(250):
        x = torch.randint(2, (16, 50, 1)).float()
        guess = head(rnn(x)[0][:, -1])
        loss = nn.functional.mse_loss(guess, x.mean(dim=1)) / 0.005
        optimizer.zero_grad()
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(weights, 1.0 if clipping == "on" else float("inf")).item())
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    final = sum(losses[-20:]) / 20
    return [round(final, 4) if math.isfinite(final) else None, max(norms) if math.isfinite(max(norms)) else None]


STUDIES = {
    "count_ones": Study(
        title="Gradient clipping on and off",
        note="nn.RNN(1, 16) with ReLU, recurrent weights starting as the identity, reads 50 zeros and ones and gives "
             "the share of ones. SGD, batch 16, 250 steps, learning rate falling to 1 % of its start; gradients "
             "clipped at norm 1.0 or not at all. The loss is the mean of the last 20 steps, in units of always "
             "answering one half; a run diverged where it is no longer a number.",
        keys=("learning rate", "clipping", "seed"), columns=("loss", "largest gradient norm"),
        runs=tuple((lr, clipping, seed) for lr in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6) for clipping in ("off", "on")
                   for seed in SEEDS),
        run=count_ones),
}
