"""Signing in as a browser does it, for tests."""

from datetime import datetime
from http.cookies import Morsel, SimpleCookie

import httpx
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.orm import Session

from ccat_ops_db.models import UserSession

PRODUCTION = "https://data.example.org"
DEVELOPMENT = "http://127.0.0.1:8000"


def browser(app: FastAPI, origin: str) -> httpx.AsyncClient:
    """Return a browser with a page of the origin open; it is not signed in."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url=f"{origin}/api/v1",
        headers={"Origin": origin, "Sec-Fetch-Site": "same-origin"},
    )


async def sign_in_with_token(client: httpx.AsyncClient, text: str) -> httpx.AsyncClient:
    """Have a browser sign in with a token; from then on it shows the token against other pages."""
    return _signed_in(client, await client.post("/auth/token", json={"token": text}))


async def sign_in_in_development(client: httpx.AsyncClient, role: str) -> httpx.AsyncClient:
    """Have a browser sign in with a role."""
    return _signed_in(client, await client.post("/auth/development", json={"role": role}))


def _signed_in(client: httpx.AsyncClient, response: httpx.Response) -> httpx.AsyncClient:
    assert response.status_code == 200, response.text
    client.headers["X-CSRF-Token"] = response.json()["csrf_token"]
    return client


def cookie_of(response: httpx.Response) -> "Morsel[str]":
    """Return the one cookie that an answer sets."""
    (morsel,) = SimpleCookie(response.headers["set-cookie"]).values()
    return morsel


def slug(response: httpx.Response) -> str:
    """Return the last part of the type of a problem."""
    return str(response.json()["type"].rpartition("/")[2])


def age(session: Session, **values: datetime) -> None:
    """Change the times of all sessions."""
    session.execute(update(UserSession).values(**values))
    session.commit()
