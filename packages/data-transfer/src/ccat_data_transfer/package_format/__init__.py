"""The package: an uncompressed pax tar that is a BagIt 1.0 bag with a byte index.

Writing, in a stage (a temporary name beside the target, so that publishing is one rename)::

    parts = split_into_parts(files, limit)               # planning: which files go together
    contents = PackageContents(package_id, created, parts[0], description={...})
    reserve(predict_size(contents))                      # upper bound in bytes
    temporary = temporary_path(path, lease_tag)   # a stale worker has another name
    remove_leftovers(root, path, lease_tag)
    written = write_package(contents, source_root, root, temporary, on_progress=heartbeat)
    publish(root, temporary, path)                           # rename, fsync of the folder; may run twice

`written` has ``size``, ``checksum`` (``xxh3-128:…`` of the tar), ``manifest_checksum`` (``sha256:…``),
``index`` and ``index_json``. A bad source file raises a `SourceFileError` with ``path``, ``reason`` and
``code``; trouble with the target stays an `OSError`. ``on_progress(bytes_written)`` may raise to abort.

Reading takes either chunks of the whole tar (``file_chunks(path)``, the stream of an S3 GET) or a callable
``read_range(offset, length) -> bytes`` (``file_ranges(descriptor)``, an HTTP Range request)::

    index = decode_index(sidecar_bytes)   or   find_index(read_range, tar_size)
    for chunk in read_member(read_range, index.member("scan 1.fits")): ...    # raises at its end if corrupt
    extract_member(read_range, index.member("scan 1.fits"), root, folder, temporary)
    extract_package(chunks, expected_checksum, root, folder, temporary)    # proved first, then put in place
    verify_package(chunks, expected_checksum)                        # tar checksum, manifests, every file
"""

from .contents import (
    DEFAULT_LIMIT_BYTES,
    MAX_MEMBERS,
    PackageContents,
    SourceFile,
    predict_size,
    split_into_parts,
)
from .durable import (
    publish,
    remove_file,
    remove_leftovers,
    temporary_path,
)
from .errors import (
    MemberUnknownError,
    PackageCorruptError,
    PackageFormatError,
    SourceChangedError,
    SourceFileError,
    SourceGrownError,
    SourceMismatchError,
    SourceMissingError,
    SourceNotRegularError,
    SourceShortError,
    SourceSymlinkError,
    SourceUnreadableError,
    TargetSymlinkError,
)
from .extract import extract_member, extract_package
from .index import Member, PackageIndex, decode_index, encode_index
from .reader import (
    ReadRange,
    VerifiedPackage,
    file_chunks,
    file_ranges,
    find_index,
    read_member,
    verify_package,
)
from .writer import WrittenPackage, write_package, write_tar

__all__ = [
    "DEFAULT_LIMIT_BYTES",
    "MAX_MEMBERS",
    "Member",
    "MemberUnknownError",
    "PackageContents",
    "PackageCorruptError",
    "PackageFormatError",
    "PackageIndex",
    "ReadRange",
    "SourceChangedError",
    "SourceFile",
    "SourceFileError",
    "SourceGrownError",
    "SourceMismatchError",
    "SourceMissingError",
    "SourceNotRegularError",
    "SourceShortError",
    "SourceSymlinkError",
    "SourceUnreadableError",
    "TargetSymlinkError",
    "VerifiedPackage",
    "WrittenPackage",
    "decode_index",
    "encode_index",
    "extract_member",
    "extract_package",
    "file_chunks",
    "file_ranges",
    "find_index",
    "predict_size",
    "publish",
    "read_member",
    "remove_file",
    "remove_leftovers",
    "split_into_parts",
    "temporary_path",
    "verify_package",
    "write_package",
    "write_tar",
]
