"""The database's reference data as configuration files."""

from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from sqlalchemy.orm import Session

from ccat_ops_db.configuration.entries.common import Entry
from ccat_ops_db.configuration.kinds import canonical
from ccat_ops_db.configuration.rows import Row, read_rows

GROUPS = {
    "observatory.yaml": ("observatories", "telescopes", "instruments", "instrument_modules"),
    "set-ups.yaml": ("lines", "instrument_module_configurations", "obs_modes", "observation_configurations"),
    "sites.yaml": ("sites", "retention_policies", "data_locations", "data_transfer_routes"),
    "access.yaml": ("roles",),
    "programs.yaml": ("observing_programs", "sub_observing_programs"),
    "sources.yaml": ("sources",),
    "obs-units.yaml": ("obs_units", "pre_scheduled_slots"),
}


def export(session: Session) -> dict[str, str]:
    """Return file name → YAML of all rows that are in use; read again they give an empty plan."""
    rows = read_rows(session)
    files = {}
    for name, kinds in GROUPS.items():
        sections = {kind: _section(kind, rows[kind]) for kind in kinds}
        if any(sections.values()):
            files[name] = _yaml({kind: content for kind, content in sections.items() if content})
    return files


def _section(kind: str, rows: dict[str, Row]) -> Any:
    living = {key: _without_defaults(row) for key, row in sorted(rows.items()) if row.retired_at is None}
    return list(living.values()) if kind == "pre_scheduled_slots" else living


def _without_defaults(row: Row) -> dict[str, Any]:
    variant = row.kind.variant(row.values)
    assert variant is not None, "rows were read by their variant"
    defaults = _defaults(row, variant.entry)
    return {
        name: value for name, value in row.values.items() if name not in defaults or defaults[name] != value
    }


def _defaults(row: Row, entry: type[Entry]) -> dict[str, Any]:
    given = {n: f.get_default() for n, f in entry.model_fields.items() if not f.is_required()}
    return canonical(row.kind, given)


def _yaml(content: dict[str, Any]) -> str:
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    buffer = StringIO()
    yaml.dump(content, buffer)
    return buffer.getvalue()
