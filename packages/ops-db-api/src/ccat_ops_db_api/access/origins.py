"""Whether a page of ours asks: what browsers say of the page that sends a request."""

import ipaddress
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request

from ccat_ops_db_api.platform.errors import Problem


def refuse_other_pages(request: Request, *, origin_needed: bool) -> None:
    """Refuse a request that a page of another origin had a browser send.

    Parameters
    ----------
    request : Request
        The request.
    origin_needed : bool
        Whether ``Origin`` must be there: where a session is made, there is no token of it yet.

    Raises
    ------
    Problem
        403 if it comes from a page of another origin.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        raise csrf_problem("a page of another address had the browser send this (Sec-Fetch-Site)")
    origin = request.headers.get("origin")
    if origin is None:
        if origin_needed:
            raise csrf_problem("the header Origin is missing; it must name the address of the interface")
    elif not _is_own(request, origin):
        raise csrf_problem(
            "Origin is not an address of this interface; see CCAT_OPS_DB_API_PUBLIC_ORIGINS if it should be"
        )


def refuse_foreign_host(request: Request) -> None:
    """Refuse a request whose ``Host`` is neither this machine nor one of the public origins.

    A name of somebody else can be made to lead to this machine, and then its pages are of the own origin.

    Raises
    ------
    Problem
        403 if it is.
    """
    host = request.headers.get("host", "")
    public = {urlsplit(origin).netloc for origin in request.app.state.settings.public_origins}
    if host not in public and not _is_loopback(host):
        raise csrf_problem("Host is neither this machine nor one of CCAT_OPS_DB_API_PUBLIC_ORIGINS")


def csrf_problem(detail: str) -> Problem:
    """Return the problem that it is not known whether a page of ours asks."""
    return Problem(HTTPStatus.FORBIDDEN, "csrf", detail)


def _is_own(request: Request, origin: str) -> bool:
    state = request.app.state
    if state.settings.public_origins:
        return origin in state.settings.public_origins
    host = request.headers.get("host", "")
    schemes = ("https", "http") if state.development else ("https",)
    return bool(host) and origin in {f"{scheme}://{host}" for scheme in schemes}


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
