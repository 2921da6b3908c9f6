"""Send what waits in the spool, in order within each execution."""

import math
import time
from dataclasses import dataclass

from .client import Client
from .errors import ApiAwayError, ApiError, CcatError
from .replay_batch import Batch
from .sending import concerns_one_execution, may_pass, send_once
from .spool import Spool
from .spool_lease import Lease
from .spool_request import SpooledRequest, is_whole

DAMAGED = "it is damaged: something changed it in the spool; record it anew, then drop it"


@dataclass(frozen=True)
class Replay:
    """What a replay did.

    Attributes
    ----------
    sent : int
        Requests that the API took.
    refused : int
        Requests that it refused, or of which it refused some lines; they are set aside with the reason.
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
    is_mended = False
    stopped_by: CcatError | None = None
    spool.clear_abandoned()
    if spool.due_in(api_url) != 0:
        return Replay(0, 0, spool.count(api_url))
    with spool.lease(f"replay {api_url}", lock_seconds) as lease:
        while lease is not None and time.monotonic() < deadline and lease.renew():
            requests = spool.next(api_url)
            if not requests:
                if is_mended or spool.due_in(api_url) != 0:
                    break
                spool.mend_lanes()
                is_mended = True
                continue
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
    if damaged := [request for request in requests if not is_whole(request)]:
        for request in damaged:
            spool.set_aside(request.sequence, DAMAGED)
        return 0, len(damaged)
    first, batch = requests[0], Batch(requests)
    while (call := batch.call()) is not None:
        try:
            send_once(client, call, first.assumed)
            break
        except CcatError as error:
            if may_pass(error):
                _keep(spool, first, error)
                raise
            if isinstance(error, ApiError) and batch.leave_out(error):
                if not lease.renew():
                    return 0, 0
            elif len(requests) > 1:
                # One of them is wrong, and it must be told which.
                each = [_send_or_refuse(client, spool, [one], lease) for one in requests if lease.renew()]
                return sum(sent for sent, _ in each), sum(refused for _, refused in each)
            else:
                spool.refuse(first, str(error))
                return 0, 1
    # Dying before these lines sends the requests once more; their keys and ids make that harmless.
    refused, taken = list(batch.refused()), batch.taken()
    for each_refused in refused:
        spool.refuse(each_refused.request, each_refused.reason, each_refused.part)
    if taken:
        spool.sent(taken)
    return len(taken), len(refused)


def _keep(spool: Spool, request: SpooledRequest, error: CcatError) -> None:
    """Note why a request was not sent; it waits on."""
    if isinstance(error, ApiError) and concerns_one_execution(error):
        spool.hold(request, error.message, error.retry_after or 0)
    elif isinstance(error, ApiAwayError):
        spool.pass_over(request, error.message)
        # Not in a folder that was taken away meanwhile.
        if spool.exists():
            spool.mark_away(request.api_url, error.message, error.retry_after or 0)
