"""How often a token may ask: a token bucket per token, in this process."""

import math
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from ccat_ops_db.clock import Clock
from ccat_ops_db_api.platform.errors import Problem


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class RateLimit:
    """Buckets of all tokens; the number of tokens bounds it.

    Parameters
    ----------
    clock : Clock
        Gives the time that passes.
    per_second : float
        Requests of a token, sustained.
    burst : int
        Requests of a token at once.
    """

    def __init__(self, clock: Clock, per_second: float, burst: int) -> None:
        self._clock, self._per_second, self._burst = clock, per_second, burst
        self._buckets: dict[UUID, _Bucket] = {}

    def take(self, token_id: UUID) -> None:
        """Count a request.

        Raises
        ------
        Problem
            429 with the seconds to wait when the bucket is empty.
        """
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault(token_id, _Bucket(self._burst, now))
        bucket.level = min(self._burst, bucket.level + (now - bucket.at) * self._per_second)
        bucket.at = now
        if bucket.level < 1:
            wait = math.ceil((1 - bucket.level) / self._per_second)
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too-many-requests",
                f"this token asks more than {self._per_second:g} times a second; wait {wait} s",
                headers={"Retry-After": str(wait)},
            )
        bucket.level -= 1
