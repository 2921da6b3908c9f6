"""SQL of the search: one statement over all kinds that the asking user may read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, null, select, union_all

from ccat_ops_db.models import (
    DataLocation,
    DataTransferRoute,
    ErrorRecord,
    ExecutedObsUnit,
    Instrument,
    ObservingProgram,
    ObsUnit,
    PhysicalCopy,
    RawDataFileView,
    RawDataPackage,
    RawDataSeries,
    Site,
    Source,
    StagingJob,
)
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api.work.kinds import KINDS

MOST_HITS = 20
SHORTEST_PREFIX = 8
_HEX = re.compile(r"[0-9a-f-]+")


@dataclass(frozen=True)
class Findable:
    """A kind of thing that can be found.

    Attributes
    ----------
    noun, collection : str
        What a hit is called, and where it is found in the API.
    table : Any
        Its table.
    permission : PermissionName
        What finding it needs.
    title, detail : ColumnElement
        What is shown of a hit.
    named : bool
        Found by the beginning of its name; else by that of its id.
    """

    noun: str
    collection: str
    table: Any
    permission: PermissionName
    title: Any
    detail: Any
    named: bool = False


_OBSERVATIONS, _DATA = PermissionName.READ_OBSERVATIONS, PermissionName.READ_DATA
_LOCATIONS, _TRANSFERS = PermissionName.READ_LOCATIONS, PermissionName.READ_TRANSFERS
_NOTHING = cast(null(), String)


def _columns(model: Any) -> Any:
    return model.__table__.c


def _module_of_package() -> Any:
    series, package = _columns(RawDataSeries), _columns(RawDataPackage)
    return (
        select(series.instrument_module_id)
        .where(series.id == package.raw_data_series_id)
        .correlate(RawDataPackage.__table__)
        .scalar_subquery()
    )


FINDABLE: tuple[Findable, ...] = (
    *(
        Findable(noun, path, model.__table__, permission, _columns(model).id, detail, named=True)
        for noun, path, model, permission, detail in (
            ("source", "sources", Source, _OBSERVATIONS, _NOTHING),
            (
                "obs_unit",
                "obs-units",
                ObsUnit,
                _OBSERVATIONS,
                _columns(ObsUnit).observing_program_id,
            ),
            (
                "observing_program",
                "observing-programs",
                ObservingProgram,
                _OBSERVATIONS,
                _columns(ObservingProgram).name,
            ),
            ("instrument", "instruments", Instrument, _OBSERVATIONS, _columns(Instrument).name),
            ("site", "sites", Site, _LOCATIONS, _columns(Site).name),
            (
                "data_location",
                "data-locations",
                DataLocation,
                _LOCATIONS,
                cast(_columns(DataLocation).location_type, String),
            ),
            (
                "route",
                "routes",
                DataTransferRoute,
                _LOCATIONS,
                _columns(DataTransferRoute).origin_site_id
                + " to "
                + _columns(DataTransferRoute).destination_site_id,
            ),
        )
    ),
    *(
        Findable(noun, path, model.__table__, permission, title, detail)
        for noun, path, model, permission, title, detail in (
            (
                "execution",
                "executed-obs-units",
                ExecutedObsUnit,
                _OBSERVATIONS,
                _columns(ExecutedObsUnit).obs_unit_id,
                cast(_columns(ExecutedObsUnit).status, String),
            ),
            (
                "raw_data_package",
                "raw-data-packages",
                RawDataPackage,
                _DATA,
                _columns(RawDataPackage).relative_path,
                _module_of_package(),
            ),
            (
                "raw_data_file",
                "raw-data-files",
                RawDataFileView,
                _DATA,
                _columns(RawDataFileView).relative_path,
                _columns(RawDataFileView).instrument_module_id,
            ),
            (
                "physical_copy",
                "physical-copies",
                PhysicalCopy,
                _DATA,
                _columns(PhysicalCopy).relative_path,
                _columns(PhysicalCopy).data_location_id,
            ),
            (
                "staging_job",
                "staging-jobs",
                StagingJob,
                _DATA,
                _columns(StagingJob).destination_location_id,
                _columns(StagingJob).requested_by,
            ),
            (
                "error",
                "errors",
                ErrorRecord,
                PermissionName.READ_ERRORS,
                _columns(ErrorRecord).category,
                cast(_columns(ErrorRecord).severity, String),
            ),
        )
    ),
    *(
        Findable(
            kind.noun,
            kind.path,
            kind.model.__table__,
            _TRANSFERS,
            cast(_columns(kind.model).id, String),
            cast(_columns(kind.model).status, String),
        )
        for kind in KINDS
    ),
)
"""Everything that can be found, in the order in which hits are shown."""


def hits(text: str, permissions: Iterable[str]) -> Select[Any] | None:
    """Return what begins with a text, as one statement; None where nothing can.

    Names are found by their beginning in any case of letters, ids by at least eight hexadecimal digits.
    """
    allowed = set(permissions)
    between = _ids(text)
    branches = []
    for number, kind in enumerate(FINDABLE):
        if kind.permission not in allowed or (not kind.named and between is None):
            continue
        branches.append(_branch(number, kind, text, between))
    if not branches:
        return None
    found = union_all(*branches).subquery("hits")
    return (
        select(found.c.noun, found.c.collection, found.c.id, found.c.title, found.c.detail)
        .order_by(found.c.exact.desc(), found.c.number, found.c.id)
        .limit(MOST_HITS)
    )


def _branch(number: int, kind: Findable, text: str, between: tuple[UUID, UUID] | None) -> Select[Any]:
    identifier = kind.table.c.id
    wanted: ColumnElement[bool]
    if kind.named:
        name = func.lower(identifier)
        wanted, exact = name.startswith(text.lower(), autoescape=True), name == text.lower()
        wanted = wanted & kind.table.c.retired_at.is_(None)
    else:
        assert between is not None
        wanted, exact = identifier.between(*between), literal(False)
    few = (
        select(
            literal(number).label("number"),
            literal(kind.noun).label("noun"),
            literal(kind.collection).label("collection"),
            cast(identifier, String).label("id"),
            cast(kind.title, String).label("title"),
            kind.detail.label("detail"),
            exact.label("exact"),
        )
        .where(wanted)
        .order_by(exact.desc(), identifier)
        .limit(MOST_HITS)
    )
    return select(few.subquery())


def _ids(text: str) -> tuple[UUID, UUID] | None:
    """Return the first and the last id that begin with a text, if it can begin one."""
    digits = text.lower().replace("-", "")
    if not _HEX.fullmatch(text.lower()) or not SHORTEST_PREFIX <= len(digits) <= 32:
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
