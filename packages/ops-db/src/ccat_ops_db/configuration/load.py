"""From configuration files to validated entries, or to a list of everything that is wrong."""

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ccat_ops_db.configuration.cross_checks import cross_check
from ccat_ops_db.configuration.entries.access import PermissionEntry
from ccat_ops_db.configuration.files import RawConfiguration, RawEntry, lay_over, read_folder
from ccat_ops_db.configuration.kinds import KINDS, slot_key, values_of
from ccat_ops_db.configuration.loaded import Configuration, LoadedEntry
from ccat_ops_db.configuration.problems import ConfigurationError, Position, Problem
from ccat_ops_db.permissions import PERMISSIONS


def load(folder: Path, overlays: Sequence[Path] = ()) -> Configuration:
    """Read and validate a configuration.

    Parameters
    ----------
    folder : Path
        Folder with the YAML files.
    overlays : sequence of Path
        Folders of the same form, laid over it one after another: the fields that an entry has there replace
        those of the entry with the same key below; null takes a field away.

    Raises
    ------
    ConfigurationError
        With everything that is wrong.
    """
    raw = read_folder(folder)
    for overlay in overlays:
        lay_over(raw, read_folder(overlay))
    return validate(raw)


def validate(raw: RawConfiguration) -> Configuration:
    """Validate entries and what they say of each other.

    Raises
    ------
    ConfigurationError
        With everything that is wrong.
    """
    problems = list(raw.problems)
    entries: dict[str, dict[str, LoadedEntry]] = {name: {} for name in KINDS}
    entries["permissions"] = _permissions()
    for name, of_kind in raw.entries.items():
        for raw_entry in of_kind.values():
            loaded = validate_entry(raw_entry, problems)
            if loaded is None:
                continue
            if loaded.key in entries[name]:
                first = entries[name][loaded.key].raw.position
                reason = f"is also in {first.file}:{first.line}"
                problems.append(
                    Problem(raw_entry.position.file, raw_entry.position.line, f"{name}.{loaded.key}", reason)
                )
                continue
            entries[name][loaded.key] = loaded
    if not raw.lost:
        # What is wrong by itself is named all the same, and not told a second time as a missing reference.
        problems += cross_check(entries, {name: set(of_kind) for name, of_kind in raw.entries.items()})
    if problems:
        raise ConfigurationError(problems)
    return Configuration(entries)


def validate_entry(raw: RawEntry, problems: list[Problem]) -> LoadedEntry | None:
    """Validate one entry by itself; add what is wrong to the problems and return None then."""
    name = f"{raw.kind.name}.{raw.key}"
    variant = raw.kind.variant(raw.values)
    if variant is None:
        problems.append(_unknown_variant(raw, name))
        return None
    try:
        # JSON's strict mode takes "2026-01-01T00:00:00Z" for a time, but neither "4" nor true for a number.
        entry = variant.entry.model_validate_json(json.dumps(raw.values, allow_nan=False))
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            path = tuple(part for part in detail["loc"])
            position = raw.position_of(path)
            key = ".".join([name, *map(str, path)])
            problems.append(Problem(position.file, position.line, key, _reason(detail)))
        return None
    values = values_of(raw.kind, entry)
    key = slot_key(values) if raw.kind.name == "pre_scheduled_slots" else raw.key
    return LoadedEntry(raw.kind, key, entry, values, raw)


def _unknown_variant(raw: RawEntry, name: str) -> Problem:
    for depth, field in enumerate(raw.kind.discriminators):
        chosen = tuple(str(raw.values.get(before)) for before in raw.kind.discriminators[:depth])
        legal = sorted({v[depth] for v in raw.kind.variants if len(v) > depth and v[:depth] == chosen})
        if str(raw.values.get(field)) not in legal:
            break
    position = raw.position_of([field])
    given = f"is {raw.values[field]!r}" if field in raw.values else "is missing"
    return Problem(position.file, position.line, f"{name}.{field}", f"{given}; it must be {', '.join(legal)}")


def _reason(detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        return "unknown field"  # without its value: people paste passwords where they do not belong
    message = detail["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    value = detail["input"]
    if isinstance(value, str | int | float) and len(str(value)) <= 80:
        return f"{message} (it is {value!r})"
    return message


def _permissions() -> dict[str, LoadedEntry]:
    kind = KINDS["permissions"]
    loaded = {}
    for permission, description in PERMISSIONS.items():
        entry = PermissionEntry(description=description)
        raw = RawEntry(kind, permission.value, {}, Position("ccat_ops_db/permissions.py", 1))
        loaded[raw.key] = LoadedEntry(kind, raw.key, entry, values_of(kind, entry), raw)
    return loaded
