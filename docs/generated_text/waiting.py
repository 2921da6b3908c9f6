"""The planner's reasons for waiting."""

from ccat_ops_db.waiting import EXPLANATIONS

from .markdown import code, sentence, table


def reasons() -> str:
    """Return every reason with its meaning and what helps."""
    rows = [
        (code(reason.value), sentence(meaning), sentence(remedy))
        for reason, (meaning, remedy) in EXPLANATIONS.items()
    ]
    return table(("reason", "meaning", "what helps"), rows)
