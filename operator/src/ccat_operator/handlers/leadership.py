"""Whether this replica leads: kopf pauses its watches by itself, what goes by the clock asks here."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ccat_operator.handlers.cluster import Cluster


@dataclass
class Leadership:
    """The peering among the replicas; without a name there is only one."""

    cluster: Cluster
    name: str | None = None
    namespace: str | None = None
    """That is looked after; None for all."""
    priority: int = field(default_factory=lambda: random.randint(1, 2**31 - 1))

    async def is_ours(self) -> bool:
        """Say whether no living replica comes before this one."""
        if self.name is None:
            return True
        peers = await self.cluster.peers(self.name, self.namespace)
        return all(int(peer.get("priority", 0)) <= self.priority for peer in peers.values() if _lives(peer))


def _lives(peer: dict[str, Any]) -> bool:
    seen = datetime.fromisoformat(peer["lastseen"])
    if seen.tzinfo is None:
        seen = seen.replace(tzinfo=UTC)
    return seen + timedelta(seconds=float(peer.get("lifetime", 60))) > datetime.now(UTC)
