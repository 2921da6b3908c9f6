"""What the contract of the API never takes is refused here: while the API is away it would be kept."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from .errors import CcatError

FIRST_YEAR, LAST_YEAR = 1900, 2200
LONGEST_NAME = 200
LONGEST_COMMENT = 10_000
MOST_MODULES = 100

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ANGLES = {
    **dict.fromkeys(("elevation_min", "elevation_max"), (-90, 90)),
    **dict.fromkeys(("azimuth_min", "azimuth_max"), (-720, 720)),
}
_RANGES = {"mean_pwv": (0, 1000), **_ANGLES}


def check_start(obs_unit: str, modules: Sequence[str]) -> None:
    """Refuse a start that can never be recorded.

    Raises
    ------
    CcatError
        A name can be none, no module is named, too many are, or one is named twice.
    """
    if isinstance(modules, str):
        raise TypeError("modules is a list of names, not one name")
    if not 1 <= len(modules) <= MOST_MODULES or len(set(modules)) < len(modules):
        raise CcatError(
            f"modules must name one module or more, at most {MOST_MODULES}, each once",
            "name those that take part",
        )
    for field, name in [("obs_unit", obs_unit), *(("modules", module) for module in modules)]:
        if not 1 <= len(name) <= LONGEST_NAME or _CONTROL.search(name):
            raise CcatError(
                f"{field}: {name[:LONGEST_NAME]!r} can be no name",
                f"give one line of 1 to {LONGEST_NAME} characters",
            )


def check_end(facts: Mapping[str, object]) -> None:
    """Refuse facts of an end that can never be recorded.

    Raises
    ------
    CcatError
        A number is outside of its range or larger than its largest, or the comment is too long.
    """
    for name, (least, most) in _RANGES.items():
        value = facts.get(name)
        # Also what is no number at all.
        if value is not None and not least <= value <= most:  # type: ignore[operator]
            raise CcatError(f"{name} is {value}", f"give a finite number from {least} to {most}")
    for of in ("elevation", "azimuth"):
        smallest, largest = facts.get(f"{of}_min"), facts.get(f"{of}_max")
        if smallest is not None and largest is not None and smallest > largest:  # type: ignore[operator]
            raise CcatError(f"{of}_min, {smallest}, is larger than {of}_max, {largest}", "exchange them")
    comment = facts.get("comment")
    if isinstance(comment, str) and (len(comment) > LONGEST_COMMENT or "\0" in comment):
        raise CcatError(
            "the comment is too long, or has a NUL character", f"write at most {LONGEST_COMMENT} characters"
        )


def check_id(identifier: UUID) -> None:
    """Refuse an id that can be none of an execution.

    Raises
    ------
    CcatError
        It is no UUIDv7.
    """
    if identifier.version != 7:
        raise CcatError(
            f"id: {identifier} is no UUIDv7, so it can be none of an execution", "make another one"
        )


def check_time(moment: datetime) -> None:
    """Refuse a time that somebody gave and that can never be recorded.

    Raises
    ------
    CcatError
        It is in another age.
    """
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise CcatError(
            f"the time {moment} is not between the years {FIRST_YEAR} and {LAST_YEAR}", "correct it"
        )
