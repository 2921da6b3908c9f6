"""Commands that are run without importing them again are processes as any other."""

import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ccat_dev_stack import preloaded
from ccat_dev_stack.preloaded import run_preloaded

COMMAND = """\
import os, sys, signal

def main():
    what = sys.argv[1]
    if what == "tell":
        print(os.environ["WHERE"], len(os.environ), sys.argv[0])
        sys.stderr.write("told\\n")
        sys.exit(3)
    if what == "show":
        sys.stdout.buffer.write(os.fsencode(sys.argv[2]) + b" " + sys.getfilesystemencoding().encode())
    if what == "where":
        print(os.getcwd())
    if what == "raise":
        raise ValueError("wrong")
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "hang":
        signal.pause()
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A command, and a server of the test's own that finds it by its PYTHONPATH."""
    (tmp_path / "command_of_a_test.py").write_text(COMMAND)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    servers: list[preloaded._Server] = []

    @cache
    def server(module: str, start: tuple[tuple[str, str], ...] | None) -> preloaded._Server:
        servers.append(preloaded._Server(module, start))
        return servers[-1]

    monkeypatch.setattr(preloaded, "_server", server)
    yield "command_of_a_test"
    for server_of_test in servers:
        server_of_test.end()


def test_environment_output_and_status_are_its_own(module: str) -> None:
    ended = run_preloaded(module, ["name", "tell"], {"WHERE": "here"})
    assert (ended.status, ended.out, ended.err) == (3, "here 1 name\n", "told\n")
    assert run_preloaded(module, ["name", "where"], {}, folder=Path("/usr")).out == "/usr\n"
    again = run_preloaded(module, ["name", "tell"], {"WHERE": "there", "MORE": ""})
    assert again.out == "there 2 name\n"
    assert run_preloaded(module, ["name", "nothing"], {}) == preloaded.Ended(0, b"", b"")


def test_python_starts_under_another_locale(module: str, tmp_path: Path) -> None:
    start = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(tmp_path)}
    folder = tmp_path / "\u00e9"
    folder.mkdir()
    for text, encoded in (("\u00e9", b"\xc3\xa9"), (os.fsdecode(b"\xff"), b"\xff")):
        shown = run_preloaded(module, ["name", "show", text], {"WHERE": "\u00e9"}, folder, start=start)
        assert shown.out_bytes == encoded + b" ascii"
    where = run_preloaded(module, ["name", "where"], {}, folder, start=start)
    assert where.out == f"{folder}\n"


def test_every_end_is_seen(module: str) -> None:
    raised = run_preloaded(module, ["name", "raise"], {})
    assert raised.status == 1
    assert "ValueError: wrong" in raised.err
    assert run_preloaded(module, ["name", "die"], {}).status == -signal.SIGKILL
    with pytest.raises(TimeoutError, match="name hang"):
        run_preloaded(module, ["name", "hang"], {}, limit_seconds=0.2)
    assert run_preloaded(module, ["name", "nothing"], {}).status == 0
