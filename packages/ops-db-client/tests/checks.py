"""What several tests of the command check and write."""

from pathlib import Path

from .conftest import Ran


def write(path: Path, content: bytes = b"data") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def one_line_error(ran: Ran, *words: str) -> None:
    """Check that a command failed with one line that says what and what to do."""
    assert ran.status == 1
    assert ran.out == ""
    assert ran.err.startswith("ccat: error: ")
    assert ran.err.count("\n") == 1
    assert ran.err.rstrip("\n").isprintable()
    for word in words:
        assert word in ran.err
