"""Crash points kill where they should and nowhere else."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import ccat_data_transfer
from ccat_data_transfer.crash_points import CRASH_POINTS, crash_point

_REACH = """
from ccat_data_transfer.crash_points import crash_point
for number in range(3):
    print(number, flush=True)
    crash_point("mover.sent")
"""


def reach(**environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CCAT_")}
    return subprocess.run(
        [sys.executable, "-c", _REACH],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("setting", "reached"), [("mover.sent", "0\n"), ("mover.sent:2", "0\n1\n"), ("mover.sent:3", "0\n1\n2\n")]
)
def test_dies_when_it_is_reached_so_often(setting: str, reached: str) -> None:
    done = reach(CCAT_DATA_TRANSFER_CRASH_POINT=setting)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, reached)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"CCAT_DATA_TRANSFER_CRASH_POINT": ""},
        {"CCAT_DATA_TRANSFER_CRASH_POINT": "mover.before_send"},
        {"CCAT_DATA_TRANSFER_CRASH_POINT": "mover.sent", "CCAT_OPS_DB_ENVIRONMENT": "production"},
        {"CCAT_DATA_TRANSFER_CRASH_POINT": "mover.sent", "CCAT_OPS_DB_ENVIRONMENT": "staging"},
    ],
)
def test_goes_on_otherwise(environment: dict[str, str]) -> None:
    done = reach(**environment)
    assert (done.returncode, done.stdout) == (0, "0\n1\n2\n")


def test_a_misspelt_setting_is_an_error() -> None:
    done = reach(CCAT_DATA_TRANSFER_CRASH_POINT="mover.send")
    assert done.returncode == 1
    assert "there is no crash point 'mover.send'" in done.stderr


def test_names_are_those_in_the_code() -> None:
    sources = Path(ccat_data_transfer.__file__).parent.rglob("*.py")
    used = {
        name for source in sources for name in re.findall(r'crash_point\("([^"]+)"\)', source.read_text())
    }
    assert used == set(CRASH_POINTS)
    assert len(CRASH_POINTS) == len(set(CRASH_POINTS))


def test_nothing_happens_here() -> None:
    crash_point("mover.sent")
