"""The live view of ``dev-status``."""

import time
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ccat_dev_stack.stack.installation import Installation
from ccat_dev_stack.supervision_state import SETTLED, Report, State

_COLOURS = {
    State.READY: "green",
    State.DONE: "green",
    State.STARTING: "yellow",
    State.WAITING: "yellow",
    State.RESTARTING: "red",
}


class Dashboard:
    """Draws what is known of an installation now."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    def is_healthy(self) -> bool:
        """Say whether everything runs."""
        reports = self._installation.folder.reports()
        return bool(reports) and all(report.state in SETTLED for report in reports)

    def picture(self) -> RenderableType:
        """Return the whole view."""
        return Group(_processes(self._installation.folder.reports()))


def _processes(reports: Sequence[Report]) -> RenderableType:
    if not reports:
        return Text("The supervisor does not run; make dev-up repairs that.", "red")
    table = Table(box=SIMPLE_HEAD, title="Processes", title_justify="left", pad_edge=False)
    for heading in ("unit", "state", "since", "process", "restarts", ""):
        table.add_column(heading, justify="right" if heading in ("process", "restarts") else "left")
    for report in reports:
        table.add_row(
            report.name,
            Text(report.state.value, _COLOURS[report.state]),
            _age(report.since),
            "" if report.pid is None else str(report.pid),
            str(report.restarts or ""),
            Text(report.detail, "dim"),
        )
    return table


def _age(since: float) -> str:
    seconds = max(0, int(time.time() - since))
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h"
