"""Options that several commands share, and how their text is read."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

ApiUrl = Annotated[
    str | None,
    typer.Option(
        "--api-url", metavar="URL", help="Address of the API; wins over CCAT_API_URL.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ExecutionId = Annotated[
    UUID, typer.Option("--execution", metavar="ID", help="Execution, as `ccat obs start` printed it.")
]
Timeout = Annotated[
    float | None,
    typer.Option("--timeout", min=0, metavar="SECONDS", help="Give up after so long.", show_default="never"),
]

_AGE = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str | None) -> datetime | None:
    """Read a time with its zone.

    Raises
    ------
    typer.BadParameter
        It is no time, or has no zone.
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a time; write it like 2026-11-21T04:05:06Z") from None
    if time.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no time zone; write it like 2026-11-21T04:05:06Z")
    return time


def moment_or_age(text: str | None) -> datetime | None:
    """Read a time with its zone, or an age such as ``7d`` or ``12h``.

    Raises
    ------
    typer.BadParameter
        It is neither.
    """
    if text is not None and (age := _AGE.fullmatch(text.strip())):
        try:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        except OverflowError:
            raise typer.BadParameter(f"{text!r} is before the calendar begins") from None
    return moment(text)
