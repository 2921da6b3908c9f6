"""``ccat obs start|finish``."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from ccat_ops_db_client.calls import EndFacts
from ccat_ops_db_client.filing.sources import remember_places
from ccat_ops_db_client.recorder import Receipt
from ccat_ops_db_client.records import Execution

from .options import ApiUrl, Json, Profile, moment
from .output import duration, notice, print_json, say
from .session import recorder, tell_spooled

LARGEST_SKEW = timedelta(seconds=30)

app = typer.Typer(help="Say when an observation starts and ends.", no_args_is_help=True)


class End(StrEnum):
    """How an execution ended."""

    COMPLETED = "completed"
    ABORTED = "aborted"
    FAILED = "failed"


@app.command()
def start(
    obs_unit: Annotated[str, typer.Option("--obs-unit", metavar="NAME", help="Obs unit that is executed.")],
    module: Annotated[
        list[str],
        typer.Option("--module", metavar="MODULE", help="Instrument module that takes part; repeat."),
    ],
    started_at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When it started: 2026-11-21T04:05:06Z; the time zone is needed.",
            show_default="now",
        ),
    ] = None,
    execution_id: Annotated[
        UUID | None,
        typer.Option(
            "--id", metavar="UUID", help="Id of your own (UUIDv7), so that the command can be repeated."
        ),
    ] = None,
    api_url: ApiUrl = None,
    _profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Start an observation; prints the execution's id."""
    moment_given = moment(started_at)
    with recorder(api_url) as recording:
        identifier, receipt = recording.start(
            obs_unit, module, started_at=moment_given, execution_id=execution_id
        )
        _tell(identifier, receipt, as_json=as_json)
        if moment_given is None and execution_id is None:
            _tell_of_the_clock(receipt)
        if not receipt.spooled:
            remember_places(recording)


@app.command()
def finish(
    execution: Annotated[UUID, typer.Argument(metavar="ID", help="Execution.")],
    status: Annotated[End, typer.Option(help="How it ended.")] = End.COMPLETED,
    ended_at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When it ended: 2026-11-21T04:05:06Z; the time zone is needed.",
            show_default="now",
        ),
    ] = None,
    mean_pwv: Annotated[
        float | None, typer.Option(metavar="MM", help="Mean precipitable water vapour.")
    ] = None,
    elevation_min: Annotated[
        float | None, typer.Option(metavar="DEGREES", help="Smallest elevation.")
    ] = None,
    elevation_max: Annotated[float | None, typer.Option(metavar="DEGREES", help="Largest elevation.")] = None,
    azimuth_min: Annotated[float | None, typer.Option(metavar="DEGREES", help="Smallest azimuth.")] = None,
    azimuth_max: Annotated[float | None, typer.Option(metavar="DEGREES", help="Largest azimuth.")] = None,
    comment: Annotated[str | None, typer.Option(help="Remark of the observer.")] = None,
    api_url: ApiUrl = None,
    _profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Finish an observation; all its files are packaged then."""
    facts: EndFacts = {
        "mean_pwv": mean_pwv,
        "elevation_min": elevation_min,
        "elevation_max": elevation_max,
        "azimuth_min": azimuth_min,
        "azimuth_max": azimuth_max,
        "comment": comment,
    }
    moment_given = moment(ended_at)
    with recorder(api_url) as recording:
        receipt = recording.finish(execution, status.value, ended_at=moment_given, **facts)
        _tell(execution, receipt, as_json=as_json)


def _tell_of_the_clock(receipt: Receipt[Execution]) -> None:
    """Say that the clock here, whose time the start has, is not that of the API, which was told just now."""
    started = receipt.answer
    if started is None or started.start_received_at is None:
        return
    ahead = started.started_at - started.start_received_at
    if abs(ahead) > LARGEST_SKEW:
        off = f"{duration(abs(ahead).total_seconds())} {'ahead of' if ahead > timedelta() else 'behind'}"
        notice(
            f"the clock of this computer is {off} that of the API, and the start has its time;"
            " set it right, or give --started-at and --ended-at"
        )


def _tell(identifier: UUID, receipt: Receipt[Execution], *, as_json: bool) -> None:
    if receipt.spooled:
        tell_spooled("the request is", receipt.reason)
    if as_json:
        known = receipt.answer.model_dump(mode="json") if receipt.answer else {}
        print_json({"id": str(identifier), **known, "spooled": receipt.spooled})
    else:
        say(str(identifier))
