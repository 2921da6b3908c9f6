"""Ask again and again until something is done, with growing pauses and a limit."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from ccat_ops_db_client.calls import Call
from ccat_ops_db_client.client import Client

Answer = TypeVar("Answer")

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
FOR_EVER = 10 * 365 * 86400.0


def answers(client: Client, call: Callable[[], Call[Answer]], timeout: float | None) -> Iterator[Answer]:
    """Yield the answer to a call, until the caller stops or the time is over.

    While the API is away the call is repeated, for as long as time is left.

    Parameters
    ----------
    client : Client
        The client.
    call : callable
        Makes the call.
    timeout : float or None
        Seconds; null waits for ever.

    Raises
    ------
    ApiAwayError
        The API is away when the time is over.
    ApiError
        It refused.
    """
    deadline = time.monotonic() + (FOR_EVER if timeout is None else timeout)
    pause = FIRST_PAUSE
    while True:
        left = deadline - time.monotonic()
        yield client.send(call(), retry_seconds=max(left, 0))
        left = deadline - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE)
