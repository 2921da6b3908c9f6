"""The live view of ``dev-status``: processes, and what the API tells of the data."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ccat_dev_stack.stack.environment import read_tokens
from ccat_dev_stack.stack.installation import Installation
from ccat_dev_stack.supervision_state import SETTLED, Report, State
from ccat_ops_db.waiting_catalogue import entry_of
from ccat_ops_db_client import CcatError, Client, Settings, calls
from ccat_ops_db_client.records import Status

_STATE_COLOURS = {
    State.READY: "green",
    State.DONE: "green",
    State.STARTING: "yellow",
    State.WAITING: "yellow",
    State.RESTARTING: "red",
}
_BAD = ("failed", "error", "critical")
_RECENT = 8


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
        parts = [_processes(self._installation.folder.reports()), Text()]
        try:
            status = self._ask_api()
        except CcatError as error:
            parts.append(Text(f"The API does not tell what is where: {error}", "yellow"))
        else:
            parts += picture_of_data(status)
        return Group(*parts)

    def _ask_api(self) -> Status:
        settings = Settings(
            api_url=self._installation.api_url,
            api_token=SecretStr(read_tokens(self._installation).get("developer", "")),
            read_timeout=10,
        )
        with Client(settings) as client:
            # One attempt: the next picture is the next one.
            return client.send(calls.status(), retry_seconds=0)


def _processes(reports: Sequence[Report]) -> RenderableType:
    if not reports:
        return Text("The supervisor does not run; make dev-up repairs that.", "red")
    table = _table("Processes", "unit", "state", "since", ">process", ">restarts", "")
    for report in reports:
        table.add_row(
            report.name,
            Text(report.state.value, _STATE_COLOURS[report.state]),
            _age(time.time() - report.since),
            "" if report.pid is None else str(report.pid),
            str(report.restarts or ""),
            Text(report.detail, "dim"),
        )
    return table


def picture_of_data(status: Status) -> list[RenderableType]:
    """Return what is where, what moves, what waits and what happened lately."""
    packages = _counts("Packages", status.packages)
    errors = _counts("Open errors", status.errors)
    parts: list[RenderableType] = [packages, errors, Text(), _locations(status.locations)]
    if status.transfers:
        parts += [Text(), _under_way(status.transfers)]
    if status.waiting:
        parts += [Text(), _waiting(status.waiting)]
    if status.recent:
        parts += [Text(), _recent(status.recent[:_RECENT])]
    return parts


def _locations(locations: Iterable[Mapping[str, Any]]) -> RenderableType:
    table = _table("What is where", "location", "type", ">packages", ">size", ">files", ">size", "disk", "")
    for location in locations:
        if not location.get("enabled", True):
            continue
        table.add_row(
            str(location["id"]),
            str(location["location_type"]),
            f"{location.get('packages') or 0:,}",
            _size(location.get("package_bytes")),
            f"{location.get('files') or 0:,}",
            _size(location.get("file_bytes")),
            _fullness(location),
            Text("suspended", "yellow") if location.get("suspended") else "",
        )
    return table


def _fullness(location: Mapping[str, Any]) -> RenderableType:
    used, total = location.get("used_bytes"), location.get("total_bytes")
    if used is None or not total:
        return Text("not measured", "dim")
    share = 100 * used / total
    colour = "red" if share >= float(location.get("watermark_high") or 100) else "green"
    bar = Table.grid(padding=(0, 1))
    bar.add_row(ProgressBar(100, share, width=16, complete_style=colour), f"{share:.0f} %")
    return bar


def _under_way(transfers: Iterable[Mapping[str, Any]]) -> RenderableType:
    table = _table("Under way", "operation", "package", "from", "to", "done", "since")
    for transfer in transfers:
        done, whole = transfer.get("bytes_done"), transfer.get("bytes_total")
        progress: RenderableType = _size(done)
        if done is not None and whole:
            bar = Table.grid(padding=(0, 1))
            bar.add_row(ProgressBar(whole, done, width=16), f"{_size(done)} of {_size(whole)}")
            progress = bar
        table.add_row(
            str(transfer.get("operation") or ""),
            str(transfer.get("package_id") or ""),
            str(transfer.get("from") or ""),
            str(transfer.get("to") or ""),
            progress,
            _age_of(transfer.get("since")),
        )
    return table


def _waiting(groups: Iterable[Mapping[str, Any]]) -> RenderableType:
    table = _table("What waits, and why", ">number", "what", "reason", "oldest", "meaning", "what to do")
    for group in groups:
        entry = entry_of(str(group["reason"]))
        table.add_row(
            f"{group['count']:,}",
            str(group["subject_type"]).replace("_", " "),
            str(group["reason"]),
            _age_of(group.get("oldest")),
            Text(entry.meaning if entry else "", "dim"),
            Text(entry.remedy if entry else "", "dim"),
        )
    return table


def _recent(events: Iterable[Mapping[str, Any]]) -> RenderableType:
    table = _table("Lately", "ago", "site", "what", "about", "")
    for event in events:
        table.add_row(
            _age_of(event.get("occurred_at")),
            str(event.get("site") or ""),
            str(event.get("action") or ""),
            str(event.get("subject_id") or ""),
            Text(str(event.get("message") or ""), "dim"),
        )
    return table


def _counts(title: str, counts: Mapping[str, int]) -> Text:
    line = Text(f"{title}: ", "bold")
    for position, (name, number) in enumerate(counts.items()):
        colour = "red" if number and name in _BAD else "" if number else "dim"
        line.append(", " if position else "").append(f"{number:,} {name}", colour)
    return line


def _table(title: str, *headings: str) -> Table:
    """Make a table; a heading that begins with ``>`` is aligned to the right."""
    table = Table(
        box=None,
        title=Text(title, "bold underline"),
        title_justify="left",
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="dim",
    )
    for heading in headings:
        right = heading.startswith(">")
        table.add_column(heading.lstrip(">"), justify="right" if right else "left", overflow="fold")
    return table


def _size(count: int | None) -> str:
    if count is None:
        return ""
    value, units = float(count), ["B", "kB", "MB", "GB", "TB", "PB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.0f} B" if units[0] == "B" else f"{value:.3g} {units[0]}"


def _age_of(moment: str | None) -> str:
    if moment is None:
        return ""
    return _age((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())


def _age(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"
