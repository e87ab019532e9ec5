"""seqlab: the small package behind the course on recurrent networks in PyTorch."""

from .cells import GRUCell, LSTMCell, Recurrent, RNNCell
from .checks import check
from .data import Digits, load_digits
from .devices import choose_device
from .measured import published, results, summary
from .models import SequenceClassifier
from .shapes import expect_shape, shape_table
from .training import Evaluation, History, evaluate, fit

__version__ = "0.1.0"
__all__ = ["Digits", "Evaluation", "GRUCell", "History", "LSTMCell", "RNNCell", "Recurrent", "SequenceClassifier",
           "check", "choose_device", "evaluate", "expect_shape", "fit", "load_digits", "published", "results",
           "shape_table", "summary"]
