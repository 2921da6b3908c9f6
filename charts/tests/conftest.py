"""Renders of the charts by helm, each once in a session."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from charts.tools.dependencies import bring

from .rendering import Renderer


@pytest.fixture(scope="session")
def charts_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The charts with what they depend on, apart from the checkout: somebody may be changing them there."""
    folder = tmp_path_factory.mktemp("charts")
    for chart in Path(__file__).parents[1].iterdir():
        if (chart / "Chart.yaml").exists():
            shutil.copytree(chart, folder / chart.name, ignore=shutil.ignore_patterns("charts"))
    bring(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def renderer(charts_folder: Path) -> Renderer:
    return Renderer(charts_folder)
