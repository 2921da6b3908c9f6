"""The stack in containers, as far as it can be looked at without a container engine."""

import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from ruamel.yaml import YAML

from ccat_dev_stack.checkout import checkout_folder
from ccat_dev_stack.contained import installation
from ccat_dev_stack.contained.commands import addresses
from ccat_dev_stack.contained.engine import COMPOSE_FILE
from ccat_ops_db.configuration import Configuration, load

CONFIGURATION = checkout_folder() / "data-center-config"


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> installation.ContainedStack:
    for name in ("CCAT_RUN_AS", "CCAT_TELESCOPE_FOLDER", "CCAT_ARCHIVE_FOLDER"):
        monkeypatch.delenv(name, raising=False)
    return installation.make_or_mend(tmp_path / "compose", running=False)


@pytest.fixture
def configuration(stack: installation.ContainedStack) -> Configuration:
    installation.write_places(stack)
    overlays = [
        CONFIGURATION / "overlays" / "development",
        COMPOSE_FILE.parent / "configuration",
        stack.path / "configuration",
    ]
    return load(CONFIGURATION, overlays)


def test_the_sites_share_nothing_but_the_servers(
    configuration: Configuration, stack: installation.ContainedStack
) -> None:
    locations = {key: entry.values for key, entry in configuration.entries["data_locations"].items()}
    for key, values in locations.items():
        if key.startswith("us."):
            continue
        if values["storage_type"] == "disk":
            assert key in installation.DISKS
            assert Path(values["path"]).is_relative_to(stack.site_folder(key.partition(".")[0]))
            assert Path(values["path"]).is_dir()
        else:
            assert values["endpoint"] == "http://s3:8333"
            folder = stack.path / "credentials" / values["credential"]
            assert (folder / "secret_access_key").read_text() == stack.password
    assert locations["cologne.lta"]["bucket"] == installation.ARCHIVE_BUCKET
    assert locations["cologne.input-buffer"]["storage_type"] == "s3"


def test_ports_stay_unless_somebody_else_has_them(stack: installation.ContainedStack) -> None:
    assert installation.make_or_mend(stack.path, running=False) == stack
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", stack.ports["api"]))
        stranger.listen()
        assert installation.make_or_mend(stack.path, running=True) == stack, "it is our own container"
        mended = installation.make_or_mend(stack.path, running=False)
    assert mended.ports["api"] != stack.ports["api"]
    assert {**mended.ports, "api": 0} == {**stack.ports, "api": 0}
    assert mended.password == stack.password


def test_a_service_that_is_new_gets_a_port(stack: installation.ContainedStack) -> None:
    older = {name: port for name, port in stack.ports.items() if name != "grafana"}
    file = stack.path / "installation.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "ports": older}))
    mended = installation.make_or_mend(stack.path, running=True)
    assert {name: mended.ports[name] for name in older} == older
    assert mended.ports["grafana"] not in older.values()


def test_the_web_interface_stands_first_and_says_how_to_sign_in(stack: installation.ContainedStack) -> None:
    out = Console(file=io.StringIO(), width=200)
    out.print(addresses(stack, set()))
    assert isinstance(out.file, io.StringIO)
    first = out.file.getvalue().strip().splitlines()[0]
    assert first.startswith("web interface")
    assert f"{stack.ui_url}/ " in first
    assert "sign in" in first
    assert f"CCAT_UI_URL={stack.ui_url}" in installation.shell_file(stack)


def test_two_checkouts_never_meet(stack: installation.ContainedStack, tmp_path: Path) -> None:
    other = installation.make_or_mend(tmp_path / "other", running=False)
    assert other.project != stack.project


@pytest.mark.parametrize(("given", "runs_as"), [("1234:99", "1234:99"), (None, None)])
def test_workers_run_as_who_owns_the_files(
    given: str | None, runs_as: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CCAT_RUN_AS", raising=False)
    if given is not None:
        monkeypatch.setenv("CCAT_RUN_AS", given)
    caller = f"{os.geteuid()}:{os.getegid()}"
    assert installation.run_as() == (runs_as or ("10001:10001" if os.geteuid() == 0 else caller))


@pytest.mark.long
def test_without_an_engine_every_verb_says_so_in_a_line(tmp_path: Path) -> None:
    for verb in ("up", "status", "logs"):
        ended = subprocess.run(
            [sys.executable, "-m", "ccat_dev_stack.contained", verb],
            env={"PATH": str(tmp_path), "CCAT_BUILD_FOLDER": str(tmp_path / "build")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 1, verb
        assert len(ended.stderr.splitlines()) == 1, ended.stderr


class TestComposeFile:
    @pytest.fixture
    def services(self) -> dict[str, Any]:
        return dict(YAML(typ="safe").load(COMPOSE_FILE)["services"])

    @pytest.fixture
    def asked(self) -> str:
        return COMPOSE_FILE.read_text()

    def test_every_service_is_locked_down(self, services: dict[str, Any]) -> None:
        for name, service in services.items():
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
            assert service["mem_limit"], name
            assert service["cpus"], name
            assert service["stop_grace_period"], name
            assert "build" not in service, name
            assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name

    def test_what_runs_on_is_watched(self, services: dict[str, Any]) -> None:
        for name, service in services.items():
            once = service["restart"] == "no"
            assert once == (name in ("migrate", "configure")), name
            assert once != ("healthcheck" in service), name

    def test_its_variables_are_set(self, asked: str, stack: installation.ContainedStack) -> None:
        for name, value in stack.compose("docker").settings.items():
            assert f"${{{name}:" in asked, f"{name} is set and not asked for"
            assert value
