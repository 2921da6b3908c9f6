"""The schema of the operations database, from its models."""

import re

from ccat_ops_db import render_database_schema as drawn
from ccat_ops_db.life_cycles import LIFE_CYCLES


def reference() -> str:
    """Return, for each area, its diagram and its tables."""
    parts = []
    for area, module in drawn.AREAS.items():
        diagram = _relations(drawn.entity_relationship_diagram(area))
        first_line = (module.__doc__ or "").strip().splitlines()[0]
        parts.append(
            f"# {area}\n\n{first_line}\n\n```mermaid\n{diagram}```\n\n{_lower(drawn.reference(area))}"
        )
    return "\n".join(parts)


def life_cycles() -> str:
    """Return a diagram for each life cycle."""
    tables: dict[int, list[str]] = {}
    for table, life_cycle in LIFE_CYCLES.items():
        tables.setdefault(id(life_cycle), []).append(table)
    parts = []
    for names in tables.values():
        title = "Work" if len(names) > 1 else names[0].replace("_", " ").capitalize()
        listed = ", ".join(f"`{name}`" for name in names)
        width = "half-width" if len(LIFE_CYCLES[names[0]]) < 5 else "full-width"
        diagram = f":::{{container}} {width}\n```mermaid\n{_life_cycle(names[0])}```\n:::\n"
        parts.append(f"# {title}\n\nStatus of {listed}.\n\n{diagram}")
    return "\n".join(parts)


def _life_cycle(table: str) -> str:
    """Return a flow chart, which takes less height than a state diagram."""
    lines = ["flowchart LR"]
    for old, following in LIFE_CYCLES[table].items():
        name = f"{table}_{old}"
        lines.append(f'    {name}(["{old}"])' if following else f'    {name}["{old}"]')
        lines += [f"    {name} --> {table}_{new}" for new in sorted(following)]
    return "\n".join(lines) + "\n"


def _relations(diagram: str) -> str:
    """Return an entity-relationship diagram without columns: the tables below it list them."""
    without = re.sub(r" \{\n.*?^    \}$", "", diagram, flags=re.MULTILINE | re.DOTALL)
    return without.replace("erDiagram\n", "erDiagram\n    direction LR\n", 1)


def _lower(text: str) -> str:
    """Return Markdown whose headings of level 3 are of level 2."""
    return text.replace("\n### ", "\n## ").removeprefix("#" if text.startswith("### ") else "")
