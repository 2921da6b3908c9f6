"""Ask again and again until something is done, with growing pauses and a limit."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from ccat_ops_db_client.calls import Call
from ccat_ops_db_client.client import Client
from ccat_ops_db_client.errors import ApiAwayError, ServerFailureError
from ccat_ops_db_client.policy import Bounds

from .output import notice

Answer = TypeVar("Answer")

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
# Whoever waits for a second wants to hear what is so, also from an API that is busy.
SHORTEST_ATTEMPT = 10.0
FOR_EVER = 10 * 365 * 86400.0


def answers(client: Client, call: Callable[[], Call[Answer]], timeout: float | None) -> Iterator[Answer]:
    """Yield the answer to a call, until the caller stops or the time is over.

    While the API is away the call is repeated, for as long as time is left: also while something else answers
    in its place, and after a failure of the service.

    Parameters
    ----------
    client : Client
        The client.
    call : callable
        Makes the call.
    timeout : float or None
        Seconds; null waits for ever. An answer that is under way then is awaited for up to 10 s.

    Raises
    ------
    ApiAwayError, ServerFailureError
        The API is away when the time is over, or failed at that moment.
    ApiError
        It refused.
    """
    said = False
    deadline = time.monotonic() + (FOR_EVER if timeout is None else timeout)
    pause = FIRST_PAUSE
    while True:
        left = max(deadline - time.monotonic(), 0)
        # The last attempts take no longer than there is time, or than a busy API needs for an answer.
        attempt = None if left > client.settings.read_timeout else max(left, SHORTEST_ATTEMPT)
        try:
            answer = client.send(call(), bounds=Bounds(left, attempt=attempt))
        except (ApiAwayError, ServerFailureError) as error:
            if time.monotonic() >= deadline:
                raise
            if not said:
                notice(f"{error.message}; trying again")
            said = True
        else:
            said = False
            yield answer
        left = deadline - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE)
