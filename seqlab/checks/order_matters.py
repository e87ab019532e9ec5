"""Checks of the exercises of this chapter."""

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor

exercise = exercises_of(__name__)


@exercise("outputs")
def _outputs(classify, tag):
    batch, seq_len = 3, 7
    torch.manual_seed(0)
    x = torch.randn(batch, seq_len, 2)
    for num_layers in (1, 2):
        rnn = nn.RNN(2, 5, num_layers=num_layers, batch_first=True)
        head = nn.Linear(5, 4)
        with torch.no_grad():
            out, h_n = rnn(x)
            one, every = head(out[:, -1]), head(out)
            got = call(classify, rnn, head, x, name="classify")
            expect_tensor(got, (batch, 4), "what classify returns", "batch, classes", {
                (seq_len, 4): "It has one row per step of a single sequence: did you take out[-1]? "
                              "The batch is on axis 0",
                (batch, seq_len, 4): "It scores every step; only the last state is asked for here",
                (num_layers, batch, 4): "h_n has an axis for the layers in front; pick one layer",
                (batch, 5): "That is the state. Send it through the head",
            })
            expect_close(got, one, "what classify returns", {
                "these are the scores of the first step": head(out[:, 0]),
                "these come from the lowest layer. Which row of h_n belongs to the last one?": head(h_n[0]),
                "these are scores of the average over the steps": head(out.mean(dim=1)),
            })
            got = call(tag, rnn, head, x, name="tag")
            expect_tensor(got, (batch, seq_len, 4), "what tag returns", "batch, seq_len, classes", {
                (batch, 4): "There is one answer per sequence; an answer per step is asked for",
                (seq_len, batch, 4): "Axes 0 and 1 are swapped: the batch comes first",
                (batch, seq_len, 5): "These are the states. Send them through the head",
                (batch * seq_len, 4): "The steps of all sequences are in one row; keep the axes apart",
            })
            expect_close(got, every, "what tag returns")
    return "The last state for one answer, all states for one answer per step."
