"""The protocol of every benchmark here, so that a number means the same on each page.

All cases of a comparison run in one sitting: a warm-up round that is not counted, then rounds in random
order. Reported are the median with its range, and the CPU seconds (own and of waited-for children) beside the
wall time. A claim is a ratio of speeds with a target, an allowance a number of seconds more than a rival
takes. Either is taken within each round, so that what disturbs a whole round disturbs both; its median is
called met or missed, and marked when the range goes beyond the target.
"""

import json
import os
import platform
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

OUTPUT_FOLDER = Path(__file__).resolve().parent.parent / "build" / "bench"


@dataclass(frozen=True)
class Case:
    """One thing to measure. A floor is what no program can beat: the bare read, the bare write.

    What `prepare` does before each run is not counted.
    """

    name: str
    run: Callable[[], object]
    is_floor: bool = False
    prepare: Callable[[], object] = lambda: None


@dataclass
class Measurement:
    """Seconds of each counted round."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Median wall time in seconds."""
        return statistics.median(self.wall)


@dataclass(frozen=True)
class Claim:
    """Speed of `ours` against the slowest of `rivals`, and the ratio that it should be at least."""

    what: str
    ours: str
    rivals: tuple[str, ...]
    target: float


@dataclass(frozen=True)
class Allowance:
    """Seconds that `ours` may take more than `rival`."""

    what: str
    ours: str
    rival: str
    seconds: float


@dataclass(frozen=True)
class Excess:
    """An allowance after measuring: median, lowest and highest number of seconds more than the rival's."""

    what: str
    seconds: float
    lowest: float
    highest: float
    allowed: float

    @property
    def word(self) -> str:
        """What the median says, and whether some round said otherwise."""
        verdict = "met" if self.seconds <= self.allowed else "missed"
        return verdict + (", not in every round" if self.lowest <= self.allowed < self.highest else "")


@dataclass(frozen=True)
class Verdict:
    """A claim after measuring: median, lowest and highest ratio of a round."""

    what: str
    ratio: float
    lowest: float
    highest: float
    target: float

    @property
    def word(self) -> str:
        """What the median says, and whether some round said otherwise."""
        verdict = "met" if self.ratio >= self.target else "missed"
        return verdict + (", not in every round" if self.lowest < self.target <= self.highest else "")


def measure(cases: Sequence[Case], rounds: int, seed: int = 0) -> dict[str, Measurement]:
    """Run every case once uncounted and `rounds` times counted, each round in another order."""
    chance = random.Random(seed)
    results = {case.name: Measurement() for case in cases}
    for case in cases:
        case.prepare()
        case.run()
    for _ in range(rounds):
        for case in chance.sample(cases, len(cases)):
            case.prepare()
            cpu, wall = _cpu_seconds(), time.perf_counter()
            case.run()
            results[case.name].wall.append(time.perf_counter() - wall)
            results[case.name].cpu.append(_cpu_seconds() - cpu)
    return results


def judge(claim: Claim, results: dict[str, Measurement]) -> Verdict:
    """Compare; the rival is the slowest of the named ones by its median."""
    rival = max((results[name] for name in claim.rivals), key=lambda measurement: measurement.median)
    pairs = zip(rival.wall, results[claim.ours].wall, strict=True)
    ratios = [theirs / ours for theirs, ours in pairs]
    return Verdict(claim.what, statistics.median(ratios), min(ratios), max(ratios), claim.target)


def compare(allowance: Allowance, results: dict[str, Measurement]) -> Excess:
    """Return how much longer ours took, round by round."""
    pairs = zip(results[allowance.ours].wall, results[allowance.rival].wall, strict=True)
    more = [ours - rival for ours, rival in pairs]
    return Excess(allowance.what, statistics.median(more), min(more), max(more), allowance.seconds)


def report(
    title: str,
    cases: Sequence[Case],
    results: dict[str, Measurement],
    verdicts: Iterable[Verdict],
    amounts: dict[str, float],
    excesses: Sequence[Excess] = (),
    figures: Mapping[str, float] | None = None,
) -> None:
    """Print the tables and write ``build/bench/<title>.json``.

    Parameters
    ----------
    amounts : dict
        What one run works on, by unit (``{"MB": 512, "files": 8000}``): shown as a rate for each case.
    figures : mapping
        What is not a time, by what it is and its unit.
    """
    verdicts = list(verdicts)
    console = Console()
    console.print(_times_table(title, cases, results, amounts))
    if verdicts:
        console.print(_verdict_table(verdicts))
    if excesses:
        console.print(_excess_table(excesses))
    for what, figure in (figures or {}).items():
        console.print(f"{what}: {figure:,.1f}")
    OUTPUT_FOLDER.mkdir(parents=True, exist_ok=True)
    document = {
        "title": title,
        "measured_at": datetime.now(UTC).isoformat(),
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "amounts": amounts,
        "figures": dict(figures or {}),
        "cases": {name: asdict(result) | {"median": result.median} for name, result in results.items()},
        "verdicts": [asdict(verdict) | {"verdict": verdict.word} for verdict in verdicts],
        "excesses": [asdict(excess) | {"verdict": excess.word} for excess in excesses],
    }
    name = "-".join(title.replace(",", "").split()) + ".json"
    (OUTPUT_FOLDER / name).write_text(json.dumps(document, indent=1))


def _cpu_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _times_table(
    title: str, cases: Sequence[Case], results: dict[str, Measurement], amounts: dict[str, float]
) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("case")
    for column in ("median s", "range s", "CPU s", *(f"{unit}/s" for unit in amounts)):
        table.add_column(column, justify="right")
    for case in cases:
        result = results[case.name]
        table.add_row(
            f"{case.name} (floor)" if case.is_floor else case.name,
            f"{result.median:.3f}",
            f"{min(result.wall):.3f}–{max(result.wall):.3f}",
            f"{statistics.median(result.cpu):.3f}",
            *(f"{amount / result.median:,.0f}" for amount in amounts.values()),
            style="dim" if case.is_floor else "",
        )
    return table


def _verdict_table(verdicts: Sequence[Verdict]) -> Table:
    rows = [
        (it.what, f"{it.ratio:.2f}", f"{it.lowest:.2f}–{it.highest:.2f}", f"≥ {it.target:g}", it.word)
        for it in verdicts
    ]
    return _judged_table("speed of ours against", ("ratio", "range", "target"), rows)


def _excess_table(excesses: Sequence[Excess]) -> Table:
    rows = [
        (it.what, f"{it.seconds:.3f}", f"{it.lowest:.3f}–{it.highest:.3f}", f"≤ {it.allowed:g}", it.word)
        for it in excesses
    ]
    return _judged_table("ours takes longer than", ("by s", "range", "allowed"), rows)


def _judged_table(what: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table()
    table.add_column(what)
    for column in (*columns, "verdict"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*row)
    return table
