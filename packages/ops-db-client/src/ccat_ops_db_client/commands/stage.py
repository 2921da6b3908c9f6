"""``ccat stage``."""

from typing import Annotated
from uuid import UUID

import typer

from ccat_ops_db_client import calls
from ccat_ops_db_client.client import Client
from ccat_ops_db_client.errors import CcatError
from ccat_ops_db_client.records import StagingJob

from .options import ApiUrl, Json, Profile, Timeout
from .output import print_json, say, size
from .polling import answers
from .session import connection
from .tables import byte_progress

_ENDED = frozenset({"completed", "failed", "cancelled"})


def stage(
    to: Annotated[str, typer.Option("--to", metavar="LOCATION", help="Processing location.")],
    execution: Annotated[UUID | None, typer.Option(metavar="ID", help="All data of an execution.")] = None,
    package: Annotated[UUID | None, typer.Option(metavar="ID", help="One package.")] = None,
    file: Annotated[UUID | None, typer.Option(metavar="ID", help="One file.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the data are there.")] = False,
    timeout: Timeout = None,
    keep: Annotated[
        int | None, typer.Option(min=1, metavar="SECONDS", help="Keep the data there for so long.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for the record.")] = None,
    api_url: ApiUrl = None,
    _profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Bring data to a processing location: verified, unpacked, with their original names and times.

    Prints the job's id; with --wait the folder of the data, when they are there.
    """
    if sum(subject is not None for subject in (execution, package, file)) != 1:
        raise typer.BadParameter("give exactly one of --execution, --package and --file")
    with connection(api_url) as client:
        job = client.stage(
            to, execution_id=execution, package_id=package, file_id=file, time_to_live=keep, reason=reason
        )
        if wait:
            job = _last_state(client, job, timeout)
    if as_json:
        print_json(job)
    elif not wait:
        say(str(job.id))
    elif job.state == "completed":
        say(job.folder or str(job.id))
    if wait and job.state != "completed":
        raise _not_staged(job)


def _last_state(client: Client, job: StagingJob, timeout: float | None) -> StagingJob:
    with byte_progress("staging") as display:
        task = display.add_task("", total=job.bytes_total)
        for state in answers(client, lambda: calls.staging_job(job.id), timeout):
            display.update(task, completed=state.bytes_done, total=state.bytes_total)
            if state.state in _ENDED:
                break
    return state


def _not_staged(job: StagingJob) -> CcatError:
    errors = [item.error_message for item in job.items if item.error_message]
    if job.state in _ENDED:
        return CcatError(
            f"staging job {job.id} {job.state}: {'; '.join(errors) or 'no message'}", _remedy(job)
        )
    reasons = ", ".join(dict.fromkeys(item.waiting_reason for item in job.items if item.waiting_reason))
    done = f"{size(job.bytes_done)} of {size(job.bytes_total) or 'unknown size'}"
    waiting = f"; waiting: {reasons}" if reasons else ""
    return CcatError(f"staging job {job.id} is {job.state}, {done}{waiting}; it goes on", _remedy(job))


def _remedy(job: StagingJob) -> str:
    return f"see: ccat why {job.id}"
