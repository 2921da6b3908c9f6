"""What could not be filed: each thing with the reason and the remedy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ccat_ops_db_client.errors import PathError, PathReason, with_remedy


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was not filed, or a folder of which nothing was.

    Attributes
    ----------
    path : Path
        What it is.
    reason : PathReason
        Why, for programs.
    message : str
        Why, in a sentence that names it; safe for a terminal.
    remedy : str
        What helps.
    """

    path: Path
    reason: PathReason
    message: str
    remedy: str

    def __str__(self) -> str:
        return with_remedy(self.message, self.remedy)

    @classmethod
    def because_of(cls, error: PathError, path: Path) -> Self:
        """Return what an error of a path says of it."""
        return cls(path, error.reason, error.message, error.remedy)
