"""Settings of several sites under names: which counts, and that no token goes where it is not for."""

import os
from pathlib import Path

import pytest

from ccat_ops_db_client.background import is_at_work
from ccat_ops_db_client.errors import ConfigurationError
from ccat_ops_db_client.settings import load_settings
from ccat_ops_db_client.spool import Spool

from . import seed
from .conftest import Api, Reply, RunCcat, ScriptedServer, accept
from .test_lanes import wait_for

SITE = "http://site.example:8000"
TEST = "http://test.example:8000"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of profiles; the environment says nothing else."""
    for name in ("CCAT_API_URL", "CCAT_API_TOKEN", "CCAT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "ccat").mkdir()
    return tmp_path / "ccat"


def write(folder: Path, text: str) -> None:
    (folder / "profiles.toml").write_text(text)


def write_token(path: Path, token: str, mode: int = 0o600) -> None:
    path.write_text(f"{token}\n")
    path.chmod(mode)


def two_sites(folder: Path) -> None:
    write(
        folder,
        f'default = "site"\n[site]\napi_url = "{SITE}"\nread_timeout = 7\n'
        f'[test]\napi_url = "{TEST}"\ntoken_file = "other.token"\n',
    )
    write_token(folder / "site.token", "ccat_site")
    write_token(folder / "other.token", "ccat_other")


def who(monkeypatch: pytest.MonkeyPatch, **environment: str) -> tuple[str, str | None, float]:
    with monkeypatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        settings = load_settings()
    token = settings.api_token
    return settings.api_url, token.get_secret_value() if token else None, settings.read_timeout


def test_a_name_takes_address_token_and_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two_sites(folder)
    assert who(monkeypatch, CCAT_PROFILE="site") == (SITE, "ccat_site", 7)
    assert who(monkeypatch, CCAT_PROFILE="test") == (TEST, "ccat_other", 60)
    # What the profile does not say comes from the environment.
    assert who(monkeypatch, CCAT_PROFILE="test", CCAT_READ_TIMEOUT="9") == (TEST, "ccat_other", 9)


def test_the_default_counts_where_nothing_else_says_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two_sites(folder)
    assert who(monkeypatch) == (SITE, "ccat_site", 7)
    assert who(monkeypatch, CCAT_PROFILE="") == (SITE, "ccat_site", 7)
    assert who(monkeypatch, CCAT_API_URL="http://elsewhere:1") == ("http://elsewhere:1", None, 60)
    assert load_settings("http://elsewhere:1").api_token is None


def test_no_token_goes_to_an_api_that_it_is_not_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two_sites(folder)
    (folder / "site.token").unlink()
    mine = {"CCAT_API_URL": "http://elsewhere:1", "CCAT_API_TOKEN": "ccat_elsewhere"}
    assert who(monkeypatch, CCAT_PROFILE="site", **mine) == (SITE, None, 7)
    assert who(monkeypatch, CCAT_PROFILE="test", **mine) == (TEST, "ccat_other", 60)
    assert who(monkeypatch, **mine) == ("http://elsewhere:1", "ccat_elsewhere", 60)
    monkeypatch.setenv("CCAT_PROFILE", "site")
    with pytest.raises(ConfigurationError, match="either the profile or the address"):
        load_settings("http://elsewhere:1")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_token_that_others_may_use_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    two_sites(folder)
    (folder / "site.token").chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600") as refused:
        load_settings()
    assert "ccat_site" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ('[site]\napi_url = "http://a:1"', "other", r"no profile other in .*profiles\.toml; .*\(site\)"),
        ("", "other", r"no profile other .*\(none\)"),
        ('default = "gone"', "", "no profile gone"),
        ("default = 3", "", "must be the name of a profile"),
        ("default = {}", "", "must be the name of a profile"),
        ('site = "http://a:1"', "site", "no profile site"),
        ("[site]\napi_url = ", "site", "is not TOML"),
        ("[site]\n", "site", "without api_url"),
        ('[site]\napi_url = "ftp://a"', "site", r"api_url in .*profiles\.toml: must look like http"),
        ('[site]\napi_url = "http://a:1"\nread_timeout = "soon"', "site", "must be a number of seconds"),
        (
            '[site]\napi_url = "http://a:1"\nraed_timeout = 3',
            "site",
            "raed_timeout is no setting; .*read_timeout",
        ),
        ('[site]\napi_url = "http://a:1"\napi_token = "ccat_x"', "site", "does not belong into"),
        ('[site]\napi_url = "http://a:1"\ntoken_file = 3', "site", "token_file must be a path"),
        ('[site]\napi_url = "http://a:1"\ntoken_file = ""', "site", "token_file must be a path"),
        ('[site]\napi_url = "http://a:1"\ntoken_file = "gone"', "site", "gone is not there"),
        ('[site]\napi_url = "http://a:1"\ntoken_file = "."', "site", "is no file"),
        ('[site]\napi_url = "http://a:1"\ntoken_file = "pipe"', "site", "is no file"),
        ('[site]\napi_url = "http://a:1"\ntoken_file = "large"', "site", "too large"),
        ('[site]\napi_url = "http://a:1"\ntoken_file = "words"', "site", "a token is one word"),
    ],
)
def test_what_is_wrong_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, name: str, said: str
) -> None:
    write(folder, text)
    os.mkfifo(folder / "pipe", 0o600)
    write_token(folder / "large", "a" * 5000)
    write_token(folder / "words", "two words")
    monkeypatch.setenv("CCAT_PROFILE", name)
    with pytest.raises(ConfigurationError, match=said) as refused:
        load_settings()
    assert "ccat_x" not in str(refused.value)
    assert "two words" not in str(refused.value)


def test_without_profiles_the_environment_is_asked_for(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"CCAT_API_URL is not set; .*--profile"):
        load_settings()


def test_a_command_takes_it(folder: Path, ccat: RunCcat, api: Api, server: ScriptedServer) -> None:
    write(folder, f'[site]\napi_url = "{api.url}"\n')
    write_token(folder / "site.token", api.token)
    elsewhere = {"CCAT_API_URL": server.url, "CCAT_PROFILE": ""}
    started = ccat(
        "obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa", "--profile", "site", **elsewhere
    )
    assert (started.status, server.received) == (0, [])
    found = ccat("find", "--json", "--profile", "site", **elsewhere)
    assert started.out.strip() in [row["id"] for row in found.json]
    assert server.received == []


def test_what_is_left_behind_to_send_takes_it_too(
    folder: Path, ccat: RunCcat, server: ScriptedServer, spool_folder: Path
) -> None:
    """Also the default one, which no variable names."""
    server.say(Reply(503))
    write(folder, f'default = "site"\n[site]\napi_url = "{server.url}"\n')
    write_token(folder / "site.token", "ccat_site")
    nobody = {"CCAT_API_URL": "", "CCAT_API_TOKEN": "", "CCAT_REPLAY_IN_BACKGROUND": "true"}
    started = ccat("obs", "start", "--obs-unit", "O", "--module", "m", **nobody)
    assert started.status == 0
    server.answer = accept
    spool = Spool(spool_folder)
    wait_for(lambda: spool.count(server.url) == 0)
    wait_for(lambda: not is_at_work(spool, server.url))
    assert {request.headers["authorization"] for request in server.received} == {"Bearer ccat_site"}


def test_a_home_that_is_not_known_is_no_defect(folder: Path) -> None:
    write(folder, f'default = "site"\n[site]\napi_url = "{SITE}"\ntoken_file = "~nobody-here/token"\n')
    with pytest.raises(ConfigurationError, match="~nobody-here/token is not there"):
        load_settings()
