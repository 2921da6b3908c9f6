"""Text that is safe to show in a terminal."""

_FIRST_UNDECODABLE = 0xDC80
_LAST_UNDECODABLE = 0xDCFF
_BYTE_OF = 0xDC00


def printable(text: str) -> str:
    r"""Return `text` in one line, with control characters and undecodable bytes as escapes.

    A file name or an answer of a server may carry line feeds, terminal sequences or marks that turn the
    direction of writing. A byte that is not UTF-8 is shown as it is in the shell: ``\xe9``.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def undecodable_escaped(text: str) -> str:
    r"""Return `text` with bytes that are not UTF-8 as ``\xe9``, and all else as it is: JSON must be UTF-8."""
    if text.isascii():
        return text
    return "".join(_escaped(character) if _is_undecodable(character) else character for character in text)


def _is_undecodable(character: str) -> bool:
    return _FIRST_UNDECODABLE <= ord(character) <= _LAST_UNDECODABLE


def _escaped(character: str) -> str:
    if _is_undecodable(character):
        return f"\\x{ord(character) - _BYTE_OF:02x}"
    return character.encode("unicode_escape").decode("ascii")
