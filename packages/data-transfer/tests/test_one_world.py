"""The engine asks its world for time, chance and threads, and nothing else: it runs in a simulated one."""

import ast
from pathlib import Path

import ccat_data_transfer

SOURCE = Path(ccat_data_transfer.__file__).parent

ENGINE = (
    "planning/",
    "stages/",
    "deletion/",
    "evidence/",
    "work/attempt.py",
    "work/attempt_log.py",
    "work/dispatch.py",
    "work/kinds.py",
    "work/lease.py",
    "work/outages.py",
    "work/outcome.py",
    "work/run.py",
    "work/worker_places.py",
    "checksums.py",
    "package_metadata.py",
    "world.py",
)
"""What decides: the same in the real world and in a simulated one."""

REAL = (
    "cli/",
    "data_server/",
    "movers/",
    "observe/",
    "package_format/",
    "places/",
    "storage/",
    "work/__init__.py",
    "work/broker.py",
    "work/measuring.py",
    "work/throttle.py",
    "work/worker.py",
    "__init__.py",
    "crash_points.py",
    "failures.py",
    "packer.py",
    "program.py",
    "settings.py",
    "world_real.py",
)
"""What touches the real world, or is nothing but a description."""

FORBIDDEN = {"time", "random", "uuid", "threading", "secrets", "concurrent", "multiprocessing", "asyncio"}
ONLY_TYPES = {("uuid", "UUID"), ("random", "Random")}


def offences(tree: ast.AST) -> set[str]:
    """Return how a module reaches past its world."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                found |= {alias.name for alias in node.names if alias.name.partition(".")[0] in FORBIDDEN} | {
                    alias.name for alias in node.names if _is_simulation(alias.name)
                }
            case ast.ImportFrom(module=str(module)):
                if module.partition(".")[0] in FORBIDDEN:
                    found |= {
                        f"{module}.{alias.name}"
                        for alias in node.names
                        if (module, alias.name) not in ONLY_TYPES
                    }
                if _is_simulation(module) or any(
                    _is_simulation(f"{module}.{alias.name}") for alias in node.names
                ):
                    found.add(module)
            case ast.Call():
                called = ast.unparse(node.func)
                if called in {"Random", "datetime.now", "datetime.utcnow", "UUID.uuid4"}:
                    found.add(called)
    return found


def _is_simulation(module: str) -> bool:
    return module.startswith("ccat_data_transfer.simulation")


def _modules() -> list[str]:
    return sorted(str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py"))


def test_the_engine_asks_its_world_only() -> None:
    found = {
        name: bad
        for name in _modules()
        if name.startswith(ENGINE) and (bad := offences(ast.parse((SOURCE / name).read_text("utf-8"))))
    }
    assert found == {}


def test_every_module_is_of_the_engine_or_of_the_real_world() -> None:
    unknown = [
        name
        for name in _modules()
        if name.startswith(ENGINE) == name.startswith(REAL) and not name.startswith("simulation/")
    ]
    assert unknown == [], "say in this file whether they decide, or touch the real world"


def test_the_look_finds_what_it_looks_for() -> None:
    for text in (
        "import time",
        "import threading",
        "from random import uniform",
        "from uuid import uuid4",
        "from ccat_data_transfer.simulation import world",
        "import ccat_data_transfer.simulation.world",
        "from ccat_data_transfer import simulation",
        "datetime.now(UTC)",
        "Random()",
    ):
        assert offences(ast.parse(text)), text
    for text in ("from uuid import UUID", "from random import Random", "from datetime import time"):
        assert not offences(ast.parse(text)), text
