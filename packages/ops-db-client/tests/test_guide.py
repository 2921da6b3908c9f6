"""The guide for instruments, as somebody who follows it: all its code runs, with the API there and away."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ccat_dev_stack import ports
from ccat_dev_stack.checkout import checkout_folder
from ccat_dev_stack.guides import Snippet, snippets

from . import seed
from .conftest import Api
from .lying_proxy import LyingProxy

pytestmark = pytest.mark.long

GUIDE = snippets(checkout_folder() / "docs" / "instruments" / "index.md")
INSTALL, OBSERVE, LOOK, PROFILE, NOTICE, STATUS, STATUS_SHOWN, REPLAY, REFUSED, MOVED = range(10)
UNITS, JOURNAL, JSON, JSON_SHOWN, PYTHON, HTTP, HTTP_START, HTTP_FILE, HTTP_FINISH = range(10, 19)
"""The code of the guide, in its order."""

CCAT = f"#!{sys.executable}\nfrom ccat_ops_db_client.commands.main import main\nmain()\n"


class User:
    """Somebody with an empty home who types what the guide says.

    Parameters
    ----------
    home : Path
        His home.
    api : Api
        The API of his site.
    """

    def __init__(self, home: Path, api: Api) -> None:
        self.home, self.api = home, api
        # A path is filed once; what he writes is nobody else's.
        self.folder = f"2026/{uuid4()}"
        (api.source / self.folder).mkdir(parents=True)
        (api.source / self.folder / "scan 0001.fits").write_bytes(b"a scan")
        self._link = LyingProxy(api.port)
        self.url = self._link.url
        self.environment = {
            "HOME": str(home),
            "PATH": f"{sysconfig.get_path('scripts')}:{os.defpath}",
            "LANG": "C.UTF-8",
            "CCAT_API_URL": self.url,
            "CCAT_API_TOKEN": api.token,
            "CCAT_REPLAY_IN_BACKGROUND": "false",
        }

    def cut_link(self) -> None:
        """Let nothing answer where he asks for the API."""
        self._link.close()

    def mend_link(self) -> None:
        """Let the API answer again."""
        self._link = LyingProxy(self.api.port, port=int(self.url.rpartition(":")[2]))

    def code(self, *numbers: int) -> str:
        """Return code of the guide with the names of the tests' observatory."""
        text = "\n".join(GUIDE[number].text for number in numbers)
        for shown, meant in {
            "Orion-KL_CHAI_CO76": seed.OBS_UNIT,
            "/data/chai": str(self.api.source),
            "2026/11/21": self.folder,
            "http://api.ccat.example:8000": self.url,
            "ccat_…": self.api.token,
        }.items():
            text = text.replace(shown, meant)
        return text

    def type(self, text: str, status: int = 0, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Have a shell do it, and require how its last command ends."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            env={**self.environment, **environment},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == status, f"{text}\n{done.stdout}{done.stderr}"
        return done

    def do(self, *numbers: int, status: int = 0) -> "subprocess.CompletedProcess[str]":
        """Type code of the guide."""
        return self.type(self.code(*numbers), status)


@pytest.fixture
def user(tmp_path: Path, api: Api) -> Iterator[User]:
    home = tmp_path / "home"
    home.mkdir()
    opened = User(home, api)
    yield opened
    opened.cut_link()


def shown(snippet: Snippet, user: User) -> list[str]:
    """Return the lines of an example as patterns: what differs each time may be anything."""
    lines = []
    for line in user.code(GUIDE.index(snippet)).splitlines():
        pattern = re.escape(" ".join(line.split()))
        pattern = pattern.replace(re.escape("/home/chai"), re.escape(str(user.home)))
        pattern = re.sub(r"\d{4}\\-\d\d\\-\d\d\\ \d\d:\d\d:\d\dZ", r"[-\\d]+ [:\\d]+Z", pattern)
        pattern = re.sub(r"[0-9a-f]{8}(\\-[0-9a-f]+){4}", "[-0-9a-f]+", pattern)
        lines.append(re.sub(r"\d+\\ B", r"\\d+ B", pattern))
    return lines


def assert_is_as_shown(said: str, snippet: Snippet, user: User) -> None:
    found = [" ".join(line.split()) for line in said.splitlines()]
    expected = shown(snippet, user)
    assert len(found) == len(expected), said
    for line, pattern in zip(found, expected, strict=True):
        assert re.fullmatch(pattern, line), f"{line!r} is not as {pattern!r}"


def test_all_of_it_is_here() -> None:
    languages = [snippet.language for snippet in GUIDE]
    expected = (
        ["sh"] * 4 + ["text", "sh", "text"] + ["sh"] * 4 + ["text", "sh", "json", "python"] + ["sh"] * 4
    )
    assert languages == expected


def test_the_first_five_minutes(user: User) -> None:
    packages = sysconfig.get_path("purelib")
    path = f"~/ccat/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages/here.pth"
    # What a package index would bring is in the environment of the tests.
    program = f"printf %s {shlex.quote(CCAT)} > ~/ccat/bin/ccat && chmod +x ~/ccat/bin/ccat"
    install = f"{program} && echo {packages} > {path}"
    text = user.code(INSTALL).replace("~/ccat/bin/pip install ccat-ops-db-client", install)
    assert install in text
    # pip, which nothing is left to do for, takes longer to set up than all else.
    text = text.replace("-m venv ", "-m venv --without-pip ")
    assert "--without-pip" in text
    observed = user.type(f"{text}{user.code(OBSERVE)}\necho $id").stdout.splitlines()
    execution = observed[-1]
    assert observed[:-1] == ["1 file filed (6 B read), 0 filed already", execution]
    # Nobody archives here.
    look = user.code(LOOK).replace("--for archived", "--for archived --timeout 0.1")
    user.type(f"id={execution}\n{look}", status=1)


def test_a_profile_is_for_good(user: User) -> None:
    user.do(PROFILE)
    observed = user.type(user.code(OBSERVE), CCAT_API_URL="", CCAT_API_TOKEN="")
    assert observed.stdout.startswith("1 file filed")
    assert "spool" not in observed.stderr


class TestAway:
    def test_everything_waits_is_shown_and_is_sent(self, user: User) -> None:
        # Once with the API, so that the source locations are known.
        user.type(f"ccat obs start --obs-unit {seed.OBS_UNIT} --module chai-lfa")
        user.cut_link()
        waits = user.do(OBSERVE)
        first = next(line for line in waits.stderr.splitlines() if "the request is" in line)
        assert_is_as_shown(first, GUIDE[NOTICE], user)
        UUID(waits.stdout.splitlines()[-1])
        said = user.do(STATUS).stdout
        assert_is_as_shown(said, GUIDE[STATUS_SHOWN], user)
        user.do(REPLAY, status=1)
        user.mend_link()
        assert_is_as_shown(user.do(REPLAY).stdout, GUIDE[JOURNAL], user)

    def test_files_cannot_be_placed_before_the_api_was_ever_asked(self, user: User) -> None:
        user.cut_link()
        filing = user.code(JSON).replace("--json", "").replace('"$id"', str(uuid4()))
        said = user.type(filing, status=1, CCAT_RETRY_SECONDS="0.1").stderr
        assert "does not know the source locations yet" in said
        assert "one `ccat obs start` that reached it" in said

    def test_what_is_refused_is_sent_again_or_dropped(self, user: User) -> None:
        user.cut_link()
        user.type("ccat obs start --obs-unit nothing --module chai-lfa")
        user.mend_link()
        user.do(REPLAY, status=1)
        assert "refused" in user.do(STATUS, status=1).stdout
        again, drop = user.code(REFUSED).splitlines()
        user.type(again, status=1)
        user.type(drop.replace("discard 4", "discard 1"))
        assert ", 0 refused" in user.do(STATUS).stdout

    def test_what_was_written_for_another_address_is_sent_to_the_present_one(self, user: User) -> None:
        old = f"http://127.0.0.1:{ports.free_ports(1)[0]}"
        user.type(f"ccat obs start --obs-unit {seed.OBS_UNIT} --module chai-lfa", CCAT_API_URL=old)
        moved = user.code(MOVED).replace("http://old-api.ccat.example:8000", old)
        sent, remedy = user.type("ccat spool replay").stdout.splitlines()
        assert sent == "0 sent, 0 refused, 0 wait"
        assert remedy == f"1 for {old} stay: {moved.strip()} sends them here"
        assert user.type(moved).stdout == "1 sent, 0 refused, 0 wait\n"


class TestUnits:
    """Of systemd, without systemd: they are well formed, and what they start does what is expected of it."""

    @pytest.fixture
    def installed(self, user: User) -> Path:
        """The folder of the units, after what the guide says but for the last two lines."""
        (user.home / "ccat" / "bin").mkdir(parents=True)
        (user.home / "ccat" / "bin" / "python").symlink_to(sys.executable)
        program = user.home / "ccat" / "bin" / "ccat"
        program.write_text(CCAT)
        program.chmod(0o755)
        text = user.code(UNITS)
        copied, enabling, _ = text.partition("systemctl --user")
        assert enabling
        user.type(copied.replace("~/ccat/bin/python", sys.executable))
        return user.home / ".config" / "systemd" / "user"

    def test_they_are_well_formed(self, installed: Path, user: User) -> None:
        assert sorted(path.name for path in installed.iterdir()) == [
            "ccat-spool-replay.service",
            "ccat-spool-replay.timer",
        ]
        assert "enable --now ccat-spool-replay.timer" in user.code(UNITS)
        if shutil.which("systemd-analyze"):
            units = " ".join(str(path) for path in installed.iterdir())
            verify = f"systemd-analyze --user verify {units}"
            assert user.type(verify, XDG_RUNTIME_DIR=str(user.home)).stderr == ""

    def test_the_service_sends_what_waits(self, installed: Path, user: User) -> None:
        user.cut_link()
        user.type(f"ccat obs start --obs-unit {seed.OBS_UNIT} --module chai-lfa")
        user.mend_link()
        service = _unit(installed / "ccat-spool-replay.service")["Service"]
        command = _expanded(service["ExecStart"], user)
        settings = Path(_expanded(service["EnvironmentFile"], user)[0])
        assert settings.stat().st_mode & 0o777 == 0o600
        # A user service has little more than these.
        environment = {"HOME": str(user.home), "PATH": os.defpath}
        environment |= dict(line.split("=", 1) for line in settings.read_text().splitlines())
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "1 sent, 0 refused, 0 wait\n", "")


def _unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser


def _expanded(text: str, user: User) -> list[str]:
    return shlex.split(text.replace("%h", str(user.home)))


def test_the_json_of_a_filing(user: User, api: Api) -> None:
    link = api.source / user.folder / "housekeeping.log"
    link.symlink_to("nowhere")
    try:
        start = f"id=$(ccat obs start --obs-unit {seed.OBS_UNIT} --module chai-lfa)"
        said = json.loads(user.type(f"{start}\n{user.code(JSON)}", status=3).stdout)
    finally:
        link.unlink()
    example = json.loads(GUIDE[JSON_SHOWN].text)
    assert list(said) == list(example)
    assert said["left_out"][0].keys() == example["left_out"][0].keys()


class TestPython:
    def run(self, user: User) -> None:
        program = user.home / "record.py"
        program.write_text(user.code(PYTHON))
        user.type(f"{shlex.quote(sys.executable)} record.py")

    def test_it_records(self, user: User) -> None:
        self.run(user)
        assert user.type("ccat find --since 10m --json").stdout.count('"completed"') >= 1
        assert user.do(STATUS).stdout.endswith("0 requests waiting, 0 of them parked, 0 refused\n")

    def test_without_the_api_it_waits(self, user: User) -> None:
        user.cut_link()
        self.run(user)
        assert "3 requests waiting" in user.do(STATUS).stdout
        user.mend_link()
        assert_is_as_shown(user.do(REPLAY).stdout, GUIDE[JOURNAL], user)


class TestPlainHttp:
    STEPS = (HTTP_START, HTTP_FILE, HTTP_FINISH)

    def test_it_records(self, user: User) -> None:
        said = user.type(f"{user.code(HTTP)}\n{user.code(*self.STEPS)}\necho $id").stdout
        execution = said.splitlines()[-1]
        assert UUID(execution).version == 7
        found = json.loads(user.type(f"ccat find --obs-unit {seed.OBS_UNIT} --since 10m --json").stdout)
        assert [each["status"] for each in found if each["id"] == execution] == ["completed"]

    @pytest.mark.parametrize("step", STEPS)
    def test_without_the_api_each_is_to_be_kept(self, user: User, step: int) -> None:
        user.cut_link()
        user.type(f"{user.code(HTTP)}\nid=$(uuid7)\n{user.code(step)}", status=2)

    def test_a_refusal_is_said(self, user: User) -> None:
        wrong = user.code(HTTP_START).replace(seed.OBS_UNIT, "nothing")
        assert "obs_unit" in user.type(f"{user.code(HTTP)}\n{wrong}", status=1).stdout

    def test_a_wrong_token_is_no_refusal(self, user: User) -> None:
        user.type(user.code(HTTP, HTTP_START), status=2, CCAT_API_TOKEN="ccat_wrong")
