"""Waiting for a condition, with a limit and a message that says what was seen last."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


class NotInTimeError(AssertionError):
    """A condition did not come true within its limit."""


def wait_for(
    what: str,
    look: Callable[[], Value],
    fits: Callable[[Value], object],
    limit_seconds: float = 120.0,
    first_pause: float = 0.05,
) -> Value:
    """Look until what is seen fits; return it.

    Raises
    ------
    NotInTimeError
        It did not within the limit; the message has what was seen last.
    """
    deadline = time.monotonic() + limit_seconds
    pause = first_pause
    while True:
        seen = look()
        if fits(seen):
            return seen
        if time.monotonic() > deadline:
            raise NotInTimeError(f"{what}: not within {limit_seconds:g} s; seen last: {seen!r}"[:4000])
        time.sleep(pause)
        pause = min(pause * 1.5, 10 * first_pause)


def wait_until(what: str, condition: Callable[[], object], limit_seconds: float = 120.0) -> None:
    """Look until a condition holds.

    Raises
    ------
    NotInTimeError
        It did not within the limit.
    """
    wait_for(what, condition, bool, limit_seconds)
