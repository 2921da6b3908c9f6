"""Send what waits in the spool, in order within each execution."""

import math
import time
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from . import calls
from .calls import Call
from .client import Client
from .errors import ApiAwayError, CcatError
from .sending import concerns_one_execution, may_pass, send_once
from .spool import Spool, SpooledRequest
from .spool_lease import Lease


@dataclass(frozen=True)
class Replay:
    """What a replay did.

    Attributes
    ----------
    sent : int
        Requests that the API took.
    refused : int
        Requests that it refused; they are set aside with the reason.
    waiting : int
        Requests that still wait for this API, also those of held and parked executions.
    stopped_by : CcatError or None
        Why it stopped before the end, or held an execution.
    """

    sent: int
    refused: int
    waiting: int
    stopped_by: CcatError | None = None


def replay(
    client: Client, spool: Spool, *, lock_seconds: float = 0, limit_seconds: float = math.inf
) -> Replay:
    """Send what is due.

    An execution whose request the service fails at is held for a while; the others go on. An API that is away
    ends the replay, and so does a token that is refused.

    Parameters
    ----------
    client : Client
        The client.
    spool : Spool
        Where the requests wait.
    lock_seconds : float
        For so long another process that is replaying is waited for.
    limit_seconds : float
        After so long no further request is sent.

    Raises
    ------
    SpoolError
        The spool cannot be used.
    """
    api_url = client.settings.api_url
    deadline = time.monotonic() + limit_seconds
    sent = refused = 0
    stopped_by: CcatError | None = None
    if spool.due_in(api_url) != 0:
        return Replay(0, 0, spool.count(api_url))
    with spool.lease(f"replay {api_url}", lock_seconds) as lease:
        while lease is not None and time.monotonic() < deadline and lease.renew():
            requests = spool.next(api_url)
            if not requests:
                break
            try:
                done = _send_or_refuse(client, spool, requests, lease)
            except CcatError as error:
                stopped_by = error
                if not concerns_one_execution(error):
                    break
            else:
                sent, refused = sent + done[0], refused + done[1]
    if sent:
        spool.shrink()
    return Replay(sent, refused, spool.count(api_url), stopped_by)


def _send_or_refuse(
    client: Client, spool: Spool, requests: list[SpooledRequest], lease: Lease
) -> tuple[int, int]:
    """Send waiting requests as one; return how many were sent and how many were refused.

    Raises
    ------
    CcatError
        They may pass later; the spool knows when.
    """
    first = requests[0]
    try:
        send_once(client, _call_of(requests), first.assumed)
    except CcatError as error:
        if not may_pass(error) and len(requests) > 1:
            # One of them is wrong, and it must be told which.
            each = [_send_or_refuse(client, spool, [request], lease) for request in requests if lease.renew()]
            return sum(sent for sent, _ in each), sum(refused for _, refused in each)
        if not may_pass(error):
            spool.refuse(first, str(error))
            return 0, 1
        if concerns_one_execution(error):
            spool.hold(first, error.message)
        elif isinstance(error, ApiAwayError):
            spool.pass_over(first, error.message)
            # Not in a folder that was taken away meanwhile.
            if spool.exists():
                spool.mark_away(first.api_url, error.message, error.retry_after or 0)
        raise
    # Dying before this line sends the requests once more; their keys and ids make that harmless.
    spool.sent(requests)
    return len(requests), 0


def _call_of(requests: list[SpooledRequest]) -> Call[Any]:
    """Return a waiting request, or several bulk filings as one."""
    first, keys = requests[0], [request.idempotency_key for request in requests]
    key = keys[0] if len(keys) == 1 else str(uuid5(NAMESPACE_OID, " ".join(keys)))
    return calls.kept(first.path, b"".join(request.body for request in requests), first.content_type, key)
