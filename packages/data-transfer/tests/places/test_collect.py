"""Nothing temporary stays for ever."""

from typing import Any

import pytest

from ccat_data_transfer.failures import Resource
from ccat_ops_db.models import DataLocation

from ..trouble import DAY, HOUR, freed, let_pass, lost

CONTENTS = {"2026/a.fits": b"a" * 5000}


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="f2: what was begun in a buffer that got full stays there when another buffer takes the package",
)
def test_a_partial_of_work_that_went_elsewhere_is_removed(observatory: Any, at_crash_points: Any) -> None:
    def fill_up(name: str) -> None:
        if name == "packaging.before_publish":
            raise Resource("no_space", "the disk is full")

    observatory.change(DataLocation, "ccat.buffer", priority=9)
    observatory.add_buffer("ccat.second")
    observatory.observe(CONTENTS)
    at_crash_points(fill_up)
    observatory.run()
    assert not freed(observatory, "ccat.buffer")
    observatory.fill("ccat.buffer", used=99, total=100)
    let_pass(observatory, HOUR, DAY, 8 * DAY)
    assert lost(observatory, CONTENTS) == []
    assert freed(observatory, "ccat.raw", "ccat.second"), "the other buffer was taken"
    assert freed(observatory, "ccat.buffer")
