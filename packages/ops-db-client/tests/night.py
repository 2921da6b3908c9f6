"""A night of an instrument through a proxy that lies, and the ledger at its end.

By hand, against the API at an address, with every status from 100 to 599:

    python -m tests.night http://127.0.0.1:PORT TOKEN --observations 60

(in ``packages/ops-db-client``; the token must be able to record and to see; obs unit, module and source
location are options). The tests do it in short form.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import SecretStr

from ccat_ops_db_client import Client, NewFile, Settings
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_listing import refused

from .lies import Lie, every_lie
from .lying_proxy import LyingProxy

Answer = TypeVar("Answer")

FILES_PER_FILING = 3
FILINGS = 3
MINUTE = 60.0


@dataclass(frozen=True)
class Instrument:
    """What an instrument says of itself when it records."""

    obs_unit: str
    module: str
    source_location: str


@dataclass
class Entry:
    """An observation as the instrument remembers it."""

    execution: UUID
    began: datetime
    ended: datetime
    files: list[str]


@dataclass
class Ledger:
    """What the instrument did, and how it is recorded in the end."""

    entries: list[Entry] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    longest_ms: dict[str, float] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    lies_left: int = 0
    waiting: int = 0
    refused: list[str] = field(default_factory=list)
    peak_megabytes: float = 0

    def lines(self) -> list[str]:
        """Return it as text."""
        files = sum(len(entry.files) for entry in self.entries)
        longest = ", ".join(f"{name} {ms:,.0f} ms" for name, ms in self.longest_ms.items())
        return [
            f"{len(self.told)} lies were told, {self.lies_left} are left",
            f"{len(self.entries)} observations and {files} files were recorded",
            f"longest calls: {longest}; peak memory {self.peak_megabytes:,.0f} MB",
            f"{self.waiting} requests wait, {len(self.refused)} were refused",
            *(f"refused: {reason}" for reason in self.refused),
            *(f"WRONG: {what}" for what in self.wrong),
            *(["every observation and file is recorded exactly once, in order"] if not self.wrong else []),
        ]


class Night:
    """Records observations through a proxy, then lets it be honest and compares.

    Parameters
    ----------
    api_url, token : str
        The API, and who records.
    instrument : Instrument
        Who records.
    lies : sequence of Lie
        What the proxy tells.
    spool_folder : Path
        Where what waits is kept.
    """

    def __init__(
        self, api_url: str, token: str, instrument: Instrument, lies: Sequence[Lie], spool_folder: Path
    ) -> None:
        self._instrument = instrument
        self._truth = Settings(api_url=api_url, api_token=SecretStr(token), spool_folder=spool_folder)
        self._proxy = LyingProxy(urlsplit(api_url).port or 80, lies)
        self._settings = self._truth.model_copy(
            update={"api_url": self._proxy.url, "replay_in_background": False, "spool_after_seconds": 1.0}
        )
        self._clock = time.time()
        self.ledger = Ledger()

    def record(self, observations: int) -> Ledger:
        """Record a night of so many observations, and until all lies are told."""
        begin = datetime.now(UTC)
        try:
            with Client(self._settings) as client:
                recorder = Recorder(client)
                recorder.spool = Spool(self._settings.spool_folder, lambda: self._clock)
                while len(self.ledger.entries) < observations or self._proxy.lies_left:
                    self._observe(recorder)
                    if len(self.ledger.entries) > 100 * observations:
                        break
                self._send_the_rest(recorder)
        finally:
            self._proxy.close()
        self.ledger.told, self.ledger.lies_left = self._proxy.told, self._proxy.lies_left
        self.ledger.peak_megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        self._compare(begin)
        return self.ledger

    def _observe(self, recorder: Recorder) -> None:
        # Whatever was told before: the API is asked again, so that lies are told to starts, too.
        self._clock += MINUTE
        began = datetime.now(UTC)
        unit, module = self._instrument.obs_unit, self._instrument.module
        execution, _ = self._timed("start", lambda: recorder.start(unit, [module]))
        files: list[str] = []
        for filing in range(FILINGS):
            names = [f"{execution}/{filing}-{number}.fits" for number in range(FILES_PER_FILING)]
            batch = [self._file(execution, name) for name in names]
            self._timed("file", partial(recorder.file, batch))
            files += names
            self._clock += MINUTE
            recorder.replay()
        self._timed("finish", lambda: recorder.finish(execution, "completed", mean_pwv=0.6))
        self.ledger.entries.append(Entry(execution, began, datetime.now(UTC), files))
        self._clock += MINUTE
        recorder.replay()

    def _send_the_rest(self, recorder: Recorder) -> None:
        for _ in range(1000):
            if not recorder.spool.count(self._settings.api_url):
                break
            self._clock += 10 * MINUTE
            recorder.spool.release_lanes(self._settings.api_url)
            recorder.replay()
        self.ledger.waiting = recorder.spool.count(self._settings.api_url)
        self.ledger.refused = [entry.refusal or "" for entry in refused(recorder.spool)]

    def _timed(self, name: str, call: Callable[[], Answer]) -> Answer:
        begin = time.monotonic()
        result = call()
        milliseconds = 1000 * (time.monotonic() - begin)
        self.ledger.longest_ms[name] = max(milliseconds, self.ledger.longest_ms.get(name, 0))
        return result

    def _file(self, execution: UUID, name: str) -> NewFile:
        return NewFile(
            id=new_id(),
            execution_id=execution,
            module=self._instrument.module,
            relative_path=name,
            size=2880,
            checksum="md5:" + "0" * 32,
            source_location=self._instrument.source_location,
        )

    def _compare(self, begin: datetime) -> None:
        wrong = self.ledger.wrong
        with Client(self._truth) as client:
            known = {
                execution.id: execution
                for execution in client.executions()
                # Others may have recorded with clocks that are ahead.
                if begin <= execution.started_at <= datetime.now(UTC)
            }
            expected = {entry.execution for entry in self.ledger.entries}
            wrong += [f"{execution} was not recorded" for execution in expected - known.keys()]
            wrong += [f"nobody started {execution}" for execution in known.keys() - expected]
            for entry in self.ledger.entries:
                found = known.get(entry.execution)
                if found is not None:
                    self._compare_one(entry, found, list(client.filed_files(execution_id=entry.execution)))

    def _compare_one(self, entry: Entry, execution: Any, filed: list[Any]) -> None:
        wrong, name = self.ledger.wrong, entry.execution
        if execution.status != "completed":
            wrong.append(f"{name} is {execution.status}")
        elif not entry.began <= execution.started_at <= execution.ended_at <= entry.ended:
            recorded = f"{execution.started_at} to {execution.ended_at}"
            wrong.append(f"{name} was {recorded}, not {entry.began} to {entry.ended}")
        paths = [file.relative_path for file in sorted(filed, key=lambda file: file.filed_at)]
        if sorted(paths) != sorted(entry.files):
            wrong.append(f"{name} has {len(paths)} files instead of {len(entry.files)}")
        elif [path.split("-")[-2] for path in paths] != [path.split("-")[-2] for path in entry.files]:
            wrong.append(f"the files of {name} came in the order {paths}")


def main() -> None:
    """Record a night through the proxy, print the ledger; the exit status is 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("api_url")
    parser.add_argument("token")
    parser.add_argument("--observations", type=int, default=60)
    parser.add_argument("--obs-unit", default="Orion-KL_CHAI_CO76")
    parser.add_argument("--module", default="chai-lfa")
    parser.add_argument("--source-location", default="ccat.chai-raw-data")
    given = parser.parse_args()
    instrument = Instrument(given.obs_unit, given.module, given.source_location)
    with tempfile.TemporaryDirectory() as folder:
        night = Night(given.api_url, given.token, instrument, every_lie(range(100, 600)), Path(folder))
        ledger = night.record(given.observations)
    print("\n".join(["told:", *ledger.told, *ledger.lines()]))
    sys.exit(1 if ledger.wrong else 0)


if __name__ == "__main__":
    main()
