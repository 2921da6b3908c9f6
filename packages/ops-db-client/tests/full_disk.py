"""Records until the disk of the spool is full, and then goes on; prints what became of it."""

import json
import sys
from contextlib import suppress
from pathlib import Path

from ccat_ops_db_client import Client, Settings
from ccat_ops_db_client.errors import CcatError, SpoolError
from ccat_ops_db_client.recorder import Recorder


def record(disk: str, url: str) -> None:
    with Client(settings(disk, url)) as client:
        recorder = Recorder(client)
        kept, refused = [], 0
        while refused < 3:
            recorder.spool.ask_again(url)
            try:
                execution, receipt = recorder.start("away", [f"{number}{'x' * 190}" for number in range(26)])
            except SpoolError:
                refused += 1
            else:
                assert receipt.spooled
                kept.append(str(execution))
        waiting = [json.loads(each.body)["id"] for each in recorder.spool.waiting()]
        rest = Path(disk) / "rest"
        fill(rest)
        _, receipt = recorder.start("O", ["m"])
        # Whether there is room to note what was sent or not: nothing is lost.
        with suppress(CcatError):
            recorder.spool.release_lanes(url)
            recorder.replay()
        rest.unlink()
    recorded = receipt.answer is not None
    print(json.dumps({"kept": kept, "waiting": waiting, "recorded_while_full": recorded}))


def replay(disk: str, url: str) -> None:
    with Client(settings(disk, url)) as client:
        recorder = Recorder(client)
        recorder.spool.release_lanes(url)
        print(recorder.replay().waiting)


def settings(disk: str, url: str) -> Settings:
    """Return settings that do not take the API of a busy computer for away."""
    folder = Path(disk) / "spool"
    return Settings(api_url=url, spool_folder=folder, replay_in_background=False, spool_after_seconds=60)


def fill(path: Path) -> None:
    try:
        with path.open("wb", buffering=0) as stream:
            while True:
                stream.write(b"x" * 512)
    except OSError:
        return


if __name__ == "__main__":
    {"record": record, "replay": replay}[sys.argv[1]](*sys.argv[2:])
