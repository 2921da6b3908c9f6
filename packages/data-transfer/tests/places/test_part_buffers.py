"""Memory of transfers to and from stores: bounded together, and none waits for another for ever."""

from __future__ import annotations

import random
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from ccat_data_transfer.storage.interface import MEBIBYTE
from ccat_data_transfer.storage.part_buffers import PartBuffers
from ccat_data_transfer.storage.s3 import S3Storage

from .conftest import read, upload

CONTENT = random.Random(13).randbytes(28 * MEBIBYTE)


def test_room_is_for_all_together() -> None:
    buffers = PartBuffers(3)
    first = buffers.take(2)
    assert buffers.take_if_room(2) is None
    assert buffers.take_if_room(1) is not None
    buffers.give_back(first)
    assert buffers.take_if_room(2) is not None


def test_who_has_none_always_gets_one() -> None:
    buffers = PartBuffers(1)
    taken = [buffers.take(2) for _ in range(3)]
    buffers.give_back(taken.pop())
    assert buffers.take_if_room(1) is None


def test_a_buffer_is_used_again_but_not_kept_for_nothing() -> None:
    buffers = PartBuffers(4)
    first, second = buffers.take(2), buffers.take(2)
    buffers.give_back(second)
    assert buffers.take(2) is second
    for buffer in (first, second):
        buffers.give_back(buffer)
    assert buffers.kept_bytes == 0


def test_a_buffer_in_use_comes_back_later() -> None:
    buffers = PartBuffers(2)
    using: Future[None] = Future()
    buffers.give_back_after(using, buffers.take(2))
    assert buffers.take_if_room(1) is None
    using.set_result(None)
    assert buffers.take_if_room(1) is not None


@pytest.mark.parametrize("room", [1, 48 * MEBIBYTE])
def test_transfers_at_once_all_end_and_give_everything_back(seaweedfs: S3Storage, room: int) -> None:
    """With room for one byte each has a single buffer."""
    buffers = seaweedfs._buffers = PartBuffers(room)
    names = [f"2026/{number}.tar" for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda name: upload(seaweedfs, name, CONTENT), names))
        assert set(threads.map(lambda name: read(seaweedfs, name), names)) == {CONTENT}
    assert buffers.taken_bytes == 0
