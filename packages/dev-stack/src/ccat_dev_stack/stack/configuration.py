"""The observatory's configuration, laid over with the folders and addresses of this machine."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ccat_dev_stack.stack.installation import ARCHIVE_SITE, SITES, TELESCOPE_SITE, Installation
from ccat_ops_db.configuration import Configuration, load
from ccat_ops_db.enumerations import LocationType


class PlacesError(ValueError):
    """The configuration lacks what the stack has to show."""


@dataclass(frozen=True)
class DevelopmentPlaces:
    """Where the configuration puts things on this machine."""

    source_location: str
    source_folder: Path
    processing_location: str
    processing_folder: Path
    archive_bucket: str
    folders: tuple[Path, ...]
    buckets: tuple[str, ...]
    credentials: tuple[str, ...]


def write_overlay(installation: Installation) -> Configuration:
    """Write the overlay and return the configuration with it.

    Raises
    ------
    ConfigurationError
        The observatory's configuration is wrong; all problems are in it, with file and line.
    """
    folder = installation.configuration_folder
    overlay = _overlay(installation, load(folder, [installation.development_overlay]))
    fresh = installation.overlay_folder.with_name("configuration.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    with (fresh / "development.yaml").open("w", encoding="utf-8") as file:
        file.write("# Written by dev-up: what is different on this machine. Changes here are lost.\n")
        YAML().dump(overlay, file)
    shutil.rmtree(installation.overlay_folder, ignore_errors=True)
    fresh.rename(installation.overlay_folder)
    return development_configuration(installation)


def development_configuration(installation: Installation) -> Configuration:
    """Return the configuration with the overlay that was written last."""
    overlays = [installation.development_overlay, installation.overlay_folder]
    return load(installation.configuration_folder, overlays)


def places_of(configuration: Configuration) -> DevelopmentPlaces:
    """Find the places of a development configuration.

    Raises
    ------
    PlacesError
        There is no source at the telescope, or no S3 archive or processing folder at the archive site.
    """
    enabled = {
        key: entry.values
        for key, entry in sorted(configuration.entries["data_locations"].items())
        if entry.values["enabled"] and key.partition(".")[0] in SITES
    }
    disks = {key: Path(values["path"]) for key, values in enabled.items() if "path" in values}
    stores = {key: values for key, values in enabled.items() if "bucket" in values}

    def first(site: str, location_type: LocationType, of: dict[str, Any]) -> str:
        for key in of:
            if key.partition(".")[0] == site and enabled[key]["location_type"] == location_type.value:
                return key
        raise PlacesError(
            f"data-center-config has no usable location of type {location_type.value} at {site}"
        )

    source = first(TELESCOPE_SITE, LocationType.SOURCE, disks)
    processing = first(ARCHIVE_SITE, LocationType.PROCESSING, disks)
    archive = first(ARCHIVE_SITE, LocationType.LONG_TERM_ARCHIVE, stores)
    return DevelopmentPlaces(
        source_location=source,
        source_folder=disks[source],
        processing_location=processing,
        processing_folder=disks[processing],
        archive_bucket=stores[archive]["bucket"],
        folders=tuple(disks.values()),
        buckets=tuple(sorted({values["bucket"] for values in stores.values()})),
        credentials=tuple(sorted({values["credential"] for values in stores.values()})),
    )


def _overlay(installation: Installation, base: Configuration) -> dict[str, Any]:
    locations = {}
    for key, entry in base.entries["data_locations"].items():
        site, _, name = key.partition(".")
        if site not in SITES:
            continue
        if entry.values["storage_type"] == "disk":
            locations[key] = {"path": str(installation.data_folder / site / name)}
        elif entry.values["storage_type"] == "s3":
            locations[key] = {"endpoint": installation.s3.endpoint}
    addresses = {
        site: {"api_url": installation.api_url, "data_server_url": installation.data_server_url(site)}
        for site in SITES
    }
    return {"sites": addresses, "data_locations": locations}
