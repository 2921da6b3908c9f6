"""Asking a place that may never answer, as a file system does whose server is gone."""

import threading
from collections.abc import Callable
from typing import TypeVar

from ccat_data_transfer.failures import PlaceUnavailable

LONGEST = 10.0
"""Seconds after which a place counts as away."""

Answer = TypeVar("Answer")


def answer_in_time(location_id: str, ask: Callable[[], Answer]) -> Answer:
    """Return what a call returns, or raise what it raises; it is left behind if it hangs.

    Raises
    ------
    PlaceUnavailable
        There was no answer in time.
    """
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(ask())
        except BaseException as error:
            errors.append(error)

    asking = threading.Thread(target=run, name=f"ask-{location_id}", daemon=True)
    asking.start()
    asking.join(LONGEST)
    if asking.is_alive():
        raise PlaceUnavailable(location_id, f"no answer in {LONGEST:.0f} s; check its server and its mount")
    if errors:
        raise errors[0]
    return answers[0]
