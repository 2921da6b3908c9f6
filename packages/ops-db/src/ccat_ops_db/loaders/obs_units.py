"""Obs units from YAML and from CSV."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from ccat_ops_db.configuration import Plan, Problem
from ccat_ops_db.configuration.entries.scan_patterns import ScanParameters
from ccat_ops_db.configuration.files import RawConfiguration, read_file
from ccat_ops_db.configuration.problems import Position
from ccat_ops_db.loaders.entries import add_entry, convert, number, read_table, store, truth

PLAN_SECTIONS = frozenset(
    {
        "lines",
        "instrument_module_configurations",
        "observing_programs",
        "sub_observing_programs",
        "sources",
        "obs_modes",
        "observation_configurations",
        "obs_units",
        "pre_scheduled_slots",
    }
)
_COLUMNS: dict[str, Callable[[str], Any]] = {
    "program": str,
    "sub_program": str,
    "source": str,
    "mode": str,
    "description": str,
    "configurations": lambda cell: [name.strip() for name in cell.split(";") if name.strip()],
    "nominal_alt": number,
    "priority": number,
    "requested_time": number,
    "available": truth,
}
_SCAN_PARAMETERS = set(ScanParameters.model_fields) - {"name", "nominal_alt", "table"}


def init_obs_units(installation_path: str | Path, input_yaml_file: str | Path, session: Session) -> Plan:
    """Load obs units, and what they need, from a YAML file with sections as in the configuration.

    Parameters
    ----------
    installation_path : str or Path
        Folder in which the file is.
    input_yaml_file : str or Path
        The file, relative to the folder.
    session : Session
        Committed at the end, rolled back on an error.

    Returns
    -------
    Plan
        What was created and changed; loading the same file again does nothing.

    Raises
    ------
    ConfigurationError
        With everything that is wrong, each with file, line and key.
    """
    path = Path(installation_path) / input_yaml_file
    raw = read_file(path)
    for kind, entries in raw.entries.items():
        for entry in entries.values() if kind not in PLAN_SECTIONS else ():
            reason = "belongs into the configuration, not into a file of obs units"
            raw.problems.append(
                Problem(entry.position.file, entry.position.line, f"{kind}.{entry.key}", reason)
            )
    return store(session, raw)


def read_obs_units(file: str | Path, session: Session) -> Plan:
    """Load obs units from a CSV file with a header line.

    Columns are ``name``, ``program``, ``source`` and, where wanted, ``sub_program``, ``mode``,
    ``description``, ``configurations`` (several with ``;`` between), ``nominal_alt`` (degrees), ``priority``,
    ``requested_time`` (seconds), ``available``. Columns named like a scan parameter go into
    ``mapping_parameters``, all others into ``additional_params``.

    Parameters
    ----------
    file : str or Path
        The file.
    session : Session
        Committed at the end, rolled back on an error.

    Raises
    ------
    ConfigurationError
        With everything that is wrong, each with file, line and key.
    """
    path, raw = Path(file), RawConfiguration()
    for line, cells in read_table(path, {"name", "program", "source"}):
        name = cells.pop("name", "")
        add_entry(raw, "obs_units", name, _values(cells), Position(str(path), line))
    return store(session, raw)


def _values(cells: dict[str, str]) -> dict[str, Any]:
    values = convert({name: cell for name, cell in cells.items() if name in _COLUMNS}, _COLUMNS)
    others = {name: cell for name, cell in cells.items() if name not in _COLUMNS}
    numbers = convert(others, dict.fromkeys(others, number))
    values["mapping_parameters"] = {n: value for n, value in numbers.items() if n in _SCAN_PARAMETERS}
    values["additional_params"] = {n: value for n, value in numbers.items() if n not in _SCAN_PARAMETERS}
    return values
