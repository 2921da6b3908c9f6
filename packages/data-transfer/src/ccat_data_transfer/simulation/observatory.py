"""The observatory of the scenarios: a telescope with its site, and a site with an archive."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_data_transfer.places.marker import document
from ccat_data_transfer.simulation.bytes import Content
from ccat_data_transfer.simulation.database import BEGIN
from ccat_data_transfer.simulation.disks import Disk
from ccat_data_transfer.simulation.world import Simulation
from ccat_data_transfer.work.lease import DATABASE_AWAY
from ccat_data_transfer.world import World
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import (
    Adoption,
    DeletionMode,
    DeletionTrigger,
    ExecutionStatus,
    LocationType,
    RouteType,
    TransferMethod,
)
from ccat_ops_db.filing import FileFacts, file_raw_data
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DataTransferRoute,
    DiskDataLocation,
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    FixedSource,
    Instrument,
    InstrumentModule,
    Observatory,
    ObservingProgram,
    ObsUnit,
    PlaceMarker,
    RawDataPackage,
    RetentionPolicy,
    S3DataLocation,
    Site,
    StagingItem,
    StagingJob,
    Telescope,
)
from ccat_ops_db.package_state import of_execution

GIB = 1024**3
SOURCE = "ccat.raw"
ARCHIVE = "cologne.lta"
PROCESSING = "cologne.processing"
LINK = frozenset({"ccat", "cologne"})
PLACES = {
    SOURCE: (LocationType.SOURCE, "when-archived", 100 * GIB),
    "ccat.buffer": (LocationType.BUFFER, "when-archived", 100 * GIB),
    "cologne.buffer": (LocationType.BUFFER, "when-archived", 100 * GIB),
    ARCHIVE: (LocationType.LONG_TERM_ARCHIVE, None, 1000 * GIB),
    PROCESSING: (LocationType.PROCESSING, "when-unpinned", 100 * GIB),
}


STAGED_FOR = 600
"""Seconds that staged data are kept."""

T = TypeVar("T")


def build(simulation: Simulation, store: frozenset[str] | None = None) -> None:
    """Give a simulated world its places and hosts, and its database the rows of the configuration.

    Parameters
    ----------
    simulation : Simulation
        The world.
    store : set of str, optional
        Abilities of the store that is the archive; null: the archive is a disk.
    """
    for host in ("ccat-1", "ccat-2", "cologne-1", "cologne-2"):
        simulation.add_host(host, host.partition("-")[0])
    for location_id, (location_type, _, capacity) in PLACES.items():
        if location_id == ARCHIVE and store is not None:
            simulation.add_store(location_id, location_type, store)
        else:
            simulation.add_disk(location_id, location_type, capacity)
    simulation.links.rates[LINK] = 25e6
    with simulation.sessions.begin() as session:
        add_telescope(session, ["chai-lfa"])
        _add_places(session, simulation)


def add_telescope(session: Session, modules: Iterable[str]) -> None:
    """Add two sites, a telescope with modules, what it observes, and what may be deleted when."""
    session.add(Observatory(id="ccat-observatory", name="CCAT Observatory"))
    session.add(Site(id="ccat", name="CCAT", main=True))
    session.add(Site(id="cologne", name="Cologne"))
    session.flush()
    session.add(
        Telescope(
            id="fyst",
            observatory_id="ccat-observatory",
            site_id="ccat",
            name="FYST",
            latitude=-22.98,
            longitude=-67.74,
            altitude=5600,
        )
    )
    session.flush()
    session.add(Instrument(id="chai", telescope_id="fyst", name="CHAI"))
    session.flush()
    for module in modules:
        session.add(
            InstrumentModule(
                id=module, instrument_id="chai", name=module, frequency_min=455, frequency_max=495
            )
        )
    session.add(ObservingProgram(id="GEco", name="Galactic Ecology"))
    session.add(FixedSource(id="IRC10216", right_ascension=146.989, declination=13.2788))
    session.flush()
    session.add(ObsUnit(id="IRC10216_CO43", observing_program_id="GEco", source_id="IRC10216"))
    for policy, trigger in (
        ("when-archived", DeletionTrigger.WHEN_ARCHIVED),
        ("when-unpinned", DeletionTrigger.WHEN_UNPINNED),
    ):
        session.add(RetentionPolicy(id=policy, trigger=trigger, min_archive_copies=1))
    session.flush()


def _add_places(session: Session, simulation: Simulation) -> None:
    for location_id, (location_type, policy, _) in PLACES.items():
        site_id, name = location_id.split(".")
        location: DataLocation
        if simulation.places[location_id].bucket is None:
            location = DiskDataLocation(path=simulation.places[location_id].path)
        else:
            location = S3DataLocation(
                endpoint="https://store.example.org", bucket="archive", credential="archive"
            )
        location.id, location.site_id, location.name = location_id, site_id, name
        location.location_type, location.retention_policy_id = location_type, policy
        location.deletion_mode, location.package_size_limit = DeletionMode.ENABLED, 2 * GIB
        session.add(location)
    session.flush()
    for location_id in PLACES:
        site_id, marker_id = location_id.partition(".")[0], new_id()
        # The time by the clock of the site: nothing is verified before the place was adopted.
        adopted_at = BEGIN + simulation.clocks.get(site_id, timedelta())
        marker = simulation.current[location_id].write_marker(document(marker_id, location_id, adopted_at))
        session.add(
            PlaceMarker(
                id=marker_id,
                site_id=site_id,
                data_location_id=location_id,
                identity=marker.identity,
                file_system=f"simulated:{location_id}",
                adopted_at=adopted_at,
                adopted_by="simulation",
                how=Adoption.AUTOMATIC,
            )
        )
    session.flush()
    session.add(
        DataTransferRoute(
            id="ccat-cologne",
            origin_site_id="ccat",
            destination_site_id="cologne",
            route_type=RouteType.DIRECT,
            destination_location_id="cologne.buffer",
            method=TransferMethod.POSIX,
        )
    )


@dataclass
class Observer:
    """An instrument that observes and files, and knows what it wrote.

    Attributes
    ----------
    filed : dict
        Path and true bytes of every file whose filing was acknowledged.
    """

    simulation: Simulation
    world: World
    filed: dict[str, Content]

    def observe(self, name: str, sizes: Mapping[str, int], seconds: float) -> UUID:
        """Run one observation; its files come one after the other. Return its id."""
        execution_id = again(self.world, self._start)
        for path, size in sizes.items():
            self.world.sleep(seconds / len(sizes))
            self._file(execution_id, f"{name}/{path}", size)
        again(self.world, lambda session: self._end(session, execution_id))
        return execution_id

    def _start(self, session: Session) -> UUID:
        now = database_now(session)
        execution = ExecutedObsUnit(
            site_id="ccat",
            telescope_id="fyst",
            obs_unit_id="IRC10216_CO43",
            started_at=now,
            start_received_at=now,
        )
        session.add(execution)
        session.flush()
        session.add(
            ExecutedObsUnitModule(
                site_id="ccat", executed_obs_unit_id=execution.id, instrument_module_id="chai-lfa"
            )
        )
        return execution.id

    def _end(self, session: Session, execution_id: UUID) -> None:
        execution, now = session.get_one(ExecutedObsUnit, execution_id), database_now(session)
        execution.status = ExecutionStatus.COMPLETED
        execution.ended_at = execution.end_received_at = now

    def _file(self, execution_id: UUID, path: str, size: int) -> None:
        content = Content.new(path, size)
        disk = cast(Disk, self.simulation.current[SOURCE])
        inode = disk.create(path)
        disk.write(inode, content)
        disk.sync(inode)
        disk.sync_folder(path)

        def file_it(session: Session) -> None:
            facts = FileFacts(path, size, content.checksum("xxh3-128"))
            file_raw_data(session, execution_id, "chai-lfa", SOURCE, [facts])

        again(self.world, file_it)
        self.filed[path] = content


def stage(session: Session, execution_id: UUID) -> bool:
    """Ask for all packages of an observation at the processing place; tell whether there were any."""
    packages = session.scalars(
        select(RawDataPackage.id).where(of_execution(execution_id)).order_by(RawDataPackage.id)
    ).all()
    if not packages:
        return False
    now, site_id = database_now(session), PROCESSING.partition(".")[0]
    job = StagingJob(
        id=new_id(),
        site_id=site_id,
        destination_location_id=PROCESSING,
        executed_obs_unit_id=execution_id,
        requested_by="scientist",
        created_at=now,
        time_to_live=STAGED_FOR,
    )
    session.add(job)
    session.flush()
    for package_id in packages:
        session.add(
            StagingItem(
                site_id=site_id,
                staging_job_id=job.id,
                raw_data_package_id=package_id,
                destination_location_id=PROCESSING,
                created_at=now,
            )
        )
    return True


def again(world: World, write: Callable[[Session], T]) -> T:
    """Write something to the database, as clients do: until it is there."""
    while True:
        try:
            with world.sessions.begin() as session:
                return write(session)
        except DATABASE_AWAY:
            world.sleep(5)
