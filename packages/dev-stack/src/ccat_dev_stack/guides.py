"""What guides tell people to type, so that tests type it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    """A block of code of a guide.

    Attributes
    ----------
    language : str
        What it is written in.
    text : str
        The code, without the indentation of the list that it stands in.
    before : str
        The last line of text before it.
    """

    language: str
    text: str
    before: str

    def replacing(self, replaced: Mapping[str, str]) -> str:
        """Return the code with what stands for something else in the guide; all of it must be there."""
        text = self.text
        for shown, meant in replaced.items():
            assert shown in text, f"{shown} is not in {self.text}"
            text = text.replace(shown, meant)
        return text


def snippets(guide: Path) -> list[Snippet]:
    """Return all code of a guide, in order."""
    page = guide.read_text("utf-8")
    return [
        Snippet(
            found[2],
            "".join(line.removeprefix(found[1]) for line in found[3].splitlines(keepends=True)),
            page[: found.start()].rstrip().rpartition("\n")[2].strip(),
        )
        for found in _BLOCK.finditer(page)
    ]


def snippet(guide: Path, before: str) -> Snippet:
    """Return the code of a guide that comes after a line with this text."""
    found = [each for each in snippets(guide) if before in each.before]
    assert len(found) == 1, f"{guide.name} has the step {before!r} {len(found)} times"
    return found[0]
