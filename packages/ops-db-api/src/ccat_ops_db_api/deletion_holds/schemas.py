"""What clients say of holds, and what they are told."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from ccat_ops_db.enumerations import HoldScope
from ccat_ops_db_api.platform.fields import Name, Reason, RequestBody, ResponseBody, Time

FIELD_OF_SCOPE = {
    HoldScope.SITE: "site",
    HoldScope.LOCATION: "location",
    HoldScope.PROGRAM: "program",
    HoldScope.EXECUTION: "execution_id",
    HoldScope.PACKAGE: "package_id",
}


class PlaceHold(RequestBody):
    """A hold: nothing that it covers is deleted until it is lifted or runs out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"scope": "program", "program": "GEco", "reason": "calibration is in doubt"}]
        }
    )

    scope: HoldScope
    site: Name | None = None
    location: Name | None = None
    program: Name | None = None
    execution_id: UUID | None = None
    package_id: UUID | None = None
    reason: Reason
    until: Time | None = Field(
        None, description="When its site ends it, by its own clock; only when lifted if left out."
    )

    @model_validator(mode="after")
    def _names_what_it_covers(self) -> "PlaceHold":
        for scope, field in FIELD_OF_SCOPE.items():
            if (getattr(self, field) is not None) != (self.scope is scope):
                raise ValueError(f"{field} is given exactly if the scope is {scope}")
        return self


class LiftHold(RequestBody):
    """Why a hold is lifted."""

    reason: Reason | None = None


class Hold(ResponseBody):
    """A hold on deletion."""

    id: UUID
    owner_site: str
    scope: HoldScope
    site: str | None
    location: str | None
    program: str | None
    execution_id: UUID | None
    package_id: UUID | None
    created_by: str
    created_at: datetime
    reason: str
    until: datetime | None
    lifted_at: datetime | None
    lifted_by: str | None


class HoldPage(ResponseBody):
    """A page of holds."""

    items: list[Hold]
    next_cursor: str | None


class HoldSort(StrEnum):
    """Orders of holds."""

    ID = "id"
    ID_DESCENDING = "-id"
