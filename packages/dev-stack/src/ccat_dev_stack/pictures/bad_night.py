"""A night that needs somebody: a route is cut, the buffer fills, an archive lost bytes, work was given up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ccat_data_transfer.failures import Failure, Integrity, Transient
from ccat_data_transfer.package_format.errors import SourceMismatchError
from ccat_dev_stack.pictures.engine import CutShort, DataTransferEngine
from ccat_dev_stack.pictures.journey import add_source, carry, hold_at_route, pack
from ccat_dev_stack.pictures.night import (
    ARCHIVE_US,
    HOUR,
    INPUT,
    MINUTE,
    NOW,
    OUTPUT,
    SECOND,
    Night,
    worker,
    xxh3,
)
from ccat_dev_stack.pictures.observing import Part, observe_since
from ccat_dev_stack.pictures.steps import Package, lock
from ccat_dev_stack.proofs import marker_at
from ccat_ops_db.enumerations import CallerKind, CheckReason, Operation, Status
from ccat_ops_db.models import (
    DataTransfer,
    ErrorAcknowledgement,
    ErrorRecord,
    FixityCheck,
    PackageCreation,
    PhysicalCopy,
    Suspension,
)
from ccat_ops_db.outages import FIRST_PROBE, LONGEST_PAUSE

CUT = NOW - 30 * HOUR - 12 * MINUTE
"""When the line to Cologne was cut."""
BEGAN = CUT - 33 * HOUR - 17 * MINUTE
"""When the first observation began."""
SCRUBBED = NOW - 3 * HOUR - 7 * MINUTE
"""When copies at the second archive were read again."""
SCRUBS = 9
BAD_FILE_AT = NOW - 5 * HOUR
SUSPENDED_AT = NOW - 50 * HOUR
ACKNOWLEDGED_AT = CUT + 26 * MINUTE
NOT_BEGUN: dict[str, Any] = {
    "status": Status.PENDING,
    "started_at": None,
    "finished_at": None,
    "progressed_at": None,
    "bytes_done": 0,
}


class BadNight:
    """The troubles of the night, which the engine writes down itself."""

    def __init__(self, night: Night) -> None:
        self._night = night
        self._refused: list[tuple[Package, UUID]] = []
        self._bad: tuple[Part, UUID] | None = None
        self._scrubs: list[UUID] = []

    def fill(self) -> None:
        """Add what is as in any night, and the work that will fail."""
        parts = sorted(observe_since(self._night, BEGAN), key=lambda part: part.formed_at)
        refused = [part for part in parts if part.formed_at < CUT - HOUR][-9::6]
        bad = min(parts, key=lambda part: abs(part.formed_at - BAD_FILE_AT))
        carried = []
        for part in parts:
            if part in refused:
                self._add_refused(part)
            elif part is bad:
                self._add_bad(part)
            else:
                carried.append(carry(self._night, part, CUT))
        self._night.measure()
        self._suspend_processing()
        self._night.write()
        for package in carried[:SCRUBS]:
            self._add_scrub(package)
        self._night.write()

    def go_on(self, engine: DataTransferEngine) -> None:
        """Have the engine meet the troubles, and a person see some of them."""
        for (package, transfer), failure in zip(self._refused, self._refusals(), strict=True):
            first = package.sealed_at + 2 * MINUTE
            moments = (first, first + 8 * SECOND, first + 21 * SECOND)
            engine.attempt(Operation.TRANSFER, transfer, moments, {INPUT: failure}, worker(OUTPUT))
        self._cut_route(engine)
        assert self._bad is not None, "the night has a bad file"
        part, package_id = self._bad
        with self._night.session.begin():
            creation = self._night.session.scalars(
                select(PackageCreation.id).where(PackageCreation.raw_data_package_id == package_id)
            ).one()
        path = part.files[3].path
        mismatch = SourceMismatchError(path, xxh3(path), xxh3(f"{path} as it is now"))
        engine.attempt(
            Operation.PACKAGE_CREATION,
            creation,
            [part.formed_at + MINUTE],
            {},
            worker(OUTPUT),
            mismatch,
        )
        archive = self._cut_short()
        for number, check in enumerate(self._scrubs[:5]):
            moment = SCRUBBED + number * 50 * SECOND
            engine.attempt(Operation.VERIFY, check, [moment], {ARCHIVE_US: archive}, worker(ARCHIVE_US))
        engine.plan_moving(SCRUBBED + 5 * MINUTE)
        # The next sample is due when the night has just ended.
        samples = (SCRUBBED + 8 * MINUTE, SCRUBBED + HOUR + 8 * MINUTE)
        engine.sample(samples, ARCHIVE_US, archive, worker(ARCHIVE_US))
        self._acknowledge()
        engine.plan()

    def _cut_short(self) -> CutShort:
        with self._night.session.begin():
            there = self._night.session.execute(
                select(PhysicalCopy.relative_path, PhysicalCopy.size).where(
                    PhysicalCopy.data_location_id == ARCHIVE_US
                )
            ).all()
            marker = marker_at(self._night.session, ARCHIVE_US, NOW)
        return CutShort({path: (size - 1) // 2**23 * 2**23 for path, size in there}, marker)

    def _cut_route(self, engine: DataTransferEngine) -> None:
        with self._night.session.begin():
            first = self._night.session.scalars(
                select(DataTransfer.id)
                .where(
                    DataTransfer.status == Status.PENDING,
                    DataTransfer.data_transfer_route_id == "ccat-cologne",
                )
                .order_by(DataTransfer.created_at)
                .limit(1)
            ).one()
        timeout = Transient(
            "timeout", "no answer in time (s3.cologne.example.org:443, 30 s); it is tried again"
        )
        engine.attempt(Operation.TRANSFER, first, _tries(), {INPUT: timeout}, worker(OUTPUT))

    def _refusals(self) -> list[Failure]:
        (another, _), (damaged, _) = self._refused
        return [
            Integrity(
                "written_file_changed",
                f"the temporary file has {another.size - 8_388_608:,} bytes instead of {another.size:,}, or"
                " was replaced while it was written; find out who else writes there",
                path=another.path,
            ),
            Integrity(
                "store_has_other_bytes",
                f"after the upload the store has {damaged.size - 8_388_608:,} bytes, checksum"
                f" {xxh3('what the store has')}; sent were {damaged.size:,} bytes, {xxh3(str(damaged.id))};"
                " it must be sent again",
                path=damaged.path,
            ),
        ]

    def _add_refused(self, part: Part) -> None:
        package = pack(self._night, part)
        row = hold_at_route(self._night, package, waiting_reason=None, waiting_since=None)
        add_source(self._night, package, None)
        self._refused.append((package, row.id))

    def _add_bad(self, part: Part) -> None:
        package = pack(self._night, part, **NOT_BEGUN)
        self._bad = (part, package.id)

    def _add_scrub(self, package: Package) -> None:
        copy = self._night.session.execute(
            select(PhysicalCopy.id).where(
                PhysicalCopy.raw_data_package_id == package.id, PhysicalCopy.data_location_id == ARCHIVE_US
            )
        ).scalar_one()
        at = SCRUBBED - MINUTE
        check = self._night.work(
            FixityCheck,
            at,
            site_id="us",
            bytes_total=package.size,
            physical_copy_id=copy,
            data_location_id=ARCHIVE_US,
            reason=CheckReason.SCRUB,
        )
        lock(self._night, copy, check, at)
        self._scrubs.append(check.id)

    def _suspend_processing(self) -> None:
        who, why = "m.rossi (session)", "its disks are exchanged until Monday"
        self._night.session.add(
            Suspension(
                site_id="ccat",
                data_location_id="cologne.processing",
                caller_kind=CallerKind.SESSION,
                caller=who,
                created_at=SUSPENDED_AT,
                reason=why,
            )
        )
        self._night.session.flush()
        self._night.tell(
            SUSPENDED_AT,
            who,
            "data_location.suspended",
            "cologne.processing",
            f"cologne.processing suspended by {who}: {why}",
            subject_type="data_location",
            site="cologne",
        )

    def _acknowledge(self) -> None:
        """Have an operator take note of the transfer that found another object."""
        who, transfer = "k.weber (session)", self._refused[0][1]
        with self._night.session.begin():
            error = self._night.session.scalars(
                select(ErrorRecord).where(ErrorRecord.subject_id == str(transfer))
            ).one()
            self._night.session.add(
                ErrorAcknowledgement(
                    site_id=error.site_id,
                    error_record_id=error.id,
                    caller_kind=CallerKind.SESSION,
                    caller=who,
                    created_at=ACKNOWLEDGED_AT,
                )
            )
            self._night.tell(
                ACKNOWLEDGED_AT,
                who,
                "error_record.acknowledged",
                error.id,
                f"{error.category} of {error.subject_type} {error.subject_id} acknowledged",
                subject_type="error_record",
            )
            self._night.write()


def _tries() -> list[datetime]:
    """Return when the first transfer of a cut route was tried: soon at first, then after pauses."""
    tries = [CUT + seconds * SECOND for seconds in (0, 36, 76, 125, 194)]
    closed, pause = tries[-1], FIRST_PROBE
    while tries[-1] + pause < NOW:
        tries.append(tries[-1] + pause)
        pause = min(LONGEST_PAUSE, tries[-1] - closed)
    return tries
