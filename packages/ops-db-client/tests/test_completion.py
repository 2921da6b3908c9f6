"""A shell completes the words of ``ccat``."""

import subprocess

import pytest

from .conftest import RunCcat


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("ccat ob", ["obs"]),
        ("ccat obs st", ["start"]),
        ("ccat spool re", ["replay"]),
        ("ccat file --alg", ["--algorithm"]),
        ("ccat nonsense x", []),
    ],
)
def test_bash_is_told_how_a_line_goes_on(ccat: RunCcat, line: str, completed: list[str]) -> None:
    last = str(len(line.split()) - 1)
    ran = ccat(_CCAT_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=last)
    assert (ran.out.split(), ran.err) == (completed, "")


def test_other_shells_are_told_too(ccat: RunCcat) -> None:
    asked = {"_TYPER_COMPLETE_ARGS": "ccat obs st", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert ccat(_CCAT_COMPLETE="complete_fish", **asked).out.startswith("start")
    assert "start" in ccat(_CCAT_COMPLETE="complete_zsh", **asked).out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_ccat(ccat: RunCcat, shell: str) -> None:
    script = ccat("completion", shell).out
    assert f"_CCAT_COMPLETE=complete_{shell}" in script
    if shell == "bash":
        done = subprocess.run(["bash", "-c", f"{script}complete -p ccat"], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


def test_another_shell_is_wrong_usage(ccat: RunCcat) -> None:
    assert ccat("completion", "tcsh").status == 2
