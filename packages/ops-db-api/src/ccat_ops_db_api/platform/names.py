"""Names that a filter stands for, looked up before the list is asked.

With the names themselves in the statement PostgreSQL knows from its statistics how many rows to expect, and
chooses between walking the list in its order and looking the rows up.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.models import InstrumentModule, ObsUnit


async def modules_of(session: AsyncSession, instruments: Sequence[str]) -> list[str]:
    """Return the modules of some instruments."""
    of_instruments = select(InstrumentModule.id).where(InstrumentModule.instrument_id.in_(instruments))
    return list((await session.execute(of_instruments)).scalars())


async def obs_units(session: AsyncSession, *conditions: ColumnElement[bool]) -> list[str]:
    """Return the obs units for which some conditions hold."""
    return list((await session.execute(select(ObsUnit.id).where(*conditions))).scalars())
