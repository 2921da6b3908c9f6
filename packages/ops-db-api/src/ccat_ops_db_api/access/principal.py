"""Who asks, and what they may."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ccat_ops_db.enumerations import CallerKind, SignInWay


class CredentialKind(StrEnum):
    """By what somebody shows who they are."""

    TOKEN = "token"
    SESSION = "session"


@dataclass(frozen=True)
class Credential:
    """The token or the session with which somebody asks."""

    kind: CredentialKind
    id: UUID
    name: str
    expires_at: datetime | None
    way: SignInWay | None = None
    csrf_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Principal:
    """Who asks, by which credential, and what that may."""

    user_id: UUID
    user_name: str
    full_name: str | None
    credential: Credential
    permissions: frozenset[str]
    asked_at: datetime
    """The database's time when it was found out who asks."""

    @property
    def actor(self) -> str:
        """Return the name for the record: the user and the credential."""
        return f"{self.user_name} ({self.credential.name})"

    def said(self, site_id: str, at: datetime, reason: str | None) -> dict[str, Any]:
        """Return what a statement has of the one who makes it here and now, and why."""
        return {
            "site_id": site_id,
            "caller_kind": CallerKind(self.credential.kind.value),
            "caller_user_id": self.user_id,
            "caller_credential_id": self.credential.id,
            "caller": self.actor,
            "created_at": at,
            "reason": reason,
        }
