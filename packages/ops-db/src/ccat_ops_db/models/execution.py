"""What really was observed."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ccat_ops_db.enumerations import ExecutionStatus
from ccat_ops_db.models.base import Base, Identified, Owned, Waiting, choice, of_owner
from ccat_ops_db.models.observatory import InstrumentModule
from ccat_ops_db.models.plan import ObsUnit

if TYPE_CHECKING:
    from ccat_ops_db.models.data import RawDataFile, RawDataPackage


class ExecutedObsUnit(Identified, Owned, Base):
    """One execution of an obs unit, as the telescope reports it. Owned by the telescope's site."""

    telescope_id: Mapped[str] = mapped_column(index=True, doc="Telescope that executed it.")
    obs_unit_id: Mapped[str] = mapped_column(ForeignKey("obs_unit.id"), doc="What was executed.")
    status: Mapped[ExecutionStatus] = mapped_column(
        choice(ExecutionStatus), default=ExecutionStatus.RUNNING, doc="Life cycle."
    )
    started_at: Mapped[datetime] = mapped_column(index=True, doc="Start, as the instrument gave it.")
    ended_at: Mapped[datetime | None] = mapped_column(doc="End, as the instrument gave it.")
    start_received_at: Mapped[datetime] = mapped_column(doc="When the start was told to us.")
    end_received_at: Mapped[datetime | None] = mapped_column(doc="When the end was told to us.")
    mean_pwv: Mapped[float | None] = mapped_column(doc="Mean precipitable water vapour, mm.")
    elevation_min: Mapped[float | None] = mapped_column(doc="Smallest elevation, degrees.")
    elevation_max: Mapped[float | None] = mapped_column(doc="Largest elevation, degrees.")
    azimuth_min: Mapped[float | None] = mapped_column(doc="Smallest azimuth, degrees.")
    azimuth_max: Mapped[float | None] = mapped_column(doc="Largest azimuth, degrees.")
    comment: Mapped[str | None] = mapped_column(doc="What the observer says.")

    obs_unit: Mapped[ObsUnit] = relationship(lazy="raise")
    modules: Mapped[list["ExecutedObsUnitModule"]] = relationship(
        lazy="raise",
        primaryjoin="ExecutedObsUnit.id == foreign(ExecutedObsUnitModule.executed_obs_unit_id)",
    )
    raw_data_files: Mapped[list["RawDataFile"]] = relationship(
        lazy="raise",
        viewonly=True,
        secondary="raw_data_series",
        primaryjoin="ExecutedObsUnit.id == foreign(RawDataSeries.executed_obs_unit_id)",
        secondaryjoin="foreign(RawDataSeries.id) == RawDataFile.raw_data_series_id",
        order_by="RawDataFile.id",
    )
    raw_data_packages: Mapped[list["RawDataPackage"]] = relationship(
        lazy="raise",
        viewonly=True,
        secondary="raw_data_series",
        primaryjoin="ExecutedObsUnit.id == foreign(RawDataSeries.executed_obs_unit_id)",
        secondaryjoin="foreign(RawDataSeries.id) == RawDataPackage.raw_data_series_id",
        order_by="RawDataPackage.id",
    )
    __table_args__ = (
        of_owner("telescope_id", "telescope"),
        Index(None, "obs_unit_id", "id"),
        Index("ix_executed_obs_unit_running", "started_at", postgresql_where=text("status = 'running'")),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="ordered"),
        CheckConstraint("(status = 'running') = (ended_at IS NULL)", name="ended_when_not_running"),
        CheckConstraint("mean_pwv >= 0", name="mean_pwv_not_negative"),
        CheckConstraint("elevation_min BETWEEN -90 AND 90", name="elevation_min_range"),
        CheckConstraint("elevation_max BETWEEN -90 AND 90", name="elevation_max_range"),
        CheckConstraint("elevation_min <= elevation_max", name="elevation_ordered"),
        CheckConstraint("azimuth_min <= azimuth_max", name="azimuth_ordered"),
    )


class ExecutedObsUnitModule(Owned, Waiting, Base):
    """A module that takes part in an execution; here the planner says why its files are not packaged yet.

    Its owner is that of the execution, repeated here because replication chooses rows by their own columns.
    """

    executed_obs_unit_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2, doc="Execution.")
    instrument_module_id: Mapped[str] = mapped_column(
        ForeignKey("instrument_module.id"), primary_key=True, sort_order=-2, doc="Module."
    )
    mapper_key = ("executed_obs_unit_id", "instrument_module_id")

    module: Mapped[InstrumentModule] = relationship(lazy="raise")
    __table_args__ = (
        of_owner("executed_obs_unit_id", "executed_obs_unit"),
        Index(None, "instrument_module_id"),
        Index(
            "ix_executed_obs_unit_module_waiting",
            "site_id",
            postgresql_where=text("waiting_reason IS NOT NULL"),
        ),
    )
