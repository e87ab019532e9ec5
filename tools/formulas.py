r"""The formulas of a text, and whether they are true: the TeX of the course, computed with numbers and tensors.

`formulas(text)` finds what stands between dollars. `is_true(formula, names)` computes every side of an equation, or of
an inequality, with the values that `names` gives to its symbols. A symbol's name is its TeX without braces and spaces:
`W_xf`, `h_t-1`, `\delta_t`; `\text{keep}` is `keep`, `c^{\langle t \rangle}` is `c⟨t⟩`, `\tilde{c}` is `~c`, and a
derivative, in either form, is `∂h_t/∂W_h`. A name may stand for a function of numbers. What a sum or a product runs
through is looked up in `names["at"](t)`, which gives the symbols of step t.
"""

import math
import re
from collections.abc import Callable
from functools import reduce

import torch

BETWEEN_DOLLARS = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(?!\$)([^$]+?)\$", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
RELATION = re.compile(r"=|\\le(?!ft)|\\approx|<|>")
FUNCTIONS = {r"\tanh": torch.tanh, r"\sigma": torch.sigmoid, r"\ln": torch.log, r"\log": torch.log,
             r"\sqrt": torch.sqrt, r"\mathrm{diag}": torch.diag}
SPACE = re.compile(r"\\[,;!: ]|\\left(?=[(\[])|\\right(?=[)\]])|\\big(?=[()])|\\q?quad|\s+")
TOKEN = re.compile(r"\\mathrm\{diag\}|\\text\{[^}]*\}|\\[A-Za-z]+|\d+(?:\.\d+)?|∂\S+|⟨[^⟩]*⟩|\S")
ONE = r"([^{}/ ]+(?:\{[^{}]*\})?)"                                  # h_t, h_{t-1}
DERIVATIVE = re.compile(rf"\\frac\{{\\partial {ONE}\}}\{{\\partial {ONE}\}}|\\partial {ONE} / \\partial {ONE}")
STEP = re.compile(r"\^\{\\langle ([^{}]*?) \\rangle\}")             # c^{\langle t \rangle}
FIRST = re.compile(r"(?<=_\{)(\w+)=")                               # \sum_{t=1}


def formulas(text: str) -> list[str]:
    """Every formula of a text, on one line; two that share a pair of dollars, with a wide space between, apart."""
    found = [" ".join((display or inline).split()) for display, inline in BETWEEN_DOLLARS.findall(CODE.sub("", text))]
    return [part.removeprefix(r"\;").strip() for formula in found for part in re.split(r",? *\\q?quad|, \\;", formula)]


def is_relation(formula: str) -> bool:
    """An equation or inequality that says more than what a symbol is set to (`W_h = 0.5`)."""
    sides = RELATION.split(_plain(formula))
    return len(sides) > 1 and not (len(sides) == 2 and re.fullmatch(r" *-?[\d.]+ *", sides[1])
                                   and re.fullmatch(r" *\|?\\?\w+(?:_\{[^}]*\})?\|? *", sides[0]))


def is_true(formula: str, names: dict) -> bool:
    """Whether the sides of the formula stand to each other as it says. KeyError: a symbol that `names` has not.

    ValueError: it holds something that is not known here. A decimal number on a side may be rounded.
    """
    written = RELATION.split(_plain(formula))
    if len({re.sub("[{} ]", "", side) for side in written}) < len(written):
        raise ValueError(f"it says nothing: {formula}")
    sides, relations = [value(side, names) for side in written], RELATION.findall(_plain(formula))
    return all(_stand(*sides[k:k + 2], relation, max(map(_last_digit, written[k:k + 2])))
               for k, relation in enumerate(relations))


def _stand(one: torch.Tensor, other: torch.Tensor, relation: str, last_digit: float) -> bool:
    compare = {"<": torch.lt, ">": torch.gt, r"\le": torch.le}.get(relation)
    if compare:
        return bool(compare(one, other).all())
    return torch.allclose(one, other, rtol=0.02 if relation == r"\approx" else 1e-9, atol=last_digit / 2)


def _last_digit(side: str) -> float:
    """The size of the last digit of a number with decimals, else nothing."""
    decimals = re.fullmatch(r" *-?\d+\.(\d+) *", side)
    return 10.0 ** -len(decimals[1]) if decimals else 1e-12


def _plain(formula: str) -> str:
    r"""The formula with derivatives, and steps in angle brackets, as one token, and without its spaces."""
    flat = lambda name: re.sub(r"[{} ]", "", name)
    formula = DERIVATIVE.sub(lambda found: " ∂{}/∂{} ".format(*map(flat, filter(None, found.groups()))), formula)
    formula = FIRST.sub(r"\1≔", STEP.sub(lambda found: f"⟨{flat(found[1])}⟩", formula))
    return SPACE.sub(" ", formula)


def value(side: str, names: dict) -> torch.Tensor:
    """What an expression comes to."""
    reader = _Reader(TOKEN.findall(_plain(side)), names)
    result = reader.sum()
    if reader.next:
        raise ValueError(f"{reader.next} has no meaning here: {side}")
    return result


class _Reader:
    """A recursive descent through the tokens: sums of terms of products of factors."""

    def __init__(self, tokens: list[str], names: dict):
        self.tokens, self.names, self.at = tokens, names, 0

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.next
        if not token or (wanted and token != wanted):
            raise ValueError(f"expected {wanted or 'more'}, got {token!r} in {' '.join(self.tokens)}")
        self.at += 1
        return token

    def sum(self) -> torch.Tensor:
        result = self.term()
        while self.next in ("+", "-"):
            result = result + self.term() if self.take() == "+" else result - self.term()
        return result

    def term(self) -> torch.Tensor:
        if self.next == "-":
            self.take()
            return -self.term()
        result = self.product()
        while self.next in (r"\odot", r"\cdot", "/"):
            sign = self.take()
            other = self.product()
            result = result / other if sign == "/" else result * other if sign == r"\odot" else times(result, other)
        return result

    def product(self) -> torch.Tensor:
        factors = [self.factor()]
        while re.match(r"[\w(\[∂]|\\(?!odot|cdot\b)", self.next):
            factors.append(self.factor())
        return reduce(times, factors)

    def factor(self) -> torch.Tensor:
        result = self.single()
        if self.next == "^":
            self.take()
            result = result.t() if self.next == r"\top" and self.take() else result ** self.group()
        return result

    def group(self) -> torch.Tensor:
        """What stands in braces, or one thing without."""
        if self.next != "{":
            return self.single()
        self.take()
        result = self.sum()
        self.take("}")
        return result

    def arguments(self, end: str = ")") -> list[torch.Tensor]:
        found = [self.sum()]
        while self.next == ",":
            self.take()
            found.append(self.sum())
        self.take(end)
        return found

    def single(self) -> torch.Tensor:
        token = self.take()
        if re.match(r"\d", token):
            return number(float(token))
        if token == "(":
            return self.arguments()[0]
        if token == "[":
            return torch.cat(self.arguments("]"))
        if token == r"\frac":
            return self.group() / self.group()
        if token == r"\max":
            self.take("(")
            return torch.stack(self.arguments()).amax(0)
        if token == r"\cdots":
            return number(1.0)                  # with T = 3, J_T J_{T-1} ... J_1 is written out in full
        if token in (r"\sum", r"\prod"):
            return self.over_steps(torch.add if token == r"\sum" else times)
        if token in FUNCTIONS:
            return FUNCTIONS[token](self.group() if token == r"\sqrt" else self.factor())
        return self.symbol(token)

    def symbol(self, token: str) -> torch.Tensor:
        name = token.removeprefix(r"\text{").rstrip("}") if token.startswith(r"\text{") else token
        if token == r"\tilde":
            self.take("{")
            name = "~" + self.take()
            self.take("}")
        if self.next == "_":
            self.take()
            name += "_" + self.raw()
        if self.next.startswith("⟨"):
            name += self.take()
        if name == "e" and name not in self.names:
            return number(math.e)
        found = self.names[name]
        if isinstance(found, Callable):
            self.take("(")
            return number(found(*self.arguments()))
        return number(found)

    def raw(self) -> str:
        """A subscript as it is written."""
        if self.next != "{":
            return self.take()
        end = self.tokens.index("}", self.at)
        written, self.at = "".join(self.tokens[self.at + 1:end]), end + 1
        return written

    def over_steps(self, combine: Callable) -> torch.Tensor:
        for wanted in ("_", "{", "", "≔"):
            self.take(wanted)
        first = int(self.sum())
        self.take("}")
        self.take("^")
        last = int(self.group())
        if last < first:
            raise ValueError(f"nothing from {first} to {last}")
        start, outside, found = self.at, self.names, []
        for t in range(first, last + 1):
            self.at, self.names = start, {**outside, **outside["at"](t)}
            found.append(self.product())
        self.names = outside
        return reduce(combine, found)


def number(found) -> torch.Tensor:
    return torch.as_tensor(found, dtype=torch.float64)


def times(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The product of a matrix and a vector, or of two matrices; else entry by entry."""
    return one @ other if one.ndim == 2 and other.ndim else one * other
