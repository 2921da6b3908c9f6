"""The one rule about which relative path a raw data file may have.

A filed path becomes a name on other file systems, a member of a tar and a line of a BagIt manifest, for
decades. So a path is legal only if every one of those readers gives the same bytes back. Whoever takes a
path from outside (filing, an index beside an object, a member of a tar) asks `validate_relative_path`;
nobody has a second rule.
"""

import re
import unicodedata

MAX_PATH_BYTES = 2000
"""Longest relative path in UTF-8 bytes, as it is and normalized.

An index of PostgreSQL has room for 2704 bytes, with the names beside it. Linux's ``PATH_MAX`` of 4096 counts
from the root.
"""

MAX_SEGMENT_BYTES = 255
"""Longest name between two slashes in UTF-8 bytes (Linux ``NAME_MAX``)."""

MARKER_PATH = ".ccat-place.json"
"""Object in the root of each place, by which the place is known."""

_LINE_BREAKING = frozenset({"Cc", "Zl", "Zp"})
_BAGIT_ESCAPE = re.compile("%(0A|0D|25)", re.IGNORECASE)


def validate_relative_path(path: str, longest: int = MAX_PATH_BYTES) -> str:
    r"""Return `path` unchanged if it is a legal relative path of a raw data file.

    Spaces inside, unicode in any normal form (kept as given), leading dots and dashes are legal. Refused are:

    - empty, absolute, and empty, ``.`` or ``..`` segments: they leave the folder or name something twice;
    - control characters, NUL, and unicode line and paragraph separators: a manifest has one path a line;
    - text that is not encodable as UTF-8 (lone surrogates, as Python shows undecodable bytes);
    - backslash: the separator on Windows, where ``..\x`` would escape; in practice a wrongly joined path;
    - the sequences ``%0A``, ``%0D``, ``%25``: RFC 8493 section 2.1.3 gives them a meaning in manifests, but
      ``sha256sum -c`` does not decode them. Without them a manifest reads the same with and without decoding;
    - white space at the very end: readers of manifests strip it;
    - the name of the marker of a place (`MARKER_PATH`), in its root;
    - more than `longest` bytes, also in the normal form in which paths are compared, or a segment of more
      than `MAX_SEGMENT_BYTES`.

    Parameters
    ----------
    path : str
        Path relative to the folder of a module's files, with ``/`` between segments.
    longest : int
        Most bytes of the whole path.

    Returns
    -------
    str
        The same path.

    Raises
    ------
    ValueError
        With the reason in plain words, without the path (the caller knows which one it asked for).
    """
    if not path:
        raise ValueError("the path is empty")
    if path.startswith("/"):
        raise ValueError("the path is absolute; give it relative to the folder")
    if not path.isascii():
        _refuse_unencodable(path)
    if not path.isprintable():
        _refuse_line_breaking(path)
    if "\\" in path:
        raise ValueError("the path contains a backslash; segments are separated by '/'")
    if "%" in path and _BAGIT_ESCAPE.search(path):
        raise ValueError("the path contains %0A, %0D or %25, which have a special meaning in BagIt manifests")
    if path != path.rstrip():
        raise ValueError("the path ends in white space")
    if path == MARKER_PATH:
        raise ValueError("the path is that of the marker of the place, which is no data")
    _refuse_bad_segments(path, longest)
    return path


def _refuse_unencodable(path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ValueError("the path is not valid UTF-8") from None


def _refuse_line_breaking(path: str) -> None:
    for character in path:
        if unicodedata.category(character) in _LINE_BREAKING:
            raise ValueError(f"the path contains the control character U+{ord(character):04X}")


def _refuse_bad_segments(path: str, longest: int) -> None:
    normal = path if path.isascii() else unicodedata.normalize("NFC", path)
    if max(len(path.encode()), len(normal.encode())) > longest:
        raise ValueError(f"the path is longer than {longest} bytes")
    for segment in path.split("/"):
        if not segment:
            raise ValueError("the path has an empty segment ('//' or '/' at the end)")
        if segment in {".", ".."}:
            raise ValueError(f"the path has a segment {segment!r}")
        if len(segment.encode()) > MAX_SEGMENT_BYTES:
            raise ValueError(f"a segment of the path is longer than {MAX_SEGMENT_BYTES} bytes")
