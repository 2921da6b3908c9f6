"""Where staging puts a package below a processing location: the same rule for Python and for SQL."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func

from ccat_ops_db.models import RawDataPackage


def staged_folder(execution_id: UUID, module: str, part_number: int) -> str:
    """Return the folder of a package's files: ``<execution>/<module>``, further parts with ``.part-<n>``."""
    part = "" if part_number == 1 else f".part-{part_number}"
    return f"{execution_id}/{module}{part}"


def staged_folder_expression(package: type[RawDataPackage]) -> ColumnElement[Any]:
    """Return the folder of a package's files as an expression."""
    part = case((package.part_number > 1, func.concat(".part-", package.part_number)), else_="")
    return func.concat(package.executed_obs_unit_id, "/", package.instrument_module_id, part)
