"""What a gate does: one GRU or LSTM cell of one unit, with everything that it keeps, writes and shows."""

import math

import traitlets

from .base import Figure, module, result, styles

WEIGHTS = {
    "lstm": [f"{kind}{gate}" for gate in "ifgo" for kind in ("w_x", "w_h", "b_")],
    "gru": [f"{kind}{gate}" for gate in "rz" for kind in ("w_x", "w_h", "b_")] + ["w_xn", "w_hn", "b_xn", "b_hn"],
}
LETTERS = {"lstm": "ifgo", "gru": "rzn"}


def settings(*values):
    return [traitlets.Float(value).tag(sync=True) for value in values]


class GateExplorer(Figure):
    """A cell of one unit, step by step, from empty memories: what is kept, written and shown.

    To set:
        kind: "gru" or "lstm", both as PyTorch computes them
        mode: "openings" (each gate is as open as you say, at every step) or "weights" (computed from x and h)
        inputs: 2 to 60 numbers, one for each step
        f, i, o (LSTM) and r, z (GRU): openings, 0 to 1
        w_xf, w_hf, b_f and so on: weight of the input, weight of the state and bias of each gate and of the candidate,
            -100 to 100; a GRU's candidate n has two biases, b_xn and, inside the bracket that r multiplies, b_hn
        step: the step that is looked at, 0 for the first; gate: whose weights are on show
    To read:
        h, c: the states after each step (c is empty for a GRU)
        gates: for each letter (i, f, g, o or r, z, n) its values at every step
    """

    _esm = module("gate_explorer.js")
    _styles = styles("gate_explorer.css")

    kind = traitlets.Unicode("lstm").tag(sync=True)
    mode = traitlets.Unicode("weights").tag(sync=True)
    inputs = traitlets.List(traitlets.Float(), default_value=[1.0, *[0.0] * 48, -1.0, -1.0]).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    gate = traitlets.Unicode("f").tag(sync=True)
    f, i, o, r, z = settings(1.0, 1.0, 1.0, 1.0, 0.9)
    w_xi, w_hi, b_i = settings(16.0, 0.0, -8.0)
    w_xf, w_hf, b_f = settings(-6.0, -12.0, 10.0)
    w_xg, w_hg, b_g = settings(2.0, 0.0, 0.0)
    w_xo, w_ho, b_o = settings(-16.0, 0.0, -8.0)
    w_xr, w_hr, b_r = settings(0.0, 0.0, 0.0)
    w_xz, w_hz, b_z = settings(-20.0, 0.0, 10.0)
    w_xn, w_hn, b_xn, b_hn = settings(2.0, 0.0, 0.0, 0.0)

    @traitlets.validate("kind", "mode", "gate")
    def _known(self, proposal):
        known = {"kind": ("gru", "lstm"), "mode": ("openings", "weights"), "gate": tuple("ifgorzn")}
        known = known[proposal.trait.name]
        if proposal.value not in known:
            names = ", ".join(f'"{name}"' for name in known)
            raise traitlets.TraitError(f"{proposal.trait.name} is one of {names}; got {proposal.value!r}.")
        return proposal.value

    @traitlets.validate("f", "i", "o", "r", "z")
    def _opening(self, proposal):
        if not 0 <= proposal.value <= 1:
            raise traitlets.TraitError(
                f"{proposal.trait.name} says how far a gate is open, from 0 (shut) to 1 (open); got {proposal.value!r}."
            )
        return proposal.value

    @traitlets.validate(*WEIGHTS["lstm"], *WEIGHTS["gru"])
    def _weight(self, proposal):
        if not -100 <= proposal.value <= 100:
            raise traitlets.TraitError(f"{proposal.trait.name} is a number from -100 to 100; got {proposal.value!r}.")
        return proposal.value

    @traitlets.validate("inputs")
    def _some_inputs(self, proposal):
        if not 2 <= len(proposal.value) <= 60 or not all(math.isfinite(x) for x in proposal.value):
            raise traitlets.TraitError(f"inputs is a list of 2 to 60 finite numbers; got {proposal.value!r:.80}.")
        return proposal.value

    @traitlets.validate("step")
    def _a_step(self, proposal):
        if not 0 <= proposal.value <= 59:
            raise traitlets.TraitError(f"step counts from 0, up to the number of inputs less 1; got {proposal.value}.")
        return proposal.value

    def _sum(self, name, x, h):
        return getattr(self, f"w_x{name}") * x + getattr(self, f"w_h{name}") * h + getattr(self, f"b_{name}")

    def _opened(self, name, x, h):
        return getattr(self, name) if self.mode == "openings" else sigmoid(self._sum(name, x, h))

    @result
    def h(self):
        return [step["h"] for step in self.steps()]

    @result
    def c(self):
        return [step["c"] for step in self.steps()] if self.kind == "lstm" else []

    @result
    def gates(self):
        steps = self.steps()
        return {letter: [step[letter] for step in steps] for letter in LETTERS[self.kind]}

    def steps(self) -> list[dict]:
        """What happens at each step, as the JavaScript computes it: the gates by letter, kept, written, h, and c."""
        h, c, steps = 0.0, 0.0, []
        for x in self.inputs:
            if self.kind == "lstm":
                gates = {letter: self._opened(letter, x, h) for letter in "ifo"}
                gates["g"] = math.tanh(self._sum("g", x, h))
                kept, written = gates["f"] * c, gates["i"] * gates["g"]
                c = kept + written
                h = gates["o"] * math.tanh(c)
            else:
                gates = {letter: self._opened(letter, x, h) for letter in "rz"}
                gates["n"] = math.tanh(self.w_xn * x + self.b_xn + gates["r"] * (self.w_hn * h + self.b_hn))
                kept, written = gates["z"] * h, (1 - gates["z"]) * gates["n"]
                h = kept + written
            steps.append({**gates, "kept": kept, "written": written, "h": h, "c": c})
        return steps

    def still(self):
        """Inputs above; below, the memory at each step as what was kept and what was written, and what is shown."""
        from ..plots.style import COLOURS, figure, tint

        kept, written, h = zip(*((step["kept"], step["written"], step["h"]) for step in self.steps()), strict=True)
        steps = range(1, len(h) + 1)
        lstm = self.kind == "lstm"
        memory, news = ("c", "i") if lstm else ("h", "n")
        fig = figure(4.2)
        above, below = fig.subplots(2, 1, sharex=True, height_ratios=(1, 2.4))
        above.bar(steps, self.inputs, 0.5, color=COLOURS["x"])
        above.axhline(0, color=COLOURS["line"], linewidth=1)
        above.set_ylabel("input x")
        below.bar(steps, kept, 0.8, color=tint(memory, 0.75), label="kept: " + ("f · c" if lstm else "z · h"))
        below.bar(steps, written, 0.8, bottom=kept, color=tint(news, 0.6), edgecolor=COLOURS[news], hatch="///",
                  linewidth=0, label="written: " + ("i · g" if lstm else "(1 − z) · n"))
        if lstm:
            below.plot(steps, h, color=COLOURS["h"], label="shown: h")
        below.set_ylabel("cell state c" if lstm else "state h")
        below.set_xlabel("step")
        below.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 0.98))
        return fig


def sigmoid(z):
    """Written so that no z is too large for it."""
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
