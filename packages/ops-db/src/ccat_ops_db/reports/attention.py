"""What needs somebody: one table of rules over the facts, the most urgent first."""

from collections.abc import Callable, Iterator

from ccat_ops_db.reports import attention_places, attention_records, attention_work
from ccat_ops_db.reports.attention_item import Attention, Level
from ccat_ops_db.reports.facts import Facts

Rule = Callable[[Facts], Iterator[Attention]]

RULES: tuple[Rule, ...] = (
    attention_places.full_places,
    attention_places.circuits,
    attention_places.suspect_places,
    attention_places.bad_archive_copies,
    attention_work.given_up,
    attention_work.silent_planner,
    attention_work.silent_workers,
    attention_work.stuck_ways,
    attention_records.overdue,
    attention_records.errors,
    attention_records.silent_telescope,
    attention_places.long_suspensions,
    attention_records.long_executions,
    attention_records.tokens,
)
"""The rules; where they are equally urgent, what has a deadline comes first, but for its cause."""


def attention(facts: Facts) -> list[Attention]:
    """Return what needs somebody: the most urgent first, then in the order of the rules, then the oldest."""
    found = [(number, it) for number, rule in enumerate(RULES) for it in rule(facts)]
    order = list(Level)
    found.sort(key=lambda pair: (order.index(pair[1].severity), pair[0], pair[1].since or facts.at))
    return _causes_first([it for _, it in found])


def _causes_first(items: list[Attention]) -> list[Attention]:
    """Return equally urgent items so that a cause stands right before what it brings about."""
    ordered: list[Attention] = []
    for item in items:
        causes = [it for it in items if it.severity is item.severity and it.is_cause_of(item)]
        ordered += [it for it in (*causes, item) if it not in ordered]
    return ordered
