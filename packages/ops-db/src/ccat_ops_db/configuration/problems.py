"""What can be wrong with configuration files, told with file, line, key and reason."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, order=True)
class Position:
    """A line of a file, counted from 1."""

    file: str
    line: int


@dataclass(frozen=True, order=True)
class Problem:
    """Something that is wrong in a configuration file."""

    file: str
    line: int
    key: str
    """Where in the file, for example ``sites.ccat.time_zone``; empty for the file as a whole."""
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: "
        return f"{where}{self.key}: {self.reason}" if self.key else f"{where}{self.reason}"

    def as_dict(self) -> dict[str, str | int]:
        """Return it for ``--json``."""
        return asdict(self)


class ConfigurationError(ValueError):
    """The configuration is not valid; it knows all that is wrong, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(map(str, self.problems)))
