"""``/me``: who asks, and what they may."""

from typing import Annotated

from fastapi import APIRouter

from ccat_ops_db_api.access.authentication import Principal, requires_token
from ccat_ops_db_api.access.schemas import Me, TokenDescription, UserDescription

router = APIRouter(tags=["access"])


@router.get("/me", operation_id="get_me")
async def get_me(principal: Annotated[Principal, requires_token()]) -> Me:
    """Tell whose token this is and which permissions it has; any valid token may ask."""
    return Me(
        token=TokenDescription(
            id=principal.token_id,
            name=principal.token_name,
            prefix=principal.token_prefix,
            site=principal.site_id,
            expires_at=principal.expires_at,
        ),
        user=UserDescription(name=principal.user_name, full_name=principal.full_name),
        permissions=sorted(principal.permissions),
    )
