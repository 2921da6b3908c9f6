"""What each command begins with: settings, client, and whatever waits in the spool sent first."""

from collections.abc import Iterator
from contextlib import contextmanager

from ccat_ops_db_client.background import replay_in_process
from ccat_ops_db_client.client import Client
from ccat_ops_db_client.errors import ApiAwayError, ApiError, CcatError, with_remedy
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.replay import Replay
from ccat_ops_db_client.settings import load_settings

from .output import counted, notice

REPLAY_SECONDS = 2.0
"""For so long a command that asks sends what this machine recorded, before it asks."""


@contextmanager
def recorder(api_url: str | None) -> Iterator[Recorder]:
    """Open a recorder for commands that bring their own request through the spool."""
    settings = load_settings(api_url)

    def moved(address: str) -> None:
        notice(f"{settings.api_url} asks to be used as {address}, and is; set CCAT_API_URL={address}")

    with Client(settings, on_retry=_RetryNotice(), on_moved=moved) as client:
        yield Recorder(client, replay_in_process)


@contextmanager
def connection(api_url: str | None) -> Iterator[Client]:
    """Open a client; what this machine recorded while the API was away is sent first."""
    with recorder(api_url) as opened:
        # It is asked now anyhow, and the answer should know what was recorded.
        opened.spool.ask_again(opened.client.settings.api_url)
        tell_replay(opened.replay(limit_seconds=REPLAY_SECONDS))
        opened.send_in_background()
        yield opened.client


def tell_replay(replay: Replay) -> None:
    """Say what a replay left behind."""
    if replay.refused:
        notice(f"refused from the spool: {counted(replay.refused, 'request')}; see: ccat spool status")
    if replay.waiting:
        notice(f"waiting in the spool: {counted(replay.waiting, 'request')}; see: ccat spool status")


def tell_spooled(what: str, because: CcatError | None) -> None:
    """Say that something is kept in the spool, and why; if it is not over by itself, also the remedy."""
    reason = because.message if because else "earlier requests of this observation are still waiting"
    remedy = because.remedy if isinstance(because, ApiError) else ""
    notice(with_remedy(f"{reason}; {what} in the spool and will be sent when that is over", remedy))


class _RetryNotice:
    """Says once that the API is away and the request is repeated."""

    def __init__(self) -> None:
        self._said = False

    def __call__(self, error: ApiAwayError) -> None:
        if not self._said:
            self._said = True
            notice(f"{error.message}; trying again")
