"""Simulated places for tests that are passed by real and by simulated ones."""

import time
from collections.abc import Callable

from ccat_data_transfer.simulation.acts import Act
from ccat_data_transfer.simulation.disk_storage import SimulatedDiskStorage
from ccat_data_transfer.simulation.disks import Disk, Host
from ccat_data_transfer.simulation.links import Links
from ccat_data_transfer.simulation.schedule import Process, Schedule
from ccat_data_transfer.simulation.stores import Bucket, SimulatedS3Storage
from ccat_data_transfer.storage.interface import Storage


class SimulatedPlaces:
    """Makes empty places, used by one process that nothing happens to."""

    def __init__(self) -> None:
        self.schedule = Schedule(0)
        self.links = Links(self.schedule)
        self.process = Process("test")
        self.journal: list[Act] = []

    def disk(self, location_id: str) -> SimulatedDiskStorage:
        """Return a place on a disk of its own."""
        host = Host(f"host of {location_id}", location_id.partition(".")[0], time.time_ns)
        host.mounts["/data"] = Disk(location_id, time.time_ns)
        return SimulatedDiskStorage(
            location_id, host, "/data", self.schedule, self.links, self.process, self.journal.append
        )

    def store(self, location_id: str) -> SimulatedS3Storage:
        """Return a place in a bucket of its own."""
        bucket = Bucket(time.time_ns)
        site_id = location_id.partition(".")[0]
        return SimulatedS3Storage(location_id, site_id, bucket, self.links, self.process, self.journal.append)

    def place(self, location_id: str, kind: str) -> Storage:
        """Return a place of a kind."""
        make: dict[str, Callable[[str], Storage]] = {"disk": self.disk, "s3": self.store}
        return make[kind](location_id)


def leftovers(storage: Storage) -> list[str]:
    """Return everything at a simulated place besides finished objects."""
    if isinstance(storage, SimulatedDiskStorage):
        return [path for path in storage.disk.names if ".partial-" in path]
    assert isinstance(storage, SimulatedS3Storage)
    return [upload.path for upload in storage.bucket.uploads.values()]
