"""Commands that are run without importing them again are processes as any other."""

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
    monkeypatch.setattr(preloaded, "_server", cache(preloaded._Server))
    yield "command_of_a_test"
    preloaded._server("command_of_a_test").end()


def test_environment_output_and_status_are_its_own(module: str) -> None:
    ended = run_preloaded(module, ["name", "tell"], {"WHERE": "here"})
    assert (ended.status, ended.out, ended.err) == (3, "here 1 name\n", "told\n")
    assert run_preloaded(module, ["name", "where"], {}, folder=Path("/usr")).out == "/usr\n"
    again = run_preloaded(module, ["name", "tell"], {"WHERE": "there", "MORE": ""})
    assert again.out == "there 2 name\n"
    assert run_preloaded(module, ["name", "nothing"], {}) == preloaded.Ended(0, "", "")


def test_every_end_is_seen(module: str) -> None:
    raised = run_preloaded(module, ["name", "raise"], {})
    assert raised.status == 1
    assert "ValueError: wrong" in raised.err
    assert run_preloaded(module, ["name", "die"], {}).status == -signal.SIGKILL
    with pytest.raises(TimeoutError, match="name hang"):
        run_preloaded(module, ["name", "hang"], {}, limit_seconds=0.2)
    assert run_preloaded(module, ["name", "nothing"], {}).status == 0
