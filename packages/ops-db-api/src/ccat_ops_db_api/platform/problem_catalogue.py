"""What each kind of problem means for who asked: whether to ask again, and the remedy.

The documentation of the API and the interface read this one table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from ccat_ops_db.waiting import HelpPage


class RetryWhen(StrEnum):
    """When the same request may succeed."""

    NEVER = "never"
    SAME_REQUEST = "same-request"
    AFTER_CHANGE = "after-change"
    AFTER_SIGN_IN = "after-sign-in"


@dataclass(frozen=True)
class Guidance:
    """What is said of a kind of problem.

    Attributes
    ----------
    may : RetryWhen
        When the same request may succeed.
    remedy : str
        What helps, as a sentence.
    after_seconds : int or None
        How long to wait before the same request, unless the problem itself says.
    help : HelpPage or None
        Where it is explained at length.
    """

    may: RetryWhen
    remedy: str
    after_seconds: int | None = None
    help: HelpPage | None = None


_NEVER, _SAME = RetryWhen.NEVER, RetryWhen.SAME_REQUEST
_CHANGE, _SIGN_IN = RetryWhen.AFTER_CHANGE, RetryWhen.AFTER_SIGN_IN
_PACKAGED = "Wait until the package is complete. Why tells what it waits for."
_DECIDE_ANEW = "Read its present state, then decide anew."

GUIDANCE: Mapping[str, Guidance] = MappingProxyType(
    {
        "malformed": Guidance(_NEVER, "Correct the request. The documentation of the API has examples."),
        "invalid-request": Guidance(_NEVER, "Correct the fields that are named."),
        "idempotency-key-reused": Guidance(_NEVER, "Make a new Idempotency-Key for each new request."),
        "content-too-large": Guidance(_NEVER, "Send less at once."),
        "not-found": Guidance(_NEVER, "Check the address, or find it in its list."),
        "method-not-allowed": Guidance(_NEVER, "Use one of the methods that the header Allow names."),
        "forbidden": Guidance(_NEVER, "Ask an administrator of the data centre for a role that may do it."),
        "csrf": Guidance(_NEVER, "Load the page again, and do it from there."),
        "unauthenticated": Guidance(_SIGN_IN, "Sign in, or give a valid token."),
        "session-ended": Guidance(_SIGN_IN, "Sign in again."),
        "conflict": Guidance(_CHANGE, _DECIDE_ANEW),
        "filed-with-other-facts": Guidance(
            _CHANGE, "File the changed file under another path.", help=HelpPage.OBSERVATION
        ),
        "name-in-another-unicode-form": Guidance(
            _CHANGE, "Rename the file that is not filed, then file it.", help=HelpPage.OBSERVATION
        ),
        "no-data": Guidance(
            _CHANGE, "See whether files of the execution were filed.", help=HelpPage.OBSERVATION
        ),
        "no-data-server": Guidance(
            _CHANGE, "Ask for the copy at another location, or have the data staged.", help=HelpPage.STAGING
        ),
        "no-readable-copy": Guidance(
            _CHANGE, "See the copies of the package and the state of their locations.", help=HelpPage.PACKAGE
        ),
        "not-failed": Guidance(_CHANGE, "Look at its present state.", help=HelpPage.WORK),
        "done-by-other": Guidance(_CHANGE, "Look at the work that does it now.", help=HelpPage.WORK),
        "not-packaged": Guidance(_CHANGE, _PACKAGED, help=HelpPage.PACKAGE),
        "left-out": Guidance(_CHANGE, "Decide on the file: file it anew, or not.", help=HelpPage.PACKAGE),
        "not-sealed": Guidance(_CHANGE, _PACKAGED, help=HelpPage.PACKAGE),
        "owned-by-other-site": Guidance(_CHANGE, "Do it in the interface or the API of that site."),
        "precondition-failed": Guidance(_CHANGE, _DECIDE_ANEW),
        "query-too-slow": Guidance(
            _CHANGE, "Ask for less: a shorter time, one more filter, or the default order."
        ),
        "request-timeout": Guidance(_SAME, "Send it again over a connection that holds.", 1),
        "too-many-requests": Guidance(_SAME, "Wait, and ask less often.", 1),
        "busy": Guidance(_SAME, "Ask again in a moment.", 1),
        "database-unavailable": Guidance(
            _SAME, "Ask again. If it lasts, an operator of the data centre has to look at the database.", 5
        ),
        "database-read-only": Guidance(
            _SAME,
            "Ask again. If it lasts, an operator of the data centre has to see why the database takes no"
            " changes.",
            5,
        ),
        "schema-not-ready": Guidance(
            _SAME,
            "Ask again when the upgrade is over. If it lasts, an operator of the data centre has to look at"
            " the migration.",
            5,
        ),
        "internal": Guidance(
            _SAME, "Ask again later. If it happens again, report it with the request id.", 60
        ),
    }
)
"""By the last part of the problem's type."""


def guidance_of(slug: str) -> Guidance:
    """Return what is said of a kind of problem; of one that only a framework knows, that asking is over."""
    return GUIDANCE.get(slug) or Guidance(_NEVER, "Correct the request.")
