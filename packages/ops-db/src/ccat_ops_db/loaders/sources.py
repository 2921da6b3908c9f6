"""Sources from KOSMA catalogues and from CSV."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from ccat_ops_db.configuration import ConfigurationError, Plan, Problem
from ccat_ops_db.configuration.files import RawConfiguration
from ccat_ops_db.configuration.problems import Position
from ccat_ops_db.loaders.entries import add_entry, convert, number, read_table, store

FORMATS = ("kosma", "csv")
_SEXAGESIMAL = re.compile(r"([+-]?)(\d+):([0-5]?\d):([0-5]?\d(?:\.\d*)?)")
_COLUMNS: dict[str, dict[str, Any]] = {
    "fixed": {"right_ascension": "hours", "declination": "degrees", "radial_velocity": number},
    "solar_system": {"ephemeris_name": str, "naif_id": number},
    "constant_elevation": {"elevation": number, "azimuth_min": number, "azimuth_max": number},
}
_SHORT = {"ra": "right_ascension", "dec": "declination", "vlsr": "radial_velocity"}


def read_sources(source_file: str | Path, file_format: str, source_type: str, session: Session) -> Plan:
    """Load sources from a file.

    Parameters
    ----------
    source_file : str or Path
        The file.
    file_format : str
        ``csv``: a header line with ``name``, ``description`` and the fields of the type; for type ``fixed``
        ``right_ascension`` (or ``ra``), ``declination`` (or ``dec``), ICRS, and ``radial_velocity`` (or
        ``vlsr``) in km/s. ``kosma``: lines of ``NAME EQ 2000 HH:MM:SS.S ±DD:MM:SS [LSR velocity]``, ``!`` or
        ``#`` begin comments; J2000 is taken as ICRS (they agree within 0.03 arc seconds).
        Angles with colons are sexagesimal (hours for right ascension), plain numbers are degrees.
    source_type : str
        ``fixed``, ``solar_system`` or ``constant_elevation``; a KOSMA catalogue has fixed sources.
    session : Session
        Committed at the end, rolled back on an error.

    Raises
    ------
    ValueError
        If format or type are not known.
    ConfigurationError
        With everything that is wrong, each with file, line and key.
    """
    if file_format not in FORMATS:
        raise ValueError(f"file_format is {file_format!r}; it must be {' or '.join(FORMATS)}")
    if source_type not in _COLUMNS:
        raise ValueError(f"source_type is {source_type!r}; it must be {', '.join(_COLUMNS)}")
    if file_format == "kosma" and source_type != "fixed":
        raise ValueError("a kosma catalogue has sources of type fixed")
    path, raw = Path(source_file), RawConfiguration()
    lines = _read_kosma(path) if file_format == "kosma" else _read_csv(path, source_type)
    for line, name, values in lines:
        add_entry(raw, "sources", name, {"type": source_type, **values}, Position(str(path), line))
    return store(session, raw)


def angle(text: str, *, hours: bool = False) -> float:
    """Return an angle in degrees from a plain number (degrees) or a sexagesimal one (hours or degrees).

    Raises
    ------
    ValueError
        If it is neither.
    """
    match = _SEXAGESIMAL.fullmatch(text)
    if match is None:
        return float(text)
    sign, whole, minutes, seconds = match.groups()
    value = int(whole) + int(minutes) / 60 + float(seconds) / 3600
    return (-value if sign == "-" else value) * (15 if hours else 1)


def _read_csv(path: Path, source_type: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    columns = _COLUMNS[source_type]
    known = {"name", "description", *columns, *(short for short, long in _SHORT.items() if long in columns)}
    for line, cells in read_table(path, {"name"}, known):
        values = {_SHORT.get(name, name): cell for name, cell in cells.items()}
        yield (
            line,
            values.pop("name", ""),
            convert(values, {name: _converter(how) for name, how in columns.items()}),
        )


def _converter(how: Any) -> Any:
    if how == "hours":
        return lambda cell: angle(cell, hours=True)
    return angle if how == "degrees" else how


def _read_kosma(path: Path) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for line, text in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        words = re.split(r"[!#]", text, maxsplit=1)[0].split()
        if not words:
            continue
        try:
            yield line, words[0], _kosma_values(words)
        except ValueError as error:
            raise ConfigurationError([Problem(str(path), line, words[0], str(error))]) from None


def _kosma_values(words: list[str]) -> dict[str, Any]:
    if len(words) not in {5, 7}:
        raise ValueError("must read NAME EQ 2000 HH:MM:SS.S ±DD:MM:SS [LSR velocity]")
    if words[1].upper() != "EQ" or float(words[2]) != 2000:
        raise ValueError("only equatorial positions of equinox 2000 (EQ 2000) can be read; convert it first")
    values = {"right_ascension": angle(words[3], hours=True), "declination": angle(words[4])}
    if len(words) == 7:
        if words[5].upper() not in {"LSR", "LS"}:
            raise ValueError(f"velocity in the frame {words[5]!r}; only LSR can be read, convert it first")
        values["radial_velocity"] = float(words[6])
    return values
