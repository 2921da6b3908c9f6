"""Which site this service stands at and whose rows it may change: each row has one writer."""

from http import HTTPStatus

from fastapi import Request

from ccat_ops_db_api.platform.errors import Problem


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
