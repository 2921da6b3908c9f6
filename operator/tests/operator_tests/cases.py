"""Pairs of YAML: a resource and what surrounds it in, the status that comes of it out.

In a case ``<head>`` stands for the newest revision of the release, ``<identity>`` for the database,
``<server>`` for host and port, ``<name>`` for the database's name.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import URL

from ccat_ops_db import schema

from .conftest import TESTS

CASES = TESTS / "cases"


def names(kind: str) -> list[str]:
    """Return the cases of a kind of resource."""
    return sorted(path.stem for path in (CASES / kind).glob("*.yaml"))


def state(kind: str, name: str) -> dict[str, Any]:
    """Return the state that a case wants the database to be in."""
    case = yaml.safe_load((CASES / kind / f"{name}.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = case.get("database") or {}
    return found


def read(kind: str, name: str, url: URL) -> dict[str, Any]:
    """Return a case with what stands for the database filled in."""
    text = (CASES / kind / f"{name}.yaml").read_text(encoding="utf-8")

    def fill(value: str) -> str:
        for word, meaning in {**_words(url), "<head>": schema.head_revision()}.items():
            value = value.replace(word, meaning)
        return value

    case: dict[str, Any] = _in_texts(yaml.safe_load(text), fill)
    return case


def shown(document: Any, url: URL) -> Any:
    """Return a document as a case has it."""

    def take_out(value: str) -> str:
        for word, meaning in _words(url).items():
            value = value.replace(meaning, word)
        value = re.sub(r"\b\d{15,}/<name>", "<identity>", value)
        return re.sub(rf"(?<![\w-]){schema.head_revision()}(?![\w-])", "<head>", value)

    return _in_texts(document, take_out)


def rewrite(kind: str, name: str, expected: Any) -> None:
    """Write what came out into a case: for somebody who then reads it."""
    path = CASES / kind / f"{name}.yaml"
    text = path.read_text(encoding="utf-8").split("\nexpect:")[0].rstrip("\n")
    told = yaml.safe_dump({"expect": expected}, sort_keys=False, allow_unicode=True, width=105)
    path.write_text(f"{text}\n\n{told}", encoding="utf-8")


def folder(name: str | None) -> Path | None:
    """Return a folder of further revisions."""
    return TESTS / "revisions" / name if name else None


def _words(url: URL) -> dict[str, str]:
    return {"<server>": f"{url.host}:{url.port}", "<name>": str(url.database)}


def _in_texts(document: Any, change: Callable[[str], str]) -> Any:
    if isinstance(document, dict):
        return {key: _in_texts(value, change) for key, value in document.items()}
    if isinstance(document, list):
        return [_in_texts(value, change) for value in document]
    return change(document) if isinstance(document, str) else document
