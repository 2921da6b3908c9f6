"""What a package tells of itself: the description in its bag and its IVOA ObsCore fields.

Both are made of facts that do not change once files are filed, so that packaging twice gives the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectin_polymorphic

from ccat_ops_db.models import (
    ExecutedObsUnit,
    FixedSource,
    Instrument,
    InstrumentModule,
    ObservingProgram,
    ObsUnit,
    RawDataFileView,
    RawDataPackage,
    Source,
    Telescope,
)

SCHEMA_VERSION = 1
SPEED_OF_LIGHT = 299_792_458.0
"""Metres per second (exact, SI)."""

MJD_OF_UNIX_EPOCH = 40587.0
"""Modified Julian date of 1970-01-01T00:00 UTC."""


@dataclass(frozen=True)
class PackageStory:
    """A package with everything around it that a reader, or a rebuild of the database, wants to know."""

    package: RawDataPackage
    files: Sequence[RawDataFileView]
    execution: ExecutedObsUnit
    obs_unit: ObsUnit
    program: ObservingProgram
    source: Source
    module: InstrumentModule
    instrument: Instrument
    telescope: Telescope


def load_story(session: Session, package_id: UUID) -> PackageStory:
    """Read a package and its surroundings."""
    package = session.get_one(RawDataPackage, package_id)
    execution = session.get_one(ExecutedObsUnit, package.executed_obs_unit_id)
    obs_unit = session.get_one(ObsUnit, execution.obs_unit_id)
    module = session.get_one(
        InstrumentModule,
        package.instrument_module_id,
        options=[joinedload(InstrumentModule.instrument).joinedload(Instrument.telescope)],
    )
    files = session.scalars(
        select(RawDataFileView)
        .where(RawDataFileView.raw_data_package_id == package_id)
        .order_by(RawDataFileView.relative_path)
    ).all()
    return PackageStory(
        package=package,
        files=files,
        execution=execution,
        obs_unit=obs_unit,
        program=session.get_one(ObservingProgram, obs_unit.observing_program_id),
        source=session.get_one(
            Source, obs_unit.source_id, options=[selectin_polymorphic(Source, [FixedSource])]
        ),
        module=module,
        instrument=module.instrument,
        telescope=module.instrument.telescope,
    )


def describe(story: PackageStory) -> dict[str, Any]:
    """Return the content of ``ccat/package.json``: what the database knows and a rebuild needs."""
    package, execution = story.package, story.execution
    return {
        "schema_version": SCHEMA_VERSION,
        "package": {
            "site": package.site_id,
            "part_number": package.part_number,
            "source_location": package.source_location_id,
            "created_at": _text(package.created_at),
            "relative_path": package.relative_path,
        },
        "execution": {
            "id": str(execution.id),
            "site": execution.site_id,
            "started_at": _text(execution.started_at),
        },
        "obs_unit": {
            "id": story.obs_unit.id,
            "program": story.program.id,
            "sub_program": story.obs_unit.sub_observing_program_id,
            "source": story.source.id,
        },
        "module": story.module.id,
        "instrument": story.instrument.id,
        "telescope": story.telescope.id,
        "files": [
            {
                "id": str(file.id),
                "path": file.relative_path,
                "size": file.size,
                "checksum": file.checksum,
                "type": file.file_type,
                "written_from": _text(file.written_from),
                "written_until": _text(file.written_until),
                "filed_at": _text(file.filed_at),
            }
            for file in story.files
        ],
    }


def bag_info(story: PackageStory) -> dict[str, str]:
    """Return the fields of ``bag-info.txt`` that say where the bag comes from."""
    return {
        "Source-Organization": "CCAT Observatory",
        "Internal-Sender-Description": f"{story.instrument.id} {story.module.id}, {story.obs_unit.id}",
    }


def obscore(story: PackageStory) -> dict[str, Any]:
    """Return the IVOA ObsCore 1.1 fields of a package, named as in ``raw_data_package_metadata``."""
    fixed = story.source if isinstance(story.source, FixedSource) else None
    files = [file for file in story.files if not file.left_out]
    begins, ends = _span(story.execution, files)
    return {
        "obs_id": str(story.execution.id),
        "obs_collection": story.program.id,
        "dataproduct_type": "timeseries" if story.instrument.id == "prime-cam" else "spectrum",
        "calib_level": 0,
        "target_name": story.source.id,
        "s_ra": fixed.right_ascension if fixed else None,
        "s_dec": fixed.declination if fixed else None,
        "t_min": _mjd(begins),
        "t_max": _mjd(ends),
        "em_min": _wavelength(story.module.frequency_max),
        "em_max": _wavelength(story.module.frequency_min),
        "facility_name": story.telescope.name,
        "instrument_name": story.instrument.name,
        "access_format": "application/x-tar",
        "access_estsize": -(-sum(file.size for file in files) // 1000),
    }


def _span(execution: ExecutedObsUnit, files: Sequence[RawDataFileView]) -> tuple[datetime, datetime]:
    """Return when the data of a package begin and end, as its files say: they were complete when filed."""
    begins = min(
        (file.written_from for file in files if file.written_from is not None), default=execution.started_at
    )
    return begins, max(begins, *(file.written_until or file.filed_at for file in files))


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _mjd(moment: datetime) -> float:
    return MJD_OF_UNIX_EPOCH + moment.timestamp() / 86400


def _wavelength(gigahertz: float | None) -> float | None:
    return SPEED_OF_LIGHT / (gigahertz * 1e9) if gigahertz else None
