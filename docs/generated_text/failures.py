"""Categories of failures, found where the code of the transfer engine names them."""

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from ccat_data_transfer.failures import (
    Configuration,
    Failure,
    Integrity,
    Permanent,
    PlaceUnavailable,
    Resource,
    Transient,
)
from ccat_data_transfer.movers.interface import WrongCopyError
from ccat_data_transfer.package_format import PackageCorruptError, SourceFileError, TargetSymlinkError

from .markdown import code, table

CLASSES: dict[str, type[Failure]] = {
    kind.__name__: kind for kind in (Transient, Resource, Integrity, Configuration, Permanent)
}

OF_CLASS = {WrongCopyError.__name__: Integrity.__name__}
"""Failures that carry more than a category and a message, and the class that they are of."""


def failures() -> str:
    """Return the classes of failures, each with its categories and what is said of them."""
    found: dict[tuple[str, str], list[str]] = {}
    for kind, category, message in (*named_in_code(), *of_packages()):
        messages = found.setdefault((kind, category), [])
        if message not in messages:
            messages.append(message)
    parts = []
    for name, its_class in CLASSES.items():
        rows = [
            (code(category), "; or: ".join(messages))
            for (kind, category), messages in sorted(found.items())
            if kind == name
        ]
        parts.append(f"# `{its_class.failure_class}`\n\n{(its_class.__doc__ or '').strip()}\n")
        parts.append(table(("category", "message and remedy"), rows))
    return "\n".join(parts)


def named_in_code() -> Iterator[tuple[str, str, str]]:
    """Yield class, category and message wherever a failure is made, or stands in a table of failures."""
    root = Path(str(files("ccat_data_transfer")))
    for path in sorted(root.rglob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        name = ".".join((root.name, *path.relative_to(root).with_suffix("").parts))
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == PlaceUnavailable.__name__:
                yield Transient.__name__, "place_unavailable", _text(node.args[1])
            if isinstance(node, ast.Call):
                named = [node.func, *node.args]
            elif isinstance(node, ast.Tuple):
                named = node.elts
            else:
                continue
            # `Transient("category", "message")`, and `_Rule(Transient, "category", "message")` in tables.
            for kind, category, message in zip(named, named[1:], named[2:], strict=False):
                if not isinstance(kind, ast.Name):
                    continue
                of_class = OF_CLASS.get(kind.id, kind.id)
                if of_class not in CLASSES:
                    continue
                if isinstance(category, ast.Constant):
                    yield of_class, str(category.value), _text(message)
                elif isinstance(category, ast.Name) and hasattr(import_module(name), category.id):
                    yield of_class, str(getattr(import_module(name), category.id)), _text(message)


def of_packages() -> Iterator[tuple[str, str, str]]:
    """Yield the errors of the package format: bad files at the source, bad packages, bad targets."""
    for source_error in SourceFileError.__subclasses__():
        yield Permanent.__name__, source_error.code, _first_line(source_error)
    for error in (PackageCorruptError, TargetSymlinkError):
        yield Integrity.__name__, error.code, _first_line(error)


def _text(message: ast.expr) -> str:
    """Return a text of the code, with an ellipsis for what is only known when it happens."""
    if isinstance(message, ast.Constant):
        return str(message.value)
    if isinstance(message, ast.JoinedStr):
        return "".join(_text(piece) for piece in message.values)
    return "…"


def _first_line(documented: type) -> str:
    return (documented.__doc__ or "").strip().splitlines()[0]
