"""Which code made a result: a digest of a function and of all that it uses from `studies` and `seqlab`, name by name.

The source is read, not run. Comments, docstrings and formatting do not count; constants do, and a class counts whole.
What a function reaches only through an object that it is given, or by a name made at run time, is not seen.
"""

import ast
import functools
import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("studies", "seqlab")


def fingerprint(start: str, root: Path = ROOT) -> dict[str, str]:
    """{"studies.recall.recall_first": digest, ...} for "studies.recall.recall_first" and everything it uses.

    LookupError: no such name is defined at the top of its module.
    """
    found, waiting = {}, [_resolve(root, start)]
    if waiting == [None]:
        raise LookupError(f"{start} is not defined at the top of a module in {' or '.join(PACKAGES)}")
    while waiting:
        module, name = waiting.pop()
        if f"{module}.{name}" not in found:
            source = _module(root, module)
            found[f"{module}.{name}"] = digest(source.definitions[name])
            waiting += source.used_by(name)
    return dict(sorted(found.items()))


def digest(statements: list[ast.stmt]) -> str:
    """Twelve digits that change when the statements do; the same for every version of Python."""
    return hashlib.sha256(repr([_plain(statement) for statement in statements]).encode()).hexdigest()[:12]


def _plain(node):
    """A syntax tree as nested lists, without places, docstrings and fields that are empty or new in some version."""
    if isinstance(node, list):
        return [_plain(part) for part in node]
    if not isinstance(node, ast.AST):
        return node
    fields = [(name, value) for name, value in ast.iter_fields(node)
              if name not in ("ctx", "kind", "type_comment") and value != []
              and (value is not None or isinstance(node, ast.Constant))]
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node, clean=False) is not None:
        fields = [(name, value[1:] if name == "body" else value) for name, value in fields]
    return [type(node).__name__, *((name, _plain(value)) for name, value in fields)]


class _Module:
    """The definitions and imports at the top of one module, and which definitions use which."""

    def __init__(self, root: Path, name: str):
        self.root, self.name, path = root, name, _path(root, name)
        self.package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        tree = ast.parse(path.read_text("utf8"))
        self.imports = self._imported(tree.body)
        self.definitions: dict[str, list[ast.stmt]] = {}
        for statement in tree.body:
            for bound in _bound(statement):
                self.definitions.setdefault(bound, []).append(statement)

    def _imported(self, nodes) -> dict[str, str]:
        """The names that imports bind, each with the dotted name it stands for."""
        names = {}
        for node in nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    names[alias.asname or alias.name.partition(".")[0]] = \
                        alias.name if alias.asname else alias.name.partition(".")[0]
            elif isinstance(node, ast.ImportFrom):
                above = self.package.split(".")[:len(self.package.split(".")) - node.level + 1] if node.level else []
                names |= {alias.asname or alias.name: ".".join([*above, *filter(None, [node.module]), alias.name])
                          for alias in node.names}
        return names

    def used_by(self, name: str) -> list[tuple[str, str]]:
        """(module, name) of every definition of ours that the definition `name` mentions."""
        nodes = [node for statement in self.definitions[name] for node in ast.walk(statement)]
        imports = self.imports | self._imported(nodes)
        used = []
        for first, *rest in filter(None, map(_dotted, nodes)):
            if first in imports:
                used.append(_resolve(self.root, ".".join([imports[first], *rest])))
            elif first in self.definitions:
                used.append((self.name, first))
        return list(filter(None, used))


def _resolve(root: Path, dotted: str) -> tuple[str, str] | None:
    """Where a dotted name is defined, through re-exports: (module, name); None if that is no definition of ours."""
    parts = dotted.split(".")
    if parts[0] not in PACKAGES:
        return None
    cut = next((k for k in range(len(parts), 0, -1) if _path(root, ".".join(parts[:k]))), 0)
    if cut in (0, len(parts)):
        return None
    module, name = _module(root, ".".join(parts[:cut])), parts[cut]
    if name in module.definitions:
        return module.name, name
    return _resolve(root, ".".join([module.imports[name], *parts[cut + 1:]])) if name in module.imports else None


def _module(root: Path, name: str) -> _Module:
    path = _path(root, name)
    return _read(root, name, path, path.stat().st_mtime_ns)


@functools.cache
def _read(root: Path, name: str, path: Path, changed: int) -> _Module:
    return _Module(root, name)


def _path(root: Path, module: str) -> Path | None:
    place = root.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def _dotted(node: ast.AST) -> list[str] | None:
    """["figure", "as_mnist"] for `figure.as_mnist`, ["fit"] for `fit`, None for anything else."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return [*before, node.attr]
    return None


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a top-level statement defines; imports apart."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])   # of assignments and loops
    names = {node.id for target in targets if target for node in ast.walk(target) if isinstance(node, ast.Name)}
    inside = [part for part in ast.walk(statement) if isinstance(part, ast.stmt) and part is not statement]
    return names.union(*map(_bound, inside))
