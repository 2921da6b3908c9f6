"""Who runs a command."""

import getpass
import os

import pytest

from ccat_ops_db.own_name import own_name

NOBODYS = 3_000_000_019
"""Number of an account that no system has."""


def test_an_account_has_its_name() -> None:
    assert own_name() == getpass.getuser()


def test_an_account_without_a_name_has_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: NOBODYS)
    assert own_name() == f"uid {NOBODYS}"
