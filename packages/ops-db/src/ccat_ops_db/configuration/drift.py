"""What changed in the database since the configuration was applied last: somebody did it by hand."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ccat_ops_db.configuration.plan import Difference, differences, last_content
from ccat_ops_db.configuration.rows import read_rows


@dataclass(frozen=True)
class Drift:
    """A row that is not as it was applied."""

    kind: str
    key: str
    what: str
    """``changed``, ``retired`` or ``missing``."""
    differences: tuple[Difference, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return {
            "kind": self.kind,
            "key": self.key,
            "what": self.what,
            "differences": [{"field": d.field, "applied": d.old, "now": d.new} for d in self.differences],
        }


def find_drift(session: Session) -> list[Drift]:
    """Compare the database with the configuration that was applied last.

    Returns
    -------
    list of Drift
        Rows that differ; empty also when nothing was ever applied.
    """
    rows = read_rows(session)
    found = []
    for kind, entries in last_content(session).items():
        for key, applied in entries.items():
            row = rows.get(kind, {}).get(key)
            if row is None:
                found.append(Drift(kind, key, "missing"))
            elif row.retired_at is not None:
                found.append(Drift(kind, key, "retired"))
            elif changed := differences(applied, row.values):
                found.append(Drift(kind, key, "changed", changed))
    return found
