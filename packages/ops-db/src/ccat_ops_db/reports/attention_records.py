"""Rules about observations, packages, errors and tokens."""

from collections.abc import Iterator
from datetime import timedelta

from ccat_ops_db.reports.attention_item import Action, Attention, Level, Link
from ccat_ops_db.reports.facts import LATE, Facts
from ccat_ops_db.reports.needs_somebody import SEVERITIES
from ccat_ops_db.reports.words import duration, how_many, size
from ccat_ops_db.waiting import HelpPage, Turn

SILENT_TELESCOPE = timedelta(hours=3)
TOKEN_ENDS = timedelta(days=3)


def errors(facts: Facts) -> Iterator[Attention]:
    """Open errors that nobody has acknowledged."""
    for errors in facts.errors:
        if errors.severity not in SEVERITIES:
            continue
        yield Attention(
            "unacknowledged_errors",
            Level.ACT if errors.severity == "critical" else Level.WATCH,
            f"{how_many(errors.count, f'{errors.severity} error' if errors.severity != 'error' else 'error')}"
            " that nobody has acknowledged",
            errors.message,
            "An error goes away by itself when what it concerns succeeds.",
            "Read the errors, and acknowledge those that somebody takes care of.",
            Turn.OPERATOR,
            HelpPage.ERRORS,
            errors.count,
            errors.location,
            errors.since,
            action=Action("acknowledge", "errors", str(errors.latest)) if errors.count == 1 else None,
            subjects=Link(
                "errors", filter={"open": "true", "acknowledged": "false", "severity": errors.severity}
            ),
        )


def silent_telescope(facts: Facts) -> Iterator[Attention]:
    """Nothing heard from the telescope."""
    if facts.heard_at is not None and facts.heard_at < facts.at - SILENT_TELESCOPE:
        yield Attention(
            "telescope_silent",
            Level.WATCH,
            f"Nothing was heard from the telescope for {duration(facts.at - facts.heard_at)}",
            "No execution began or ended, and no file was filed.",
            "Clients that cannot reach this service keep what they file and send it later.",
            "Ask the telescope whether it observes. If it does, check the link and the clients there.",
            Turn.INSTRUMENT,
            HelpPage.OVERVIEW,
            since=facts.heard_at,
            subjects=Link("events"),
        )


def long_executions(facts: Facts) -> Iterator[Attention]:
    """Executions whose end was never told."""
    if facts.long_runs:
        yield Attention(
            "execution_running_long",
            Level.WATCH,
            f"{how_many(facts.long_runs, 'execution')} running for more than a day",
            "Most likely its end was never told.",
            "Its files are packaged when they are old enough, and its last package waits for its end.",
            "Finish the execution: ccat obs finish.",
            Turn.INSTRUMENT,
            HelpPage.OBSERVATION,
            facts.long_runs,
            since=facts.longest_run_since,
            subjects=Link("executed-obs-units", filter={"status": "running"}),
        )


def tokens(facts: Facts) -> Iterator[Attention]:
    """Tokens that end soon."""
    for token in facts.tokens:
        left = token.expires_at - facts.at
        yield Attention(
            "token_ends",
            Level.WATCH if left < TOKEN_ENDS else Level.INFO,
            f"The token {token.name} of {token.owner} ends in {duration(left)}",
            "What uses it is refused from then on.",
            "It ends by itself.",
            "Make a new token for its owner, and put it in place of the old one.",
            Turn.OPERATOR,
            HelpPage.OVERVIEW,
            next_at=token.expires_at,
        )


def overdue(facts: Facts) -> Iterator[Attention]:
    """Packages that are not archived a day after they were formed."""
    late = facts.overdue
    if late.packages and late.oldest is not None:
        yield Attention(
            "not_archived",
            Level.WATCH,
            f"{how_many(late.packages, 'package')} ({size(late.bytes)}) not archived after a day",
            f"The oldest was formed {duration(facts.at - late.oldest)} ago.",
            "Each goes on as soon as what it waits for has passed.",
            "See why they wait.",
            Turn.OPERATOR,
            HelpPage.WORK,
            late.packages,
            since=late.oldest,
            subjects=Link(
                "raw-data-packages",
                filter={"state_not": "archived", "until": (facts.at - LATE).isoformat()},
            ),
        )
