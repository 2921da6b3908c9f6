"""What the API says of who asks."""

from datetime import datetime
from uuid import UUID

from ccat_ops_db_api.platform.fields import ResponseBody


class TokenDescription(ResponseBody):
    """The token that asks; never its secret."""

    id: UUID
    name: str
    prefix: str
    site: str | None
    expires_at: datetime | None


class UserDescription(ResponseBody):
    """Its owner."""

    name: str
    full_name: str | None


class Me(ResponseBody):
    """Who asks, and what they may."""

    token: TokenDescription
    user: UserDescription
    permissions: list[str]
