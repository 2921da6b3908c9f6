"""Who may do what."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, column_property, declared_attr, mapped_column, relationship

from ccat_ops_db.enumerations import SignInWay
from ccat_ops_db.models.base import Base, Identified, Owned, Reference, choice, matches, of_owner
from ccat_ops_db.models.statements import TokenRevocation, first

PERMISSION_PATTERN = "^[a-z]+:[a-z][a-z-]*$"


class Permission(Reference, Base):
    """A right, named ``action:resource``."""

    description: Mapped[str | None] = mapped_column(doc="What it allows.")
    __table_args__ = (matches("id", PERMISSION_PATTERN, "id_action_resource"),)


class Role(Reference, Base):
    """A set of rights."""

    description: Mapped[str | None] = mapped_column(doc="Who has it.")

    permissions: Mapped[list[Permission]] = relationship(lazy="raise", secondary="role_permission")


class RolePermission(Base):
    """Which rights a role gives."""

    role_id: Mapped[str] = mapped_column(ForeignKey("role.id"), primary_key=True, doc="Role.")
    permission_id: Mapped[str] = mapped_column(
        ForeignKey("permission.id"), primary_key=True, index=True, doc="Right."
    )


class User(Identified, Base):
    """A person, or a machine that acts on its own."""

    name: Mapped[str] = mapped_column(unique=True, doc="Login name.")
    full_name: Mapped[str | None] = mapped_column(doc="Name for display.")
    email: Mapped[str | None] = mapped_column(doc="Address for notifications.")
    provider: Mapped[str | None] = mapped_column(doc="Identity provider that vouches for the person.")
    external_id: Mapped[str | None] = mapped_column(doc="Identity at the provider.")
    created_at: Mapped[datetime] = mapped_column(doc="When the account was made.")
    disabled_at: Mapped[datetime | None] = mapped_column(doc="When it was closed; null: open.")

    roles: Mapped[list[Role]] = relationship(lazy="raise", secondary="user_role")
    __table_args__ = (
        Index("uq_user_provider_external_id", "provider", "external_id", unique=True),
        CheckConstraint("(provider IS NULL) = (external_id IS NULL)", name="external_identity_whole"),
    )


class UserRole(Base):
    """Which roles a user has."""

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), primary_key=True, doc="User.")
    role_id: Mapped[str] = mapped_column(ForeignKey("role.id"), primary_key=True, index=True, doc="Role.")


class TokenUse(Owned, Base):
    """When a token was last used at a site. Owned by the site of the use."""

    api_token_id: Mapped[UUID] = mapped_column(
        primary_key=True, sort_order=-2, doc="Token, of whichever site."
    )
    used_at: Mapped[datetime] = mapped_column(doc="Latest use, to a quarter of an hour.")
    mapper_key = ("api_token_id",)


class ApiToken(Identified, Owned, Base):
    """A token of a machine or a script; only a keyed hash of its secret is kept.

    Owned by the site where it was made.
    """

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True, doc="Owner: limits its scopes.")
    name: Mapped[str] = mapped_column(doc="What it is for.")
    prefix: Mapped[str] = mapped_column(doc="Public part, by which it is found.")
    secret_hash: Mapped[str] = mapped_column(doc="HMAC-SHA256 of the secret under the service's key, hex.")
    bound_site_id: Mapped[str | None] = mapped_column(
        ForeignKey("site.id"), index=True, doc="Only valid at this site; null: at every one."
    )
    created_at: Mapped[datetime] = mapped_column(doc="When it was made.")
    expires_at: Mapped[datetime | None] = mapped_column(doc="Not valid after; null: does not expire.")

    scopes: Mapped[list["ApiTokenScope"]] = relationship(
        lazy="raise", primaryjoin="ApiToken.id == foreign(ApiTokenScope.api_token_id)"
    )
    __table_args__ = (UniqueConstraint("prefix", "site_id"),)

    @declared_attr
    def last_used_at(cls) -> Mapped[datetime | None]:  # noqa: N805
        """Latest use at whichever site, to a quarter of an hour."""
        uses = select(func.max(TokenUse.used_at)).where(TokenUse.api_token_id == cls.id)
        return column_property(uses.correlate_except(TokenUse).scalar_subquery(), deferred=True)

    @declared_attr
    def revoked_at(cls) -> Mapped[datetime | None]:  # noqa: N805
        """When it was revoked."""
        at = first(TokenRevocation.created_at, TokenRevocation.api_token_id, cls.id)
        return column_property(at, deferred=True)


class ApiTokenScope(Owned, Base):
    """A right that a token asks for; it has those that its owner has too."""

    api_token_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2, doc="Token.")
    permission_id: Mapped[str] = mapped_column(
        ForeignKey("permission.id"), primary_key=True, sort_order=-2, index=True, doc="Right."
    )
    mapper_key = ("api_token_id", "permission_id")
    __table_args__ = (of_owner("api_token_id", "api_token"),)


class UserSession(Identified, Base):
    """A person signed in with a browser at this database's site; of the cookie only a keyed hash is kept.

    Rows of this table stay at their site. One that has ended is deleted.
    """

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True, doc="Who is signed in.")
    way: Mapped[SignInWay] = mapped_column(choice(SignInWay), doc="How the person signed in.")
    api_token_id: Mapped[UUID | None] = mapped_column(
        index=True, doc="Token, of whichever site, whose rights it has and with which it ends."
    )
    secret_hash: Mapped[str] = mapped_column(
        unique=True, doc="HMAC-SHA256 of the cookie's secret under the service's key, hex."
    )
    created_at: Mapped[datetime] = mapped_column(doc="When the person signed in.")
    expires_at: Mapped[datetime] = mapped_column(doc="Not valid after, however much it is used.")
    last_used_at: Mapped[datetime] = mapped_column(
        doc="Latest use, to five minutes; unused for a day it ends."
    )

    __table_args__ = (CheckConstraint("(way = 'token') = (api_token_id IS NOT NULL)", name="token_of_way"),)
