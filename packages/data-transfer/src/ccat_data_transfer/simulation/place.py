"""What simulated places on disks and in stores share: turns, notes for the judge, the marker."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping

from ccat_data_transfer.failures import Permanent
from ccat_data_transfer.simulation.acts import Act, Kind
from ccat_data_transfer.simulation.bytes import Content
from ccat_data_transfer.simulation.links import Links
from ccat_data_transfer.simulation.schedule import Process
from ccat_data_transfer.storage.interface import MarkerObject, ObjectInfo, Probed
from ccat_data_transfer.storage.known_place import KnownPlace
from ccat_data_transfer.storage.names import MARKER_NAME
from ccat_ops_db.enumerations import Ability


class Medium(ABC):
    """What a marker lies on: a disk or a bucket."""

    @property
    @abstractmethod
    def marker(self) -> MarkerObject | None:
        """The marker that is there."""

    @abstractmethod
    def write_marker(self, content: bytes) -> MarkerObject:
        """Write a marker over whatever is there."""

    @abstractmethod
    def contents(self) -> Iterable[tuple[str, Content]]:
        """Return the names that it has, and the bytes under them."""

    @abstractmethod
    def has_objects(self) -> bool:
        """Tell whether it has anything else."""


class SimulatedPlace(KnownPlace, ABC):
    """A place as a process sees it.

    Parameters
    ----------
    location_id : str
        ``<site>.<name>``.
    site_id : str
        Where the process runs.
    """

    def __init__(
        self,
        location_id: str,
        site_id: str,
        links: Links,
        process: Process,
        journal: Callable[[Act], None],
    ) -> None:
        self.location_id = location_id
        self.process = process
        self._site_id = site_id
        self._links = links
        self._journal = journal

    @property
    @abstractmethod
    def medium(self) -> Medium:
        """What is there."""

    @property
    def block_bytes(self) -> int:
        """How much goes between two acts."""
        return self._links.block_bytes

    def act(self, what: str, path: str = "", size: int = 0) -> None:
        """Pass the baton before something is done at the place."""
        self._links.use(
            self._site_id, self.location_id.partition(".")[0], f"{what} {self.location_id} {path}", size
        )

    def note(
        self, kind: Kind, path: str, before: Content | None = None, after: Content | None = None
    ) -> None:
        """Write down what was done, for the judge."""
        self._journal(Act(self.process.name, self.location_id, kind, path, before, after, self.medium))

    def check(self) -> None:
        """See `Storage.check`."""
        self.act("check")

    @abstractmethod
    def stat(self, path: str) -> ObjectInfo | None:
        """See `Storage.stat`."""

    def exists(self, path: str) -> bool:
        """See `Storage.exists`."""
        return self.stat(path) is not None

    def read_marker(self) -> MarkerObject | None:
        """See `Storage.read_marker`."""
        self.act("read marker")
        return self.medium.marker

    def write_marker(self, content: bytes, *, replace: bool = False) -> None:
        """See `Storage.write_marker`."""
        if self.medium.marker is not None and not replace:
            raise Permanent("exists", "there is a marker already", path=MARKER_NAME)
        self.medium.write_marker(content)

    def is_empty(self) -> bool:
        """See `Storage.is_empty`."""
        return not self.medium.has_objects()

    def file_system(self) -> str:
        """See `Storage.file_system`."""
        return f"simulated:{self.location_id}"

    def probe(self) -> Mapping[Ability, Probed]:
        """See `Storage.probe`: what it can do is given by who makes it."""
        return {}
