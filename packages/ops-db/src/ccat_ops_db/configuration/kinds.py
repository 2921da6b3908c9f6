"""The kinds of entries: section of the files, validated model, table, and how one becomes the other."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic_core import to_jsonable_python

from ccat_ops_db import models
from ccat_ops_db.configuration.entries import access, observatory, places, plan
from ccat_ops_db.configuration.entries.common import NAME, SLUG, Entry, Ref
from ccat_ops_db.models import Base

LOCATION_KEY = r"^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$"
SLOT_KEY = r"^\S+@\S+$"

SLUG_RULE = "lower-case letters, digits and hyphens, a letter first"
NAME_RULE = "letters and digits first, no white space, none of / \\ ? # %"
LOCATION_RULE = "<site>.<name>, each of lower-case letters, digits and hyphens, a letter first"


@dataclass(frozen=True)
class Variant:
    """One shape of a kind's entries, and the class of its rows."""

    entry: type[Entry]
    model: type[Base]


@dataclass(frozen=True)
class Children:
    """A list inside an entry that is kept as rows of another table; with one column a list of its values."""

    field: str
    model: type[Base]
    parent: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A section of the configuration."""

    name: str
    model: type[Base]
    """Class that selects all rows of the kind."""
    variants: Mapping[tuple[str, ...], Variant]
    """By the values of the discriminating fields."""
    discriminators: tuple[str, ...] = ()
    key_pattern: str = NAME
    key_rule: str = NAME_RULE
    children: tuple[Children, ...] = ()

    @property
    def table(self) -> str:
        """Name of the table of its rows."""
        return self.model.__tablename__

    def variant(self, values: Mapping[str, Any]) -> Variant | None:
        """Return the shape that the discriminating fields of some values ask for, or None."""
        chosen: tuple[str, ...] = ()
        for field in self.discriminators:
            if chosen in self.variants:
                break
            chosen += (str(values.get(field)),)
        return self.variants.get(chosen)

    def key_problem(self, key: object) -> str | None:
        """Return what is wrong with a key, or None."""
        if not isinstance(key, str) or not re.match(self.key_pattern, key) or len(key) > 200 or "\n" in key:
            return f"{key!r} cannot be a key here: {self.key_rule}"
        return None

    def child(self, field: str) -> Children | None:
        """Return how a field is kept in another table, or None if it is a column."""
        return next((children for children in self.children if children.field == field), None)


def references(entry: type[Entry]) -> Iterator[tuple[str, Ref]]:
    """Yield each field of an entry that names other entries, with what it names."""
    for name, field in entry.model_fields.items():
        for item in (*field.metadata, *_metadata_within(field.annotation)):
            if isinstance(item, Ref):
                yield name, item


def attributes(kind: Kind, entry: type[Entry]) -> dict[str, str]:
    """Return field → attribute of the model class, for all fields that are columns of the kind's table."""
    named = {field: ref.attribute for field, ref in references(entry)}
    return {field: named.get(field, field) for field in entry.model_fields if kind.child(field) is None}


def values_of(kind: Kind, entry: Entry) -> dict[str, Any]:
    """Return an entry in the one form in which entries and rows are compared and recorded."""
    return canonical(kind, entry.model_dump(mode="json"))


def canonical(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of a row or an entry as plain JSON, lists of children in a fixed order."""
    plain: dict[str, Any] = to_jsonable_python(dict(values))
    for children in kind.children:
        if children.field in plain:
            plain[children.field] = sorted(plain[children.field], key=_child_order(children))
    return plain


def key_columns(kind: Kind, key: str) -> dict[str, Any]:
    """Return the columns of a row that follow from its key."""
    if kind.name == "pre_scheduled_slots":
        return {}
    if kind.name == "data_locations":
        site, _, name = key.partition(".")
        return {"id": key, "site_id": site, "name": name}
    return {"id": key}


def slot_key(values: Mapping[str, Any]) -> str:
    """Return the key of a pre-scheduled slot, which is what it is and when it starts."""
    return f"{values['obs_unit']}@{values['starts_at']}"


def _child_order(children: Children) -> Any:
    if len(children.columns) == 1:
        return str
    return lambda child: child[children.columns[0]]


def _metadata_within(annotation: Any) -> Iterator[Any]:
    for argument in get_args(annotation):
        yield from getattr(argument, "__metadata__", ())
        yield from _metadata_within(argument)


def _one(name: str, entry: type[Entry], model: type[Base], **options: Any) -> Kind:
    return Kind(name, model, {(): Variant(entry, model)}, **options)


_SLUGS = {"key_pattern": SLUG, "key_rule": SLUG_RULE}

_KINDS = (
    _one("sites", places.SiteEntry, models.Site, **_SLUGS),
    _one("observatories", observatory.ObservatoryEntry, models.Observatory, **_SLUGS),
    _one("telescopes", observatory.TelescopeEntry, models.Telescope, **_SLUGS),
    _one("instruments", observatory.InstrumentEntry, models.Instrument, **_SLUGS),
    _one("instrument_modules", observatory.InstrumentModuleEntry, models.InstrumentModule, **_SLUGS),
    _one("lines", plan.LineEntry, models.Line),
    Kind(
        "instrument_module_configurations",
        models.InstrumentModuleConfiguration,
        {
            ("chai",): Variant(observatory.ChaiModuleConfigurationEntry, models.ChaiModuleConfiguration),
            ("prime_cam",): Variant(
                observatory.PrimeCamModuleConfigurationEntry, models.PrimeCamModuleConfiguration
            ),
        },
        ("type",),
    ),
    _one("retention_policies", places.RetentionPolicyEntry, models.RetentionPolicy, **_SLUGS),
    Kind(
        "data_locations",
        models.DataLocation,
        {
            ("disk",): Variant(places.DiskDataLocationEntry, models.DiskDataLocation),
            ("s3",): Variant(places.S3DataLocationEntry, models.S3DataLocation),
            ("tape",): Variant(places.TapeDataLocationEntry, models.TapeDataLocation),
        },
        ("storage_type",),
        LOCATION_KEY,
        LOCATION_RULE,
    ),
    _one(
        "data_transfer_routes",
        places.DataTransferRouteEntry,
        models.DataTransferRoute,
        **_SLUGS,
        children=(
            Children(
                "windows",
                models.DataTransferRouteWindow,
                "data_transfer_route_id",
                ("opens_at", "closes_at"),
            ),
        ),
    ),
    _one("permissions", access.PermissionEntry, models.Permission, key_pattern="^[a-z]+:[a-z][a-z-]*$"),
    _one(
        "roles",
        access.RoleEntry,
        models.Role,
        **_SLUGS,
        children=(Children("permissions", models.RolePermission, "role_id", ("permission_id",)),),
    ),
    _one("observing_programs", plan.ObservingProgramEntry, models.ObservingProgram),
    _one("sub_observing_programs", plan.SubObservingProgramEntry, models.SubObservingProgram),
    Kind(
        "sources",
        models.Source,
        {
            ("fixed",): Variant(plan.FixedSourceEntry, models.FixedSource),
            ("solar_system",): Variant(plan.SolarSystemObjectEntry, models.SolarSystemObject),
            ("constant_elevation",): Variant(
                plan.ConstantElevationSourceEntry, models.ConstantElevationSource
            ),
        },
        ("type",),
    ),
    _one("obs_modes", plan.ObsModeEntry, models.ObsMode),
    Kind(
        "observation_configurations",
        models.ObservationConfiguration,
        {
            ("chai",): Variant(plan.ChaiObservationConfigurationEntry, models.ChaiObservationConfiguration),
            ("prime_cam", "pong"): Variant(plan.PrimeCamPongEntry, models.PrimeCamObservationConfiguration),
            ("prime_cam", "daisy"): Variant(plan.PrimeCamDaisyEntry, models.PrimeCamObservationConfiguration),
            ("prime_cam", "constant_elevation"): Variant(
                plan.PrimeCamConstantElevationEntry, models.PrimeCamObservationConfiguration
            ),
        },
        ("type", "scan_pattern"),
        children=(
            Children(
                "tilings",
                models.ChaiTiling,
                "chai_observation_configuration_id",
                ("tile", "offset_longitude", "offset_latitude", "goal_coverage"),
            ),
            Children(
                "inpar_parameters",
                models.ChaiInparParameter,
                "chai_observation_configuration_id",
                ("name", "value"),
            ),
        ),
    ),
    _one(
        "obs_units",
        plan.ObsUnitEntry,
        models.ObsUnit,
        children=(
            Children(
                "configurations",
                models.ObsUnitObservationConfiguration,
                "obs_unit_id",
                ("observation_configuration_id",),
            ),
        ),
    ),
    _one(
        "pre_scheduled_slots",
        plan.PreScheduledSlotEntry,
        models.PreScheduledSlot,
        key_pattern=SLOT_KEY,
        key_rule="<obs unit>@<start>",
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
"""All kinds by the name of their section, each after those that it refers to."""
