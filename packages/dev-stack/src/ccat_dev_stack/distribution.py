"""Who of several pytest processes runs which test, and in which order (for pytest-xdist).

Two lists in the configuration of pytest, both of beginnings of node ids, say what it cannot know:

``in_one_process``
    All tests with such a beginning run in one process, in their order, from the start of the run: they share
    something that only one process can have.
``started_first``
    Tests that take long. Started at the end, each would run for itself while the other processors idle.

Everything else goes, one test at a time, to whoever has time. Tests are known by their place in the
collection: those of one generated name are as many tests as there are.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScheduling

HANDED_OUT = 3
"""Tests that a process has at most: the one that runs, the next, which pytest has to know, and one to begin
with while the next but one is on its way."""


class KnownOrder(LoadScheduling):  # type: ignore[misc]  # pytest-xdist has no types of its own
    """Gives out single tests in the order of `order_of`; keeps what belongs together together.

    Groups by mark (``--dist loadgroup``) do nothing with pytest-xdist 3.8 on pytest 9.2.
    """

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self.collection: list[str] | None
        self._together: Sequence[str] = config.getini("in_one_process")
        self._first: Sequence[str] = config.getini("started_first")
        self._owners: dict[str, Any] = {}

    def schedule(self) -> None:
        """Give every process its first tests, or more if it is the second call."""
        if self.collection is None:
            if not self._check_nodes_have_same_collection():
                return
            collection: list[str] = next(iter(self.node2collection.values()))
            self.collection = collection
            self.pending[:] = order_of(collection, self._together, self._first)
        # One each before anybody gets a second: the longest are spread.
        for most in range(1, HANDED_OUT + 1):
            for node in self.nodes:
                self._fill_up(node, most)
        for node in self.nodes:
            self._end_without_work(node)

    def check_schedule(self, node: Any, duration: float = 0) -> None:
        """Give a process more to do, if there is anything."""
        self._fill_up(node, HANDED_OUT)
        self._end_without_work(node)

    def remove_node(self, node: Any) -> str | None:
        """Forget a process that ended; what it had is for others."""
        self._owners = {group: owner for group, owner in self._owners.items() if owner is not node}
        crashed: str | None = super().remove_node(node)
        return crashed

    def _fill_up(self, node: Any, most: int) -> None:
        while not node.shutting_down and len(self.node2pending[node]) < most:
            index = self._next_for(node)
            if index is None:
                return
            self.pending.remove(index)
            self.node2pending[node].append(index)
            node.send_runtest_some([index])

    def _next_for(self, node: Any) -> int | None:
        collection = self.collection or []
        for index in self.pending:
            group = _beginning(collection[index], self._together)
            if group is None:
                return int(index)
            if self._owners.setdefault(group, node) is node:
                return int(index)
        return None

    def _end_without_work(self, node: Any) -> None:
        if not node.shutting_down and self._next_for(node) is None:
            node.shutdown()


def order_of(collection: Sequence[str], together: Sequence[str], first: Sequence[str]) -> list[int]:
    """Return the places of all tests of a collection in the order in which they are to start.

    Parameters
    ----------
    collection
        Node ids, of which several may be the same.
    together
        Beginnings of ids of tests that run in one process: these start before all others.
    first
        Beginnings of ids of tests that take long: these come next, in the order of the beginnings.
    """
    beginnings = [*together, *first]

    def rank(index: int) -> int:
        beginning = _beginning(collection[index], beginnings)
        return len(beginnings) if beginning is None else beginnings.index(beginning)

    return sorted(range(len(collection)), key=rank)


def _beginning(node_id: str, beginnings: Sequence[str]) -> str | None:
    return next((beginning for beginning in beginnings if node_id.startswith(beginning)), None)
