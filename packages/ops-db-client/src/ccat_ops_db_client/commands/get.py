"""``ccat get``."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.progress import Progress, TaskID

from ccat_ops_db_client.download.get import get_member, get_package

from .options import ApiUrl, Json, Profile
from .output import print_json, say_path
from .session import connection
from .tables import byte_progress


def get(
    package: Annotated[
        str,
        typer.Argument(metavar="PACKAGE[:MEMBER]", help="Package, or one file in it by its relative path."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where to.")],
    api_url: ApiUrl = None,
    _profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Download a package as tar, or one file of it, verified; prints where it is.

    One file is read by its range of bytes, not with the whole package. After a break the same command goes on
    from where it was.
    """
    name, colon, member = package.partition(":")
    try:
        identifier = UUID(name)
    except ValueError:
        raise typer.BadParameter(f"{name!r} is not the id of a package") from None
    with connection(api_url) as client, byte_progress("getting") as progress:
        begin = _Bar(progress)
        if colon:
            target = get_member(client, identifier, member, output, begin)
        else:
            target = get_package(client, identifier, output, begin)
    if as_json:
        print_json({"path": target.absolute(), "size": target.stat().st_size})
    else:
        say_path(target)


class _Bar:
    """Begins the bar when the size is known, again if the download begins again."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID = progress.add_task("", total=None)

    def __call__(self, total: int, there: int) -> Callable[[int], None]:
        self._progress.update(self._task, total=total, completed=there)
        return lambda count: self._progress.advance(self._task, count)
