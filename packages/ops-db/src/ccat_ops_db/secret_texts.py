"""Random texts that stand for a right: their keyed tag, and what is kept of them.

A tag is an HMAC under the service's key. Nobody without the key can make one, so that a wrong text is refused
without a look at the database.
"""

import hmac
import secrets
import string
from hashlib import sha256

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_LENGTH = 43
"""Characters of a secret: 256 bits at log2(62) bits each."""
TAG_BYTES = 8
TAG_LENGTH = 11
"""Characters of a tag, base 62."""


def random_text(length: int) -> str:
    """Return random characters of the alphabet."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def in_alphabet(text: str) -> bool:
    """Return whether a text has only characters of the alphabet."""
    return set(text) <= set(ALPHABET)


def keyed_hash(text: str, key: str) -> str:
    """Return the HMAC-SHA256 of a text under the service's key, hex.

    Parameters
    ----------
    text : str
        What is hashed. Uses are kept apart by what it begins with: ``<use>:``.
    key : str
        Key of the service (``CCAT_OPS_DB_TOKEN_KEY``); not in the database, so that a copy of it is no use.
    """
    return hmac.new(key.encode(), text.encode(), sha256).hexdigest()


def tag(text: str, key: str) -> str:
    """Return the tag that a text ends in: its HMAC, cut to 8 bytes, in characters of the alphabet."""
    digest = hmac.new(key.encode(), b"tag:" + text.encode(), sha256).digest()
    value, characters = int.from_bytes(digest[:TAG_BYTES], "big"), ""
    for _ in range(TAG_LENGTH):
        value, digit = divmod(value, len(ALPHABET))
        characters = ALPHABET[digit] + characters
    return characters


def tag_matches(text: str, text_tag: str, key: str) -> bool:
    """Return whether a text of the alphabet has this tag, in a time that tells nothing."""
    return hmac.compare_digest(tag(text, key), text_tag)
