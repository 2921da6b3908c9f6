"""``ccat wait``."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from ccat_ops_db_client import calls
from ccat_ops_db_client.client import Client
from ccat_ops_db_client.errors import CcatError
from ccat_ops_db_client.records import Progress
from ccat_ops_db_client.terminal_text import printable

from .options import ApiUrl, ExecutionId, Json, Profile, Timeout
from .output import counted, print_json, say, size
from .polling import answers
from .session import connection
from .tables import waiting_progress


class Goal(StrEnum):
    """What is waited for."""

    ARCHIVED = "archived"
    REMOVED_AT_SOURCE = "removed-at-source"


def wait(
    execution: ExecutionId,
    goal: Annotated[Goal, typer.Option("--for", help="What to wait for.")],
    timeout: Timeout = None,
    api_url: ApiUrl = None,
    _profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Wait until the data of an execution are archived, or removed at the source.

    Exit status 0 when it is so; 1 when the time is over or something was given up.
    """
    with connection(api_url) as client:
        progress = _last_progress(client, execution, goal, timeout)
    if as_json:
        print_json(progress)
    elif _reached(progress, goal):
        say(
            f"{goal}: {counted(progress.files, 'file')}, {size(progress.bytes)},"
            f" {counted(progress.packages, 'package')}"
        )
    if not _reached(progress, goal):
        raise _not_reached(progress, goal, timeout)


def _last_progress(client: Client, execution: UUID, goal: Goal, timeout: float | None) -> Progress:
    with waiting_progress() as display:
        task = display.add_task("", total=None)
        for progress in answers(client, lambda: calls.progress(execution), timeout):
            done = (
                progress.packages_archived if goal is Goal.ARCHIVED else progress.packages_removed_at_source
            )
            display.update(
                task,
                description=printable(_description(progress)),
                completed=done,
                total=progress.packages or None,
            )
            if _reached(progress, goal) or progress.failed:
                break
    return progress


def _reached(progress: Progress, goal: Goal) -> bool:
    return progress.archived if goal is Goal.ARCHIVED else progress.removed_at_source


def _description(progress: Progress) -> str:
    packages = f"{progress.packages_archived} of {counted(progress.packages, 'package')} archived"
    if progress.status == "running":
        return f"execution is running; {packages}"
    reasons = ", ".join(dict.fromkeys(waiting.reason for waiting in progress.waiting))
    return f"{packages}; waiting: {reasons}" if reasons else packages


def _not_reached(progress: Progress, goal: Goal, timeout: float | None) -> CcatError:
    if progress.failed:
        first = progress.failed[0]
        more = f" (and {len(progress.failed) - 1} more)" if len(progress.failed) > 1 else ""
        return CcatError(
            f"{first.subject_type} {first.subject_id} was given up: {first.message or 'no message'}{more}",
            f"mend the cause, then retry it; see: ccat why {first.subject_id}",
        )
    remedy = f"see: ccat why {progress.id}"
    if progress.status == "running":
        remedy = f"finish the execution first: ccat obs finish {progress.id}"
    detail = next((f" ({waiting.detail})" for waiting in progress.waiting if waiting.detail), "")
    return CcatError(f"not {goal} after {timeout:g} s: {_description(progress)}{detail}", remedy)
