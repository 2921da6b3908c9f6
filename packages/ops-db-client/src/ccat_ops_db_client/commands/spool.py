"""``ccat spool status|replay|discard``."""

from typing import Annotated

import typer
from rich.text import Text

from ccat_ops_db_client.errors import CcatError
from ccat_ops_db_client.settings import load_settings
from ccat_ops_db_client.spool import Spool, SpooledRequest

from .options import ApiUrl, Json
from .output import number, print_json, print_table, say, size, time
from .session import recorder

app = typer.Typer(help="Requests that wait on this machine while the API is away.", no_args_is_help=True)


@app.command()
def status(api_url: ApiUrl = None, as_json: Json = False) -> None:
    """Show what waits and what was refused. Exit status 1 if something was refused."""
    spool = Spool(load_settings(api_url).spool_folder)
    waiting, refused = spool.waiting(), spool.refused()
    if as_json:
        print_json(
            {
                "folder": str(spool.folder),
                "waiting": [_plain(request) for request in waiting],
                "refused": [_plain(request) for request in refused],
            }
        )
    else:
        say(f"{spool.folder}: {number(len(waiting))} requests wait, {number(len(refused))} were refused")
        if waiting or refused:
            print_table(
                [">NUMBER", "SPOOLED (UTC)", "REQUEST", ">SIZE", "API", "REFUSED BECAUSE"],
                [_row(request) for request in [*refused, *waiting]],
            )
    if refused:
        raise CcatError(
            f"{number(len(refused))} requests were refused",
            "mend the cause and run ccat spool replay --refused, or drop them with ccat spool discard NUMBER",
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
    as_json: Json = False,
) -> None:
    """Send what waits, in order. Exit status 1 if something is left."""
    with recorder(api_url) as recording:
        settings = recording.client.settings
        if written_for is not None:
            recording.spool.readdress(load_settings(written_for).api_url, settings.api_url)
        if refused:
            recording.spool.take_back_refused()
        done = recording.replay(lock_seconds=settings.retry_seconds)
    if as_json:
        print_json({"sent": done.sent, "refused": done.refused, "waiting": done.waiting})
    else:
        say(f"{number(done.sent)} sent, {number(done.refused)} refused, {number(done.waiting)} wait")
    if done.stopped_by is not None:
        raise done.stopped_by
    if done.refused or done.waiting:
        raise CcatError("not everything was sent", "see: ccat spool status")


@app.command()
def discard(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Request, as in ccat spool status.")],
    api_url: ApiUrl = None,
    as_json: Json = False,
) -> None:
    """Drop a request for good."""
    removed = Spool(load_settings(api_url).spool_folder).remove(number)
    if as_json:
        print_json({"discarded": removed})
    if not removed:
        raise CcatError(f"there is no request {number} in the spool", "see: ccat spool status")


def _row(request: SpooledRequest) -> list[Text | str]:
    return [
        str(request.sequence),
        time(request.spooled_at),
        request.path,
        size(len(request.body)),
        request.api_url,
        Text(request.refusal or "", style="red"),
    ]


def _plain(request: SpooledRequest) -> dict[str, object]:
    return {
        "number": request.sequence,
        "api_url": request.api_url,
        "path": request.path,
        "size": len(request.body),
        "spooled_at": request.spooled_at.isoformat(),
        "refusal": request.refusal,
    }
