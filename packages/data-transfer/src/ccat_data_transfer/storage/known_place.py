"""By which marker a storage was opened, and whether the place still has it."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any, Self
from uuid import UUID

from ccat_ops_db.enumerations import Ability


class KnownPlace:
    """What all kinds of storage share: each is the handle of a place that somebody has looked at.

    Attributes
    ----------
    marker_id : UUID or None
        Marker that the place had when it was opened; null: nobody compared it.
    unable : set of Ability
        What it cannot do, as a probe found out.
    """

    marker_id: UUID | None = None
    unable: Set[Ability] = frozenset()
    _look: Callable[[Any], None] | None = None

    def known_by(
        self, marker_id: UUID | None, look: Callable[[Self], None], unable: Set[Ability] = frozenset()
    ) -> None:
        """See `Storage.known_by`."""
        self.marker_id = marker_id
        self.unable = unable
        self._look = look

    def confirm_place(self) -> None:
        """See `Storage.confirm_place`."""
        if self._look is not None:
            self._look(self)
