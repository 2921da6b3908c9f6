"""The schema as documentation: ``python -m ccat_ops_db.render_database_schema [--output FOLDER]``.

Everything comes from the models and from the table of life cycles: entity-relationship diagrams and state
diagrams as Mermaid, the reference of tables and columns as Markdown. The project's documentation includes
the same text.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
from sqlalchemy import CheckConstraint, Column, Enum, Table, UniqueConstraint

from ccat_ops_db.life_cycles import LIFE_CYCLES
from ccat_ops_db.models import (
    Base,
    access,
    copies,
    data,
    databases,
    evidence,
    execution,
    markers,
    movement,
    observatory,
    outages,
    places,
    plan,
    records,
    rules,
    statements,
)

AREAS: dict[str, ModuleType] = {
    "Observatory": observatory,
    "Plan": plan,
    "Execution": execution,
    "Data": data,
    "Places": places,
    "Copies": copies,
    "Evidence": evidence,
    "Markers of places": markers,
    "Movement": movement,
    "Outages": outages,
    "Rules": rules,
    "Records": records,
    "Statements": statements,
    "Access": access,
    "Databases": databases,
}
"""Title of each area, in the order in which people read them, and the module of its models."""


def entity_relationship_diagram(area: str | None = None) -> str:
    """Return a Mermaid diagram of the tables of an area and what they refer to; without an area of all."""
    tables = _tables(area) if area is not None else list(Base.metadata.sorted_tables)
    own = {table.name for table in tables}
    lines = ["erDiagram"]
    for table in tables:
        lines.append(f"    {_entity(table)} {{")
        lines += [f"        {_type(column)} {column.name}{_marks(column)}" for column in table.columns]
        lines.append("    }")
    for table in tables:
        for column in table.columns:
            for other in _parents(column):
                if area is None or other.name in own or not _is_owner(column):
                    few = "|o" if column.nullable else "||"
                    lines.append(f"    {_entity(other)} {few}--o{{ {_entity(table)} : {column.name}")
    return "\n".join(lines) + "\n"


def life_cycle_diagram(table: str) -> str:
    """Return a Mermaid state diagram of the status of a table."""
    life_cycle = LIFE_CYCLES[table]
    lines = ["stateDiagram-v2"]
    for old, following in life_cycle.items():
        lines += [f"    {old} --> {new}" for new in sorted(following)]
        if not following:
            lines.append(f"    {old} --> [*]")
    return "\n".join(lines) + "\n"


def reference(area: str) -> str:
    """Return the Markdown reference of the tables of an area."""
    return "\n".join(_table_reference(model, table) for model, table in _models(area))


def schema_reference() -> str:
    """Return the whole reference, with diagrams, as one Markdown page."""
    parts = ["# Schema of the operations database\n"]
    for area, module in AREAS.items():
        diagram = entity_relationship_diagram(area)
        parts += [f"## {area}\n", f"{_first_line(module)}\n", f"```mermaid\n{diagram}```\n", reference(area)]
    parts.append("## Life cycles\n")
    for life_cycle in {id(life_cycle): life_cycle for life_cycle in LIFE_CYCLES.values()}.values():
        tables = [table for table, its in LIFE_CYCLES.items() if its is life_cycle]
        names = ", ".join(f"`{table}`" for table in tables)
        parts.append(f"### Status of {names}\n\n```mermaid\n{life_cycle_diagram(tables[0])}```\n")
    return "\n".join(parts)


def main(
    output: Annotated[
        Path | None, typer.Option(help="Folder for schema.md and schema.mmd. Default: standard output.")
    ] = None,
) -> None:
    """Draw the schema of the operations database from its models."""
    if output is None:
        typer.echo(schema_reference(), nl=False)
        return
    output.mkdir(parents=True, exist_ok=True)
    (output / "schema.md").write_text(schema_reference(), encoding="utf-8")
    (output / "schema.mmd").write_text(entity_relationship_diagram(), encoding="utf-8")
    typer.echo(f"wrote schema.md and schema.mmd to {output}")


def _models(area: str) -> Iterator[tuple[type[Base], Table]]:
    seen = set()
    for model in vars(AREAS[area]).values():  # in the order of the source
        if not inspect.isclass(model) or model.__module__ != AREAS[area].__name__:
            continue
        if issubclass(model, Base):
            table = model.__table__
            if isinstance(table, Table) and table.name not in seen:
                seen.add(table.name)
                yield model, table


def _tables(area: str) -> list[Table]:
    return [table for _, table in _models(area)]


def _table_reference(model: type[Base], table: Table) -> str:
    lines = [f"### `{table.name}`\n", f"{inspect.cleandoc(model.__doc__ or '')}\n"]
    lines += ["| column | type | null | meaning |", "| --- | --- | --- | --- |"]
    for column in table.columns:
        null = "yes" if column.nullable else ""
        lines.append(
            f"| `{column.name}`{_key_note(column)} | {_type(column)} | {null} | {_meaning(column)} |"
        )
    checks = sorted(_constraint_lines(table))
    return "\n".join([*lines, "", *checks, ""])


def _constraint_lines(table: Table) -> Iterator[str]:
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield f"- unique: {', '.join(f'`{column.name}`' for column in constraint.columns)}"
        elif isinstance(constraint, CheckConstraint) and not _is_of_an_enumeration(constraint):
            yield f"- `{constraint.name}`: `{_in_one_line(constraint.sqltext)}`"
    for index in table.indexes:
        if index.unique:
            condition = index.dialect_options["postgresql"]["where"]
            where = f" where `{_in_one_line(condition)}`" if condition is not None else ""
            columns = ", ".join(_in_one_line(expression) for expression in index.expressions)
            yield f"- unique: `{columns}`{where}"


def _is_of_an_enumeration(constraint: CheckConstraint) -> bool:
    return bool(getattr(constraint, "_type_bound", False))


def _meaning(column: Column[Any]) -> str:
    text = (column.doc or "").replace("|", "\\|")
    if isinstance(column.type, Enum):
        text += f" One of {', '.join(f'`{value}`' for value in column.type.enums)}."
    return text


def _parents(column: Column[Any]) -> list[Table]:
    """Return the tables that a column refers to; a key that has the owner behind it is told by its first."""
    keys = [key for key in column.table.foreign_key_constraints if key.columns[0] is column]
    return sorted((key.referred_table for key in keys), key=lambda table: table.name)


def _key_note(column: Column[Any]) -> str:
    notes = ["primary key"] if column.primary_key else []
    notes += [f"→ `{parent.name}`" for parent in _parents(column)]
    return f" ({', '.join(notes)})" if notes else ""


def _marks(column: Column[Any]) -> str:
    marks = (["PK"] if column.primary_key else []) + (["FK"] if _parents(column) else [])
    return f" {', '.join(marks)}" if marks else ""


def _type(column: Column[Any]) -> str:
    if isinstance(column.type, Enum):
        return "text"
    names = {
        "UtcDateTime": "timestamptz",
        "BigInteger": "bigint",
        "String": "text",
        "Uuid": "uuid",
        "Double": "double",
        "Float": "double",
        "Boolean": "boolean",
        "JSON": "jsonb",
        "Date": "date",
        "Time": "time",
        "Nanoseconds": "numeric",
        "LargeBinary": "bytea",
    }
    return names[type(column.type).__name__]


def _is_owner(column: Column[Any]) -> bool:
    return column.name == "site_id"


def _entity(table: Table) -> str:
    return table.name.upper() if table.name == "user" else table.name


def _first_line(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().splitlines()[0]


def _in_one_line(expression: Any) -> str:
    return " ".join(str(expression).split())


if __name__ == "__main__":
    typer.run(main)
