"""``/sites``, ``/data-locations``, ``/routes``, ``/retention-policies``, and ``/site``, this one."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from ccat_ops_db import schema
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db_api import __version__
from ccat_ops_db_api.access.authentication import requires
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.places import queries, schemas, service
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.fields import Name
from ccat_ops_db_api.platform.idempotency import Key, once
from ccat_ops_db_api.platform.pages import answer
from ccat_ops_db_api.platform.references import ReferenceKind, reference, reference_routes
from ccat_ops_db_api.platform.site import own_site

READ = PermissionName.READ_LOCATIONS
Reader = Annotated[Principal, requires(READ)]
Manager = Annotated[Principal, requires(PermissionName.MANAGE_LOCATIONS)]

SITES = ReferenceKind(
    "sites", "site", "sites", queries.SITES, queries.sites, schemas.Site, schemas.SitePage, READ
)
LOCATIONS = ReferenceKind(
    "data-locations",
    "data_location",
    "data_locations",
    queries.LOCATIONS,
    queries.locations,
    schemas.Location,
    schemas.LocationPage,
    READ,
    ("usage", "health", "service"),
)
ROUTES = ReferenceKind(
    "routes",
    "route",
    "routes",
    queries.ROUTES,
    queries.routes,
    schemas.Route,
    schemas.RoutePage,
    READ,
    ("health", "service"),
)
POLICIES = ReferenceKind(
    "retention-policies",
    "retention_policy",
    "retention_policies",
    queries.POLICIES,
    queries.policies,
    schemas.Policy,
    schemas.PolicyPage,
    READ,
)


def _switches(kind: ReferenceKind) -> APIRouter:
    """Return the routes that take a kind of place out of service and back."""
    switches = APIRouter(prefix=f"/{kind.path}", tags=["places"])

    @switches.post("/{name}:suspend", operation_id=f"suspend_{kind.noun}", response_model=kind.row)
    async def suspend(
        request: Request,
        principal: Manager,
        session: Transaction,
        key: Key,
        name: Name,
        body: schemas.Suspend,
    ) -> Response:
        """Take it out of service; work that is under way goes on, new work waits."""

        async def work() -> Response:
            await service.suspend(session, request, principal, kind, name, body)
            return answer(request, await reference(session, kind, name), kind.volatile)

        return await once(request, session, principal, key, work)

    @switches.post("/{name}:resume", operation_id=f"resume_{kind.noun}", response_model=kind.row)
    async def resume(
        request: Request, principal: Manager, session: Transaction, key: Key, name: Name
    ) -> Response:
        """Take it back into service; what is paused after failures is tried at once."""

        async def work() -> Response:
            await service.resume(session, request, principal, kind, name)
            return answer(request, await reference(session, kind, name), kind.volatile)

        return await once(request, session, principal, key, work)

    return switches


router = APIRouter(tags=["places"])


@router.get("/site", operation_id="get_own_site")
async def get_own_site(request: Request, _: Reader, session: Transaction) -> schemas.OwnSite:
    """Tell at which site this API stands and what it serves."""
    site = own_site(request)
    row, locations = await queries.locations_of(session, site)
    served = request.app.state.settings.served_sites or await queries.all_sites(session)
    return schemas.OwnSite(
        id=site,
        name=row.name if row is not None else None,
        main=row.main if row is not None else None,
        served_sites=list(served),
        version=__version__,
        schema_revision=schema.head_revision(),
        locations=locations,
    )


@router.get("/data-locations/{name}/packages", operation_id="get_packages_of_data_location")
async def get_packages_of_data_location(_: Reader, session: Transaction, name: Name) -> schemas.PackagesThere:
    """Tell how many packages a location has, by the status of their copies there."""
    await reference(session, LOCATIONS, name)
    return schemas.PackagesThere.model_validate(await queries.packages_by_status(session, name))


for _kind in (SITES, LOCATIONS, ROUTES, POLICIES):
    router.include_router(reference_routes(_kind, "places"))
for _kind in (SITES, LOCATIONS, ROUTES):
    router.include_router(_switches(_kind))
