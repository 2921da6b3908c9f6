"""Diagrams and reference say what the models say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ccat_ops_db.life_cycles import LIFE_CYCLES
from ccat_ops_db.models import Base
from ccat_ops_db.render_database_schema import (
    AREAS,
    entity_relationship_diagram,
    life_cycle_diagram,
    reference,
    schema_reference,
)

TABLES = {table.name for table in Base.metadata.sorted_tables}


def test_every_table_is_in_exactly_one_area() -> None:
    found = [name for area in AREAS for name in re.findall(r"^### `(\w+)`$", reference(area), re.MULTILINE)]
    assert sorted(found) == sorted(TABLES)


def test_every_column_is_in_the_reference() -> None:
    page = schema_reference()
    for table in Base.metadata.sorted_tables:
        section = page.split(f"### `{table.name}`\n")[1].split("\n### ")[0]
        assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == set(table.columns.keys())


def test_diagram_has_every_table_and_reference() -> None:
    diagram = entity_relationship_diagram()
    assert diagram.startswith("erDiagram\n")
    drawn = {name.lower() for name in re.findall(r"^    (\w+) \{$", diagram, re.MULTILINE)}
    assert drawn == TABLES
    keys = sum(len(table.foreign_key_constraints) for table in Base.metadata.sorted_tables)
    assert len(re.findall(r"--o\{", diagram)) == keys


@pytest.mark.parametrize("table", LIFE_CYCLES)
def test_state_diagram_has_every_transition(table: str) -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", life_cycle_diagram(table), re.MULTILINE))
    assert drawn == {(old, new) for old, following in LIFE_CYCLES[table].items() for new in following}


def test_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ccat_ops_db.render_database_schema"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed == schema_reference()
    subprocess.run([*command, "--output", str(tmp_path / "docs")], check=True, capture_output=True)
    assert (tmp_path / "docs" / "schema.md").read_text() == printed
    assert (tmp_path / "docs" / "schema.mmd").read_text() == entity_relationship_diagram()
