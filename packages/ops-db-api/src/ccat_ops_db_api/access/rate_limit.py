"""How often something may be done: a token bucket for each key, in this process."""

import math
from dataclasses import dataclass
from http import HTTPStatus

from ccat_ops_db.clock import Clock
from ccat_ops_db_api.platform.errors import Problem


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class RateLimit:
    """Buckets of all keys. Full ones are forgotten, and the oldest when there are too many.

    Parameters
    ----------
    clock : Clock
        Gives the time that passes.
    per_second : float
        How often, sustained.
    burst : int
        How often at once.
    what : str
        What is counted, for people: ``this token asks``.
    most : int
        How many buckets are kept.
    """

    def __init__(self, clock: Clock, per_second: float, burst: int, what: str, most: int = 100_000) -> None:
        self._clock, self._per_second, self._burst = clock, per_second, burst
        self._what, self._most = what, most
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key: str) -> None:
        """Count once.

        Raises
        ------
        Problem
            429 with the seconds to wait when the bucket is empty.
        """
        now = self._clock.monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._most:
                del self._buckets[next(iter(self._buckets))]
            bucket = self._buckets[key] = _Bucket(self._burst, now)
        bucket.level, bucket.at = self._level(bucket, now), now
        if bucket.level < 1:
            wait = math.ceil((1 - bucket.level) / self._per_second)
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too-many-requests",
                f"{self._what} more than {_often(self._per_second)}; wait {wait} s",
                headers={"Retry-After": str(wait)},
            )
        bucket.level -= 1

    def forget_full(self) -> None:
        """Forget the buckets that are full: they are as if they had never been used."""
        now = self._clock.monotonic()
        self._buckets = {
            key: bucket for key, bucket in self._buckets.items() if self._level(bucket, now) < self._burst
        }

    def _level(self, bucket: _Bucket, now: float) -> float:
        return min(self._burst, bucket.level + (now - bucket.at) * self._per_second)


def _often(per_second: float) -> str:
    return f"{per_second:g} times a second" if per_second >= 1 else f"once in {1 / per_second:g} s"
