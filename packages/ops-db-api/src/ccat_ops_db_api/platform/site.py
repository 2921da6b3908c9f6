"""Which site this service stands at and whose rows it may change: each row has one writer."""

from http import HTTPStatus
from typing import Any

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db_api.platform.errors import Problem, not_found


def own_site(request: Request) -> str:
    """Return the site that this service stands at."""
    site: str = request.app.state.settings.site_id
    return site


def require_owner(request: Request, site_id: str, what: str) -> None:
    """Refuse to change a row that another site's database owns.

    Raises
    ------
    Problem
        409 that names the site to turn to.
    """
    served: tuple[str, ...] = request.app.state.settings.served_sites
    if served and site_id not in served:
        raise Problem(
            HTTPStatus.CONFLICT,
            "owned-by-other-site",
            f"{what} belongs to site {site_id}, and only its database changes it; ask the API of {site_id}",
            extensions={"owner_site": site_id},
        )


async def require_own_row(
    session: AsyncSession, request: Request, model: Any, key: object, noun: str
) -> None:
    """Refuse a row of another site before it is locked: who locks one stops what replication brings.

    Raises
    ------
    Problem
        404 if there is no such row, 409 that names the site to turn to.
    """
    site = (await session.execute(select(model.site_id).where(model.id == key))).scalar_one_or_none()
    if site is None:
        raise not_found(noun, key)
    require_owner(request, site, f"{noun} {key}")
