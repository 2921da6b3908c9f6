"""The command, run in this process."""

import json
import sys
from typing import Any

import pytest

from ccat_data_transfer.cli.main import main


class Command:
    """Runs the command in this process, as a shell would see it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["ccat-transfer", *map(str, arguments)])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        assert "Traceback" not in out + err
        return int(ended.value.code or 0), out, err

    def json(self, *arguments: object, status: int = 0) -> Any:
        ended, out, err = self(*arguments, "--json")
        assert ended == status, err
        return json.loads(out)


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ops_database: str, redis_url: str
) -> Command:
    monkeypatch.setenv("CCAT_OPS_DB_DATABASE_URL", ops_database)
    monkeypatch.setenv("CCAT_DATA_TRANSFER_BROKER_URL", redis_url)
    monkeypatch.setenv("COLUMNS", "200")
    return Command(monkeypatch, capsys)
