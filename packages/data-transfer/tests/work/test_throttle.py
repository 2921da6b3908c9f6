"""The speed limit of a route holds for all workers together, also while Redis is away."""

import contextlib
import socket
import threading

import redis

from ccat_data_transfer.work.throttle import BURST_SECONDS, NOT_ASKED_SECONDS, RouteThrottle
from ccat_dev_stack.testing import OwnServer

RATE = 1_000_000


class Pauses:
    """Counts the seconds that a throttle would sleep, without sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


def throttle(url: str, pauses: Pauses, slots: int = 4) -> RouteThrottle:
    broker = redis.Redis.from_url(url, socket_connect_timeout=1, retry=None)
    return RouteThrottle(broker, "ccat-cologne", RATE, slots, monotonic=pauses.monotonic, pause=pauses.pause)


def test_two_workers_together_keep_to_the_limit(redis_url: str) -> None:
    one, other = Pauses(), Pauses()
    workers = [throttle(redis_url, one), throttle(redis_url, other)]
    for _ in range(10):
        for worker in workers:
            worker.let_through(RATE, lambda: None)
    # 20 s worth of bytes were taken at once: the last of each began after all before it but the burst.
    assert max(one.now, other.now) - 1000 >= 19 - BURST_SECONDS - 1


def test_what_is_below_the_limit_does_not_wait(redis_url: str) -> None:
    pauses = Pauses()
    throttle(redis_url, pauses).let_through(RATE // 2, lambda: None)
    assert pauses.now == 1000.0


def test_without_redis_each_worker_keeps_to_its_share() -> None:
    pauses = Pauses()
    worker = throttle("redis://127.0.0.1:1/0", pauses, slots=4)
    for _ in range(5):
        worker.let_through(RATE, lambda: None)
    assert pauses.now - 1000 == 16.0


def test_a_waiting_worker_looks_whether_it_is_to_stop(redis_url: str) -> None:
    pauses, stopping = Pauses(), threading.Event()
    worker = throttle(redis_url, pauses)
    worker.let_through(60 * RATE, lambda: None)
    looked = []

    def look() -> None:
        looked.append(pauses.now)
        if len(looked) == 3:
            raise InterruptedError

    try:
        worker.let_through(RATE, look)
    except InterruptedError:
        stopping.set()
    assert stopping.is_set()
    assert pauses.now - 1000 < 2


def test_a_redis_that_is_away_is_not_asked_for_each_block() -> None:
    asked: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, peer = listening.accept()
                    asked.append(peer)
                    connection.close()

        threading.Thread(target=refuse, daemon=True).start()
        limited = throttle(f"redis://127.0.0.1:{listening.getsockname()[1]}/0", Pauses())
        for _ in range(20):
            limited.let_through(1000, lambda: None)
        listening.shutdown(socket.SHUT_RDWR)
    assert 1 <= len(asked) <= 4


def test_a_redis_that_is_back_is_asked_again(own_redis: OwnServer) -> None:
    pauses = Pauses()
    worker = throttle(own_redis.url, pauses)
    worker.let_through(1000, lambda: None)
    own_redis.start()
    broker = redis.Redis.from_url(own_redis.url)
    worker.let_through(1000, lambda: None)
    assert broker.keys() == []
    pauses.now += NOT_ASKED_SECONDS
    worker.let_through(1000, lambda: None)
    assert broker.keys() == [b"ccat:throttle:ccat-cologne"]
