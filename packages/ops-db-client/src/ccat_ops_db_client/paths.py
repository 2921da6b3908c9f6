"""Which relative paths the client takes: what the service would refuse is refused here, before any work."""

import os
import re
import unicodedata

from .errors import CcatError, PathError
from .terminal_text import printable

MAX_PATH_BYTES = 2000
MAX_SEGMENT_BYTES = 255
LONGEST_SHOWN = 300

PLACE_MARKER = ".ccat-place.json"
"""Name of the file by which the data centre knows a folder, in its root."""

_LINE_BREAKING = frozenset({"Cc", "Zl", "Zp"})
_BAGIT_ESCAPE = re.compile("%(0A|0D|25)", re.IGNORECASE)


def check_relative_path(path: str) -> str:
    """Return `path` if it can be the relative path of a raw data file.

    Raises
    ------
    PathError
        With the reason: it is empty or absolute, leaves its folder, carries control characters, a backslash,
        a percent sequence with a meaning in BagIt manifests, or is too long.
    """
    reason = reason_against(path)
    if path == PLACE_MARKER:
        reason = "it is the marker of the place, which is no data"
    if reason:
        raise PathError(f"{path!r} cannot be filed: {reason}", "rename it")
    return path


def text_of(name: str | os.PathLike[str]) -> str:
    """Return the text of a name on disk, which is UTF-8 whatever the locale says.

    What is not UTF-8 becomes lone surrogates, which `check_relative_path` refuses.
    """
    return os.fsencode(name).decode("utf-8", "surrogateescape")


def name_of(text: str) -> str:
    """Return a text as the name on disk that has its bytes in UTF-8; the reverse of `text_of`."""
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


def in_utf_8(text: str) -> str:
    """Return a text that can be sent; what a shell gave under a locale without accents is taken as UTF-8.

    Raises
    ------
    CcatError
        It is not UTF-8.
    """
    if is_utf_8(text):
        return text
    try:
        return os.fsencode(text).decode()
    except UnicodeError:
        raise CcatError("a name or text is not valid UTF-8", "write it in UTF-8") from None


def is_utf_8(text: str) -> bool:
    """Say whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path on disk as messages show it: its bytes as UTF-8, safe in a terminal, not too long."""
    text = printable(text_of(path))
    if len(text) <= LONGEST_SHOWN:
        return text
    return f"{text[: LONGEST_SHOWN // 2]}...{text[-LONGEST_SHOWN // 2 :]}"


def reason_against(path: str) -> str | None:
    """Return why `path` cannot be the relative path of a raw data file; null if it can."""
    if not path:
        return "the path is empty"
    if path.startswith("/"):
        return "the path is absolute"
    try:
        encoded = path.encode()
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    if not path.isprintable():
        for character in path:
            if unicodedata.category(character) in _LINE_BREAKING:
                return f"its name contains the control character U+{ord(character):04X}"
    if "\\" in path:
        return "its name contains a backslash"
    if _BAGIT_ESCAPE.search(path):
        return "its name contains %0A, %0D or %25, which have a meaning in package manifests"
    if path != path.rstrip():
        return "its name ends in white space"
    normal = encoded if path.isascii() else unicodedata.normalize("NFC", path).encode()
    if max(len(encoded), len(normal)) > MAX_PATH_BYTES:
        return f"the path is longer than {MAX_PATH_BYTES} bytes"
    return _reason_against_segments(path)


def _reason_against_segments(path: str) -> str | None:
    for segment in path.split("/"):
        if not segment:
            return "the path has an empty segment"
        if segment in {".", ".."}:
            return f"the path has a segment {segment!r}"
        if len(segment.encode()) > MAX_SEGMENT_BYTES:
            return f"a segment of the path is longer than {MAX_SEGMENT_BYTES} bytes"
    return None
