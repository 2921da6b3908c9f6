"""Text that is safe to show in a terminal."""


def printable(text: str) -> str:
    r"""Return `text` in one line, with control characters and undecodable bytes as escapes.

    A file name or an answer of a server may carry line feeds or terminal sequences.
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
