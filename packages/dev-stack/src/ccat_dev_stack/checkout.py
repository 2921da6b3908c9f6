"""Where this checkout keeps what it builds; all state is there, so that two checkouts never meet."""

import os
from pathlib import Path


def checkout_folder() -> Path:
    """Return the root of the checkout that this package is installed from (editable, as `make` does)."""
    return Path(__file__).resolve().parents[4]


def interface_folder() -> Path | None:
    """Return the folder with the built web interface of this checkout; None when nobody has built it."""
    folder = checkout_folder() / "build" / "ui"
    return folder if (folder / "index.html").is_file() else None


def build_folder() -> Path:
    """Return the build folder: ``build/`` of the checkout, or ``CCAT_BUILD_FOLDER``."""
    given = os.environ.get("CCAT_BUILD_FOLDER")
    return Path(given).resolve() if given else checkout_folder() / "build"
