"""What the API says of who asks, and takes from who signs in."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr

from ccat_ops_db.enumerations import SignInWay
from ccat_ops_db_api.access.principal import CredentialKind
from ccat_ops_db_api.platform.fields import LONGEST_NAME, Name, RequestBody, ResponseBody


class CredentialDescription(ResponseBody):
    """The token or session that asks; never its secret."""

    kind: CredentialKind
    id: UUID
    name: str = Field(description="Name of the token, or of that which the session was made from.")
    way: SignInWay | None = Field(description="How the person of a session signed in; null for a token.")
    expires_at: datetime | None = Field(
        description="Its end at the latest; a session that is not used for a day ends before. Null: no end."
    )


class UserDescription(ResponseBody):
    """The user that it belongs to."""

    id: UUID
    name: str
    full_name: str | None


class RoleSource(StrEnum):
    """Where a role comes from."""

    ACCOUNT = "account"
    DEVELOPMENT = "development"


class RoleDescription(ResponseBody):
    """A role of the user."""

    id: str
    description: str | None
    source: RoleSource = Field(
        description="`account`: a person gave it to the account; `development`: taken at sign-in."
    )


class SiteDescription(ResponseBody):
    """The site of this API."""

    id: str
    name: str | None = Field(description="Null before the site is configured.")


class Me(ResponseBody):
    """Who asks, and what they may."""

    user: UserDescription
    credential: CredentialDescription
    permissions: list[str]
    roles: list[RoleDescription] = Field(
        description="Roles of the user. A token, and a session made from one, has those of their permissions"
        " that are among its scopes."
    )
    csrf_token: str | None = Field(
        description="What unsafe requests with the cookie must show in `X-CSRF-Token`; null for a token."
    )
    site: SiteDescription


class Provider(ResponseBody):
    """An identity provider."""

    id: str
    name: str
    answers: bool = Field(description="Whether it answered when it was last asked.")


class DevelopmentRole(ResponseBody):
    """A role to choose."""

    id: str
    description: str | None


class DevelopmentSignIn(ResponseBody):
    """Sign-in with any role, in development only."""

    roles: list[DevelopmentRole]


class WaysToSignIn(ResponseBody):
    """How one can sign in here."""

    providers: list[Provider] = Field(description="Identity providers of this site; none is configured yet.")
    token: bool = Field(description="Whether `POST /auth/token` is there: always.")
    development: DevelopmentSignIn | None = Field(
        description="The roles of `POST /auth/development`; null where that call is not there."
    )


class TokenToSignIn(RequestBody):
    """The token to sign in with."""

    token: Annotated[SecretStr, Field(min_length=1, max_length=LONGEST_NAME, examples=["ccat_…"])]


class RoleToSignIn(RequestBody):
    """The role to sign in with."""

    role: Name


class SignedOut(ResponseBody):
    """What is left to do after the session has ended."""

    end_session_url: str | None = Field(
        description="Address at which the identity provider ends its own session; null without a provider."
    )
