"""When tokens and sessions were last used, written now and then instead of with each request."""

from datetime import datetime
from uuid import UUID


class LastUse:
    """Uses that have not been written yet."""

    def __init__(self) -> None:
        self._uses: dict[UUID, datetime] = {}

    def note(self, token_id: UUID, at: datetime) -> None:
        """Remember a use."""
        self._uses[token_id] = at

    def take(self) -> dict[UUID, datetime]:
        """Return what is to be written, and forget it."""
        uses, self._uses = self._uses, {}
        return uses
