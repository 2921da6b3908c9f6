"""What a computer may be like under ccat: streams, settings and folders that are not as they should be."""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ccat_dev_stack.file_permissions import permissions_count
from ccat_ops_db_client.background import is_at_work
from ccat_ops_db_client.errors import ConfigurationError, SpoolError
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.settings import Settings, load_settings
from ccat_ops_db_client.spool import Spool

from . import seed
from .conftest import Api, MakeClient, Reply, RunCcat, ScriptedServer, accept
from .test_lanes import wait_for

NOWHERE = "http://127.0.0.1:1"
START = ("obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa")


@pytest.fixture
def shell(spool_folder: Path) -> Callable[[str], "subprocess.CompletedProcess[str]"]:
    """Run a line of shell in which ``$CCAT`` begins a command while the API is away."""
    run_ccat = "from ccat_ops_db_client.commands.main import main; main()"

    def run(line: str) -> "subprocess.CompletedProcess[str]":
        settings = {
            "CCAT_API_URL": NOWHERE,
            "CCAT_SPOOL_FOLDER": str(spool_folder),
            "CCAT_REPLAY_IN_BACKGROUND": "false",
        }
        return subprocess.run(
            ["bash", "-c", f'ccat() {{ "{sys.executable}" -c "{run_ccat}" "$@"; }}; {line}'],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


class TestStreams:
    def test_closed_ones_keep_nothing_from_being_recorded(
        self, shell: Callable[[str], "subprocess.CompletedProcess[str]"], spool_folder: Path
    ) -> None:
        done = shell("ccat obs start --obs-unit O --module m <&- >&- 2>&-")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert len(Spool(spool_folder).waiting()) == 1

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_a_result_that_cannot_be_printed_is_an_error_in_one_line(
        self,
        shell: Callable[[str], "subprocess.CompletedProcess[str]"],
        spool_folder: Path,
        unbuffered: str,
    ) -> None:
        done = shell(f"PYTHONUNBUFFERED={unbuffered} ccat obs start --obs-unit O --module m > /dev/full")
        assert done.returncode == 1
        assert done.stderr.splitlines()[1:] == [
            "ccat: error: the result cannot be printed (No space left on device); see where the output goes"
        ]
        assert len(Spool(spool_folder).waiting()) == 1

    @pytest.mark.parametrize("nobody", ["2>/dev/full", "2> >(exit)", "2>&-", "2>/dev/full >/dev/full"])
    def test_a_notice_that_cannot_be_written_keeps_nothing_from_being_done(
        self,
        shell: Callable[[str], "subprocess.CompletedProcess[str]"],
        spool_folder: Path,
        nobody: str,
    ) -> None:
        """A log on a full disk, a reader that has gone."""
        done = shell(f"ccat obs start --obs-unit O --module m {nobody}")
        (waiting,) = Spool(spool_folder).waiting()
        if nobody.endswith(">/dev/full") and nobody.startswith("2>/dev/full >"):
            assert done.returncode == 1
        else:
            assert (done.returncode, done.stdout) == (0, f"{json.loads(waiting.body)['id']}\n")

    def test_nothing_is_said_of_a_reader_that_has_read_enough(
        self, shell: Callable[[str], "subprocess.CompletedProcess[str]"]
    ) -> None:
        done = shell("exec 3> >(exit); wait $!; ccat spool status --json >&3")
        assert (done.returncode, done.stderr) == (1, "")


class TestSettings:
    @pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {} ", "\ufeff{}\r\n"])
    def test_a_token_is_taken_out_of_what_editors_put_around_it(
        self, monkeypatch: pytest.MonkeyPatch, around: str
    ) -> None:
        monkeypatch.setenv("CCAT_API_URL", NOWHERE)
        monkeypatch.setenv("CCAT_API_TOKEN", around.format("ccat_x_y"))
        token = load_settings().api_token
        assert token is not None
        assert token.get_secret_value() == "ccat_x_y"

    @pytest.mark.parametrize(
        ("name", "value", "says"),
        [
            ("CCAT_API_URL", "http://127.0.0.1:99999", "Port out of range"),
            ("CCAT_API_URL", "http://exa mple:80", "must look like http://host:port"),
            ("CCAT_PROXY", "http://127.0.0.1:x", "Port could not be cast"),
            ("CCAT_API_TOKEN", "Bearer ccat_x_y", "one word"),
            ("CCAT_REPLAY_IN_BACKGROUND", "maybe", "true or false"),
            ("CCAT_READ_TIMEOUT", "soon", "a number of seconds"),
            ("CCAT_READ_TIMEOUT", "-1", "greater than 0"),
            ("CCAT_SPOOL_AFTER_SECONDS", "inf", "less than or equal"),
            ("CCAT_RETRY_SECONDS", "1e300", "less than or equal"),
            ("CCAT_API_URL", "http://\u00fc..example", "must look like http://host:port"),
            ("CCAT_API_URL", "http://xn--:80", "must look like http://host:port"),
            ("CCAT_API_URL", "http://\udcff.example", "must look like http://host:port"),
            ("CCAT_PROXY", "http://\u00fc..example", "must look like http://host:port"),
        ],
    )
    def test_what_cannot_be_is_named_with_its_setting(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
    ) -> None:
        monkeypatch.setenv("CCAT_API_URL", NOWHERE)
        monkeypatch.setenv(name, value)
        with pytest.raises(ConfigurationError) as raised:
            load_settings()
        assert raised.value.message.startswith(f"{name}: ")
        assert says in raised.value.message
        assert "ccat_x_y" not in str(raised.value)

    def test_an_empty_variable_is_as_good_as_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CCAT_API_URL", NOWHERE)
        monkeypatch.delenv("CCAT_SPOOL_FOLDER", raising=False)
        before = load_settings()
        for name in Settings.model_fields:
            if name != "api_url":
                monkeypatch.setenv(f"CCAT_{name.upper()}", "")
        assert load_settings() == before

    @pytest.mark.parametrize("folder", ["~nobody-here/spool", ""])
    def test_a_home_that_is_not_known_is_named(self, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
        monkeypatch.setenv("CCAT_API_URL", NOWHERE)
        monkeypatch.setenv("CCAT_SPOOL_FOLDER", folder)
        monkeypatch.delenv("HOME")
        monkeypatch.setattr(pwd, "getpwuid", lambda number: pwd.getpwnam("nobody-here"))
        with pytest.raises(ConfigurationError) as raised:
            load_settings()
        assert "in a home that is not known" in raised.value.message
        assert "CCAT_SPOOL_FOLDER" in raised.value.remedy

    def test_certificates_of_this_folder_are_found_in_the_background(
        self,
        ccat: RunCcat,
        secure_server: ScriptedServer,
        spool_folder: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.chdir(Path(os.environ["SSL_CERT_FILE"]).parent)
        secure_server.say(Reply(503))
        environment = {"CCAT_API_URL": secure_server.url, "CCAT_REPLAY_IN_BACKGROUND": "true"}
        name = Path(os.environ["SSL_CERT_FILE"]).name
        assert ccat(*START, SSL_CERT_FILE=name, **environment).status == 0
        secure_server.answer = accept
        spool = Spool(spool_folder)
        wait_for(lambda: spool.count(secure_server.url) == 0)
        wait_for(lambda: not is_at_work(spool, secure_server.url))

    @pytest.mark.parametrize(
        "written", ["http://API.example", "HTTP://api.example:80/", "http://api.example/api/v1/"]
    )
    def test_an_address_is_one_however_it_is_written(
        self, monkeypatch: pytest.MonkeyPatch, written: str
    ) -> None:
        """Else what waits for it by one writing would not be sent by another."""
        monkeypatch.setenv("CCAT_API_URL", written)
        assert load_settings().api_url == "http://api.example"

    @pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"])
    def test_nonsense_of_certificates_loses_nothing(
        self, ccat: RunCcat, secure_server: ScriptedServer, spool_folder: Path, name: str
    ) -> None:
        nonsense = {"SSL_CERT_FILE": "", name: __file__ if name == "SSL_CERT_FILE" else "/nowhere/x"}
        assert ccat(*START, **nonsense).status == 0
        assert Spool(spool_folder).waiting() == []
        started = ccat(*START, CCAT_API_URL=secure_server.url, **nonsense)
        assert (started.status, len(Spool(spool_folder).waiting())) == (0, 1)
        assert "CERTIFICATE_VERIFY_FAILED" in started.err
        ran = ccat("status", CCAT_API_URL=secure_server.url, CCAT_RETRY_SECONDS="0.1", **nonsense)
        assert "SSL_CERT_FILE, which says whom to trust" in ran.err


class TestFolders:
    def test_what_is_recorded_needs_no_spool_of_its_own(
        self, ccat: RunCcat, api: Api, tmp_path: Path
    ) -> None:
        """That of somebody else, which may not even be looked into."""
        others = tmp_path / "others"
        others.mkdir(mode=0)
        source = api.source / tmp_path.name
        source.mkdir()
        (source / "a.fits").write_bytes(b"a")
        with permissions_count():
            started = ccat(*START, CCAT_SPOOL_FOLDER=str(others))
            filing = ("--execution", started.out.strip(), "--module", "chai-lfa", source)
            filed = ccat("file", *filing, CCAT_SPOOL_FOLDER=str(others))
        assert (started.status, started.err) == (0, "")
        assert (filed.status, filed.err) == (0, "")
        assert filed.out == "1 file filed (1 B read), 0 filed already\n"

    def test_without_api_and_spool_both_are_named(self, client_of: MakeClient, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        recorder = Recorder(client_of(NOWHERE, spool_folder=tmp_path / "file" / "spool"))
        with pytest.raises(SpoolError) as raised:
            recorder.start("O", ["m"])
        assert f"{NOWHERE} cannot be reached" in raised.value.message
        assert "cannot be used" in raised.value.message
        assert "CCAT_SPOOL_FOLDER" in raised.value.remedy


def test_what_waits_for_a_better_token_says_so(ccat: RunCcat) -> None:
    started = ccat(*START, CCAT_API_TOKEN="ccat_wrong")
    assert started.status == 0
    assert "the request is in the spool and will be sent when that is over; set CCAT_API_TOKEN" in started.err


def test_thousands_of_paths_in_one_command(ccat: RunCcat, execution: str, api: Api, tmp_path: Path) -> None:
    folder = api.source / tmp_path.name / ("long " * 40)
    folder.mkdir(parents=True)
    paths = [folder / f"{number}" for number in range(100)]
    for path in paths:
        path.touch()
    ran = ccat("file", "--json", "--execution", execution, "--module", "chai-lfa", *paths * 30)
    assert (ran.status, ran.json["filed"]) == (0, 100)
    missing = ccat("file", "--json", "--execution", execution, "--module", "chai-lfa", paths[0], "x" * 5000)
    assert missing.status == 3
    assert [entry["reason"] for entry in missing.json["left_out"]] == ["unreadable"]
