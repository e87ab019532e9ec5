"""Questions that come back: recalling later what was learnt is what makes it stay.

Tests taken after learning did more for what people still knew a week later (d = 0.74) than tests before it (d = 0.35):
Latimier and others, 2019, https://doi.org/10.1038/s41539-019-0053-1. When a question comes back is told by the boxes of
Sebastian Leitner's card file (So lernt man lernen, 1972), in leitner.js. The answers stay on the reader's device:
kept.js.
"""

from pathlib import Path

import traitlets

from .base import Figure, module, result, styles
from .quiz import QUIZZES, as_markdown, in_words, pack, read_quiz


class Due(Figure):
    """What is due of the quizzes of earlier chapters: `Due("scalar-rnn", "order-matters")`, nearest chapter first.

    most: how many questions are asked at once, those that have waited longest first; 0 asks all that are due. A reader
    who has answered none of them on this device is asked two all the same.

    To read: `total`, the number of questions that may come back.
    """

    _esm = module("due.js")
    _styles = styles("quiz.css", "due.css")
    _packed = traitlets.List(traitlets.Unicode()).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    most = traitlets.Int(3).tag(sync=True)

    def __init__(self, *names: str, folder: Path = QUIZZES, **kwargs):
        if not names:
            raise ValueError('Due needs the quizzes of earlier chapters, nearest first: Due("scalar-rnn").')
        self._quizzes = [read_quiz(name, folder) for name in names]
        super().__init__(names=list(names), _packed=[pack(questions) for questions in self._quizzes], **kwargs)

    @result
    def total(self):
        return sum(len(questions) for questions in self._quizzes)

    @traitlets.validate("most")
    def _in_range(self, proposal):
        if proposal["value"] < 0:
            raise traitlets.TraitError(f"most must be 0 (all) or more, but it was set to {proposal['value']}.")
        return proposal["value"]

    def __repr__(self):
        return "Due: questions from earlier chapters. Run this cell to answer them."

    def as_markdown(self) -> str:
        """The two questions of a reader who has answered none, for readers without JavaScript."""
        longest = max(len(questions) for questions in self._quizzes)
        turns = [questions[k] for k in range(longest) for questions in self._quizzes if k < len(questions)]
        asked = "\n\n".join(as_markdown(number, question) for number, question in enumerate(turns[:2], 1))
        return f"**From earlier chapters**\n\n{asked}\n"

    def _stand_in(self):
        return in_words(self.as_markdown())
