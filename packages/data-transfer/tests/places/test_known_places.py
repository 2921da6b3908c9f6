"""How every kind of place, real or simulated, is known by its marker, and refuses when that is gone."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from ccat_data_transfer.failures import Permanent, PlaceUnavailable
from ccat_data_transfer.storage.interface import Storage

from .conftest import expected, read, remove, upload

PATH = "2026/11/21/package.tar"
MARKER = UUID(int=1)


def test_a_marker_is_written_once_and_replaced_only_on_purpose(place: Storage) -> None:
    assert place.read_marker() is None
    assert place.is_empty()
    place.write_marker(b"one")
    first = place.read_marker()
    assert first is not None
    assert (first.content, first) == (b"one", place.read_marker())
    with pytest.raises(Permanent) as raised:
        place.write_marker(b"two")
    assert raised.value.category == "exists"
    assert place.read_marker() == first
    place.write_marker(b"two", replace=True)
    second = place.read_marker()
    assert second is not None
    assert second.content == b"two"
    assert second.identity != first.identity


def test_a_marker_is_no_object(place: Storage) -> None:
    place.write_marker(b"one")
    assert list(place.list()) == []
    assert place.is_empty()
    upload(place, PATH, b"bytes")
    assert not place.is_empty()


def _finish(place: Storage) -> None:
    upload(place, "2026/11/21/other.tar", b"other bytes")


@pytest.mark.parametrize(
    "act",
    [
        lambda place: place.put("2026/11/21/beside", b"other bytes"),
        lambda place: remove(place, PATH),
        _finish,
    ],
    ids=["put", "remove", "finish"],
)
def test_nothing_is_changed_where_the_marker_is_gone(
    place: Storage, act: Callable[[Storage], object]
) -> None:
    upload(place, PATH, b"bytes")
    place.known_by(MARKER, _is_gone)
    with pytest.raises(PlaceUnavailable):
        act(place)
    assert [info.path for info in place.list()] == [PATH]
    assert read(place, PATH) == b"bytes"


def test_what_is_written_may_be_given_up_where_the_marker_is_gone(place: Storage) -> None:
    place.known_by(MARKER, _is_gone)
    with place.open_upload(PATH, "work", expected(b"bytes")) as writing:
        writing.adopt(lambda _: None)
        writing.write(b"bytes")
        writing.discard()
    assert list(place.list()) == []


def _is_gone(storage: Storage) -> None:
    raise PlaceUnavailable(storage.location_id, "its marker is gone")
