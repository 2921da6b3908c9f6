"""Waiting for something slow without falling silent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from ccat_data_transfer.storage.interface import Waiting

_SECONDS = 0.5

Result = TypeVar("Result")


def run_reporting(action: Callable[[], Result], waiting: Waiting | None) -> Result:
    """Do something in a thread of its own and return its result, calling `waiting` meanwhile.

    An exception of `waiting` is raised at once; the action then goes on unobserved.
    """
    if waiting is None:
        return action()
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(action())
        except BaseException as error:  # handed over to the caller
            future.set_exception(error)

    threading.Thread(target=run, name="reporting-wait", daemon=True).start()
    return await_result(future, waiting)


def await_result(future: Future[Result], waiting: Waiting | None) -> Result:
    """Return the result of a future, calling `waiting` meanwhile."""
    if waiting is not None:
        while not wait([future], timeout=_SECONDS).done:
            waiting()
    return future.result()
