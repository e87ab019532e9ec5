"""What an index expression such as "out[:, -1]" picks, found by PyTorch; nothing else is ever evaluated."""

import ast
import operator
import re

READS = "This field reads x, out, h_n and c_n, with [indices], .view(...), .transpose(...) and .shape."
TOKEN = r"(?:0|[1-9]\d{0,5})(?![\w.])|[A-Za-z_]\w*(?!\w)|\.\.\.|\.(?!\.\.)|[\[\]():,*+-]"
TOKENS = re.compile(rf"\s*(?:(?:{TOKEN})\s*)+", re.ASCII)
LONGEST = 200
NAMES = ("x", "out", "h_n", "c_n")
NUMBERS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


def pick(expression: str, tensors: dict, sizes: dict):
    """The tensor that the expression means; `tensors` and `sizes` hold what has a name in it.

    Raises ValueError(READS) for what this course does not read, and what PyTorch and Python raise for the rest.
    """
    try:
        if len(expression) > LONGEST or not TOKENS.fullmatch(expression):
            raise ValueError(READS)
        node = ast.parse(" ".join(expression.split()), mode="eval").body
    except (SyntaxError, RecursionError):
        raise ValueError(READS) from None
    if isinstance(node, ast.Attribute) and node.attr == "shape":
        node = node.value
    return _Reader(tensors, sizes).tensor(node)


class _Reader:
    def __init__(self, tensors, sizes):
        self.tensors, self.sizes = tensors, sizes

    def tensor(self, node):
        match node:
            case ast.Name(name) if name not in self.sizes:
                return _named(self.tensors, name)
            case ast.Subscript(whole, index):
                return self.tensor(whole)[self.index(index)]
            case ast.Call(ast.Attribute(whole, "view"), [_, *_] as numbers, []):
                return self.tensor(whole).view(*map(self.number, numbers))
            case ast.Call(ast.Attribute(whole, "transpose"), [_, _] as numbers, []):
                return self.tensor(whole).transpose(*map(self.number, numbers))
        raise ValueError(READS)

    def index(self, node):
        if not isinstance(node, ast.Tuple):
            return self.item(node)
        items = tuple(map(self.item, node.elts))
        if not items or items.count(...) > 1:
            raise ValueError(READS)
        return items

    def item(self, node):
        match node:
            case ast.Constant(value) if value is None or value is ...:
                return value
            case ast.Slice(first, last, step):
                return slice(*(bound and self.number(bound) for bound in (first, last, step)))
        return self.number(node)

    def number(self, node):
        match node:
            case ast.Constant(int(number)) if not isinstance(number, bool):
                return number
            case ast.Name(name) if name not in NAMES:
                return _named(self.sizes, name)
            case ast.UnaryOp(ast.USub(), inner):
                return -self.number(inner)
            case ast.BinOp(left, sign, right) if type(sign) in NUMBERS:
                return NUMBERS[type(sign)](self.number(left), self.number(right))
        raise ValueError(READS)


def _named(known, name):
    if name not in known:
        raise NameError(f"name {name!r} is not defined")
    return known[name]
