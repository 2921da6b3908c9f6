"""The speed limit of a route, shared by all its workers.

Each block of bytes takes the next free span of time on the route (the generic cell rate algorithm, ITU-T
I.371), kept in Redis; a worker sleeps until its span begins. When Redis is away each worker keeps to the
share that is left to it if all of the route's slots are busy: slower, never faster than the limit.
"""

import threading
from collections.abc import Callable

import redis
import structlog

log = structlog.get_logger()

BURST_SECONDS = 1.0
"""How much of the limit may go at once after a pause."""

NOT_ASKED_SECONDS = 10.0
"""So long a broker that did not answer is not asked again: each question may cost its whole time limit."""

LONGEST_NAP = 0.5
"""Seconds; between naps the worker looks whether it is to stop."""

_TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local free_at = tonumber(redis.call('GET', KEYS[1]) or now)
if free_at < now - tonumber(ARGV[2]) then free_at = now - tonumber(ARGV[2]) end
redis.call('SET', KEYS[1], string.format('%.6f', free_at + tonumber(ARGV[1])), 'EX', 3600)
return string.format('%.6f', free_at - now)
"""


class RouteThrottle:
    """Lets the bytes of a route through at its limit.

    Parameters
    ----------
    broker : redis.Redis
        Where workers share the limit.
    route_id : str
        Route that is limited.
    bytes_per_second : int
        Limit of all its transfers together.
    slots : int
        Transfers that may run at once: the divisor of the share when Redis is away.
    monotonic : callable
        Seconds that never go backwards.
    pause : callable
        Sleeps some seconds.
    """

    def __init__(
        self,
        broker: redis.Redis,
        route_id: str,
        bytes_per_second: int,
        slots: int,
        *,
        monotonic: Callable[[], float],
        pause: Callable[[float], None],
    ) -> None:
        self._take = broker.register_script(_TAKE)
        self._key = f"ccat:throttle:{route_id}"
        self._rate = bytes_per_second
        self._slots = slots
        self._monotonic = monotonic
        self._pause = pause
        self._lock = threading.Lock()
        self._own_free_at = 0.0
        self._ask_again_at = 0.0

    def let_through(self, count: int, look: Callable[[], None]) -> None:
        """Wait until some bytes may go.

        Parameters
        ----------
        count : int
            Bytes.
        look : callable
            Called between naps; what it raises ends the waiting.
        """
        until = self._monotonic() + self._wait(count)
        while (left := until - self._monotonic()) > 0:
            self._pause(min(left, LONGEST_NAP))
            look()

    def _wait(self, count: int) -> float:
        if self._monotonic() < self._ask_again_at:
            return self._own_wait(count)
        try:
            return float(self._take(keys=[self._key], args=[count / self._rate, BURST_SECONDS]))
        except redis.RedisError as error:
            log.warning("throttle.broker_away", error=str(error))
            self._ask_again_at = self._monotonic() + NOT_ASKED_SECONDS
            return self._own_wait(count)

    def _own_wait(self, count: int) -> float:
        with self._lock:
            now = self._monotonic()
            start = max(self._own_free_at, now)
            self._own_free_at = start + count * self._slots / self._rate
            return start - now
