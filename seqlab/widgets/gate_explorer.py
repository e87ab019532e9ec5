"""What a gate does: one GRU or LSTM cell of one unit, with everything that it keeps, writes and shows."""

import math

import traitlets

from .base import Figure, module, styles

WEIGHTS = {
    "lstm": [f"{kind}{gate}" for gate in "ifgo" for kind in ("w_x", "w_h", "b_")],
    "gru": [f"{kind}{gate}" for gate in "rz" for kind in ("w_x", "w_h", "b_")] + ["w_xn", "w_hn", "b_xn", "b_hn"],
}
REMEMBER = {"w_hf": -12.0, "b_f": 10.0, "w_xi": 16.0, "b_i": -8.0, "w_xg": 2.0, "w_xo": -16.0, "b_o": -8.0,
            "w_xz": -20.0, "b_z": 10.0, "w_xn": 2.0}  # fmt: skip


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
    To read, once the figure is on a page (it computes them in the browser):
        h, c: the states after each step (c is empty for a GRU)
        gates: for each letter (i, f, g, o or r, z, n) its values at every step
    """

    _esm = module("gate_explorer.js")
    _styles = styles("gate_explorer.css")

    kind = traitlets.Unicode("lstm").tag(sync=True)
    mode = traitlets.Unicode("weights").tag(sync=True)
    inputs = traitlets.List(traitlets.Float(), default_value=[1.0, *[0.0] * 49, -1.0]).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    gate = traitlets.Unicode("f").tag(sync=True)
    f, i, o, r, z = (traitlets.Float(value).tag(sync=True) for value in (1.0, 1.0, 1.0, 1.0, 0.9))
    locals().update({name: traitlets.Float(REMEMBER.get(name, 0.0)).tag(sync=True)
                     for names in WEIGHTS.values() for name in names})  # fmt: skip

    h = traitlets.List().tag(sync=True)
    c = traitlets.List().tag(sync=True)
    gates = traitlets.Dict().tag(sync=True)

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
        return getattr(self, name) if self.mode == "openings" else 1 / (1 + math.exp(-self._sum(name, x, h)))

    def _run(self):
        """What is kept, written and shown at each step, as the JavaScript computes it."""
        h, c, steps = 0.0, 0.0, []
        for x in self.inputs:
            if self.kind == "lstm":
                f, i, o = (self._opened(name, x, h) for name in "fio")
                kept, written = f * c, i * math.tanh(self._sum("g", x, h))
                c = kept + written
                h = o * math.tanh(c)
            else:
                r, z = (self._opened(name, x, h) for name in "rz")
                n = math.tanh(self.w_xn * x + self.b_xn + r * (self.w_hn * h + self.b_hn))
                kept, written = z * h, (1 - z) * n
                h = kept + written
            steps.append((kept, written, h))
        return steps

    def still(self):
        """Inputs above; below, the memory at each step as what was kept and what was written, and what is shown."""
        from ..plots.style import COLOURS, figure, tint

        kept, written, h = zip(*self._run(), strict=True)
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
        below.set_ylabel("belt c" if lstm else "state h")
        below.set_xlabel("step")
        below.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 0.98))
        return fig
