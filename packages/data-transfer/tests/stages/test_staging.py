"""Staging writes below the root of its place, whatever lies there."""

from pathlib import Path
from typing import Any

from ..trouble import HOUR, files_below, keep_everything, let_pass, packages


def test_a_link_in_the_way_is_not_followed(observatory: Any, tmp_path: Path) -> None:
    keep_everything(observatory)
    execution = observatory.observe({"2026/a.fits": b"a" * 5000})
    observatory.run()
    outside = tmp_path / "outside"
    outside.mkdir()
    (observatory.folder("cologne.processing") / str(execution)).symlink_to(outside)
    observatory.stage(packages(observatory)[0])
    let_pass(observatory, HOUR)
    assert files_below(outside) == []
