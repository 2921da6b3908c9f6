"""The schema of the operations database, from its models."""

from ccat_ops_db import render_database_schema as drawn
from ccat_ops_db.life_cycles import LIFE_CYCLES


def reference() -> str:
    """Return, for each area, its diagram and its tables."""
    parts = []
    for area, module in drawn.AREAS.items():
        diagram = drawn.entity_relationship_diagram(area)
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
        title = ", ".join(f"`{name}`" for name in names)
        parts.append(f"# {title}\n\n```mermaid\n{drawn.life_cycle_diagram(names[0])}```\n")
    return "\n".join(parts)


def _lower(text: str) -> str:
    """Return Markdown whose headings of level 3 are of level 2."""
    return text.replace("\n### ", "\n## ").removeprefix("#" if text.startswith("### ") else "")
