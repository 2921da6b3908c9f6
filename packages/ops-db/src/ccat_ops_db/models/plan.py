"""What is to be observed: programs, sources, modes, configurations and obs units."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from ccat_ops_db.models.base import Base, Identified, Reference
from ccat_ops_db.models.observatory import Instrument, InstrumentModuleConfiguration

JsonDocument = JSON().with_variant(JSONB(), "postgresql")
"""For documents whose keys others define: scan parameters keep keys that we do not know."""


class ObservingProgram(Reference, Base):
    """A program that was granted observing time."""

    name: Mapped[str] = mapped_column(doc="Full name, for example Galactic Ecology.")
    description: Mapped[str | None] = mapped_column(doc="Scientific aim.")
    principal_investigator: Mapped[str | None] = mapped_column(doc="Who leads it.")
    granted_hours: Mapped[float | None] = mapped_column(doc="Granted observing time, hours.")
    short_name: Mapped[str] = synonym("id")

    sub_programs: Mapped[list["SubObservingProgram"]] = relationship(lazy="raise", back_populates="program")
    __table_args__ = (CheckConstraint("granted_hours >= 0", name="granted_hours_not_negative"),)


class SubObservingProgram(Reference, Base):
    """A part of a program."""

    observing_program_id: Mapped[str] = mapped_column(
        ForeignKey("observing_program.id"), index=True, doc="Program it belongs to."
    )
    name: Mapped[str] = mapped_column(doc="Full name.")
    description: Mapped[str | None] = mapped_column(doc="Scientific aim.")
    short_name: Mapped[str] = synonym("id")

    program: Mapped[ObservingProgram] = relationship(lazy="raise", back_populates="sub_programs")


class Source(Reference, Base):
    """Something on the sky; polymorphic."""

    type: Mapped[str] = mapped_column(doc="Discriminator: fixed, solar_system or constant_elevation.")
    description: Mapped[str | None] = mapped_column(doc="What it is.")
    name: Mapped[str] = synonym("id")

    __mapper_args__ = {"polymorphic_on": "type", "polymorphic_abstract": True}  # noqa: RUF012
    __table_args__: Any = (
        CheckConstraint("type IN ('fixed', 'solar_system', 'constant_elevation')", name="type"),
    )


class FixedSource(Source):
    """A source that stays in place on the sky."""

    id: Mapped[str] = mapped_column(ForeignKey("source.id"), primary_key=True, doc="Source.")
    right_ascension: Mapped[float] = mapped_column(index=True, doc="ICRS right ascension, degrees.")
    declination: Mapped[float] = mapped_column(index=True, doc="ICRS declination, degrees.")
    radial_velocity: Mapped[float | None] = mapped_column(doc="Radial velocity (LSR), km/s.")

    __mapper_args__ = {"polymorphic_identity": "fixed"}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("right_ascension >= 0 AND right_ascension < 360", name="right_ascension_range"),
        CheckConstraint("declination BETWEEN -90 AND 90", name="declination_range"),
    )


class SolarSystemObject(Source):
    """A planet, moon, comet or asteroid."""

    id: Mapped[str] = mapped_column(ForeignKey("source.id"), primary_key=True, doc="Source.")
    ephemeris_name: Mapped[str] = mapped_column(doc="Name that the ephemeris service knows.")
    naif_id: Mapped[int | None] = mapped_column(doc="NAIF integer code of the body.")

    __mapper_args__ = {"polymorphic_identity": "solar_system"}  # noqa: RUF012


class ConstantElevationSource(Source):
    """A field that is scanned in azimuth at a constant elevation while the sky drifts through."""

    id: Mapped[str] = mapped_column(ForeignKey("source.id"), primary_key=True, doc="Source.")
    elevation: Mapped[float] = mapped_column(doc="Elevation of the scan, degrees.")
    azimuth_min: Mapped[float] = mapped_column(doc="Smallest azimuth, degrees.")
    azimuth_max: Mapped[float] = mapped_column(doc="Largest azimuth, degrees.")

    __mapper_args__ = {"polymorphic_identity": "constant_elevation"}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("elevation BETWEEN 0 AND 90", name="elevation_range"),
        CheckConstraint("azimuth_min < azimuth_max", name="azimuth_ordered"),
    )


class Line(Reference, Base):
    """A spectral line."""

    name: Mapped[str] = mapped_column(doc="Species and transition, for example CO 4-3.")
    rest_frequency: Mapped[float] = mapped_column(doc="Rest frequency, GHz.")
    __table_args__ = (CheckConstraint("rest_frequency > 0", name="rest_frequency_positive"),)


class ObsMode(Reference, Base):
    """A way of observing, for example on-the-fly mapping."""

    name: Mapped[str] = mapped_column(doc="Full name.")
    description: Mapped[str | None] = mapped_column(doc="How it observes.")


class ObservationConfiguration(Reference, Base):
    """What an instrument is to do in an obs unit; polymorphic by instrument."""

    type: Mapped[str] = mapped_column(doc="Discriminator: chai or prime_cam.")
    instrument_id: Mapped[str] = mapped_column(ForeignKey("instrument.id"), index=True, doc="Instrument.")
    instrument_module_configuration_id: Mapped[str | None] = mapped_column(
        ForeignKey("instrument_module_configuration.id"), index=True, doc="Set-up of the module."
    )
    mapping_parameters: Mapped[dict[str, Any]] = mapped_column(
        JsonDocument,
        default=dict,
        doc="Scan parameters in degrees, degrees per second and seconds; keys that are not known are kept.",
    )

    instrument: Mapped[Instrument] = relationship(lazy="raise")
    module_configuration: Mapped[InstrumentModuleConfiguration | None] = relationship(lazy="raise")
    __mapper_args__ = {"polymorphic_on": "type", "polymorphic_abstract": True}  # noqa: RUF012
    __table_args__ = (CheckConstraint("type IN ('chai', 'prime_cam')", name="type"),)


class ChaiObservationConfiguration(ObservationConfiguration):
    """Observation with CHAI."""

    id: Mapped[str] = mapped_column(
        ForeignKey("observation_configuration.id"), primary_key=True, doc="Configuration."
    )
    integration_time: Mapped[float | None] = mapped_column(doc="Time on each point, seconds.")

    tilings: Mapped[list["ChaiTiling"]] = relationship(lazy="raise")
    inpar_parameters: Mapped[list["ChaiInparParameter"]] = relationship(lazy="raise")
    __mapper_args__ = {"polymorphic_identity": "chai"}  # noqa: RUF012


class ChaiTiling(Identified, Base):
    """A tile of a map with CHAI."""

    chai_observation_configuration_id: Mapped[str] = mapped_column(
        ForeignKey("chai_observation_configuration.id"), doc="Observation it belongs to."
    )
    tile: Mapped[int] = mapped_column(doc="Number of the tile, from 1.")
    offset_longitude: Mapped[float] = mapped_column(doc="Offset in longitude, degrees.")
    offset_latitude: Mapped[float] = mapped_column(doc="Offset in latitude, degrees.")
    goal_coverage: Mapped[float] = mapped_column(default=1.0, doc="How often it is to be covered.")
    __table_args__ = (UniqueConstraint("chai_observation_configuration_id", "tile"),)


class ChaiInparParameter(Identified, Base):
    """A parameter that is handed to the control system of CHAI as it is."""

    chai_observation_configuration_id: Mapped[str] = mapped_column(
        ForeignKey("chai_observation_configuration.id"), doc="Observation it belongs to."
    )
    name: Mapped[str] = mapped_column(doc="Name of the parameter.")
    value: Mapped[str] = mapped_column(doc="Value, as text.")
    __table_args__ = (UniqueConstraint("chai_observation_configuration_id", "name"),)


class PrimeCamObservationConfiguration(ObservationConfiguration):
    """Observation with Prime-Cam: one scan pattern and its parameters."""

    id: Mapped[str] = mapped_column(
        ForeignKey("observation_configuration.id"), primary_key=True, doc="Configuration."
    )
    scan_pattern: Mapped[str] = mapped_column(doc="pong, daisy or constant_elevation.")

    __mapper_args__ = {"polymorphic_identity": "prime_cam"}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("scan_pattern IN ('pong', 'daisy', 'constant_elevation')", name="scan_pattern"),
    )


class ObsUnit(Reference, Base):
    """The unit of planning: one source, one mode, one set of configurations."""

    observing_program_id: Mapped[str] = mapped_column(
        ForeignKey("observing_program.id"), index=True, doc="Program."
    )
    sub_observing_program_id: Mapped[str | None] = mapped_column(
        ForeignKey("sub_observing_program.id"), index=True, doc="Part of the program."
    )
    source_id: Mapped[str] = mapped_column(ForeignKey("source.id"), index=True, doc="Source.")
    obs_mode_id: Mapped[str | None] = mapped_column(ForeignKey("obs_mode.id"), index=True, doc="Mode.")
    description: Mapped[str | None] = mapped_column(doc="What it is for.")
    nominal_alt: Mapped[float | None] = mapped_column(doc="Nominal elevation, degrees.")
    mapping_parameters: Mapped[dict[str, Any]] = mapped_column(
        JsonDocument,
        default=dict,
        doc="Scan parameters of this obs unit, over those of its configurations; keys not known are kept.",
    )
    additional_params: Mapped[dict[str, Any]] = mapped_column(
        JsonDocument, default=dict, doc="Parameters that planner and telescope agree on; kept as they are."
    )
    priority: Mapped[int] = mapped_column(default=0, doc="Higher goes first.")
    requested_time: Mapped[float | None] = mapped_column(doc="Requested time on source, seconds.")
    available: Mapped[bool] = mapped_column(default=True, doc="Whether it may be scheduled.")
    name: Mapped[str] = synonym("id")

    program: Mapped[ObservingProgram] = relationship(lazy="raise")
    sub_program: Mapped[SubObservingProgram | None] = relationship(lazy="raise")
    source: Mapped[Source] = relationship(lazy="raise")
    configurations: Mapped[list[ObservationConfiguration]] = relationship(
        lazy="raise", secondary="obs_unit_observation_configuration"
    )
    __table_args__ = (
        CheckConstraint("nominal_alt BETWEEN 0 AND 90", name="nominal_alt_range"),
        CheckConstraint("requested_time >= 0", name="requested_time_not_negative"),
    )


class ObsUnitObservationConfiguration(Base):
    """Which configurations an obs unit uses."""

    obs_unit_id: Mapped[str] = mapped_column(ForeignKey("obs_unit.id"), primary_key=True, doc="Obs unit.")
    observation_configuration_id: Mapped[str] = mapped_column(
        ForeignKey("observation_configuration.id"), primary_key=True, index=True, doc="Configuration."
    )


class PreScheduledSlot(Identified, Base):
    """Time that is set aside for an obs unit."""

    obs_unit_id: Mapped[str] = mapped_column(ForeignKey("obs_unit.id"), doc="Obs unit.")
    starts_at: Mapped[datetime] = mapped_column(index=True, doc="Start of the slot.")
    ends_at: Mapped[datetime] = mapped_column(doc="End of the slot.")
    night: Mapped[date | None] = mapped_column(Date(), doc="Night (UTC date of its start) it is planned in.")
    retired_at: Mapped[datetime | None] = mapped_column(
        doc="When configuration ceased to name it; null while planned."
    )
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ordered"),
        UniqueConstraint("obs_unit_id", "starts_at"),
    )
