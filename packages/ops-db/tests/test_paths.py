"""The rule about legal relative paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccat_ops_db.paths import MAX_PATH_BYTES, MAX_SEGMENT_BYTES, validate_relative_path


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "2026/11/21/scan 0001.fits",
        ".hidden/-dash/...three",
        "~user/$HOME/*?\"'<>|:;",
        "100%/%41/a%b%20c",
        "Orion KL ✶ été",
        "e\u0301te\u0301",  # NFD
        "\u00e9t\u00e9",  # NFC
        "no\u00a0break\u200bspace",
        " leading",
        "s" * MAX_SEGMENT_BYTES,
        "/".join(["0123456789abcde"] * (MAX_PATH_BYTES // 16)),
    ],
)
def test_legal_paths_come_back_unchanged(path: str) -> None:
    assert validate_relative_path(path) == path


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty"),
        ("/etc/passwd", "absolute"),
        ("//host/share", "absolute"),
        ("..", "segment '..'"),
        ("../a", "segment '..'"),
        ("a/../../b", "segment '..'"),
        ("a/..", "segment '..'"),
        (".", "segment '.'"),
        ("a/./b", "segment '.'"),
        ("a//b", "empty segment"),
        ("a/", "empty segment"),
        ("a\0b", "U+0000"),
        ("a\nb", "U+000A"),
        ("a\rb", "U+000D"),
        ("a\tb", "U+0009"),
        ("a\x1bb", "U+001B"),
        ("a\x7fb", "U+007F"),
        ("a\u0085b", "U+0085"),
        ("a\u2028b", "U+2028"),
        ("a\u2029b", "U+2029"),
        ("a\\b", "backslash"),
        ("..\\a", "backslash"),
        ("a%0Ab", "BagIt"),
        ("a%0db", "BagIt"),
        ("a%25b", "BagIt"),
        ("a ", "white space"),
        ("a\u00a0", "white space"),
        ("a\udcffb", "UTF-8"),
        ("s" * (MAX_SEGMENT_BYTES + 1), "segment of the path is longer"),
        ("é" * 128, "segment of the path is longer"),
        ("a/" * (MAX_PATH_BYTES // 2) + "b", "longer than 2000"),
        ("/".join(["\u2adc" * 80] * 5), "longer than 2000"),  # Twice as long when normalized.
    ],
)
def test_illegal_paths_are_refused_with_the_reason(path: str, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        validate_relative_path(path)
    assert reason in str(caught.value)


@given(st.text())
def test_a_legal_path_is_one_line_and_stays_in_its_folder(path: str) -> None:
    try:
        validate_relative_path(path)
    except ValueError:
        return
    assert path.splitlines() == [path]
    assert path.encode().decode() == path
    assert all(segment not in {"", ".", ".."} for segment in path.split("/"))
