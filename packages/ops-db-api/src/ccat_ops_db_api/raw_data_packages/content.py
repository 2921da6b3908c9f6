"""Where the bytes of a package are: a signed address at the data server of a site that has a copy."""

from datetime import timedelta
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.signed_urls import Member, sign_url
from ccat_ops_db_api.platform.errors import conflict
from ccat_ops_db_api.platform.site import own_site
from ccat_ops_db_api.raw_data_packages import queries


async def signed_address(
    session: AsyncSession,
    request: Request,
    package_id: UUID,
    location: str | None,
    member: Member | None = None,
) -> str:
    """Return an address at which the tar of a package, or one file of it, can be read for a while.

    Raises
    ------
    Problem
        409 if no copy can be read (at the location that was asked for), or no data server has one.
    """
    copies = await queries.readable_copies(session, package_id, own_site(request))
    if location is not None:
        copies = [copy for copy in copies if copy.location == location]
    if not copies:
        where = f"at {location}" if location is not None else "anywhere"
        raise conflict(f"package {package_id} has no copy {where} that can be read now", "no-readable-copy")
    nearest = copies[0]
    if nearest.data_server_url is None:
        raise conflict(
            f"package {package_id} is at {nearest.location}, whose site has no data server:"
            " set data_server_url of the site in the configuration",
            "no-data-server",
        )
    settings = request.app.state.settings
    return sign_url(
        nearest.data_server_url,
        nearest.location,
        nearest.relative_path,
        secret=settings.data_server_secret.get_secret_value(),
        expires_at=request.app.state.clock.utc_now() + timedelta(seconds=settings.signed_url_lifetime),
        member=member,
    )
