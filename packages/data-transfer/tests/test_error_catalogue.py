"""The catalogue of error categories knows what the code of the engine can raise."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from ccat_ops_db.enumerations import FailureClass
from ccat_ops_db.error_catalogue import CATEGORIES, ENDED

DOCS = Path(__file__).parents[3] / "docs"
NAMED_ELSEWHERE = {
    "worker_lost",
    "arrived_corrupt",
    "arrived_missing",
    "broker_unavailable",
    "readings_differ",
    "location_suspect",
    "all_left_out",
    "reading_overdue",
    "unknown_objects",
    "file_left_out",
    "source_changed_after_packaging",
    "leftover",
    "other_object_beside",
    "other_object_stays",
}
"""Categories that are written to the database without a failure being raised."""


def test_every_category_in_the_code_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(DOCS)
    failures = import_module("generated_text.failures")

    named: dict[str, set[FailureClass]] = {}
    for kind, category, _ in (*failures.named_in_code(), *failures.of_packages()):
        named.setdefault(category, set()).add(failures.CLASSES[kind].failure_class)
    assert set(named) | NAMED_ELSEWHERE == set(CATEGORIES)
    for category, classes in named.items():
        assert CATEGORIES[category][0] in classes, category


@pytest.mark.parametrize("category", [*CATEGORIES, *ENDED])
def test_every_explanation_is_made_of_sentences(category: str) -> None:
    entry = ENDED[category] if category in ENDED else CATEGORIES[category][1]
    for sentence in (entry.meaning, entry.remedy, entry.next):
        assert re.fullmatch(r"[A-Z].*\.", sentence)
    assert re.fullmatch(r"[A-Z].*[a-zA-Z]", entry.text)
