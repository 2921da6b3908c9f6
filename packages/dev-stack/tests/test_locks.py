"""Every statement that locks rows, by its function: whose rows they are, and in which order they are locked.

Two transactions that lock the same rows in one order never wait for each other in a circle; who locks a row
of another site stops what replication brings.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import ccat_data_transfer
import ccat_ops_db
import ccat_ops_db_api

ONE_ROW = "one row, by its key"
ORDERED = "in the order of their keys"

LOCKS = {
    # Rows of the sites that a planner has the lock of, or of the place where a worker works.
    "ccat_data_transfer/cli/act.py:verify": ORDERED,
    "ccat_data_transfer/cli/findings.py:_adopt": ONE_ROW,
    "ccat_data_transfer/cli/many.py:_change": ORDERED,
    "ccat_data_transfer/cli/reading.py:_make_due": ORDERED,
    "ccat_data_transfer/deletion/rule.py:prove": ORDERED,
    "ccat_data_transfer/planning/admission.py:_first_rows": ORDERED,
    "ccat_data_transfer/planning/deleting.py:_open_deletion": ORDERED,
    "ccat_data_transfer/planning/failover.py:_reroute": ONE_ROW,
    "ccat_data_transfer/planning/packaging.py:_plan_series": ONE_ROW,
    "ccat_data_transfer/planning/reasons.py:not_locked": ORDERED,
    "ccat_data_transfer/planning/recovery.py:_expired": ORDERED,
    "ccat_data_transfer/planning/samples.py:_hold": ORDERED,
    "ccat_data_transfer/planning/verifying.py:register_copy": ONE_ROW,
    "ccat_data_transfer/stages/bad_files.py:_exceptions": ORDERED,
    "ccat_data_transfer/stages/reconciling.py:_doubt_if_lost": ONE_ROW,
    "ccat_data_transfer/stages/staging.py:_register": ONE_ROW,
    "ccat_data_transfer/work/attempt.py:_lock_and_release": ORDERED,
    "ccat_data_transfer/work/outcome.py:_end_errors_of_work": ORDERED,
    # Of the site where something is filed, or a decision on a file is made.
    "ccat_ops_db/file_decisions.py:_locked": ONE_ROW,
    "ccat_ops_db/file_decisions.py:in_order": ORDERED,
    "ccat_ops_db/filing.py:_locked_series": ONE_ROW,
    # The API looks whose row it is first, and refuses that of another site.
    "ccat_ops_db_api/executions/queries.py:locked": ONE_ROW,
    "ccat_ops_db_api/physical_copies/queries.py:locked": ONE_ROW,
    "ccat_ops_db_api/staging_jobs/queries.py:locked": ONE_ROW,
    "ccat_ops_db_api/staging_jobs/queries.py:open_items": ORDERED,
    "ccat_ops_db_api/work/queries.py:locked": ORDERED,
    "ccat_ops_db_api/work/queries.py:copy_status": ONE_ROW,
    "ccat_data_transfer/planning/onward.py:hold_copy": ONE_ROW,
}


def locking(package: ModuleType) -> Iterator[tuple[str, set[str]]]:
    """Yield each function that locks rows, and the methods of its statement."""
    assert package.__file__ is not None
    folder = Path(package.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and _called(node) == "with_for_update":
                        methods = {*_chain(node), *_of_names(function)}
                        yield f"{folder.name}/{path.relative_to(folder)}:{function.name}", methods


def test_every_lock_is_accounted_for() -> None:
    found: dict[str, set[str]] = {}
    for package in (ccat_ops_db, ccat_data_transfer, ccat_ops_db_api):
        found |= dict(locking(package))
    assert set(found) == set(LOCKS)
    for where, methods in found.items():
        assert "order_by" in methods or LOCKS[where] == ONE_ROW, where


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _of_names(function: ast.AST) -> Iterator[str]:
    """Yield the methods of statements that are put together in several steps."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            yield from _chain(node.value)


def _chain(node: ast.AST) -> Iterator[str]:
    """Yield the names of the methods that were called one on the other."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield node.func.attr
        node = node.func.value
