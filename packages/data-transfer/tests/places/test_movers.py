"""Movers: bytes arrive whole or not at all, from and to every kind of place."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import runpy
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ccat_data_transfer.crash_points import CRASH_POINTS
from ccat_data_transfer.failures import Configuration, HandBack, Integrity, Transient
from ccat_data_transfer.movers.interface import Mover, SentReport
from ccat_data_transfer.movers.registry import METHODS, mover_for
from ccat_data_transfer.simulation.packer import simulated_mover
from ccat_data_transfer.storage import disk_upload
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import MEBIBYTE, Expected, Storage, do_nothing
from ccat_data_transfer.storage.s3 import S3Storage
from ccat_data_transfer.storage.s3_parts import list_uploads
from ccat_dev_stack.testing import Bucket

from ..simulated_places import SimulatedPlaces, leftovers
from .conftest import NewDisk, OpenBucket, expected, read, remove, upload, wait_for_part

SOURCE_PATH = "2026/11/20/source.tar"
PATH = "2026/11/21/package.tar"
CONTENT = random.Random(21).randbytes(20 * MEBIBYTE + 12_345)
EXPECTED = expected(CONTENT)
SMALL = CONTENT[: 3 * MEBIBYTE + 12_345]
"""For what does not depend on how many parts something has: it is more than one block."""
SMALL_EXPECTED = expected(SMALL)

KINDS = [("disk", "disk"), ("disk", "s3"), ("s3", "disk"), ("s3", "s3")]
ROUTES = [
    pytest.param(kinds, id="-to-".join(kinds), marks=pytest.mark.long if kinds == ("s3", "s3") else ())
    for kinds in KINDS
]
"""A store is read on the way to a disk and written on the way from one; both at once in the long run."""
FROM_DISK = [kinds for kinds in KINDS if kinds[0] == "disk"]
MOVER_POINTS = ["mover.before_send", "mover.before_compare", "mover.sent"]
NOT_OF_SENDING = {
    "before_collect",
    "before_remove",
    "before_unlink",
    "leftover_taken",
    "moved_away",
    "named_twice",
    "put_back",
    "removed",
}
"""Points of removals and of collecting, and one of file systems that cannot rename to free names only."""
POINTS = {
    kind: MOVER_POINTS
    + [
        name
        for name in CRASH_POINTS
        if name.startswith(f"storage.{kind}.") and name.rpartition(".")[2] not in NOT_OF_SENDING
    ]
    for kind in ("disk", "s3")
}
RECEIVED = {"disk": ["storage.disk.written:6"], "s3": ["storage.s3.part_sent:2"]}


def nothing(_: int) -> None:
    """Take progress without doing anything."""


OpenRoute = Callable[..., "Route"]


def mover_at(place: Storage) -> Mover:
    """Return what moves bytes to a place and reads them there."""
    make = mover_for if isinstance(place, DiskStorage | S3Storage) else simulated_mover
    return make("posix" if place.kind == "disk" else "s3")


class Route:
    """A source that has the object, a target that has not, and the mover between them."""

    def __init__(
        self,
        source: Storage,
        target: Storage,
        places: dict[str, object],
        whole: Expected,
        *,
        simulated: bool = False,
    ) -> None:
        self.whole = whole
        self.source = source
        self.target = target
        self.places = places
        self.simulated = simulated
        method = "posix" if source.kind == target.kind == "disk" else "s3"
        self.mover: Mover = simulated_mover(method) if simulated else mover_for(method)

    def send(
        self,
        *,
        whole: Expected | None = None,
        work_id: str = "work",
        progress: Callable[[int], None] = nothing,
        tag: str | None = None,
        confirm: Callable[[], None] = do_nothing,
        resume: bool = True,
    ) -> SentReport:
        return self.mover.send(
            self.source,
            SOURCE_PATH,
            self.target,
            PATH,
            whole or self.whole,
            work_id=work_id,
            progress=progress,
            tag=tag,
            confirm=confirm,
            resume=resume,
        )

    def leftovers(self) -> list[str]:
        """Return everything at the target besides the finished object."""
        if self.simulated:
            return leftovers(self.target)
        if isinstance(self.target, DiskStorage):
            return [path.name for path in Path(self.target.root.path).rglob(".partial-*")]
        assert isinstance(self.target, S3Storage)
        listed = self.target._client.call("list_objects_v2").get("Contents", [])
        markers = [entry["Key"] for entry in listed if ".partial-" in entry["Key"]]
        return markers + list(list_uploads(self.target._client, f"target/{PATH}"))


@pytest.fixture
def open_route(
    new_disk: NewDisk, open_bucket: OpenBucket, s3: Bucket, tmp_path: Path
) -> Callable[..., Route]:
    def make(
        source_kind: str, target_kind: str, content: bytes = CONTENT, *, simulated: bool = False
    ) -> Route:
        places: dict[str, object] = {}
        whole = EXPECTED if content is CONTENT else expected(content)
        if simulated:
            made = SimulatedPlaces()
            route = Route(
                made.place("ccat.source", source_kind),
                made.place("ccat.target", target_kind),
                places,
                whole,
                simulated=True,
            )
            upload(route.source, SOURCE_PATH, content)
            return route

        def place(role: str, kind: str) -> Storage:
            if kind == "disk":
                disk = new_disk(f"ccat.{role}")
                places[role] = {"id": disk.location_id, "kind": "disk", "path": disk.root.path}
                return disk
            places[role] = {
                "id": f"ccat.{role}",
                "kind": "s3",
                "endpoint": s3.endpoint,
                "bucket": s3.bucket,
                "prefix": role,
                "credential": "archive",
            }
            return open_bucket(s3, prefix=role)

        route = Route(place("source", source_kind), place("target", target_kind), places, whole)
        route.places["credentials"] = str(tmp_path / "credentials")
        upload(route.source, SOURCE_PATH, content)
        return route

    return make


@pytest.fixture(params=[False, True], ids=["real", "simulated"])
def simulated(request: pytest.FixtureRequest) -> bool:
    """Whether the places are simulated."""
    found: bool = request.param
    return found


@pytest.fixture(params=ROUTES)
def route(request: pytest.FixtureRequest, open_route: OpenRoute, simulated: bool) -> Route:
    return open_route(*request.param, simulated=simulated)


@pytest.fixture(params=ROUTES)
def small_route(request: pytest.FixtureRequest, open_route: OpenRoute, simulated: bool) -> Route:
    return open_route(*request.param, SMALL, simulated=simulated)


def test_sends_and_reports(route: Route) -> None:
    seen: list[int] = []
    report = route.send(progress=seen.append)
    assert (report.size, report.checksum, report.sent_bytes) == (
        len(CONTENT),
        EXPECTED.checksum,
        len(CONTENT),
    )
    assert sum(seen) == len(CONTENT)
    assert max(seen) <= 8 * MEBIBYTE
    assert read(route.target, PATH) == CONTENT
    assert route.leftovers() == []


@pytest.mark.parametrize("size", [0, 1, 2 * MEBIBYTE, 8 * MEBIBYTE])
@pytest.mark.parametrize("kinds", ROUTES)
def test_sends_objects_of_any_size(
    open_route: OpenRoute, kinds: tuple[str, str], size: int, simulated: bool
) -> None:
    route = open_route(*kinds, CONTENT[:size], simulated=simulated)
    assert route.send().size == size
    assert read(route.target, PATH) == CONTENT[:size]


def test_every_checksum_algorithm(open_route: OpenRoute, simulated: bool) -> None:
    route = open_route("disk", "disk", SMALL, simulated=simulated)
    for algorithm in ("sha256", "md5"):
        checksum = f"{algorithm}:{hashlib.new(algorithm, SMALL).hexdigest()}"
        assert route.send(whole=Expected(len(SMALL), checksum)).checksum == checksum
        remove(route.target, PATH)


def test_sending_again_finds_its_result(route: Route) -> None:
    first = route.send()
    again = route.send()
    assert again.sent_bytes == 0
    assert (again.size, again.checksum, again.etag) == (first.size, None, first.etag)


def test_what_has_the_name_stays_for_those_who_read_it(small_route: Route) -> None:
    for other in (b"other", bytes(len(SMALL))):
        small_route.target.put(PATH, other)
        assert small_route.send().sent_bytes == 0
        assert read(small_route.target, PATH) == other
        remove(small_route.target, PATH)


def test_wrong_checksum_at_source(route: Route) -> None:
    whole = expected(bytes(len(CONTENT)))
    with pytest.raises(Integrity) as raised:
        route.send(whole=whole)
    assert raised.value.category == "source_mismatch"
    assert raised.value.path == SOURCE_PATH
    assert not route.target.exists(PATH)
    assert route.leftovers() == []


@pytest.mark.parametrize("change", [-1, 1])
def test_source_of_another_size(small_route: Route, change: int) -> None:
    whole = Expected(len(SMALL) + change, small_route.whole.checksum)
    with pytest.raises(Integrity) as raised:
        small_route.send(whole=whole)
    assert raised.value.category == "source_mismatch"
    assert not small_route.target.exists(PATH)
    assert small_route.leftovers() == []


def test_missing_source(small_route: Route) -> None:
    remove(small_route.source, SOURCE_PATH)
    with pytest.raises(Integrity) as raised:
        small_route.send()
    assert raised.value.category == "source_missing"


@pytest.mark.parametrize("target_kind", ["disk", "s3"])
@pytest.mark.parametrize("change", ["truncated", "grown", "altered"])
def test_source_that_changes_while_it_is_read(open_route: OpenRoute, target_kind: str, change: str) -> None:
    route = open_route("disk", target_kind)
    assert isinstance(route.source, DiskStorage)
    path = Path(route.source.root.path) / SOURCE_PATH
    done = threading.Event()

    def spoil(_: int) -> None:
        if not done.is_set():
            done.set()
            if change == "truncated":
                os.truncate(path, len(CONTENT) - 1)
            else:
                with path.open("r+b") as file:
                    file.seek(0 if change == "grown" else -1, os.SEEK_END)
                    file.write(bytes([CONTENT[-1] ^ 1]))

    with pytest.raises(Integrity) as raised:
        route.send(progress=spoil)
    assert raised.value.category == "source_mismatch"
    assert not route.target.exists(PATH)
    assert route.leftovers() == []


def test_hand_back_keeps_what_was_done(route: Route) -> None:
    sent = 0

    def stop(count: int) -> None:
        nonlocal sent
        sent += count
        if sent >= 18 * MEBIBYTE:
            if route.target.kind == "s3":
                wait_for_part(route.target, PATH, "work")
            raise HandBack

    with pytest.raises(HandBack):
        route.send(progress=stop)
    assert not route.target.exists(PATH)
    assert route.mover.resume_point(route.target, PATH, "work") >= 8 * MEBIBYTE
    report = route.send()
    assert read(route.target, PATH) == CONTENT
    if route.target.kind == "disk":
        assert report.sent_bytes < 4 * MEBIBYTE
    assert route.leftovers() == []


def test_wrong_bytes_of_an_earlier_attempt_are_sent_again(route: Route) -> None:
    with route.target.open_upload(PATH, "work", EXPECTED) as writing:
        writing.write(bytes(19 * MEBIBYTE))
        wait_for_part(route.target, PATH, "work")
    report = route.send()
    assert report.sent_bytes == len(CONTENT)
    assert read(route.target, PATH) == CONTENT


def test_nothing_of_an_earlier_attempt_is_used_when_told_so(route: Route) -> None:
    with route.target.open_upload(PATH, "work", EXPECTED) as writing:
        writing.write(CONTENT[: 19 * MEBIBYTE])
        wait_for_part(route.target, PATH, "work")
    assert route.send(resume=False).sent_bytes == len(CONTENT)
    assert read(route.target, PATH) == CONTENT


def test_temporaries_can_be_removed(route: Route) -> None:
    with route.target.open_upload(PATH, "work", EXPECTED) as writing:
        writing.write(CONTENT[: 19 * MEBIBYTE])
        wait_for_part(route.target, PATH, "work")
    route.mover.remove_temporary(route.target, PATH, "work")
    assert route.mover.resume_point(route.target, PATH, "work") == 0
    assert route.leftovers() == []


def test_two_senders_of_the_same_object_at_once(route: Route) -> None:
    both_began = threading.Barrier(2, timeout=30)
    met = threading.local()

    def meet(count: int) -> None:
        if count and not getattr(met, "done", False):
            met.done = True
            both_began.wait()

    def send(work_id: str) -> str | None:
        return route.send(work_id=work_id, progress=meet).checksum

    with ThreadPoolExecutor(2) as threads:
        assert set(threads.map(send, ("one", "two"))) <= {EXPECTED.checksum, None}
    assert read(route.target, PATH) == CONTENT
    for work_id in ("one", "two"):
        route.mover.remove_temporary(route.target, PATH, work_id)
    assert route.leftovers() == []


def test_a_sender_without_a_lease_publishes_nothing(route: Route, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was overtaken while it sent: its successor has published, and all is gone again."""
    monkeypatch.setattr(disk_upload, "LOCK_PAUSES", (0.05,))

    def be_overtaken(count: int) -> None:
        if count and not reports:
            reports.append(route.send(tag="2-bb"))
            remove(route.target, PATH)

    def lost() -> None:
        raise HandBack

    reports: list[SentReport] = []
    with pytest.raises((HandBack, Transient)):
        route.send(tag="1-aa", progress=be_overtaken, confirm=lost)
    assert [report.checksum for report in reports] == [EXPECTED.checksum]
    assert not route.target.exists(PATH)
    route.mover.remove_temporary(route.target, PATH, "work")
    assert route.leftovers() == []


@pytest.mark.parametrize(
    ("kinds", "point"),
    [
        pytest.param(
            kinds,
            point,
            id=f"{kinds[0]}-to-{kinds[1]}-{point}",
            # What a killed sender leaves is at the target, wherever it read.
            marks=() if kinds in FROM_DISK else pytest.mark.long,
        )
        for kinds in KINDS
        for point in POINTS[kinds[1]] + RECEIVED[kinds[1]]
    ],
)
def test_killed_sender_is_followed_by_one_that_finishes(
    open_route: OpenRoute, kinds: tuple[str, str], point: str
) -> None:
    route = open_route(*kinds)
    assert _send_in_child(route, point) == -signal.SIGKILL
    was_there = route.target.exists(PATH)
    if was_there:
        assert read(route.target, PATH) == CONTENT
    resumed = route.mover.resume_point(route.target, PATH, "work")
    report = route.send()
    assert (report.size, report.checksum) == (len(CONTENT), None if was_there else EXPECTED.checksum)
    if kinds[1] == "disk":
        assert report.sent_bytes == (0 if point in _PUBLISHED else len(CONTENT) - resumed)
    assert read(route.target, PATH) == CONTENT
    assert route.mover.verify(route.target, PATH, EXPECTED, nothing).checksum == EXPECTED.checksum
    assert route.leftovers() == []


_PUBLISHED = {"storage.disk.named_twice", "storage.disk.published", "mover.sent"}

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["ccat_data_transfer.movers.registry", "ccat_data_transfer.storage.registry", "runpy"]
)


def _send_in_child(route: Route, point: str) -> int | None:
    told = {
        **route.places,
        "method": route.mover.method,
        "source_path": SOURCE_PATH,
        "path": PATH,
        "expected": [EXPECTED.size, EXPECTED.checksum],
        "crash_point": point,
    }
    script = str(Path(__file__).with_name("sender.py"))
    child = _FORKS.Process(target=runpy.run_path, args=(script, {"TOLD": told}))
    child.start()
    child.join(60)
    return child.exitcode


def test_verifies_a_good_copy(route: Route) -> None:
    route.send()
    seen: list[int] = []
    report = route.mover.verify(route.target, PATH, EXPECTED, seen.append)
    assert (report.info.size, report.checksum) == (len(CONTENT), EXPECTED.checksum)
    assert report.info == route.target.stat(PATH)
    assert sum(seen) == len(CONTENT)


def test_finds_a_corrupted_byte(place: Storage) -> None:
    spoiled = bytearray(SMALL)
    spoiled[len(SMALL) // 2] ^= 1
    place.put(PATH, bytes(spoiled), checksum=SMALL_EXPECTED.checksum)
    mover = mover_at(place)
    with pytest.raises(Integrity) as raised:
        mover.verify(place, PATH, SMALL_EXPECTED, nothing)
    assert raised.value.category == "copy_checksum"
    assert raised.value.path == PATH


def test_finds_a_missing_or_short_copy(place: Storage) -> None:
    mover = mover_at(place)
    with pytest.raises(Integrity) as raised:
        mover.verify(place, PATH, SMALL_EXPECTED, nothing)
    assert raised.value.category == "copy_missing"
    place.put(PATH, SMALL[:-1], checksum=SMALL_EXPECTED.checksum)
    with pytest.raises(Integrity) as raised:
        mover.verify(place, PATH, SMALL_EXPECTED, nothing)
    assert raised.value.category == "copy_size"


def test_a_checksum_that_a_store_keeps_is_no_reading(store: S3Storage) -> None:
    store.put(PATH, bytes(len(SMALL)), checksum=SMALL_EXPECTED.checksum)
    with pytest.raises(Integrity) as raised:
        mover_for("s3").verify(store, PATH, SMALL_EXPECTED, nothing)
    assert raised.value.category == "copy_checksum"


def test_verification_can_be_handed_back(place: Storage) -> None:
    place.put(PATH, SMALL)

    def stop(_: int) -> None:
        raise HandBack

    with pytest.raises(HandBack):
        mover_at(place).verify(place, PATH, SMALL_EXPECTED, stop)


def test_methods_refuse_places_that_they_do_not_serve(
    disk: DiskStorage, moto: Bucket, open_bucket: OpenBucket
) -> None:
    store = open_bucket(moto)
    for method, source, target in (("posix", disk, store), ("s3", disk, disk)):
        with pytest.raises(Configuration) as raised:
            mover_for(method).send(source, PATH, target, PATH, EXPECTED, work_id="work", progress=nothing)
        assert raised.value.category == "method_does_not_fit"


def test_unknown_method_names_the_known() -> None:
    with pytest.raises(Configuration) as raised:
        mover_for("pigeon")
    assert all(method in raised.value.message for method in METHODS)
