"""The catalogue of reasons for waiting."""

from ccat_ops_db.waiting_catalogue import CATALOGUE

from .markdown import code, table


def reasons() -> str:
    """Return every reason with its meaning, what to do, what happens by itself and whose turn it is."""
    rows = [
        (code(reason.value), entry.meaning, entry.remedy, entry.next, entry.turn.value)
        for reason, entry in CATALOGUE.items()
    ]
    return table(("reason", "meaning", "what to do", "what happens next", "whose turn"), rows)
