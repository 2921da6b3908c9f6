"""Data rates as people write them."""

import re

_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}
_FORM = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kMGmg]?)B?(?:/s)?\s*", re.IGNORECASE)


class RateError(ValueError):
    """Not a rate."""


def parse_rate(text: str) -> float:
    """Return a rate in bytes per second: ``10MB/s``, ``500k``, ``0``.

    Raises
    ------
    RateError
        The text is not a rate; the message shows the form.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise RateError(f"{text!r} is not a rate; write SIMULATE=10MB/s, 500kB/s, or 0 for off")
    return float(match[1]) * _UNITS[match[2].lower()]
