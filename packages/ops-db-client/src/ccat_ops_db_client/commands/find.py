"""``ccat find``."""

from itertools import islice
from typing import Annotated

import typer
from rich.text import Text

from ccat_ops_db_client.records import Execution

from .options import ApiUrl, Json, Profile, moment_or_age
from .output import duration, notice, print_json, say, time
from .session import connection
from .tables import print_table, state


def find(
    obs_unit: Annotated[str | None, typer.Option(metavar="NAME", help="Obs unit.")] = None,
    instrument: Annotated[str | None, typer.Option(metavar="ID", help="Instrument.")] = None,
    program: Annotated[str | None, typer.Option(metavar="ID", help="Observing program.")] = None,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Astronomical source.")] = None,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="running, completed, aborted or failed.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Started then or later: a time with zone, or an age, 7d."),
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Started before then.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Show at most so many, newest first.")] = 50,
    api_url: ApiUrl = None,
    _profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Find executions, newest first."""
    filters = {
        "obs_unit": obs_unit,
        "instrument": instrument,
        "program": program,
        "source": source,
        "status": status,
        "since": moment_or_age(since),
        "until": moment_or_age(until),
    }
    with connection(api_url) as client:
        found = list(
            islice(client.executions(**filters, sort="-started_at", limit=min(limit + 1, 1000)), limit + 1)
        )
    shown = found[:limit]
    if as_json:
        print_json(shown)
    elif not shown:
        say("no execution fits")
    else:
        print_table(
            ["=EXECUTION", "=STARTED (UTC)", ">DURATION", "=STATUS", "OBS UNIT", "MODULES"],
            [_row(execution) for execution in shown],
        )
    if len(found) > limit:
        notice(f"there are more than {limit}; raise --limit")


def _row(execution: Execution) -> list[Text | str]:
    ended = execution.ended_at
    return [
        str(execution.id),
        time(execution.started_at),
        duration((ended - execution.started_at).total_seconds()) if ended else "",
        state(execution.status),
        execution.obs_unit,
        ", ".join(execution.modules),
    ]
