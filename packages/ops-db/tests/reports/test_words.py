"""Figures in words, and nights."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ccat_ops_db.nights import bounds_of, night_of
from ccat_ops_db.reports.words import duration, how_many, size

FYST = -67.74


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_600, "1 MB"),
        (3.44e9, "3.44 GB"),
        (12.34e15, "12.3 PB"),
    ],
)
def test_sizes_have_three_digits(number: float, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=30), "less than a minute"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=3, minutes=10), "3 h 10 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=2, hours=4, minutes=59), "2 d 4 h"),
    ],
)
def test_durations_have_two_units(span: timedelta, text: str) -> None:
    assert duration(span) == text


def test_one_is_not_many() -> None:
    assert [how_many(number, "copy") for number in (0, 1, 2000)] == ["0 copies", "1 copy", "2,000 copies"]


def test_a_night_begins_at_noon_at_the_telescope() -> None:
    begins, ends = bounds_of(date(2026, 11, 21), FYST)
    assert begins == datetime(2026, 11, 21, 16, 30, 58, tzinfo=UTC)
    assert ends - begins == timedelta(days=1)
    assert night_of(begins, FYST) == date(2026, 11, 21)
    assert night_of(begins - timedelta(seconds=1), FYST) == date(2026, 11, 20)
