"""Whatever names there are and whatever the locale, ``ccat`` says them in a way that no terminal obeys."""

import hashlib
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ccat_dev_stack.preloaded import Ended, run_preloaded
from ccat_ops_db_client.terminal_text import printable

from .conftest import Received, Reply, ScriptedServer

pytestmark = pytest.mark.long

ID = str(UUID("01980000-0000-7000-8000-000000000000"))
NOW = "2026-11-30T00:00:00Z"
HOSTILE = "x\x1b[31m\x1b]0;title\x07\u202e\r\n\x7f\x9b\u00e9\u65e5[red]y[/red]"
LOCALES = ["C", "de_DE.ISO-8859-1", "C.UTF-8"]
CONTENT = b"content"
JSON = {"Content-Type": "application/json"}

COMMANDS: list[tuple[str, ...]] = [
    ("find",),
    ("status",),
    ("why", ID),
    ("packages", "--execution", ID),
    ("wait", "--execution", ID, "--for", "archived", "--timeout", "0"),
    ("stage", "--to", "l", "--execution", ID, "--wait", "--timeout", "0"),
    ("obs", "start", "--obs-unit", HOSTILE, "--module", "m", "--id", ID),
    ("file", "--execution", ID, "--module", "m", "."),
    ("spool", "status"),
]


def answer(request: Received) -> Reply:
    """Answer as the API would if every text in it were hostile."""
    path = request.path.partition("?")[0].removeprefix("/api/v1")
    waits = {"subject_type": HOSTILE, "subject_id": HOSTILE, "reason": HOSTILE, "detail": HOSTILE}
    execution = {"id": ID, "obs_unit": HOSTILE, "status": HOSTILE, "started_at": NOW, "modules": [HOSTILE]}
    copy = {"location": HOSTILE, "status": HOSTILE, "waiting_reason": HOSTILE, "waiting_detail": HOSTILE}
    package = {
        "id": ID,
        "execution_id": ID,
        "module": HOSTILE,
        "part_number": 1,
        "state": HOSTILE,
        "file_count": 1,
        "payload_bytes": 1,
        "waiting_reason": HOSTILE,
        "copies": [copy],
    }
    job = {
        "id": ID,
        "destination_location": HOSTILE,
        "state": HOSTILE,
        "folder": HOSTILE,
        "items": [{"status": HOSTILE, "waiting_reason": HOSTILE}],
    }
    progress = {
        "id": ID,
        "status": HOSTILE,
        "archived": False,
        "removed_at_source": False,
        "waiting": [waits],
        "failed": [{**waits, "message": HOSTILE}],
    }
    location = {"id": HOSTILE, "site": HOSTILE, "location_type": "source", "storage_type": "disk"}
    status = {
        "site": HOSTILE,
        "at": NOW,
        "packages": {HOSTILE: 1},
        "errors": {HOSTILE: 1},
        "locations": [location],
        "work": [{"operation": HOSTILE, "status": HOSTILE, "count": 1}],
        "waiting": [{**waits, "count": 1}],
        "transfers": [{"operation": HOSTILE, "package_id": HOSTILE, "from": HOSTILE, "to": HOSTILE}],
        "verdict": {"level": HOSTILE, "sentence": HOSTILE},
        "attention": [dict.fromkeys(("severity", "title", "why", "remedy", "turn"), HOSTILE)],
    }
    step = {**waits, **dict.fromkeys(("what", "status", "remedy", "turn"), HOSTILE), "since": NOW}
    answers: dict[str, Any] = {
        "/executed-obs-units": {"items": [execution]},
        "/executed-obs-units:start": execution,
        f"/executed-obs-units/{ID}": execution,
        f"/executed-obs-units/{ID}/progress": progress,
        "/raw-data-packages": {"items": [package]},
        "/staging-jobs": job,
        f"/staging-jobs/{ID}": job,
        "/status": status,
        f"/why/{ID}": {"subject_type": HOSTILE, "subject_id": HOSTILE, "summary": HOSTILE, "steps": [step]},
        "/site": {"id": HOSTILE},
        "/data-locations": {"items": [{**location, "path": f"/{HOSTILE}"}]},
        "/instruments": {"items": []},
    }
    return Reply(200, answers[path], JSON)


def refuse(request: Received) -> Reply:
    """Refuse everything, in hostile words."""
    del request
    document = {
        "type": "https://data-center.ccatobservatory.org/problems/x",
        "title": HOSTILE,
        "status": 409,
        "detail": HOSTILE,
        "instance": HOSTILE,
        "request_id": HOSTILE,
        "remedy": HOSTILE,
        "errors": [{"line": 1, "field": HOSTILE, "reason": HOSTILE}],
    }
    return Reply(409, document, {"Content-Type": "application/problem+json"})


def confuse(request: Received) -> Reply:
    """Answer as something else would, hostile."""
    del request
    return Reply(200, HOSTILE.encode(), {"Content-Type": "text/plain", "Server": "x \x1b[31m"})


def under(locale: str) -> dict[str, str]:
    """Return what Python starts with under a locale, which it must not replace by its own."""
    return {
        "LC_ALL": locale,
        "LOCPATH": os.environ.get("LOCPATH", ""),
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }


def environment_of(url: str, spool: Path, locale: str) -> dict[str, str]:
    return under(locale) | {
        "PATH": os.defpath,
        "HOME": str(spool),
        "CCAT_API_URL": url,
        "CCAT_API_TOKEN": "t",
        "CCAT_SPOOL_FOLDER": str(spool),
        "CCAT_RETRY_SECONDS": "0.1",
        "CCAT_REPLAY_IN_BACKGROUND": "false",
    }


def run(arguments: Sequence[str], url: str, spool: Path, cwd: Path, locale: str) -> Ended:
    """Run the command under a locale; Python has imported it before, once for each locale."""
    return run_preloaded(
        "ccat_ops_db_client.commands.main",
        ["ccat", *arguments],
        environment_of(url, spool, locale),
        cwd,
        start=under(locale),
    )


def run_program(
    arguments: Sequence[str], url: str, spool: Path, cwd: Path, locale: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the installed program under a locale."""
    return subprocess.run(
        [Path(sys.executable).with_name("ccat"), *map(os.fsencode, arguments)],
        env=environment_of(url, spool, locale),
        cwd=cwd,
        capture_output=True,
        check=False,
    )


def harmless(ran: Ended) -> None:
    """Check that nothing said would be obeyed by a terminal, and that it is no defect."""
    for said in (ran.out_bytes, ran.err_bytes):
        try:
            text = said.decode()
        except UnicodeDecodeError:
            text = said.decode("latin-1")
        marks = {letter for letter in text if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"}}
        assert marks <= {"\n"}, text
        for sign in (b"Traceback", b"defect", b"UnicodeE"):
            assert sign not in said, said
    assert ran.status in {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("reply", "commands"), [(answer, COMMANDS), (refuse, COMMANDS[-3:]), (confuse, COMMANDS[-3:])]
)
def test_hostile_answers_are_shown_harmless(
    server: ScriptedServer,
    spool_folder: Path,
    tmp_path: Path,
    reply: Callable[[Received], Reply],
    commands: list[tuple[str, ...]],
) -> None:
    server.answer = reply
    name = HOSTILE.replace("/", "")
    folder = tmp_path / name
    folder.mkdir()
    (folder / name).write_bytes(b"x")
    for command in commands:
        for more in ((), ("--json",)):
            harmless(run([*command, *more], server.url, spool_folder, folder, "C"))


@pytest.mark.parametrize(
    ("argument", "locale"),
    [(HOSTILE, "C"), (HOSTILE, "de_DE.ISO-8859-1"), (os.fsdecode(b"\xff\xfe"), "C.UTF-8"), ("R\u00e9f", "C")],
)
def test_hostile_arguments_are_shown_harmless(
    server: ScriptedServer, spool_folder: Path, tmp_path: Path, locale: str, argument: str
) -> None:
    server.answer = refuse
    for command in (
        (argument,),
        ("why", argument),
        ("get", f"{ID}:{argument}", "-o", argument),
        ("find", "--since", argument),
        ("find", "--obs-unit", argument),
        ("obs", "start", "--obs-unit", argument, "--module", argument),
        ("file", "--execution", ID, "--module", argument, argument),
        ("status", "--api-url", argument),
    ):
        harmless(run(command, server.url, spool_folder, tmp_path, locale))


@pytest.mark.parametrize("locale", LOCALES)
def test_names_reach_the_disk_as_they_are(
    server: ScriptedServer, spool_folder: Path, tmp_path: Path, locale: str
) -> None:
    """What is asked for by a shell of another locale is found, and is written with its own name."""
    name = "R\u00e9flexion \u00e0 \u65e5.fits"
    member = {"path": name, "offset": 0, "size": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}

    def give(request: Received) -> Reply:
        if request.path.endswith("/index"):
            return Reply(200, {"members": [member]}, JSON)
        return Reply(206, CONTENT, {"Content-Range": f"bytes 0-{len(CONTENT) - 1}/10240"})

    server.answer = give
    target = tmp_path / "Ziel \u00fc"
    get = ["get", f"{ID}:{name}", "-o", str(target)]
    got = run_program(get, server.url, spool_folder, tmp_path, locale)
    assert (got.returncode, got.stderr) == (0, b"")
    assert got.stdout == os.fsencode(target / name) + b"\n"
    assert (target / name).read_bytes() == CONTENT
    again = run_program([*get, "--json"], server.url, spool_folder, tmp_path, locale)
    assert json.loads(again.stdout)["path"] == str(target / name)


def test_without_accents_in_the_locale_a_text_is_taken_as_utf_8(
    server: ScriptedServer, spool_folder: Path, tmp_path: Path
) -> None:
    server.answer = answer
    start = ["obs", "start", "--obs-unit", "\u00e9", "--module", "m", "--id", ID]
    assert run(start, server.url, spool_folder, tmp_path, "C").status == 0
    started = next(request for request in server.received if request.path.endswith(":start"))
    assert json.loads(started.body)["obs_unit"] == "\u00e9"
    assert run(["find", "--obs-unit", "\u00e9"], server.url, spool_folder, tmp_path, "C").status == 0
    assert any("obs_unit=%C3%A9" in request.path for request in server.received)


def test_every_character_that_a_terminal_may_obey_is_escaped() -> None:
    bidi_and_other_marks = (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
    for code in (*range(0x20), *range(0x7F, 0xA0), *bidi_and_other_marks, 0xE0001, 0xDC80, 0xD800):
        assert re.fullmatch(r"a\\[0-9A-Za-z]+b", printable(f"a{chr(code)}b")), hex(code)
