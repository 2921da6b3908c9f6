"""``ccat completion``."""

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import completion_init, get_completion_script  # type: ignore[attr-defined]

from . import ASKED_BY_SHELL
from .output import printing


class Shell(StrEnum):
    """Shells that can ask."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """Print what makes a shell complete `ccat` with the tabulator key.

    For bash put this line into ~/.bashrc: eval "$(ccat completion bash)"
    """
    script = get_completion_script(prog_name="ccat", complete_var=ASKED_BY_SHELL, shell=shell.value)
    with printing():
        sys.stdout.write(f"{script}\n")


def words_asked_for(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Prepare for the question of a shell, and return the words of its line after ``ccat``."""
    completion_init()
    # bash says it one way, the others the other way.
    line = environment.get("COMP_WORDS") or environment.get("_TYPER_COMPLETE_ARGS", "")
    return line.split()[1:]
