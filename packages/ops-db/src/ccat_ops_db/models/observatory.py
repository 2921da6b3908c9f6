"""The observatory and what observes: telescopes, instruments, modules and their configurations."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ccat_ops_db.models.base import SLUG_PATTERN, Base, Reference, matches

if TYPE_CHECKING:
    from ccat_ops_db.models.data import RawDataFile


class Observatory(Reference, Base):
    """An observatory."""

    name: Mapped[str] = mapped_column(doc="Full name.")
    __table_args__ = (matches("id", SLUG_PATTERN, "id_slug"),)


class Telescope(Reference, Base):
    """A telescope of the observatory."""

    observatory_id: Mapped[str] = mapped_column(ForeignKey("observatory.id"), index=True, doc="Observatory.")
    site_id: Mapped[str] = mapped_column(
        ForeignKey("site.id"), doc="Site where it stands, and which owns its executions."
    )
    name: Mapped[str] = mapped_column(doc="Full name.")
    latitude: Mapped[float] = mapped_column(doc="Geodetic latitude (WGS 84), degrees, north positive.")
    longitude: Mapped[float] = mapped_column(doc="Geodetic longitude (WGS 84), degrees, east positive.")
    altitude: Mapped[float] = mapped_column(doc="Height above sea level, metres.")

    observatory: Mapped[Observatory] = relationship(lazy="raise")
    __table_args__ = (
        UniqueConstraint("id", "site_id"),
        matches("id", SLUG_PATTERN, "id_slug"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_range"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_range"),
    )


class Instrument(Reference, Base):
    """An instrument of a telescope."""

    telescope_id: Mapped[str] = mapped_column(ForeignKey("telescope.id"), index=True, doc="Telescope.")
    name: Mapped[str] = mapped_column(doc="Full name, for example Prime-Cam.")
    description: Mapped[str | None] = mapped_column(doc="What it is.")
    available: Mapped[bool] = mapped_column(
        default=True, doc="Whether it can observe; follows commissioning and maintenance."
    )

    telescope: Mapped[Telescope] = relationship(lazy="raise")
    modules: Mapped[list["InstrumentModule"]] = relationship(lazy="raise", back_populates="instrument")
    __table_args__ = (matches("id", SLUG_PATTERN, "id_slug"),)


class InstrumentModule(Reference, Base):
    """A part of an instrument that writes its own raw data files."""

    instrument_id: Mapped[str] = mapped_column(ForeignKey("instrument.id"), index=True, doc="Instrument.")
    name: Mapped[str] = mapped_column(doc="Full name, for example LFA.")
    description: Mapped[str | None] = mapped_column(doc="What it is.")
    pixels: Mapped[int | None] = mapped_column(doc="Number of pixels.")
    band: Mapped[str | None] = mapped_column(doc="Name of the band, for example 280 GHz.")
    frequency_min: Mapped[float | None] = mapped_column(doc="Lower end of the band, GHz.")
    frequency_max: Mapped[float | None] = mapped_column(doc="Upper end of the band, GHz.")
    available: Mapped[bool] = mapped_column(default=True, doc="Whether it can observe.")

    instrument: Mapped[Instrument] = relationship(lazy="raise", back_populates="modules")
    raw_data_files: Mapped[list["RawDataFile"]] = relationship(
        lazy="raise",
        viewonly=True,
        secondary="raw_data_series",
        primaryjoin="InstrumentModule.id == foreign(RawDataSeries.instrument_module_id)",
        secondaryjoin="foreign(RawDataSeries.id) == RawDataFile.raw_data_series_id",
        order_by="RawDataFile.id",
    )
    __table_args__ = (
        matches("id", SLUG_PATTERN, "id_slug"),
        CheckConstraint("pixels IS NULL OR pixels > 0", name="pixels_positive"),
        CheckConstraint("frequency_min IS NULL OR frequency_min < frequency_max", name="band_ordered"),
    )


class InstrumentModuleConfiguration(Reference, Base):
    """A way in which a module can be set up; polymorphic by instrument."""

    instrument_module_id: Mapped[str] = mapped_column(
        ForeignKey("instrument_module.id"), index=True, doc="Module that is set up."
    )
    type: Mapped[str] = mapped_column(doc="Discriminator: chai or prime_cam.")
    description: Mapped[str | None] = mapped_column(doc="What the set-up is for.")
    valid_from: Mapped[datetime | None] = mapped_column(doc="When it came into use.")

    __mapper_args__ = {"polymorphic_on": "type", "polymorphic_abstract": True}  # noqa: RUF012
    __table_args__ = (CheckConstraint("type IN ('chai', 'prime_cam')", name="type"),)


class ChaiModuleConfiguration(InstrumentModuleConfiguration):
    """Set-up of a CHAI module: line, backend and local oscillator."""

    id: Mapped[str] = mapped_column(
        ForeignKey("instrument_module_configuration.id"), primary_key=True, doc="Configuration."
    )
    line_id: Mapped[str | None] = mapped_column(ForeignKey("line.id"), index=True, doc="Line tuned to.")
    side_band: Mapped[str | None] = mapped_column(doc="Side band of the line: lsb or usb.")
    intermediate_frequency: Mapped[float | None] = mapped_column(doc="Intermediate frequency, GHz.")
    bandwidth: Mapped[float | None] = mapped_column(doc="Backend bandwidth, GHz.")
    channels: Mapped[int | None] = mapped_column(doc="Number of spectral channels.")

    __mapper_args__ = {"polymorphic_identity": "chai"}  # noqa: RUF012
    __table_args__ = (CheckConstraint("side_band IN ('lsb', 'usb')", name="side_band"),)


class PrimeCamModuleConfiguration(InstrumentModuleConfiguration):
    """Set-up of a Prime-Cam module: sampling and tone powers of its detectors."""

    id: Mapped[str] = mapped_column(
        ForeignKey("instrument_module_configuration.id"), primary_key=True, doc="Configuration."
    )
    sampling_rate: Mapped[float | None] = mapped_column(doc="Detector samples per second, Hz.")
    readout_tones: Mapped[int | None] = mapped_column(doc="Number of read-out tones.")
    filter_name: Mapped[str | None] = mapped_column(doc="Optical filter in the beam.")

    __mapper_args__ = {"polymorphic_identity": "prime_cam"}  # noqa: RUF012
