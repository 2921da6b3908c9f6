"""What the guides for operators tell people to type and to write: it exists, and is accepted."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator
from typer.main import get_command

from ccat_data_transfer.cli.main import app as transfer
from ccat_dev_stack.guides import snippets
from ccat_operator.commands.main import app as operator

from .rendering import CHARTS, Renderer, schema_of

DOCS = CHARTS.parent / "docs" / "operate"
GUIDES = [
    DOCS / f"{name}.md"
    for name in (
        "install-a-site",
        "upgrade",
        "roll-back",
        "approve-a-migration",
        "back-up-and-restore",
        "add-a-location",
        "add-a-worker-set",
        "add-an-archive",
    )
]
CONFIGURATION = {"sites", "data_locations", "data_transfer_routes", "retention_policies"}

by_guide = pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)


def blocks(guide: Path, language: str) -> list[str]:
    """Return the code of a guide, without the indentation of the list that it stands in."""
    return [snippet.text for snippet in snippets(guide) if snippet.language == language]


@by_guide
def test_values_are_accepted(guide: Path) -> None:
    for block in blocks(guide, "yaml"):
        values = yaml.safe_load(block)
        if values.keys() <= CONFIGURATION:
            continue
        if values.keys() == {"autoscaling"}:
            values = {"data-transfer": {"workers": {"a": {"site": "cologne", **values}}}}
        errors = [error.message for error in Draft7Validator(schema_of("data-center")).iter_errors(values)]
        assert errors == [], block


@by_guide
def test_objects_that_are_named_exist(guide: Path, renderer: Renderer) -> None:
    """Deployments, as the umbrella chart names them in a release called data-center."""
    values = str(CHARTS / "data-center" / "ci" / "defaults.yaml")
    staging = "data-transfer.workers.staging.site=cologne"
    objects = renderer.objects("data-center", "--values", values, "--set", staging)
    deployments = {item["metadata"]["name"] for item in objects if item["kind"] == "Deployment"}
    resources = {(item["kind"], item["metadata"]["name"]) for item in objects}
    for block in blocks(guide, "sh"):
        assert set(re.findall(r"deploy/([\w-]+)", block)) <= deployments, block
        for name in re.findall(r"cronjob/([\w-]+)", block):
            assert ("CronJob", name) in resources, block
        for kind, name in re.findall(r"(?:get|describe|annotate) (opsdb|siteconf) ([\w-]+)", block):
            assert ({"opsdb": "OpsDatabase", "siteconf": "SiteConfiguration"}[kind], name) in resources


@by_guide
def test_commands_of_ours_exist(guide: Path) -> None:
    """With the options that are given."""
    for program, app in (("ccat-transfer", transfer), ("ccat-operator", operator)):
        known = get_command(app).commands  # type: ignore[attr-defined]
        for line in re.findall(rf"-- {program} ([^\n|]*)", "\n".join(blocks(guide, "sh"))):
            words = [
                word for word in shlex.split(line, comments=True) if not word.startswith((">", "--help"))
            ]
            assert not words or words[0] in known, line


@by_guide
def test_examples_and_verbs_that_are_named_exist(guide: Path) -> None:
    text = guide.read_text()
    for name in re.findall(r"`([\w-]+\.yaml)`", text):
        assert (CHARTS / "data-center" / "examples" / name).exists(), name
    verbs = re.findall(r"^([a-z-]+):", (CHARTS.parent / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"\bmake ([a-z-]+)", "\n".join(blocks(guide, "sh")))) <= set(verbs)


def test_guides_have_code() -> None:
    assert all(blocks(guide, "sh") or blocks(guide, "yaml") for guide in GUIDES)
