"""Headers of the POSIX pax interchange format (IEEE Std 1003.1-2017, `pax`, "ustar" and "pax" formats).

Only what a package needs: regular files, fixed owner and mode, and a pax extended header before a member
whose path, size or modification time does not fit the ustar fields. The bytes depend on the arguments alone.
"""

from functools import lru_cache
from typing import NamedTuple

BLOCK_BYTES = 512
RECORD_BYTES = 20 * BLOCK_BYTES
"""The archive is padded to a multiple of this, the blocking factor of the standard."""

END_OF_ARCHIVE_BYTES = 2 * BLOCK_BYTES

_USTAR_NAME_BYTES = 100
_USTAR_SIZE_LIMIT = 8**11  # 8 GiB: eleven octal digits
_USTAR_TIME_LIMIT = 8**11
_NANOSECONDS = 10**9

_REGULAR = b"0"
_EXTENDED = b"x"

_MODE_TO_GID = b"%07o\0%07o\0%07o\0" % (0o644, 0, 0)
_CHECKSUM_BLANK = b" " * 8
_OCTAL_DIGITS = frozenset(b"01234567")
_DEVICE = b"%07o\0%07o\0" % (0, 0)
_AFTER_TYPE = (b"\0" * 100 + b"ustar\0" + b"00" + b"\0" * 64 + _DEVICE).ljust(355, b"\0")
_CONSTANT_SUM = sum(_MODE_TO_GID) + sum(_CHECKSUM_BLANK) + sum(_AFTER_TYPE)


class Header(NamedTuple):
    """One header block as read."""

    name: str
    size: int
    mtime_ns: int
    typeflag: bytes


class InvalidHeaderError(ValueError):
    """The block is no header of a tar as we write it."""


def member_header(name: str, size: int, mtime_ns: int) -> bytes:
    """Return the header block(s) of a regular file.

    Parameters
    ----------
    name : str
        Full member name; written to a pax record when longer than 100 bytes or not ASCII.
    size : int
        Bytes of content; written to a pax record from 8 GiB on.
    mtime_ns : int
        Modification time in nanoseconds since 1970-01-01 UTC; written to a pax record when it has a fraction
        or does not fit the ustar field.
    """
    encoded = name.encode()
    seconds, fraction = divmod(mtime_ns, _NANOSECONDS)
    records = b""
    if len(encoded) > _USTAR_NAME_BYTES or not name.isascii():
        records += _record(b"path", encoded)
        encoded = name.encode("ascii", "replace")[:_USTAR_NAME_BYTES]
    if size >= _USTAR_SIZE_LIMIT:
        records += _record(b"size", b"%d" % size)
    if fraction or not 0 <= seconds < _USTAR_TIME_LIMIT:
        records += _record(b"mtime", format_time(mtime_ns).encode())
    block = _block(
        encoded,
        size if size < _USTAR_SIZE_LIMIT else 0,
        min(max(seconds, 0), _USTAR_TIME_LIMIT - 1),
        _REGULAR,
    )
    if not records:
        return block
    extended = _extended_block(name.partition("/")[0], len(records))
    return extended + records.ljust(padded(len(records)), b"\0") + block


def member_header_bound(name: str, size: int) -> int:
    """Return the largest length of `member_header` over all modification times, in bytes."""
    widest = -(2**63) * _NANOSECONDS + 1
    return len(member_header(name, size, widest))


def padded(size: int) -> int:
    """Return `size` rounded up to whole blocks."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def end_of_archive_at(position: int) -> int:
    """Return the size of an archive whose last member ends at `position` (two zero blocks, whole records)."""
    return -(-(position + END_OF_ARCHIVE_BYTES) // RECORD_BYTES) * RECORD_BYTES


def format_time(mtime_ns: int) -> str:
    """Return decimal seconds with exactly nine digits after the point, as pax wants them.

    >>> format_time(-1)
    '-0.000000001'
    """
    seconds, fraction = divmod(abs(mtime_ns), _NANOSECONDS)
    return f"{'-' if mtime_ns < 0 else ''}{seconds}.{fraction:09d}"


def parse_time(text: str) -> int:
    """Return nanoseconds from decimal seconds; digits beyond the ninth are dropped.

    Raises
    ------
    ValueError
        The text is not a plain decimal number.
    """
    unsigned = text.removeprefix("-")
    seconds, _, fraction = unsigned.partition(".")
    if not (seconds + fraction).isascii() or not (seconds + fraction).isdigit():
        raise ValueError(f"{text!r} is not a time in decimal seconds")
    nanoseconds = int(seconds or "0") * _NANOSECONDS + int(fraction[:9].ljust(9, "0"))
    return -nanoseconds if unsigned != text else nanoseconds


def parse_header(block: bytes) -> Header:
    """Read one ustar header block.

    Raises
    ------
    InvalidHeaderError
        The magic, the checksum or a number is wrong.
    """
    if len(block) != BLOCK_BYTES or block[257:263] != b"ustar\0":
        raise InvalidHeaderError("not a ustar header")
    if _octal(block[148:156]) != sum(block) - sum(block[148:156]) + sum(_CHECKSUM_BLANK):
        raise InvalidHeaderError("the header checksum is wrong")
    name = block[:_USTAR_NAME_BYTES].rstrip(b"\0")
    try:
        text = name.decode()
    except UnicodeDecodeError:
        raise InvalidHeaderError("the name is not UTF-8") from None
    return Header(text, _octal(block[124:136]), _octal(block[136:148]) * _NANOSECONDS, block[156:157])


def apply_extended(records: bytes, header: Header) -> Header:
    """Return `header` with the values of a pax extended header (its padding removed).

    Raises
    ------
    InvalidHeaderError
        A record is not ``length key=value`` or a value cannot be read.
    """
    position = 0
    while position < len(records):
        length, _, _ = records[position : position + 20].partition(b" ")
        if not length.isdigit() or int(length) <= len(length) + 1 or position + int(length) > len(records):
            raise InvalidHeaderError("a pax record has a wrong length")
        record = records[position + len(length) + 1 : position + int(length)]
        key, equals, value = record.removesuffix(b"\n").partition(b"=")
        if not equals or not record.endswith(b"\n"):
            raise InvalidHeaderError("a pax record is not 'key=value'")
        try:
            header = _apply(header, key.decode(), value.decode())
        except ValueError as error:
            raise InvalidHeaderError(f"a pax record cannot be read: {error}") from None
        position += int(length)
    return header


def is_extended(header: Header) -> bool:
    """Tell whether the block announces pax records for the member after it."""
    return header.typeflag == _EXTENDED


def is_regular(header: Header) -> bool:
    """Tell whether the member is a regular file, the only kind in a package."""
    return header.typeflag == _REGULAR


def _apply(header: Header, key: str, value: str) -> Header:
    match key:
        case "path":
            return header._replace(name=value)
        case "size" if value.isascii() and value.isdigit():
            return header._replace(size=int(value))
        case "size":
            raise ValueError(f"the size {value!r} is not a number")
        case "mtime":
            return header._replace(mtime_ns=parse_time(value))
        case _:
            return header


def _record(key: bytes, value: bytes) -> bytes:
    """Return a pax record; the decimal length at its start counts itself."""
    body = len(key) + len(value) + 3
    length = body + len(str(body))
    length = body + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


@lru_cache(maxsize=256)
def _extended_block(folder: str, size: int) -> bytes:
    """Return the header of pax records; its name, for a tar without pax, lies beside the members."""
    name = f"{folder}/PaxHeaders".encode("ascii", "replace")[:_USTAR_NAME_BYTES]
    return _block(name, size, 0, _EXTENDED)


def _block(name: bytes, size: int, seconds: int, typeflag: bytes) -> bytes:
    variable = b"%011o\0%011o\0" % (size, seconds)
    checksum = _CONSTANT_SUM + sum(name) + sum(variable) + typeflag[0]
    return b"%s%s%s%06o\0 %s%s" % (
        name.ljust(_USTAR_NAME_BYTES, b"\0"),
        _MODE_TO_GID,
        variable,
        checksum,
        typeflag,
        _AFTER_TYPE,
    )


def _octal(field: bytes) -> int:
    digits = field.rstrip(b"\0 ")
    if not _OCTAL_DIGITS.issuperset(digits):
        raise InvalidHeaderError("a number in the header is not octal")
    return int(digits, 8) if digits else 0
