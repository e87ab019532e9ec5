"""Checks of the exercises of this chapter."""

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor

exercise = exercises_of(__name__)

PROBABILITIES = "these are probabilities; scores are what comes out of the head"
LOGARITHMS = "these are logarithms of probabilities; scores are what comes out of the head"
ACROSS = ("the layer walked along the batch, from one sequence to the next. It was made with batch_first=True: which "
          "axis does it read as time?")
ONE_CLASS = "These look like classes. Scores are asked for, one for each class"


@exercise("outputs")
def _outputs(classify, tag):
    batch, seq_len = 3, 7
    for num_layers in (1, 2):
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(num_layers)
            rnn, head = nn.RNN(2, 5, num_layers=num_layers, batch_first=True), nn.Linear(5, 4)
            x = torch.randn(batch, seq_len, 2)
            out, h_n = rnn(x)
            one, every = head(out[:, -1]), head(out)
            got = call(classify, rnn, head, x.clone(), name="classify")
            expect_tensor(got, (batch, 4), "what classify returns", "batch, classes", {
                (seq_len, 4): "It has one row per step of a single sequence: did you take out[-1]? "
                              "The batch is on axis 0",
                (batch, seq_len, 4): "It scores every step; only the last state is asked for here",
                (num_layers, batch, 4): "h_n has an axis for the layers in front; pick one layer",
                (batch, 5): "That is the state. Send it through the head",
                (batch,): ONE_CLASS,
                (num_layers, 4): "Axis 0 of h_n holds the layers and axis 1 the sequences: of which did you take one?",
            })
            expect_close(got, one, "what classify returns", {
                "these are the scores of the first step": head(out[:, 0]),
                "these come from the lowest layer. Which row of h_n belongs to the last one?": head(h_n[0]),
                "these are scores of the average over the steps": head(out.mean(dim=1)),
                "these are scores of the largest value over the steps": head(out.amax(dim=1)),
                PROBABILITIES: one.softmax(dim=1),
                LOGARITHMS: one.log_softmax(dim=1),
                "these are scores of the sum over the steps": head(out.sum(dim=1)),
                "these are scores of the average over the layers": head(h_n.mean(dim=0)),
                "the layer read the last step alone, so it knows nothing of the steps before it":
                    head(rnn(x[:, -1:])[0][:, -1]),
                ACROSS: head(rnn(x.transpose(0, 1))[0][-1]),
            }, "Print out and h_n for one short sequence: which row of out does the head get from you, and is it the "
               "state after the last step?")
            got = call(tag, rnn, head, x.clone(), name="tag")
            expect_tensor(got, (batch, seq_len, 4), "what tag returns", "batch, seq_len, classes", {
                (batch, 4): "There is one answer per sequence; an answer per step is asked for",
                (seq_len, batch, 4): "Axes 0 and 1 are swapped: the batch comes first",
                (batch, seq_len): ONE_CLASS,
                (num_layers, batch, 4): "That is the end of each layer; out holds the state after every step",
                (batch, seq_len, 5): "These are the states. Send them through the head",
                (batch * seq_len, 4): "The steps of all sequences are in one row; keep the axes apart",
            })
            expect_close(got, every, "what tag returns", {
                "every step gets the scores of the last one": every[:, -1:].expand_as(every),
                "the steps stand in the wrong order": every.flip(1),
                "the sequences stand in the wrong order, or were mixed by a reshape: axes 0 and 1 are swapped":
                    every.transpose(0, 1).reshape(every.shape),
                "each step was read alone, so it knows nothing of the steps before it": torch.cat(
                    [head(rnn(x[:, t:t + 1])[0]) for t in range(seq_len)], dim=1),
                PROBABILITIES: every.softmax(dim=2),
                LOGARITHMS: every.log_softmax(dim=2),
                ACROSS: head(rnn(x.transpose(0, 1))[0]).transpose(0, 1),
            }, "Compare what you return for the last step with what classify returns: they should be equal. Then go "
               "one step back")
    return "The last state for one answer, all states for one answer per step."
