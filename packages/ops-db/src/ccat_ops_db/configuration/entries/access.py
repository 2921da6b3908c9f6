"""Roles and the rights that they give."""

from typing import Annotated

from ccat_ops_db.configuration.entries.common import Entry, Ref, Text


class PermissionEntry(Entry):
    """A right. These entries come from the closed list in the code, not from files."""

    description: Text


class RoleEntry(Entry):
    """A set of rights."""

    description: Text | None = None
    permissions: tuple[Annotated[str, Ref("permissions", "permission_id")], ...] = ()
