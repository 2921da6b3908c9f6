"""``python -m ccat_dev_stack.telescope FOLDER``: observe until ended, for the installation in a folder."""

import signal
import sys
from pathlib import Path

from pydantic import SecretStr

from ccat_dev_stack.stack.configuration import development_configuration
from ccat_dev_stack.stack.environment import read_tokens
from ccat_dev_stack.stack.installation import load
from ccat_dev_stack.telescope.observe import Observer
from ccat_dev_stack.telescope.plan import obs_unit_plans
from ccat_dev_stack.telescope.rate import parse_rate
from ccat_ops_db.clock import SystemClock
from ccat_ops_db_client import Client, Settings
from ccat_ops_db_client.recorder import Recorder


def main(path: str) -> None:
    """Observe until SIGTERM; what runs then is finished as aborted, after a kill at the next start."""
    installation = load(Path(path))
    if installation is None:
        raise SystemExit(f"{path} holds no installation; run make dev-up")
    plans = obs_unit_plans(development_configuration(installation))
    if not plans:
        raise SystemExit("the configuration has no obs unit whose instrument has a folder to write to")
    settings = Settings(
        api_url=installation.api_url,
        api_token=SecretStr(read_tokens(installation)["instrument"]),
        spool_folder=installation.path / "spool-of-telescope",
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Client(settings) as client:
        observer = Observer(
            Recorder(client),
            plans,
            parse_rate(installation.simulate),
            state_file=installation.path / "telescope.json",
            clock=SystemClock(),
        )
        try:
            observer.observe_for_ever()
        except SystemExit:
            observer.finish_what_was_left()


main(sys.argv[1])
