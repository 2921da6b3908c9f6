"""Reconciling resources again and again: at once when something changed, else at their interval.

kopf's timers would do, but they put a finalizer on every resource: a site could not be uninstalled without
its operator. Nothing here has to be undone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any

import structlog

from ccat_operator.handlers.cluster import ClusterError

Look = Callable[[str], Awaitable[float]]
"""Looks at a resource by its key; returns after how many seconds it is due again."""
AFTER_FAILURE = 3.0
"""Seconds after a look that broke off."""


class ReconcileLoops:
    """The reconcile loops of one kind of resource, a task for each resource."""

    def __init__(self, look: Look) -> None:
        self.bodies: dict[str, Mapping[str, Any]] = {}
        """By key, as the API server gave them last."""
        self._look = look
        self._marks: dict[str, Hashable] = {}
        self._refused: dict[str, int] = {}
        """Status with which the API server refused the last look; 0 if it did not answer."""
        self._woken: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def seen(self, key: str, body: Mapping[str, Any], mark: Hashable) -> None:
        """Take a resource's news; it is looked at if its mark is another than before.

        Parameters
        ----------
        key
            Namespace and name.
        body
            The whole resource.
        mark
            Of all in it that somebody may change: what the operator writes itself is not part of it.
        """
        self.bodies[key] = body
        if key not in self._tasks:
            self._woken[key] = asyncio.Event()
            self._tasks[key] = asyncio.create_task(self._run(key), name=f"reconcile loop of {key}")
        if self._marks.get(key) != mark:
            self._marks[key] = mark
            self.wake(key)

    def wrote(self, key: str, status: Mapping[str, Any]) -> None:
        """Note the status that was written: the watch may take a while to tell it."""
        if key in self.bodies:
            self.bodies[key] = {**self.bodies[key], "status": status}

    def gone(self, key: str) -> None:
        """Look at a resource no longer."""
        self.bodies.pop(key, None)
        self._marks.pop(key, None)
        self._refused.pop(key, None)
        self._woken.pop(key, None)
        if task := self._tasks.pop(key, None):
            task.cancel()

    def wake(self, key: str) -> None:
        """Look at a resource now, if it is known."""
        if key in self._woken:
            self._woken[key].set()

    async def stop(self) -> None:
        """Look at nothing any more."""
        tasks = [*self._tasks.values()]
        for key in [*self._tasks]:
            self.gone(key)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: str) -> None:
        woken, log = self._woken[key], structlog.get_logger()
        while True:
            woken.clear()
            try:
                pause = await self._look(key)
                if self._refused.pop(key, None) is not None:
                    log.info("cluster.answers", resource=key)
            except ClusterError as error:
                # Once per outage: a line each time would fill a disk before somebody looks.
                if self._refused.get(key) != error.status:
                    log.warning("cluster.refused", resource=key, status=error.status, reason=str(error))
                self._refused[key] = error.status
                pause = AFTER_FAILURE
            except Exception:
                log.exception("reconcile.broke_off", resource=key)
                pause = AFTER_FAILURE
            try:
                await asyncio.wait_for(woken.wait(), pause)
            except TimeoutError:
                continue
