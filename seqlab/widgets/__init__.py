"""Figures to move and questions to answer: they compute in the browser, with or without a running notebook."""

from .quiz import Quiz
from .scalar_rnn import ScalarRNN

__all__ = ["Quiz", "ScalarRNN"]
