"""Sends what waits in the spool in the background, one process or thread per spool and API.

``python -m ccat_ops_db_client.background`` is the process that the command ``ccat`` leaves behind; it ends
when nothing waits any more.
"""

import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

from .client import Client
from .errors import AuthenticationError, CcatError
from .replay import replay
from .settings import PROFILE, Settings, load_settings
from .spool import Spool

LONGEST_SLEEP = 30.0


def is_at_work(spool: Spool, api_url: str) -> bool:
    """Say whether a process sends what waits for an API."""
    return spool.is_leased(_lease(api_url))


def end_of_another_way(spool: Spool, settings: Settings) -> None:
    """Let a process end that asks the API by another way than this one: that may lead nowhere.

    Somebody corrects a proxy or certificates; what was left behind before knows nothing of it, finds the API
    away for ever, and keeps all others from asking.
    """
    spool.end_lease_of_another_way(_lease(settings.api_url), way_of(settings))


def replay_in_thread(settings: Settings) -> None:
    """Send what waits in a thread; the program need not wait for it."""
    threading.Thread(target=_replay_quietly, args=(settings,), name="ccat-replay", daemon=True).start()


def replay_in_process(settings: Settings) -> None:
    """Send what waits in a process of its own that outlives this one."""
    # It reads the token where this one read it: from the environment, or from the file of the profile.
    api = {"CCAT_API_URL": settings.api_url} if settings.profile is None else {PROFILE: settings.profile}
    subprocess.Popen(
        [sys.executable, "-m", "ccat_ops_db_client.background"],
        env={**os.environ, **api, **_certificates(), "CCAT_SPOOL_FOLDER": str(settings.spool_folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )


def replay_until_empty(settings: Settings) -> None:
    """Send what waits until only parked requests are left, or the token is refused.

    While the API is away it is asked again at the pace of the spool. Returns at once if another process does
    it.

    Raises
    ------
    CcatError
        The spool cannot be used.
    """
    spool = Spool(settings.spool_folder)
    with Client(settings) as client:
        while _replay_while_leased(client, spool):
            # What came while the lease was still held found somebody at work.
            if spool.due_in(settings.api_url) is None:
                return


def _replay_while_leased(client: Client, spool: Spool) -> bool:
    """Send what waits until nothing is left; say whether it came to that."""
    api_url, wake = client.settings.api_url, threading.Event()
    with spool.lease(_lease(api_url), 0, way_of(client.settings)) as lease:
        while lease is not None and lease.renew():
            pause = spool.due_in(api_url)
            if pause is None:
                return True
            if pause > 0:
                wake.wait(min(pause, LONGEST_SLEEP))
                continue
            done = replay(client, spool, lock_seconds=LONGEST_SLEEP)
            if isinstance(done.stopped_by, AuthenticationError):
                return False
    return False


def _lease(api_url: str) -> str:
    return f"background {api_url}"


def way_of(settings: Settings) -> str:
    """Return by which way the API is asked, in so few letters that no password can be guessed from them."""
    way = (settings.proxy, sorted(_certificates().items()))
    return hashlib.sha256(repr(way).encode()).hexdigest()[:4]


def _certificates() -> dict[str, str]:
    """Return the variables that say whom to trust, as they hold in any folder."""
    given = {name: os.environ[name] for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)}
    return {name: str(Path(path).absolute()) for name, path in given.items()}


def _replay_quietly(settings: Settings) -> None:
    try:
        replay_until_empty(settings)
    except CcatError:
        # Whoever records next meets the same and is told.
        return


if __name__ == "__main__":
    _replay_quietly(load_settings())
