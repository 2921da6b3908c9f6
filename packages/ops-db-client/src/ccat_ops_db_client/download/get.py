"""Get a package, or one file of it, into a folder: verified, resumable, whole or not at all."""

import os
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from ccat_ops_db_client.client import Client
from ccat_ops_db_client.durable import exclusive_temporary, make_folder, make_folder_inside, sync_folder
from ccat_ops_db_client.errors import CcatError, IntegrityError, PathError
from ccat_ops_db_client.paths import check_relative_path, name_of, shown, text_of
from ccat_ops_db_client.records import Member

from .fetch import Content, Partial, fetch

Begin = Callable[[int, int], Callable[[int], None]]
"""Is told the bytes in all and those there already; returns what is told the bytes of each piece."""


def get_package(client: Client, package_id: UUID, folder: Path, begin: Begin) -> Path:
    """Download the tar of a package as ``<folder>/<package id>.tar`` and return its path.

    Parameters
    ----------
    client : Client
        The client.
    package_id : UUID
        The package.
    folder : Path
        Where to; made if need be.
    begin : callable
        See `Begin`.

    Raises
    ------
    CcatError
        The package is not sealed; the download failed (what is there is kept, and the same call goes on from
        there); the bytes are not those of the package; something else has the name.
    """
    package = client.package(package_id)
    if package.checksum is None or package.size is None:
        raise CcatError(f"package {package_id} is not complete yet", f"see: ccat why {package_id}")
    content = Content(package_id, 0, package.size, package.checksum)
    return _get(client, content, folder / f"{package_id}.tar", begin, folder)


def get_member(client: Client, package_id: UUID, path: str, folder: Path, begin: Begin) -> Path:
    """Download one file of a package, below `folder` under its relative path, and return where it is.

    Raises
    ------
    CcatError
        As in `get_package`; there is no such file in the package, or its path leads out of `folder`.
    """
    # As it was typed, or as the bytes that a shell made of names on disk under another locale.
    in_utf_8 = check_relative_path(text_of(path))
    members = {member.path: member for member in client.package_index(package_id).members}
    member = members.get(path) or members.get(in_utf_8)
    if member is None:
        raise CcatError(
            f"package {package_id} has no file {path!r} (it has {len(members)})",
            f"give the path as it was filed{_for_example(list(members))}",
        )
    content = Content(package_id, member.offset, member.size, f"sha256:{member.sha256}")
    target = _get(client, content, folder / name_of(member.path), begin, folder)
    _restore_time(target, member)
    return target


def _get(client: Client, content: Content, target: Path, begin: Begin, top: Path) -> Path:
    # The content is part of the name: what is left of another content is never gone on with.
    name = sha256(os.fsencode(target.name) + content.checksum.encode()).hexdigest()[:32]
    temporary = target.with_name(f".ccat-get-{name}")
    try:
        make_folder(top)
        make_folder_inside(target.parent, top)
        with exclusive_temporary(temporary) as descriptor:
            if os.path.lexists(target):
                temporary.unlink()
                _check_existing(target, content)
                return target
            _download(client, content, Partial(descriptor, content.algorithm), temporary, begin)
            temporary.rename(target)
            sync_folder(target.parent)
    except OSError as error:
        raise PathError(
            f"{shown(target)} cannot be written ({error.strerror or error})",
            "make room and see that you may write there",
        ) from error
    return target


def _download(client: Client, content: Content, partial: Partial, temporary: Path, begin: Begin) -> None:
    partial.take_up(content.size)
    resumed = partial.count > 0
    fetch(client, content, partial, begin(content.size, partial.count))
    if resumed and partial.checksum != content.checksum:
        # What was left may have been damaged since; the bytes that came now are not to blame.
        partial.restart()
        fetch(client, content, partial, begin(content.size, 0))
    if partial.checksum != content.checksum:
        temporary.unlink()
        raise IntegrityError(
            f"package {content.package_id} arrived as {partial.checksum}, not as {content.checksum};"
            " it was thrown away",
            f"try again; if it stays so, tell the operators (ccat why {content.package_id})",
        )
    os.fchmod(partial.descriptor, 0o644)
    os.fsync(partial.descriptor)


def _check_existing(target: Path, content: Content) -> None:
    if not target.is_symlink() and target.is_file() and target.stat().st_size == content.size:
        with target.open("rb") as stream:
            existing = Partial(stream.fileno(), content.algorithm)
            existing.take_up(content.size)
        if existing.checksum == content.checksum:
            return
    raise PathError(
        f"{shown(target)} is there already with other content", "remove it or choose another folder"
    )


def _restore_time(target: Path, member: Member) -> None:
    if member.mtime is None:
        return
    nanoseconds = int(Decimal(member.mtime).scaleb(9))
    os.utime(target, ns=(nanoseconds, nanoseconds))


def _for_example(paths: list[str]) -> str:
    return f", for example {paths[0]!r}" if paths else ""
