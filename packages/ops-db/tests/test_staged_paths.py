"""Python and SQL name the folder of a staged package alike."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.models import RawDataPackage
from ccat_ops_db.staged_paths import staged_folder, staged_folder_expression

from . import rows


@pytest.mark.parametrize("part", [2, 3, 10])
def test_python_and_sql_agree(session: Session, world: rows.World, part: int) -> None:
    package_id = rows.add_package(session, world.execution, part=part)
    chosen = select(RawDataPackage, staged_folder_expression(RawDataPackage))
    package, by_sql = session.execute(chosen.where(RawDataPackage.id == package_id)).one()
    assert by_sql == staged_folder(package.executed_obs_unit_id, package.instrument_module_id, part)
    assert by_sql.endswith(f".part-{part}")


def test_the_only_part_has_no_number(session: Session, world: rows.World) -> None:
    chosen = select(RawDataPackage, staged_folder_expression(RawDataPackage))
    package, by_sql = session.execute(chosen.where(RawDataPackage.part_number == 1)).first() or (None, None)
    assert package is not None
    assert by_sql == staged_folder(package.executed_obs_unit_id, package.instrument_module_id, 1)
    assert by_sql == f"{world.execution}/{package.instrument_module_id}"
