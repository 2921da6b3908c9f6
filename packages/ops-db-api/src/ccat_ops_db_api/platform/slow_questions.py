"""Questions that took too long: asked again within a minute, they are answered from memory.

So people and programs that repeat them blindly cost the database nothing.
"""

import hashlib
from collections import OrderedDict
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from ccat_ops_db_api.platform.errors import problem_response
from ccat_ops_db_api.platform.routes import SAFE_METHODS

REMEMBERED_SECONDS = 60
MOST_REMEMBERED = 10_000

_WHO = (b"authorization", b"cookie")


class SlowQuestions:
    """Remembers, in each process, which credential asked what took too long.

    `scope["state"]["too_slow"]` says so, set by whoever answers ``query-too-slow``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._ends: OrderedDict[bytes, float] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] not in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        question, now = _question(scope), scope["app"].state.clock.monotonic()
        if now < self._ends.get(question, now):
            await _too_slow_again(scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)
        if scope["state"].get("too_slow"):
            self._ends[question] = scope["app"].state.clock.monotonic() + REMEMBERED_SECONDS
            self._ends.move_to_end(question)
            while len(self._ends) > MOST_REMEMBERED:
                self._ends.popitem(last=False)


def _question(scope: Scope) -> bytes:
    """Return what stands for a question and who asks it; no secret is kept in memory for it."""
    who = [value for name, value in scope["headers"] if name in _WHO]
    parts = (scope["path"].encode(errors="replace"), scope["query_string"], *who)
    return hashlib.sha256(b"\0".join(parts)).digest()


def _too_slow_again(scope: Scope) -> ASGIApp:
    return problem_response(
        scope["path"],
        scope["state"]["request_id"],
        HTTPStatus.SERVICE_UNAVAILABLE,
        "query-too-slow",
        f"this question took too long less than {REMEMBERED_SECONDS} s ago; the database was not asked again",
    )
