"""The observatory of the scenarios: a telescope with its site, and a site with an archive."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from ccat_data_transfer.simulation.bytes import Content
from ccat_data_transfer.simulation.database import BEGIN
from ccat_data_transfer.simulation.world import Simulation
from ccat_data_transfer.world import World
from ccat_ops_db.enumerations import (
    Adoption,
    DeletionMode,
    DeletionTrigger,
    ExecutionStatus,
    LocationType,
    RouteType,
    TransferMethod,
)
from ccat_ops_db.models import (
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
    RawDataFile,
    RawDataFilePhysicalCopy,
    RetentionPolicy,
    Site,
    Telescope,
)

GIB = 1024**3
SOURCE = "ccat.raw"
ARCHIVE = "cologne.lta"
LINK = frozenset({"ccat", "cologne"})
PLACES = {
    SOURCE: (LocationType.SOURCE, "when-archived", 100 * GIB),
    "ccat.buffer": (LocationType.BUFFER, "when-archived", 100 * GIB),
    "cologne.buffer": (LocationType.BUFFER, "when-archived", 100 * GIB),
    ARCHIVE: (LocationType.LONG_TERM_ARCHIVE, None, 1000 * GIB),
    "cologne.processing": (LocationType.PROCESSING, "when-unpinned", 100 * GIB),
}


def build(simulation: Simulation) -> None:
    """Give a simulated world its places and hosts, and its database the rows of the configuration."""
    for host in ("ccat-1", "ccat-2", "cologne-1", "cologne-2"):
        simulation.add_host(host, host.partition("-")[0])
    for location_id, (location_type, _, capacity) in PLACES.items():
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
        session.add(
            DiskDataLocation(
                id=location_id,
                site_id=site_id,
                name=name,
                location_type=location_type,
                path=simulation.places[location_id].path,
                retention_policy_id=policy,
                deletion_mode=DeletionMode.ENABLED,
                package_size_limit=2 * GIB,
            )
        )
    session.flush()
    for location_id in PLACES:
        marker = PlaceMarker(
            site_id=location_id.partition(".")[0],
            data_location_id=location_id,
            identity=f"simulated:{location_id}:1",
            file_system=f"simulated:{location_id}",
            adopted_at=BEGIN,
            adopted_by="simulation",
            how=Adoption.AUTOMATIC,
        )
        session.add(marker)
        session.flush()
        simulation.markers[location_id] = marker.id
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

    def observe(self, name: str, sizes: Mapping[str, int], seconds: float) -> None:
        """Run one observation; its files come one after the other."""
        execution_id = self._start()
        for path, size in sizes.items():
            self.world.sleep(seconds / len(sizes))
            self._file(execution_id, f"{name}/{path}", size)
        with self.world.sessions.begin() as session:
            execution = session.get_one(ExecutedObsUnit, execution_id)
            execution.status = ExecutionStatus.COMPLETED
            execution.ended_at = execution.end_received_at = self._now()

    def _now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.simulation.schedule.now)

    def _start(self) -> UUID:
        with self.world.sessions.begin() as session:
            execution = ExecutedObsUnit(
                site_id="ccat",
                telescope_id="fyst",
                obs_unit_id="IRC10216_CO43",
                started_at=self._now(),
                start_received_at=self._now(),
            )
            session.add(execution)
            session.flush()
            session.add(
                ExecutedObsUnitModule(
                    site_id="ccat", executed_obs_unit_id=execution.id, instrument_module_id="chai-lfa"
                )
            )
            return execution.id

    def _file(self, execution_id: UUID, path: str, size: int) -> None:
        content = Content.new(path, size)
        disk = self.simulation.disks[SOURCE]
        inode = disk.create(path)
        disk.write(inode, content)
        disk.sync(inode)
        disk.sync_folder(path)
        with self.world.sessions.begin() as session:
            file = RawDataFile(
                site_id="ccat",
                executed_obs_unit_id=execution_id,
                instrument_module_id="chai-lfa",
                relative_path=path,
                size=size,
                checksum=content.checksum("xxh3-128"),
                source_location_id=SOURCE,
                filed_at=self._now(),
            )
            session.add(file)
            session.flush()
            session.add(
                RawDataFilePhysicalCopy(
                    site_id="ccat",
                    raw_data_file_id=file.id,
                    data_location_id=SOURCE,
                    relative_path=path,
                    size=size,
                    created_at=self._now(),
                )
            )
        self.filed[path] = content
