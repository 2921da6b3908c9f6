"""One answer for all who ask: made once, however many ask at once, and given to all for a few seconds.

Only what depends on nobody who asks may be kept: whether somebody may see it is found out before.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from ccat_ops_db.clock import Clock

Answer = TypeVar("Answer")


class KeptAnswer(Generic[Answer]):
    """The latest answer to a question that many ask, in this process.

    Parameters
    ----------
    clock : Clock
        Source of time.
    seconds : float
        Longest age of an answer, counted from when it was begun.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._kept: tuple[float, Answer] | None = None
        self._making: asyncio.Task[Answer] | None = None

    async def get(self, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the kept answer, or the one that is being made, or have it made.

        It goes on to be made for the others if who asked first goes away. A failure is kept for nobody: all
        who wait for it get it, and who asks then has the answer made anew.
        """
        if self._kept is not None and self._clock.monotonic() < self._kept[0]:
            return self._kept[1]
        if self._making is None:
            self._making = asyncio.create_task(self._make(make))
        return await asyncio.shield(self._making)

    async def _make(self, make: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            ends = self._clock.monotonic() + self._seconds
            answer = await make()
            self._kept = (ends, answer)
            return answer
        finally:
            self._making = None
