"""``ccat why``."""

from typing import Annotated

import typer
from rich.text import Text

from ccat_ops_db_client.records import Step

from .options import ApiUrl, Json, Profile
from .output import print_json, say, time
from .session import connection
from .tables import lines, print_table, state, styled


def why(
    subject: Annotated[
        str,
        typer.Argument(metavar="ID", help="Execution, file, package, copy, work, job, location or route."),
    ],
    api_url: ApiUrl = None,
    _profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Say why something waits or failed, and what to do."""
    with connection(api_url) as client:
        explanation = client.why(subject)
    if as_json:
        print_json(explanation)
        return
    say(explanation.summary)
    if explanation.steps:
        print_table(
            ["=STEP", "STATUS", "WHY", "=SINCE (UTC)", "WHAT TO DO", "TURN"],
            [_row(step) for step in explanation.steps],
        )


def _row(step: Step) -> list[Text | str]:
    reasons = [text for text in (step.reason, step.detail) if text]
    return [
        lines([step.what or step.subject_type, styled(step.subject_id, "dim")]),
        state(step.status),
        ": ".join(reasons),
        time(step.since),
        step.remedy or "",
        step.turn or "",
    ]
