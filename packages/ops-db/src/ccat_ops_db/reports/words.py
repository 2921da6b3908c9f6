"""Figures in words, for sentences."""

from collections.abc import Sequence
from datetime import timedelta

UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size(number: float) -> str:
    """Return bytes with three digits and an SI unit."""
    for unit in UNITS[:-1]:
        if abs(number) < 999.5:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} {UNITS[-1]}"


def duration(span: timedelta) -> str:
    """Return a time span in its two largest units."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    while parts[0][0] == 0:
        parts.pop(0)
    return " ".join(f"{number} {unit}" for number, unit in parts[:2] if number)


def how_many(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one."""
    if number == 1:
        return f"1 {noun}"
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {plural}"


def listed(parts: Sequence[str]) -> str:
    """Return parts as a list in a sentence."""
    *first, last = parts or ("nothing",)
    return f"{', '.join(first)} and {last}" if first else last


def share(part: float) -> str:
    """Return a share in per cent."""
    return f"{100 * part:.0f} %"
