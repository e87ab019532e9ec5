"""Figures to move and questions to answer: they compute in the browser, with or without a running notebook."""

from .batch_first import BatchFirst
from .digit_reader import DigitReader
from .due import Due
from .gate_explorer import GateExplorer
from .gradient_explorer import GradientExplorer
from .quiz import Quiz
from .rnn_playground import RNNPlayground
from .scalar_rnn import ScalarRNN
from .shape_explorer import ShapeExplorer

__all__ = ["BatchFirst", "DigitReader", "Due", "GateExplorer", "GradientExplorer", "Quiz", "RNNPlayground",
           "ScalarRNN", "ShapeExplorer"]
