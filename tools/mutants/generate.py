"""The mutants of a text: each one small change in one place of the code, with everything else kept to the byte.

Not mutated: docstrings and other text, type hints, decorators, `__all__`, imports, `if __name__`, what argparse prints,
tolerances (`atol`, `rtol`), the set-up cell of a notebook, and lines that end in a comment of the form
`no mutant:` and a reason.
"""

import ast
import io
import itertools
import json
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ARITHMETIC = {ast.Add: ("+", "-", "Sub"), ast.Sub: ("-", "+", "Add"), ast.Mult: ("*", "/", "Div"),
              ast.Div: ("/", "*", "Mult"), ast.MatMult: ("@", "*", "Mult"), ast.Pow: ("**", "*", "Mult"),
              ast.FloorDiv: ("//", "/", "Div"), ast.Mod: ("%", "//", "FloorDiv"), ast.BitAnd: ("&", "|", "BitOr"),
              ast.BitOr: ("|", "&", "BitAnd")}
COMPARISONS = {ast.Lt: ("<", {"LtE": "<=", "Gt": ">"}), ast.LtE: ("<=", {"Lt": "<", "GtE": ">="}),
               ast.Gt: (">", {"GtE": ">=", "Lt": "<"}), ast.GtE: (">=", {"Gt": ">", "LtE": "<="}),
               ast.Eq: ("==", {"NotEq": "!="}), ast.NotEq: ("!=", {"Eq": "=="}),
               ast.Is: ("is", {"IsNot": "is not"}), ast.IsNot: (r"is\s+not", {"Is": "is"}),
               ast.In: ("in", {"NotIn": "not in"}), ast.NotIn: (r"not\s+in", {"In": "in"})}
EXCHANGED = (("sigmoid", "tanh"), ("Sigmoid", "Tanh"), ("min", "max"), ("argmin", "argmax"), ("amin", "amax"),
             ("minimum", "maximum"), ("any", "all"), ("zeros", "ones"), ("zeros_like", "ones_like"), ("floor", "ceil"),
             ("sin", "cos"), ("break", "continue"))
OTHER_NAME = {**dict(EXCHANGED), **{b: a for a, b in EXCHANGED}, "mean": "sum"}
OTHER_TANH = {"np": "arctan", "math": "atan"}               # which have no sigmoid
OTHER_WORD = {"mean": "sum", "sum": "mean", "none": "mean", "last": "mean", "concat": "last", "rnn": "gru",
              "gru": "lstm", "lstm": "rnn", "min": "max", "max": "min", "tanh": "relu"}
SPLITS = {"train": ("val", "validation", "test"), "val": ("train", "test"), "validation": ("train", "test"),
          "test": ("val", "validation", "train")}
LAYOUTS = {"transpose", "permute", "swapaxes", "t", "squeeze", "unsqueeze", "flip"}
PRINTED_BY_ARGPARSE = {"help", "description", "epilog", "prog", "metavar"}
TOLERANCES = {"atol", "rtol"}
EXCUSE = re.compile(r"#\s*no mutant\b:?\s*(.*)")


@dataclass(frozen=True)
class Mutant:
    """One change: `new` stands for what was between `start` and `end` of the file, or of one cell's source."""

    file: str               # from the top of the project, with /
    cell: str               # the id of the notebook's cell, "" in a Python file
    line: int               # from 1, in the file or in the cell
    column: int             # from 1
    kind: str               # one of a few, such as "arithmetic"
    what: str               # "Sub->Add"
    start: int
    end: int
    new: str
    change: str             # the lines before  =>  the lines after, on one line
    lines: tuple[int, int]  # first and last line of the statement, or of the function that a signature opens

    @property
    def id(self) -> str:
        place = f"[{self.cell}]" if self.cell else ""
        return f"{self.file}{place}:{self.line}:{self.column} {self.what}"


def mutants_of(path: Path, root: Path) -> tuple[list[Mutant], list[Mutant]]:
    """(mutants, those that a comment in the code excuses) of a Python file or a notebook, in their order there.

    Raises:
        ValueError: a comment that excuses a line gives no reason.
    """
    file = path.relative_to(root).as_posix()
    if path.suffix != ".ipynb":
        return mutants_of_text(_read(path), file)
    found = [mutants_of_text(source, file, cell["id"]) for cell in json.loads(_read(path))["cells"]
             if (source := "".join(cell["source"])).strip() and cell["cell_type"] == "code"
             and "setup" not in cell["metadata"].get("tags", [])]
    return [one for made, _ in found for one in made], [one for _, excused in found for one in excused]


def mutants_of_text(text: str, file: str, cell: str = "") -> tuple[list[Mutant], list[Mutant]]:
    """The same for a text; `cell` names the notebook's cell that it is the source of."""
    plain = _without_magics(text) if cell else text
    excused_lines = _excused_lines(plain, file)
    made, excused, seen = [], [], set()
    for mutant in _Finder(plain, file, cell).all():
        changed = (mutant.start, mutant.end, mutant.new)
        if changed not in seen and _compiles(mutate_text(plain, mutant), bool(cell)):
            (excused if mutant.line in excused_lines else made).append(mutant)
        seen.add(changed)
    ids = [mutant.id for mutant in made]
    assert len(ids) == len(set(ids)), f"two mutants of {file} have one id"
    return made, excused


def mutate_text(text: str, mutant: Mutant) -> str:
    return text[:mutant.start] + mutant.new + text[mutant.end:]


def mutate(path: Path, mutant: Mutant) -> None:
    """Plant the mutant in this copy of its file; of a notebook, only the one cell's source changes."""
    text = _read(path)
    if not mutant.cell:
        return _write(path, mutate_text(text, mutant))
    content = json.loads(text)
    cell = next(cell for cell in content["cells"] if cell["id"] == mutant.cell)
    cell["source"] = mutate_text("".join(cell["source"]), mutant).splitlines(keepends=True)
    _write(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8")        # read_text would change the ends of lines


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))


def _without_magics(source: str) -> str:
    """The source of a cell with each line that is no Python replaced by `pass`, as long as it was."""
    return re.sub(r"^(\s*)[%!](.*)$", lambda line: f"{line[1]}pass".ljust(len(line[0])), source, flags=re.MULTILINE)


def _compiles(text: str, in_notebook: bool) -> bool:
    try:
        compile(text, "mutant", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if in_notebook else 0, dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _excused_lines(text: str, file: str) -> set[int]:
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and (excuse := EXCUSE.match(token.string)):
            if not excuse[1]:
                raise ValueError(f"{file}:{token.start[0]}: say why no mutant is wanted here: `# no mutant: reason`")
            lines.add(token.start[0])
    return lines


class _Finder:
    """Walks the tree of one text. Positions are in bytes here, as in `ast`; a Mutant has them in characters."""

    def __init__(self, text: str, file: str, cell: str):
        self.text, self.file, self.cell = text.encode("utf-8"), file, cell
        self.tree = ast.parse(text)
        self.line_starts = [0, *(match.end() for match in re.finditer(rb"\r\n|\n|\r", self.text))]
        names = [node for node in ast.walk(self.tree) if isinstance(node, ast.Name | ast.Attribute | ast.arg)]
        self.names = {getattr(node, "id", None) or getattr(node, "attr", None) or node.arg for node in names}
        self.lines, self.in_text = (1, 1), False

    def all(self) -> Iterator[Mutant]:
        yield from self.body(self.tree.body, top=True)

    # --- where things stand ---

    def start(self, node) -> int:
        return self.line_starts[node.lineno - 1] + node.col_offset

    def end(self, node) -> int:
        return self.line_starts[node.end_lineno - 1] + node.end_col_offset

    def source(self, node) -> str:
        return self.text[self.start(node):self.end(node)].decode()

    def between(self, left, right, symbol: str) -> tuple[int, int]:
        """Where the operator between two nodes stands; `symbol` is a regular expression."""
        start, end = self.end(left), self.start(right)
        word = rf"\b{symbol}\b" if symbol[0].isalpha() else symbol
        found = next(match for match in re.finditer(rf"#[^\n]*|{word}".encode(), self.text[start:end])
                     if not match[0].startswith(b"#"))
        return start + found.start(), start + found.end()

    def mutant(self, start: int, end: int, new: str, kind: str, what: str, place: int | None = None) -> Mutant:
        """The change of the bytes from start to end; `place`, if not start, is where a reader looks."""
        place = start if place is None else place
        line = sum(begin <= place for begin in self.line_starts)
        first = self.text.rfind(b"\n", 0, start) + 1
        last = self.text.find(b"\n", end)
        last = len(self.text) if last < 0 else last
        after = self.text[first:start].decode() + new + self.text[end:last].decode()
        change = "  =>  ".join(" ".join(lines.split()) for lines in (self.text[first:last].decode(), after))
        column = len(self.text[self.line_starts[line - 1]:place].decode()) + 1
        characters = [len(self.text[:offset].decode()) for offset in (start, end)]
        return Mutant(self.file, self.cell, line, column, kind, what, *characters, new, change, self.lines)

    def replaced(self, node, new: str, kind: str, what: str) -> Mutant:
        return self.mutant(self.start(node), self.end(node), new, kind, what)

    # --- statements ---

    def body(self, statements: list[ast.stmt], top: bool = False) -> Iterator[Mutant]:
        for statement in statements:
            if not _left_alone(statement):
                self.lines = self.reach(statement)
                yield from self.statement(statement, top)

    def reach(self, statement) -> tuple[int, int]:
        """The lines that are executed when this statement is: of a compound one, only its head."""
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            return statement.lineno, statement.end_lineno       # a default is used wherever the function is
        inner = getattr(statement, "body", None) or getattr(statement, "cases", None)
        if inner:
            first = inner[0].lineno if hasattr(inner[0], "lineno") else inner[0].pattern.lineno
            return statement.lineno, max(statement.lineno, first - 1)
        return statement.lineno, statement.end_lineno

    def statement(self, node, top: bool) -> Iterator[Mutant]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from self.function(node)
        elif isinstance(node, ast.ClassDef):
            yield from self.body(node.body)
        else:
            yield from self.whole_statement(node, top)
            for name, value in ast.iter_fields(node):
                if name in ("body", "orelse", "finalbody", "handlers", "cases"):
                    for part in value:
                        yield from self.body(part.body if hasattr(part, "body") and not isinstance(part, ast.stmt)
                                             else [part])
                elif name != "annotation":
                    yield from self.parts(value)

    def function(self, node) -> Iterator[Mutant]:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            yield from self.expression(default)
        body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
        if body and not isinstance(body[0], ast.Pass | ast.Raise | ast.Return) and self.source(body[0]) != "...":
            self.lines = self.reach(body[0])
            yield self.replaced(body[0], "return", "early return", "return at once")
        yield from self.body(body)

    def whole_statement(self, node, top: bool) -> Iterator[Mutant]:
        if isinstance(node, ast.Return) and node.value is not None and self.source(node.value) != "None":
            yield self.replaced(node, "return None", "early return", "return None")
        elif isinstance(node, ast.Raise):
            yield self.replaced(node, "pass", "dropped statement", "raise dropped")
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if not (self.cell and top and self.source(node).startswith("print(")):      # nbval compares every print
                yield self.replaced(node, "pass", "dropped statement", "call dropped")
        elif isinstance(node, ast.Break | ast.Continue):
            word = self.source(node)
            yield self.replaced(node, OTHER_NAME[word], "exchanged name", f"{word}->{OTHER_NAME[word]}")
        elif isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC and not _is_text(node.value):
            symbol, new, name = ARITHMETIC[type(node.op)]
            place = self.between(node.target, node.value, re.escape(symbol) + "=")
            yield self.mutant(*place, f"{new}=", "arithmetic", f"{type(node.op).__name__}->{name}")
        elif isinstance(node, ast.If):
            yield from self.condition(node.test)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from self.order(target, node.value)
        elif isinstance(node, ast.For):
            yield from self.order(node.target)

    def condition(self, test) -> Iterator[Mutant]:
        """A test that holds no operator of its own is turned round."""
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
            yield self.replaced(test, f"(not ({self.source(test)}))", "condition", "turned round")

    def order(self, target, value=None) -> Iterator[Mutant]:
        """Neighbours in `i, f, g, o = ...` change places, unless both get the same: `h, c = 0.0, 0.0`."""
        parts = target.elts if isinstance(target, ast.Tuple | ast.List) else []
        constants = [ast.dump(one) if isinstance(one, ast.Constant) else object() for one in getattr(value, "elts", ())]
        values = constants if len(constants) == len(parts) else range(len(parts))
        for (left, right), (one, other) in zip(itertools.pairwise(parts), itertools.pairwise(values), strict=True):
            if one != other and not isinstance(left, ast.Starred) and not isinstance(right, ast.Starred):
                gap = self.text[self.end(left):self.start(right)].decode()
                yield self.mutant(self.start(left), self.end(right), self.source(right) + gap + self.source(left),
                                  "unpacking order", f"{self.source(left)}<->{self.source(right)}")
        for part in parts:
            yield from self.order(part)

    # --- expressions ---

    def parts(self, value) -> Iterator[Mutant]:
        """Every expression in a field of a node."""
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.expr):
                yield from self.expression(node)
            elif isinstance(node, ast.AST):
                for _, inner in ast.iter_fields(node):
                    yield from self.parts(inner)

    def expression(self, node) -> Iterator[Mutant]:
        if isinstance(node, ast.JoinedStr):
            yield from self.formatted(node)
            return
        if self.in_text and not self.stands_where_it_says(node):
            return
        inner = getattr(self, f"on_{type(node).__name__.lower()}", None)
        if inner:
            yield from inner(node)
        else:
            for _, value in ast.iter_fields(node):
                yield from self.parts(value)

    def formatted(self, node) -> Iterator[Mutant]:
        """What stands in the braces of an f-string. Before Python 3.12 its positions may be wrong: then it is left."""
        outer, self.in_text = self.in_text, True
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from self.expression(part.value)
        self.in_text = outer

    def stands_where_it_says(self, node) -> bool:
        try:
            return ast.dump(ast.parse(f"({self.source(node)})", mode="eval").body) == ast.dump(node)
        except (SyntaxError, ValueError, IndexError):
            return False

    def on_binop(self, node) -> Iterator[Mutant]:
        if not (_is_text(node.left) or _is_text(node.right)) and type(node.op) in ARITHMETIC:
            symbol, new, name = ARITHMETIC[type(node.op)]
            start, end = self.between(node.left, node.right, re.escape(symbol))
            old = type(node.op).__name__
            yield self.mutant(start, end, new, "arithmetic", f"{old}->{name}")
            if isinstance(node.op, ast.Add | ast.Sub):
                left = self.text[self.start(node):start].decode().strip()
                right = self.text[end:self.end(node)].decode().strip()
                yield self.mutant(self.start(node), self.end(node), left, "dropped term", "right term dropped", start)
                if isinstance(node.op, ast.Add):
                    yield self.mutant(self.start(node), self.end(node), right, "dropped term", "left term dropped",
                                      start)
        yield from self.expression(node.left)
        yield from self.expression(node.right)

    def on_compare(self, node) -> Iterator[Mutant]:
        sides = [node.left, *node.comparators]
        for left, operator, right in zip(sides, node.ops, sides[1:], strict=False):
            symbol, others = COMPARISONS[type(operator)]
            place = self.between(left, right, symbol)
            for name, new in others.items():
                yield self.mutant(*place, new, "comparison", f"{type(operator).__name__}->{name}")
        yield from self.parts(sides)

    def on_boolop(self, node) -> Iterator[Mutant]:
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in itertools.pairwise(node.values):
            yield self.mutant(*self.between(left, right, old), new, "boolean", f"{old}->{new}")
        yield from self.parts(node.values)

    def on_unaryop(self, node) -> Iterator[Mutant]:
        if isinstance(node.op, ast.Not | ast.USub):
            word = "not" if isinstance(node.op, ast.Not) else "-"
            yield self.replaced(node, self.source(node).removeprefix(word).strip(),
                                "boolean" if word == "not" else "arithmetic", f"{word} dropped")
        yield from self.expression(node.operand)

    def on_ifexp(self, node) -> Iterator[Mutant]:
        yield from self.condition(node.test)
        yield from self.parts([node.test, node.body, node.orelse])

    def _comprehension(self, node) -> Iterator[Mutant]:
        for generator in node.generators:
            yield from self.order(generator.target)
            for test in generator.ifs:
                yield from self.condition(test)
            yield from self.parts([generator.iter, *generator.ifs])
        yield from self.parts([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])

    on_listcomp = on_setcomp = on_dictcomp = on_generatorexp = _comprehension

    def on_constant(self, node) -> Iterator[Mutant]:
        value = node.value
        if isinstance(value, bool):
            yield self.replaced(node, str(not value), "truth value", f"{value}->{not value}")
        elif isinstance(value, int | float):
            if value in (0, 1):
                new = repr(type(value)(1 - value))
            else:
                new = repr(value + 1 if isinstance(value, int) else 2 * value)
            yield self.replaced(node, new, "number", f"{self.source(node)}->{new}")
        elif isinstance(value, str) and value in SPLITS and not self.in_text:
            new = SPLITS[value][0]
            yield self.replaced(node, f'"{new}"', "train/val/test", f"{value}->{new}")

    def on_lambda(self, node) -> Iterator[Mutant]:
        yield from self.parts([*node.args.defaults, node.body])

    def on_subscript(self, node) -> Iterator[Mutant]:
        yield from self.expression(node.value)
        for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            if isinstance(part, ast.Slice):
                yield from self.slice_(part)
            else:
                yield from self.axis(part, "index")

    def slice_(self, node) -> Iterator[Mutant]:
        for name in ("lower", "upper", "step"):
            bound = getattr(node, name)
            if bound is None:
                continue
            yield self.replaced(bound, "", "slice", f"{name} {self.source(bound)} dropped")
            number = _whole_number(bound)
            if number is None:
                yield from self.expression(bound)
            elif name != "step":
                yield self.replaced(bound, str(number + 1), "slice", f"{name} {number}->{number + 1}")

    def axis(self, node, kind: str) -> Iterator[Mutant]:
        """An index or an axis: the last for the first, the one before for any other."""
        number = _whole_number(node)
        if number is None:
            yield from self.expression(node)
        else:
            new = {-1: 0, 0: -1}.get(number, number - 1)
            yield self.replaced(node, str(new), kind, f"{kind} {number}->{new}")

    def on_name(self, node) -> Iterator[Mutant]:
        if isinstance(node.ctx, ast.Load):
            yield from self.other_name(node.id, self.start(node), self.end(node))

    def on_attribute(self, node, call: ast.Call | None = None) -> Iterator[Mutant]:
        yield from self.expression(node.value)
        if not isinstance(node.ctx, ast.Load):
            return
        start = self.end(node) - len(node.attr.encode())
        base = self.source(node.value)
        if node.attr == "tanh" and base in OTHER_TANH:
            new = OTHER_TANH[base]
            yield self.mutant(start, self.end(node), new, "exchanged name", f"tanh->{new}")
        elif call and node.attr in ("train", "eval") and not call.args:
            new = "eval" if node.attr == "train" else "train"
            yield self.mutant(start, self.end(node), new, "train/val/test", f"{node.attr}()->{new}()")
        else:
            yield from self.other_name(node.attr, start, self.end(node))
        if node.attr in ("T", "mT"):
            yield self.replaced(node, self.before_dot(node), "layout", f".{node.attr} dropped")

    def before_dot(self, attribute) -> str:
        """What the attribute is of, with its parentheses."""
        end = self.end(attribute) - len(attribute.attr.encode())
        return self.text[self.start(attribute):end].decode().rstrip().removesuffix(".").rstrip()

    def other_name(self, name: str, start: int, end: int) -> Iterator[Mutant]:
        if name in OTHER_NAME:
            yield self.mutant(start, end, OTHER_NAME[name], "exchanged name", f"{name}->{OTHER_NAME[name]}")
        parts = name.split("_")
        for number, part in enumerate(parts):
            others = ["_".join([*parts[:number], new, *parts[number + 1:]]) for new in SPLITS.get(part, ())]
            for other in [other for other in others if other in self.names][:1]:
                yield self.mutant(start, end, other, "train/val/test", f"{name}->{other}")

    def on_call(self, node) -> Iterator[Mutant]:
        function = node.func
        if isinstance(function, ast.Attribute):
            yield from self.on_attribute(function, call=node)
            if function.attr in LAYOUTS:
                by_module = self.source(function.value) in ("torch", "np")
                kept = self.source(node.args[0]) if by_module and node.args else self.before_dot(function)
                yield self.mutant(self.start(node), self.end(node), kept, "layout", f"{function.attr} dropped",
                                  self.end(function) - len(function.attr))
        else:
            yield from self.expression(function)
        for argument in node.args:
            yield from self.word(argument)
            yield from self.expression(argument)
        yield from self.keywords(node)

    def keywords(self, call) -> Iterator[Mutant]:
        given = sorted([*call.args, *call.keywords], key=self.start)
        maker = self.source(call.func).rpartition(".")[2]
        printed = PRINTED_BY_ARGPARSE if maker in ("ArgumentParser", "add_argument", "add_parser") else set()
        for keyword in call.keywords:
            if keyword.arg in printed or keyword.arg in TOLERANCES:
                continue
            number = given.index(keyword)
            is_default = keyword.arg == "strict" and self.source(keyword.value) == "False"
            if keyword.arg is not None and not self.in_text and not is_default:
                if number:
                    start, end = self.between(given[number - 1], keyword, ",")[0], self.end(keyword)
                else:
                    start = self.start(keyword)
                    end = self.start(given[1]) if len(given) > 1 else self.end(keyword)
                yield self.mutant(start, end, "", "dropped keyword", f"{keyword.arg}= dropped", self.start(keyword))
            if keyword.arg == "strict" and not is_default:          # dropped, it is False already
                continue
            yield from self.word(keyword.value)
            if keyword.arg in ("dim", "axis"):
                yield from self.axis(keyword.value, "axis")
            else:
                yield from self.expression(keyword.value)

    def word(self, node) -> Iterator[Mutant]:
        """A text that chooses something: reduction="mean"."""
        if isinstance(node, ast.Constant) and not self.in_text and node.value in OTHER_WORD:
            new = OTHER_WORD[node.value]
            yield self.replaced(node, f'"{new}"', "word", f"{node.value}->{new}")


def _left_alone(node: ast.stmt) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
    if isinstance(node, ast.If):
        return any(isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test))
    return False


def _is_text(node: ast.expr) -> bool:
    """Whether it certainly is a text: then + is no sum and % no remainder."""
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes))


def _whole_number(node: ast.expr) -> int | None:
    """The number that an expression is, with its sign; None if it is another expression."""
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if negative else node
    if isinstance(inner, ast.Constant) and type(inner.value) is int:
        return -inner.value if negative else inner.value
    return None
