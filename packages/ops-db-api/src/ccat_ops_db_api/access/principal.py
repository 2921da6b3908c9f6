"""Who asks, and what they may."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ccat_ops_db.enumerations import SignInWay


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

    @property
    def actor(self) -> str:
        """Return the name for the record: the user and the credential."""
        return f"{self.user_name} ({self.credential.name})"
