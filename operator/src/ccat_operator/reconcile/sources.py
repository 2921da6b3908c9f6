"""Configuration files from ConfigMaps and from the resource itself."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ccat_ops_db.configuration import Configuration, ConfigurationError, load


class SourceError(ValueError):
    """Files are not there; the message says which."""


@dataclass(frozen=True)
class Layer:
    """Files that belong together."""

    name: str
    """Of the ConfigMap, or ``inline``."""
    files: Mapping[str, str] = field(default_factory=dict)
    overlay: bool = False
    problem: str = ""
    """Why there are none."""


def load_layers(layers: Sequence[Layer]) -> Configuration:
    """Read and validate files, overlays laid over the others in their order.

    Raises
    ------
    SourceError
        If files are not there.
    ConfigurationError
        With all that is wrong; its files are named ``<layer>/<file>``.
    """
    if missing := [layer.problem for layer in layers if layer.problem]:
        raise SourceError("; ".join(missing))
    with TemporaryDirectory(prefix="ccat-configuration-") as name:
        root = Path(name)
        # Below a folder each: two layers may have files of the same name, and one may be called overlays.
        folders = [_write(root / str(number), layer) for number, layer in enumerate(layers) if layer.overlay]
        for layer in layers:
            if not layer.overlay:
                _write(root / "files", layer)
        try:
            return load(root / "files", folders)
        except ConfigurationError as error:
            problems = [
                replace(one, file=_shown(one.file, root), reason=_shown(one.reason, root))
                for one in error.problems
            ]
            raise ConfigurationError(problems) from None


def _write(folder: Path, layer: Layer) -> Path:
    # Marked, because a ConfigMap may be called overlays, and a folder of that name is not read.
    own = folder / f"={layer.name}"
    own.mkdir(parents=True, exist_ok=True)
    for name, text in layer.files.items():
        if name != Path(name).name or name.startswith("."):
            raise SourceError(f"{layer.name}: {name!r} is no name of a file")
        (own / name).write_text(text, encoding="utf-8")
    return folder


def _shown(text: str, root: Path) -> str:
    """Return a text with files named after their layers, not after where they lie for now."""
    return re.sub(rf"{re.escape(str(root))}/\w+(/=)?", "", text)
