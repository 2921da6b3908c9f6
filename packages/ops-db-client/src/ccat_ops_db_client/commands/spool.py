"""``ccat spool status|replay|discard``."""

from itertools import chain, islice
from typing import Annotated

import typer
from rich.text import Text

from ccat_ops_db_client import spool_listing as listing
from ccat_ops_db_client.errors import CcatError
from ccat_ops_db_client.paths import shown
from ccat_ops_db_client.settings import load_settings
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_listing import Counts, Entry

from .options import ApiUrl, Json, Profile
from .output import counted, number, print_json, print_json_with_lists, say, size, time
from .session import recorder
from .tables import print_table

ROWS_SHOWN = 50
LETTERS_SHOWN = 500

_STYLES = {
    "refused": Text("refused", style="red"),
    "parked": Text("parked", style="yellow"),
    "held": Text("held", style="yellow"),
    "waiting": Text("waiting"),
}

app = typer.Typer(help="Requests that wait on this machine while the API is away.", no_args_is_help=True)


@app.command()
def status(api_url: ApiUrl = None, _profile: Profile = None, as_json: Json = False) -> None:
    """Show what waits and why, and what was refused. Exit status 1 if something was refused or is parked."""
    settings = load_settings(api_url)
    spool = Spool(settings.spool_folder)
    count, away, unreadable = listing.counts(spool), spool.away(settings.api_url), spool.unreadable()
    if as_json:
        print_json_with_lists(
            {
                "folder": spool.folder,
                "away": {"since": away.since.isoformat(), "reason": away.reason} if away else None,
                "unreadable": unreadable,
            },
            {"waiting": map(_plain, listing.waiting(spool)), "refused": map(_plain, listing.refused(spool))},
        )
    else:
        say(
            f"{shown(spool.folder)}: {counted(count.waiting, 'request')} waiting,"
            f" {number(count.parked)} of them parked, {number(count.refused)} refused"
        )
        if away:
            say(f"away since {time(away.since)}: {away.reason}")
        _print_first(spool, count)
    if unreadable:
        raise CcatError(
            f"{len(unreadable)} files of the spool could not be read: {', '.join(map(shown, unreadable))}",
            "what could be read of them waits; look at them, then move them away",
        )
    if count.refused:
        raise CcatError(
            f"{counted(count.refused, 'request')} refused by the API",
            "mend the cause and run ccat spool replay --refused, or drop them with ccat spool discard NUMBER",
        )
    if count.parked:
        raise CcatError(
            f"{counted(count.parked, 'request')} parked: the service failed at it for an hour",
            "tell the operators, then run ccat spool replay",
        )


@app.command()
def replay(
    refused: Annotated[bool, typer.Option("--refused", help="Send refused requests again, too.")] = False,
    written_for: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Send what waits for this old address of the API to the present one."
        ),
    ] = None,
    api_url: ApiUrl = None,
    _profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Send what waits, in order, also what is held or parked. Exit status 1 if something is left."""
    with recorder(api_url) as recording:
        settings = recording.client.settings
        if written_for is not None:
            recording.spool.readdress(load_settings(written_for).api_url, settings.api_url)
        if refused:
            recording.spool.take_back_refused()
        recording.spool.release_lanes(settings.api_url)
        done = recording.replay(lock_seconds=settings.retry_seconds)
        waiting = recording.spool.addresses()
    if as_json:
        print_json({"sent": done.sent, "refused": done.refused, "waiting": done.waiting})
    else:
        say(f"{number(done.sent)} sent, {number(done.refused)} refused, {number(done.waiting)} wait")
        for url, count in waiting.items():
            if url != settings.api_url:
                say(f"{number(count)} for {url} stay: ccat spool replay --written-for {url} sends them here")
    if done.stopped_by is not None:
        raise done.stopped_by
    if done.refused or done.waiting:
        raise CcatError("not everything was sent", "see: ccat spool status")


@app.command()
def discard(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Request, as in ccat spool status.")],
    api_url: ApiUrl = None,
    _profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Drop a request for good."""
    removed = Spool(load_settings(api_url).spool_folder).remove(number)
    if as_json:
        print_json({"discarded": removed})
    if not removed:
        raise CcatError(f"there is no request {number} in the spool", "see: ccat spool status")


def _print_first(spool: Spool, count: Counts) -> None:
    first = list(islice(chain(listing.refused(spool), listing.waiting(spool)), ROWS_SHOWN))
    if first:
        print_table(
            [">NUMBER", "SPOOLED (UTC)", "REQUEST", ">SIZE", "API", "STATE", "BECAUSE"],
            [_row(entry) for entry in first],
        )
    if count.waiting + count.refused > ROWS_SHOWN:
        say(f"and {number(count.waiting + count.refused - ROWS_SHOWN)} more; --json shows all")


def _row(request: Entry) -> list[Text | str]:
    return [
        str(request.sequence),
        time(request.spooled_at),
        request.path,
        size(request.size),
        request.api_url,
        _STYLES[_state(request)],
        _shortened(request.refusal or request.held_because or ""),
    ]


def _shortened(text: str) -> str:
    if len(text) <= LETTERS_SHOWN:
        return text
    return f"{text[:LETTERS_SHOWN]}... (--json shows all)"


def _state(request: Entry) -> str:
    if request.refusal is not None:
        return "refused"
    if request.parked:
        return "parked"
    return "waiting" if request.held_because is None else "held"


def _plain(request: Entry) -> dict[str, object]:
    return {
        "number": request.sequence,
        "api_url": request.api_url,
        "path": request.path,
        "size": request.size,
        "spooled_at": request.spooled_at.isoformat(),
        "execution": request.lane,
        "state": _state(request),
        "refusal": request.refusal,
        "held_because": request.held_because,
    }
