"""The images: locked down, obedient, small, and the same whenever they are built."""

import hashlib
import json
import os
import secrets
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness.waiting import wait_for

from ccat_dev_stack.checkout import checkout_folder
from ccat_dev_stack.contained.engine import IMAGES, docker

PREFIX = os.environ.get("IMAGE_PREFIX") or "ccatobs"
TAG = os.environ.get("IMAGE_TAG") or "0.1.0"
BASE = os.environ.get("PYTHON_IMAGE") or "python:3.13-slim-trixie"
BASE_OF_INTERFACE = os.environ.get("NGINX_IMAGE") or "nginx:stable"
LARGEST_BYTES = 350_000_000
GRACE_SECONDS = 10
START_SECONDS = 60

DATABASE = "postgresql://ccat:none@127.0.0.1:1/none"
SERVICE_ENVIRONMENT = {
    "CCAT_OPS_DB_ENVIRONMENT": "development",
    "CCAT_OPS_DB_DATABASE_URL": DATABASE,
    "CCAT_OPS_DB_API_SITE_ID": "ccat",
    "CCAT_DATA_TRANSFER_METRICS_PORT": "9100",
}
SERVER_ENVIRONMENT = {"CCAT_DEV_SERVICE_PASSWORD": "none-of-your-business"}


@dataclass(frozen=True)
class Started:
    """A way to start an image, and what shows inside of it that it runs."""

    image: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    probe: tuple[str, ...]


def _answers(port: int) -> tuple[str, ...]:
    return (
        "python",
        "-c",
        f"import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/healthz', timeout=5)",
    )


def _server(name: str) -> Started:
    probe = ("ccat-dev-service", "check", name)
    return Started("dev-services", (name,), SERVER_ENVIRONMENT, probe)


HEALTHY = (
    "exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3; grep -q '200 OK' <&3"
)

STARTS = {
    "interface": Started("ops-db-ui", (), {}, ("bash", "-c", HEALTHY)),
    "api": Started("ops-db-api", (), SERVICE_ENVIRONMENT, _answers(8000)),
    "planner": Started("data-transfer", ("planner",), SERVICE_ENVIRONMENT, _answers(9100)),
    "worker": Started("data-transfer", ("worker", "--site", "ccat"), SERVICE_ENVIRONMENT, _answers(9100)),
    "data-server": Started(
        "data-transfer",
        ("data-server", "--site", "ccat", "--host", "0.0.0.0", "--port", "8100"),
        SERVICE_ENVIRONMENT,
        _answers(8100),
    ),
    "migrate": Started("operator", ("migrate",), SERVICE_ENVIRONMENT, ("python", "-c", "")),
    "postgresql": _server("postgresql"),
    "redis": _server("redis"),
    "s3": _server("s3"),
}


def _docker(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run([docker(), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, f"docker {arguments[0]}: {done.stderr[-2000:]}"
    return done


@pytest.fixture
def container_name() -> Iterator[str]:
    """A name for a container, which is gone afterwards."""
    name = f"ccat-test-{secrets.token_hex(6)}"
    yield name
    _docker("rm", "--force", "--volumes", name, check=False)


def _run(name: str, started: Started, user: str = "10001") -> None:
    options = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", "--user", user]
    options += ["--tmpfs", "/tmp", "--detach", "--name", name, "--pull", "never"]
    for variable, value in started.environment.items():
        options += ["--env", f"{variable}={value}"]
    if started.image == "dev-services":
        options += ["--volume", "/data"]
    _docker("run", *options, f"{PREFIX}/{started.image}:{TAG}", *started.arguments)


def _wait_until_it_works(name: str, started: Started) -> None:
    def look() -> tuple[int, str]:
        done = _docker("exec", name, *started.probe, check=False)
        return done.returncode, done.stderr

    try:
        wait_for(f"{name} works", look, lambda seen: seen[0] == 0, START_SECONDS, first_pause=0.2)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{_docker('logs', name).stderr[-3000:]}") from None


@pytest.mark.parametrize("start", STARTS)
def test_starts_without_any_right_and_ends_when_asked(start: str, container_name: str) -> None:
    started = STARTS[start]
    _run(container_name, started)
    if start != "migrate":
        _wait_until_it_works(container_name, started)
    else:
        assert "ccat-operator" in _docker("run", "--rm", f"{PREFIX}/operator:{TAG}", "--help").stdout
    _docker("kill", "--signal", "TERM", container_name, check=start != "migrate")
    ended = wait_for(
        f"{start} ended",
        lambda: json.loads(_docker("inspect", container_name).stdout)[0]["State"],
        lambda state: not state["Running"],
        GRACE_SECONDS,
    )
    assert not ended["OOMKilled"]
    if start != "migrate":
        assert ended["ExitCode"] in (0, 143), _docker("logs", container_name).stderr[-3000:]


@pytest.mark.parametrize("server", ["postgresql", "s3", "redis"])
def test_a_server_runs_as_any_user_and_again_after_it_was_killed(server: str, container_name: str) -> None:
    started = STARTS[server]
    _run(container_name, started, user="23456:23456")
    _wait_until_it_works(container_name, started)
    _docker("kill", container_name)
    _docker("start", container_name)
    _wait_until_it_works(container_name, started)


@pytest.mark.parametrize("program", ["opsdb", "opsdb_migrate", "pg_dump", "pg_restore"])
def test_the_operator_brings_its_programs(program: str) -> None:
    command = ["run", "--rm", "--read-only", "--tmpfs", "/tmp", "--entrypoint", program]
    printed = _docker(*command, f"{PREFIX}/operator:{TAG}", "--help").stdout
    assert program in printed


@pytest.mark.parametrize("image", IMAGES)
class TestImage:
    def test_says_what_it_is(self, image: str) -> None:
        config = json.loads(_docker("image", "inspect", f"{PREFIX}/{image}:{TAG}").stdout)[0]["Config"]
        labels = config["Labels"]
        assert labels["org.opencontainers.image.version"] == "0.1.0"
        assert len(labels["org.opencontainers.image.revision"].partition("-")[0]) == 40
        assert config["User"] == "10001:10001"
        assert config["Entrypoint"]
        assert not [value for value in config["Env"] if "index" in value.lower() or "secret" in value.lower()]

    def test_is_small(self, image: str, capsys: pytest.CaptureFixture[str]) -> None:
        base = BASE_OF_INTERFACE if image == "ops-db-ui" else BASE
        above = _size(f"{PREFIX}/{image}:{TAG}") - _size(base)
        with capsys.disabled():
            print(f"\n{image}: {above / 1e6:.0f} MB over {base}")
        assert above <= LARGEST_BYTES

    def test_is_the_same_when_it_is_built_again(self, image: str, tmp_path: Path) -> None:
        contents = []
        # The first may come from the engine's cache, the second may not.
        for number, options in enumerate(([], ["--no-cache"])):
            tag = f"rebuilt-{secrets.token_hex(4)}"
            build = checkout_folder() / "compose" / "images" / "build.py"
            done = subprocess.run(
                [sys.executable, build, *options, image],
                env=os.environ | {"IMAGE_PREFIX": "ccat-test", "IMAGE_TAG": tag},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            try:
                contents.append(_content(f"ccat-test/{image}:{tag}", tmp_path / f"{number}.tar"))
            finally:
                _docker("image", "rm", "--force", f"ccat-test/{image}:{tag}", check=False)
        first, second = contents
        assert len(first) > 1000
        assert {path for path in first.keys() | second.keys() if first.get(path) != second.get(path)} == set()


def _size(image: str) -> int:
    return int(json.loads(_docker("image", "inspect", image).stdout)[0]["Size"])


def _content(image: str, tar: Path) -> dict[str, tuple[int, int, int, str, str]]:
    """Return mode, owner, link and digest of everything in an image, by path."""
    container = _docker("create", image).stdout.strip()
    try:
        _docker("export", "--output", str(tar), container)
    finally:
        _docker("rm", container)
    found = {}
    with tarfile.open(tar) as members:
        for member in members:
            stream = members.extractfile(member) if member.isfile() else None
            digest = hashlib.sha256(stream.read()).hexdigest() if stream is not None else ""
            found[member.name] = (member.mode, member.uid, member.gid, member.linkname, digest)
    tar.unlink()
    return found
