"""A configuration that was read and validated."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ccat_ops_db.configuration.entries.common import Entry
from ccat_ops_db.configuration.files import RawEntry
from ccat_ops_db.configuration.kinds import Kind
from ccat_ops_db.configuration.problems import Problem


@dataclass(frozen=True)
class LoadedEntry:
    """A validated entry and where it came from."""

    kind: Kind
    key: str
    entry: Entry
    values: dict[str, Any]
    """In the form in which entries and rows are compared."""
    raw: RawEntry

    def problem(self, field: str, reason: str) -> Problem:
        """Return a problem with one of its fields."""
        position = self.raw.position_of([field])
        return Problem(position.file, position.line, f"{self.kind.name}.{self.key}.{field}", reason)


@dataclass(frozen=True)
class Configuration:
    """A whole validated configuration."""

    entries: dict[str, dict[str, LoadedEntry]]
    """By kind and key."""

    def content(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return it as plain JSON, as a configuration revision keeps it."""
        return {
            kind: {key: loaded.values for key, loaded in sorted(entries.items())}
            for kind, entries in self.entries.items()
        }

    def content_hash(self) -> str:
        """Return the sha256 of its content, ``sha256:hex``."""
        text = json.dumps(self.content(), sort_keys=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def main_site(self) -> str:
        """Return the key of the site that owns the reference data."""
        return next(key for key, loaded in self.entries["sites"].items() if loaded.values["main"])

    def __iter__(self) -> Iterator[LoadedEntry]:
        for entries in self.entries.values():
            yield from entries.values()
