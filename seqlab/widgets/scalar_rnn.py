"""One number that remembers: move its weights and watch it forget, keep or flip."""

import traitlets

from .base import Figure, module, styles


class ScalarRNN(Figure):
    _esm = module("scalar_rnn.js")
    _styles = styles("scalar_rnn.css")
    w_h = traitlets.Float(0.5).tag(sync=True)
