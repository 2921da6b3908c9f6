"""How results look: lines for people, JSON for scripts; `tables` has what needs Rich, which starts slowly."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import indent
from typing import Any

from pydantic import BaseModel

from ccat_ops_db_client.terminal_text import printable


def print_json(value: BaseModel | Sequence[BaseModel] | dict[str, Any]) -> None:
    """Print a result as JSON."""
    sys.stdout.write(json.dumps(_plain(value), indent=2, ensure_ascii=True) + "\n")


def print_json_with_lists(first: Mapping[str, Any], lists: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Print a result as JSON whose lists, at its end, may be longer than memory holds."""
    sys.stdout.write(json.dumps(first, indent=2).removesuffix("\n}"))
    for name, entries in lists.items():
        sys.stdout.write(f',\n  "{name}": [')
        for position, entry in enumerate(entries):
            text = indent(json.dumps(entry, indent=2), "    ")
            sys.stdout.write(f"{',' if position else ''}\n{text}")
        sys.stdout.write("\n  ]")
    sys.stdout.write("\n}\n")


def say(text: str) -> None:
    """Print a line of the result."""
    sys.stdout.write(printable(text) + "\n")


def notice(text: str) -> None:
    """Print a line that is not part of the result."""
    sys.stderr.write(f"ccat: {printable(text)}\n")


def size(count: int | None) -> str:
    """Return a number of bytes with a decimal unit."""
    if count is None:
        return ""
    if count < 1000:
        return f"{count} B"
    value, units = count / 1000, ["kB", "MB", "GB", "TB", "PB"]
    while value >= 999.95 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.1f} {units[0]}"


def number(count: int | None) -> str:
    """Return a number with groups of three digits."""
    return "" if count is None else f"{count:,}"


def time(moment: datetime | str | None) -> str:
    """Return a time in UTC, to the second."""
    if moment is None:
        return ""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def duration(seconds: float) -> str:
    """Return a duration as hours, minutes and seconds."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
