"""The client's rule about paths is the service's."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccat_ops_db.paths import validate_relative_path
from ccat_ops_db_client.errors import PathError
from ccat_ops_db_client.paths import check_relative_path

HOSTILE = [
    "",
    ".ccat-place.json",
    "/a",
    "../a",
    "a/../b",
    "a//b",
    "a/",
    "./a",
    "a\nb",
    "a\0b",
    "a\x1bb",
    "a\u2028b",
    "a\udcffb",
    "a\\b",
    "a%0Ab",
    "a%25",
    "a ",
    "a\u00a0",
    "x" * 256,
    "ä" * 128,
    "/".join(["x" * 200] * 21),
    "/".join(["\u2adc" * 80] * 5),
]
FINE = ["a", "a b/c d.fits", "ä/ü", "-rf", ".hidden", "x" * 255, " a", "a%20b", "a/b/c", "*?[]", "e\u0301"]


@pytest.mark.parametrize("path", HOSTILE)
def test_hostile_paths_are_refused(path: str) -> None:
    with pytest.raises(PathError) as raised:
        check_relative_path(path)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("path", FINE)
def test_names_as_instruments_make_them_survive(path: str) -> None:
    assert check_relative_path(path) == path


@given(st.text(st.sampled_from("ab/. \n\\%0AaDd25ä\u2028\udcff\x00"), max_size=12) | st.text(max_size=20))
def test_the_service_says_the_same(path: str) -> None:
    ours = theirs = False
    with contextlib.suppress(PathError):
        ours = check_relative_path(path) == path
    with contextlib.suppress(ValueError):
        theirs = validate_relative_path(path) == path
    assert ours == theirs
