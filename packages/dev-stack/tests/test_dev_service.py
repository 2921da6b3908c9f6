"""The servers as they run in containers: one process, settings from the environment."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ccat_dev_stack import dev_service
from ccat_dev_stack.processes import wait_until
from ccat_dev_stack.services.postgresql import Postgresql

PASSWORD = "password-of-the-test"


@pytest.mark.parametrize(
    ("limit", "given"),
    [
        ("1073741824\n", {"GOMEMLIMIT": "805306368"}),
        ("max\n", {}),
        ("9223372036854771712\n", {}),
        (None, {}),
    ],
)
def test_servers_in_go_stay_below_the_limit_of_their_container(
    limit: str | None, given: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "memory.max"
    if limit is not None:
        file.write_text(limit)
    assert dev_service.limits_for_go([tmp_path / "of another version", file]) == given


def test_a_missing_password_is_said_in_one_line() -> None:
    ended = _program("redis", environment={})
    assert ended.returncode == 1
    assert "CCAT_DEV_SERVICE_PASSWORD" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [(), ("check",), ("redis", "s3"), ("mysql",)])
def test_other_commands_are_refused(arguments: tuple[str, ...]) -> None:
    assert _program(*arguments, environment={}).returncode == 2


class TestRedis:
    @pytest.fixture
    def process(self, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
        secret = tmp_path / "password"
        secret.write_text(f"{PASSWORD}\n")
        # A port of the test's own: that of a container is fixed.
        code = (
            "import sys; from ccat_dev_stack import dev_service;"
            f"dev_service.REDIS_PORT = {_free_port()}; sys.argv[0] = 'x'; dev_service.main()"
        )
        environment = os.environ | {
            "CCAT_DEV_SERVICE_PASSWORD_FILE": str(secret),
            "CCAT_DEV_SERVICE_FOLDER": str(tmp_path),
        }
        self.check = [sys.executable, "-c", code, "check", "redis"]
        self.environment = environment
        process = subprocess.Popen([sys.executable, "-c", code, "redis"], env=environment)
        yield process
        process.kill()
        process.wait()

    def test_answers_and_ends_when_asked(self, process: "subprocess.Popen[bytes]") -> None:
        def checked() -> bool:
            return subprocess.run(self.check, env=self.environment, check=False).returncode == 0

        assert wait_until(checked, 30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not checked()


def test_a_server_that_listens_everywhere_asks_strangers_for_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {
        "CCAT_DEV_SERVICE_PASSWORD": PASSWORD,
        "CCAT_DEV_SERVICE_FOLDER": str(tmp_path),
        "CCAT_DEV_SERVICE_DATABASE": "furnished",
    }
    monkeypatch.setattr(dev_service, "POSTGRESQL_PORT", _free_port())
    contained = dev_service._postgresql(environment)
    server = contained.service
    assert isinstance(server, Postgresql)
    assert server.listen == "0.0.0.0"
    server.prepare()
    program = server.program()
    account = program.account
    process = subprocess.Popen(
        program.command,
        cwd=program.folder,
        env=dict(program.environment),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    try:
        rules = (program.folder / "data" / "pg_hba.conf").read_text().splitlines()
        assert {line.split()[-1] for line in rules if _is_rule(line)} == {"scram-sha-256"}
        assert wait_until(server.is_ready, 30)
        assert not contained.is_furnished()
        for _ in range(2):
            contained.furnish()
        assert contained.is_furnished()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url().replace(PASSWORD, "wrong"))
    finally:
        process.kill()
        process.wait()
        server.remove()


def _is_rule(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program(*arguments: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ccat_dev_stack.dev_service", *arguments],
        env={"PATH": os.defpath} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
