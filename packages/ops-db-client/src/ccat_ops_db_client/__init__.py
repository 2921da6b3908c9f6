"""Typed client and the ccat command of the CCAT operations database."""

from .async_client import AsyncClient
from .client import Client
from .errors import ApiAwayError, ApiError, CcatError
from .records import NewFile
from .settings import Settings, load_settings

__all__ = [
    "ApiAwayError",
    "ApiError",
    "AsyncClient",
    "CcatError",
    "Client",
    "NewFile",
    "Settings",
    "load_settings",
]
