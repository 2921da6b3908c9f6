"""Whatever happens in whatever order, each acknowledged file is safe after every step.

Hypothesis draws observations, passes of the planner, messages delivered late, twice or never, workers that
die at any named point, bits that flip and files that vanish, holds, suspended places and staging. After each
step:

* every file that was filed is unchanged at its source, or an archive has it: verified in the database, and
  with right bytes on the disk;
* nothing that an archive had right was removed by us.

The disks are only ever harmed where the telescope still has the files: more cannot be asked of one archive.
``CCAT_TEST_EXAMPLES=200`` tries other, longer orders of events than those that every run tries.
"""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ccat_data_transfer import crash_points
from ccat_data_transfer.checksums import format_checksum, new_hasher
from ccat_data_transfer.crash_points import CRASH_POINTS
from ccat_data_transfer.failures import Transient
from ccat_ops_db.enumerations import ConfirmBy, HoldScope, PhysicalCopyStatus, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DeletionHold,
    DeletionHoldEnd,
    Outage,
    PhysicalCopy,
    RawDataFileView,
    RawDataPackage,
    RetentionPolicy,
    StagingItem,
)

EXAMPLES = int(os.environ.get("CCAT_TEST_EXAMPLES", "0"))
BOUNDS = settings(
    max_examples=EXAMPLES or 3,
    stateful_step_count=60 if EXAMPLES else 30,
    deadline=None,
    derandomize=not EXAMPLES,
    phases=tuple(Phase) if EXAMPLES else (Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
PLACES = ("ccat.raw", "ccat.buffer", "cologne.buffer", "cologne.lta", "cologne.processing")
POINTS = tuple(name for name in CRASH_POINTS if not name.startswith("storage.s3."))


class KilledError(BaseException):
    """Stands for the death of a worker: nothing catches it, nothing tidies up."""


class Dying:
    """Kills the worker at a point."""

    def __init__(self, name: str) -> None:
        self._name = name

    def reach(self, name: str) -> None:
        if name == self._name:
            raise KilledError(name)


class Observatory(RuleBasedStateMachine):
    """One observatory under attack; `make` gives a fresh one."""

    make: Any = None

    @initialize(grace=st.sampled_from([0, 1800]), step_by_step=st.booleans())
    def begin(self, grace: int, step_by_step: bool) -> None:
        self.o = type(self).make()
        self.filed: dict[str, bytes] = {}
        self.right_in_archive: set[Path] = set()
        self.harmed: set[Path] = set()
        self.o.change(
            RetentionPolicy,
            "when-archived",
            grace_period=grace,
            confirm_by=ConfirmBy.FULL_READ,
        )
        if step_by_step:
            self.o.change(DataLocation, "ccat.raw", concurrency=1)
        for _ in range(2):
            self.observe([1000, 0])
        self.go_on(4)

    @rule(sizes=st.lists(st.integers(0, 3000), min_size=1, max_size=3))
    def observe(self, sizes: list[int]) -> None:
        contents = {f"2026/{new_id()}.fits": os.urandom(size) for size in sizes}
        self.o.observe(contents)
        self.filed.update(contents)

    @rule()
    def plan(self) -> None:
        self.o.planner.run_pass()

    @rule(count=st.integers(1, 6), twice=st.booleans())
    def work(self, count: int, twice: bool) -> None:
        messages = self.o.mailbox.messages
        for _ in range(min(count, len(messages))):
            message = messages.pop(0)
            for _ in range(1 + twice):
                self.o.runner.run(*message[1:])

    @rule(rounds=st.integers(2, 10))
    def go_on(self, rounds: int) -> None:
        for _ in range(rounds):
            self.o.planner.run_pass()
            self.o.deliver()

    @precondition(lambda self: self.o.mailbox.messages)
    @rule(point=st.sampled_from(POINTS))
    def die(self, point: str) -> None:
        crash_points._armed = Dying(point)  # type: ignore[assignment]
        try:
            self.o.deliver()
        except KilledError:
            self.o.clock.advance(self.o.settings.lease + 10)
        finally:
            crash_points._armed = None

    @rule()
    def forget_messages(self) -> None:
        self.o.mailbox.messages.clear()

    @rule(seconds=st.sampled_from([20, 700, 4000, 90_000]))
    def wait(self, seconds: int) -> None:
        self.o.clock.advance(seconds)

    @rule(
        number=st.integers(0, 50),
        lose=st.booleans(),
        buffer=st.sampled_from(["ccat.buffer", "cologne.buffer"]),
    )
    def harm_a_buffer(self, number: int, lose: bool, buffer: str) -> None:
        self._harm(self.o.tars_at(buffer), number, lose)

    @precondition(lambda self: self._harmable_in_archive())
    @rule(number=st.integers(0, 50), lose=st.booleans())
    def harm_the_archive(self, number: int, lose: bool) -> None:
        self._harm(self._harmable_in_archive(), number, lose)

    @precondition(lambda self: self._harmable_in_archive())
    @rule(number=st.integers(0, 50), lose=st.booleans())
    def harm_the_archive_right_before_deletions(self, number: int, lose: bool) -> None:
        self._harm(self._harmable_in_archive(), number, lose)
        self.o.clock.advance(2000)
        self.go_on(3)

    @rule(scope=st.sampled_from(["global", "site", "location"]))
    def hold(self, scope: str) -> None:
        covers = {"site": {"held_site_id": "ccat"}, "location": {"data_location_id": "ccat.raw"}}.get(
            scope, {}
        )
        with self.o.sessions.begin() as session:
            session.add(
                DeletionHold(
                    site_id="ccat",
                    scope=HoldScope(scope),
                    created_by="x",
                    created_at=self.o.clock.now,
                    reason="x",
                    **covers,
                )
            )

    @rule()
    def lift_holds(self) -> None:
        lifted = {end.deletion_hold_id for end in self.o.rows(DeletionHoldEnd)}
        for row in self.o.rows(DeletionHold):
            if row.id not in lifted:
                self.o.lift(row.id)

    @rule(place=st.sampled_from(PLACES))
    def suspend(self, place: str) -> None:
        self.o.suspend(DataLocation, place)

    @rule(place=st.sampled_from(PLACES))
    def cut_off(self, place: str) -> None:
        self.o.places.broken[place] = Transient("network", "away")

    @rule()
    def mend_places(self) -> None:
        self.o.places.broken.clear()
        for place in PLACES:
            self.o.resume(DataLocation, place)
        for outage in self.o.rows(Outage, ended_at=None):
            self.o.change(Outage, outage.id, ended_at=self.o.clock.now)

    @rule(number=st.integers(0, 50), whole=st.booleans())
    def stage(self, number: int, whole: bool) -> None:
        files = [file for file in self.o.rows(RawDataFileView) if file.raw_data_package_id]
        if files:
            file = files[number % len(files)]
            [package] = self.o.rows(RawDataPackage, id=file.raw_data_package_id)
            self.o.stage(package, None if whole else file)

    @invariant()
    def every_file_is_safe(self) -> None:
        if not hasattr(self, "filed"):
            return
        archived = self._archived()
        source = self.o.folder("ccat.raw")
        for path, content in self.filed.items():
            at_source = source / path
            intact = at_source.exists() and at_source.read_bytes() == content
            assert intact or path in archived, f"{path} is lost"

    @invariant()
    def archives_are_never_emptied(self) -> None:
        if not hasattr(self, "filed"):
            return
        assert not self.o.rows(
            PhysicalCopy, data_location_id="cologne.lta", status=PhysicalCopyStatus.DELETED
        )
        for tar in self.right_in_archive - self.harmed:
            assert tar.exists(), f"{tar} was removed"

    def teardown(self) -> None:
        """Once everything is mended, all comes to the archive by itself, and is removed at the source."""
        if not hasattr(self, "filed"):
            return
        self.mend_places()
        self.lift_holds()
        for _ in range(12):
            self.o.clock.advance(4000)
            self.o.mailbox.messages.clear()
            self.o.run()
            if not self.o.files_at("ccat.raw"):
                break
        assert set(self._archived()) == set(self.filed), [
            self.o.why(package.id).summary for package in self.o.rows(RawDataPackage)
        ]
        assert self.o.files_at("ccat.raw") == []
        assert {item.status for item in self.o.rows(StagingItem)} <= {Status.COMPLETED, Status.FAILED}

    def _archived(self) -> set[str]:
        """Return the files that are in a tar of the archive, verified by the database and by us."""
        verified = {
            copy.raw_data_package_id: copy
            for copy in self.o.rows(
                PhysicalCopy, data_location_id="cologne.lta", status=PhysicalCopyStatus.VERIFIED
            )
        }
        found: set[str] = set()
        for package in self.o.rows(RawDataPackage):
            copy = verified.get(package.id)
            if copy is None:
                continue
            tar = self.o.folder("cologne.lta") / copy.relative_path
            if tar.exists() and checksum_of(tar) == package.checksum:
                self.right_in_archive.add(tar)
                self.harmed.discard(tar)
                found |= {
                    file.relative_path
                    for file in self.o.rows(RawDataFileView, raw_data_package_id=package.id)
                }
        return found

    def _harmable_in_archive(self) -> list[Path]:
        return [tar for tar in self.o.tars_at("cologne.lta") if self._is_at_source(tar)]

    def _harm(self, tars: list[Path], number: int, lose: bool) -> None:
        """Lose a tar, or flip one bit of it."""
        if not tars:
            return
        tar = tars[number % len(tars)]
        self.harmed.add(tar)
        if lose:
            tar.unlink()
            return
        with tar.open("r+b") as file:
            file.seek(number * 37 % tar.stat().st_size)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))

    def _is_at_source(self, tar: Path) -> bool:
        [package] = self.o.rows(RawDataPackage, id=tar.name.partition(".")[0])
        files = self.o.rows(RawDataFileView, raw_data_package_id=package.id)
        return all((self.o.folder("ccat.raw") / file.relative_path).exists() for file in files)


def checksum_of(tar: Path) -> str:
    hasher = new_hasher("xxh3-128")
    hasher.update(tar.read_bytes())
    return format_checksum("xxh3-128", hasher.hexdigest())


@pytest.mark.timeout(300 + 120 * EXAMPLES)
def test_no_order_of_events_loses_a_file(new_observatory: Any) -> None:
    run_state_machine_as_test(
        type("Attack", (Observatory,), {"make": staticmethod(new_observatory)}), settings=BOUNDS
    )
