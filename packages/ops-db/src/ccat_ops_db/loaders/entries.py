"""From a table with a header line to entries of the configuration, and those into the database."""

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.configuration import ConfigurationError, Plan, Problem, RefusedError
from ccat_ops_db.configuration.apply import carry_out, lock, record_changes
from ccat_ops_db.configuration.cross_checks import check_observations, check_references
from ccat_ops_db.configuration.files import RawConfiguration, RawEntry
from ccat_ops_db.configuration.kinds import KINDS
from ccat_ops_db.configuration.load import validate_entry
from ccat_ops_db.configuration.loaded import Configuration, LoadedEntry
from ccat_ops_db.configuration.plan import compare, last_content
from ccat_ops_db.configuration.problems import Position
from ccat_ops_db.configuration.rows import Rows, read_rows
from ccat_ops_db.database_time import database_now
from ccat_ops_db.models import Site
from ccat_ops_db.own_name import own_name


def store(session: Session, raw: RawConfiguration) -> Plan:
    """Validate entries, create or change their rows, and commit; all or nothing.

    Raises
    ------
    ConfigurationError
        With everything that is wrong, each with file and line; nothing was changed.
    RefusedError
        If no configuration was applied yet, or a change would strand data.
    """
    try:
        plan = _store(session, raw, database_now(session))
        session.commit()
    except BaseException:
        session.rollback()
        raise
    return plan


Line = tuple[int, dict[str, str]]
"""Number of a line and its cells by the names of their columns."""


def read_table(path: Path, required: set[str], known: set[str] | None = None) -> Iterator[Line]:
    """Yield line number and cells of each line of a CSV file with a header line; empty cells are left out.

    Lines that begin with ``#`` are comments.

    Raises
    ------
    ConfigurationError
        If the header lacks a required column or has one that is not known, a line has too many cells, or the
        file is not CSV.
    """
    try:
        yield from _read_lines(path, required, known)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ConfigurationError([Problem(str(path), 1, "", f"cannot be read as CSV: {error}")]) from None


def _read_lines(path: Path, required: set[str], known: set[str] | None) -> Iterator[Line]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, skipinitialspace=True)
        header: list[str] | None = None
        for cells in reader:
            if not cells or not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
                continue
            line = reader.line_num
            if header is None:
                header = [cell.strip() for cell in cells]
                _check_header(path, line, header, required, known)
            elif len(cells) > len(header):
                raise ConfigurationError([Problem(str(path), line, "", "more cells than the header has")])
            else:
                named = zip(header, (cell.strip() for cell in cells), strict=False)
                yield line, {name: cell for name, cell in named if cell}


def add_entry(raw: RawConfiguration, kind: str, key: str, values: dict[str, Any], position: Position) -> None:
    """Add an entry that a line of a file gave."""
    name = f"{kind}.{key}"
    if reason := KINDS[kind].key_problem(key):
        raw.problems.append(Problem(position.file, position.line, name, reason))
    elif key in raw.entries[kind]:
        first = raw.entries[kind][key].position
        raw.problems.append(Problem(position.file, position.line, name, f"is also in line {first.line}"))
    else:
        raw.entries[kind][key] = RawEntry(KINDS[kind], key, values, position)


def convert(values: Mapping[str, str], converters: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    """Return cells as numbers and the like; a cell that cannot be one stays text and is refused later."""
    converted: dict[str, Any] = {}
    for name, cell in values.items():
        try:
            converted[name] = converters.get(name, str)(cell)
        except ValueError:
            converted[name] = cell
    return converted


def number(cell: str) -> int | float:
    """Return a cell as a number."""
    try:
        return int(cell)
    except ValueError:
        value = float(cell)
    if not math.isfinite(value):
        raise ValueError(f"{cell!r} is not a finite number")
    return value


def truth(cell: str) -> bool:
    """Return a cell as true or false."""
    if cell.lower() in {"true", "yes", "1"}:
        return True
    if cell.lower() in {"false", "no", "0"}:
        return False
    raise ValueError(cell)


def _store(session: Session, raw: RawConfiguration, at: datetime) -> Plan:
    problems = list(raw.problems)
    loaded = [
        entry
        for of_kind in raw.entries.values()
        for raw_entry in of_kind.values()
        if (entry := validate_entry(raw_entry, problems)) is not None
    ]
    lock(session)
    rows, managed = read_rows(session), last_content(session)
    problems += _check_against_database(loaded, raw, rows, managed)
    if problems:
        raise ConfigurationError(problems)
    site = session.scalars(select(Site.id).where(Site.main)).one_or_none()
    if site is None:
        raise RefusedError("there is no main site yet: apply a configuration first (opsdb config apply)")
    entries: dict[str, dict[str, LoadedEntry]] = {kind: {} for kind in KINDS}
    for entry in loaded:
        entries[entry.kind.name][entry.key] = entry
    configuration = Configuration(entries)
    plan = compare(session, configuration, rows, {}, ())
    if plan.refusals:
        raise RefusedError("\n".join(plan.refusals))
    carry_out(session, configuration, rows, plan, at)
    record_changes(session, plan, site, own_name(), at)
    return plan


def _check_against_database(
    loaded: list[LoadedEntry], raw: RawConfiguration, rows: Rows, managed: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    living = {
        kind: {key: row.values for key, row in of_kind.items() if row.retired_at is None}
        for kind, of_kind in rows.items()
    }
    values: dict[str, dict[str, Any]] = {kind: dict(of_kind) for kind, of_kind in living.items()}
    for entry in loaded:
        values[entry.kind.name][entry.key] = entry.values
        applied = managed.get(entry.kind.name, {}).get(entry.key)
        if applied is not None and applied != entry.values:
            position, name = entry.raw.position, f"{entry.kind.name}.{entry.key}"
            reason = "is in the configuration that was applied, with other values; change it there"
            yield Problem(position.file, position.line, name, reason)
    keys = {kind: set(of_kind) | set(raw.entries[kind]) for kind, of_kind in values.items()}
    yield from check_references(loaded, keys)
    yield from check_observations(loaded, values)


def _check_header(
    path: Path, line: int, header: list[str], required: set[str], known: set[str] | None
) -> None:
    problems = [Problem(str(path), line, name, "is missing in the header") for name in required - set(header)]
    if len(set(header)) < len(header):
        problems.append(Problem(str(path), line, "", "two columns have the same name"))
    if known is not None:
        problems += [
            Problem(str(path), line, name, f"unknown column; there are {', '.join(sorted(known))}")
            for name in header
            if name not in known
        ]
    if problems:
        raise ConfigurationError(problems)
