"""Trees of files: what is in one, and making those that file systems, archives and strangers dislike."""

import hashlib
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import xxhash

# Not a whole number of microseconds: a float or a database timestamp on the way would show.
MTIME_NS = 1_700_000_000_123_456_789


@dataclass(frozen=True)
class FileFacts:
    """What must be the same wherever a file comes back."""

    size: int
    sha256: str
    mtime_ns: int


Tree = Mapping[str, FileFacts]


def facts(path: Path) -> FileFacts:
    """Read a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    status = path.stat()
    return FileFacts(status.st_size, digest.hexdigest(), status.st_mtime_ns)


def tree(top: Path, relative_to: Path) -> dict[str, FileFacts]:
    """Return the files below a folder by their path relative to another."""
    found = (Path(folder) / name for folder, _, names in os.walk(top) for name in names)
    return {path.relative_to(relative_to).as_posix(): facts(path) for path in found}


def names(top: Path, relative_to: Path) -> set[str]:
    """Return the paths of the files below a folder, without reading them."""
    found = (Path(folder) / name for folder, _, files in os.walk(top) for name in files)
    return {path.relative_to(relative_to).as_posix() for path in found}


def hand_over(top: Path, owner: tuple[int, int] | None) -> None:
    """Give a tree to another user, without following links; to nobody if none is named.

    What is that user's already is not touched: a change of owner, even to the same one, makes the marker of a
    place another one.
    """
    if owner is None:
        return
    for folder, _, files in os.walk(top):
        for path in (Path(folder), *(Path(folder) / name for name in files)):
            found = path.lstat()
            if (found.st_uid, found.st_gid) != owner:
                os.chown(path, *owner, follow_symlinks=False)


def xxh3_128(content: bytes) -> str:
    """Return the checksum of bytes as packages have it."""
    return f"xxh3-128:{xxhash.xxh3_128_hexdigest(content)}"


def write(path: Path, content: bytes, mtime_ns: int = MTIME_NS) -> Path:
    """Write a file, with its folders, and give it a modification time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def copy_in(originals: list[Path], top: Path, below: Path) -> None:
    """Copy files of somebody else, each with its path below `below` and its own modification time."""
    for original in originals:
        write(top / original.relative_to(below), original.read_bytes(), original.stat().st_mtime_ns)


def write_difficult_names(top: Path) -> None:
    """Write files with names as people and instruments make them, some of them read-only."""
    for number, name in enumerate(_DIFFICULT_NAMES):
        path = write(top / name, f"{number} {name}\n".encode() * (number + 1), MTIME_NS + number)
        if number % 3 == 0:
            path.chmod(0o444)
    write(top / "empty.fits", b"")
    write(top / "before 1970.dat", b"old", -1_234_567_890)
    deep = top.joinpath(*["a folder with a name that is not short"] * 8, "deep.dat")
    write(deep, b"deep")
    write(top / "private" / "file.dat", b"for its owner alone").chmod(0o400)


def write_many_small_files(top: Path, number: int, seed: int) -> None:
    """Write files of 0 to 4 KiB in a hundred folders."""
    random = Random(seed)
    for index in range(number):
        content = random.randbytes(random.randrange(4096))
        write(top / f"{index % 100:02}" / f"{index:05}.dat", content, MTIME_NS + index)


# Composed and decomposed letters, but not the same name in both forms: BagIt readers take the two for one.
_COMPOSED = unicodedata.normalize("NFC", "Réflexion Ångström.fits")
_DECOMPOSED = unicodedata.normalize("NFD", "Émission Ångström.fits")

_DIFFICULT_NAMES = (
    "two words.fits",
    " leading blank.fits",
    "--option=value",
    "-rf",
    "#hash 'single' \"double\" $HOME `x` !.dat",
    "100% of it.fits",
    "%41 looks encoded.fits",
    "a:colon and a * and a ?.fits",
    _COMPOSED,
    _DECOMPOSED,
    "日本語/チリ.fits",
    "𝛼 🔭 \u200bzero width.fits",
    "עברית right to left.fits",
    "n" * 251 + ".dat",
    "manifest-sha256.txt",
    "bagit.txt",
    "data/data/data.dat",
    "ccat/package.json",
    ".hidden/.file",
    "...",
    "CON/nul.dat",
)
