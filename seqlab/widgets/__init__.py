"""Figures to move and questions to answer: they compute in the browser, with or without a running notebook."""

from .scalar_rnn import ScalarRNN

__all__ = ["ScalarRNN"]
