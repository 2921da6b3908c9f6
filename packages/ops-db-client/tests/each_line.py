"""One party is killed or stopped at a line of the client while others go on; prints what came of it.

A party is a process: the background, ``ccat spool replay``, a client. It is traced through all modules of the
package, so no new one can be forgotten. A point is a line that ran, at its first time, or its last. After the
fault others record and replay to their end; one that was stopped goes on after them. Then what waits is
sent, and what the instrument was told is for `test_each_line` to compare with what the API has.

With the settings of the client in the environment, in ``packages/ops-db-client``:

    python -m tests.each_line OBS_UNIT MODULE LOCATION FOLDER POINTS SHARE SHARES

So many POINTS of each party and fault are chosen by chance, always the same; 0: all. One of SHARES processes
does each so manieth. What came of each is a line of JSON.
"""

import gc
import json
import os
import random
import signal
import sqlite3
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any
from uuid import UUID

import ccat_ops_db_client
from ccat_ops_db_client import Client, NewFile, recorder, spool_away, spool_lanes, spool_lease
from ccat_ops_db_client.background import replay_until_empty
from ccat_ops_db_client.commands.main import application, main
from ccat_ops_db_client.errors import CcatError
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.recorder import Recorder
from ccat_ops_db_client.settings import load_settings
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_file import NAME
from ccat_ops_db_client.spool_listing import counts

PACKAGE_NAME = ccat_ops_db_client.__name__
PACKAGE = f"{Path(ccat_ops_db_client.__file__).parent}/"
SEED = 7
LIMIT_SECONDS = 60
"""Who takes longer waits for ever."""

SHORT = 0.2
"""Pauses and patience of the parties, in seconds: at many points they are waited for."""

KEEPS_STATE = ("spool", "recorder", "replay", "background")

Point = tuple[str, int, int]
"""A line: file below the package, number, and how manieth time it runs."""


@dataclass(frozen=True)
class Instrument:
    """What an instrument says of itself when it records."""

    obs_unit: str
    module: str
    location: str
    folder: Path


@dataclass
class Observation:
    """An execution with its files, and what of it was acknowledged: ``start``, paths, ``finish``."""

    execution: str
    files: list[str]
    acknowledged: list[str] = field(default_factory=list)


_IS_STOPPED = -1
_RAN = "ran.json"

Tell = Callable[[str], object]
Act = Callable[[Instrument, Observation, Tell], int | None]


@dataclass(frozen=True)
class Party:
    """What runs in a process, and in which spool it begins.

    Attributes
    ----------
    act : callable
        What it does.
    records : bool
        Whether it records; then all that it asks for is acknowledged, unless it is killed.
    state : str
        ``there``, ``away``: the API counts as away; ``held``: another process has the file of the spool;
        ``older``: an older version wrote it; ``refused``: the API refuses lines of what waits.
    """

    act: Act
    records: bool = True
    state: str = "there"


def send_in_background(instrument: Instrument, observation: Observation, tell: Tell) -> None:
    """Be the process that ``ccat`` leaves behind."""
    with suppress(CcatError):
        replay_until_empty(load_settings())


def spool_replay(instrument: Instrument, observation: Observation, tell: Tell) -> int:
    """Be ``ccat spool replay``."""
    return command("spool", "replay")


def commands(instrument: Instrument, observation: Observation, tell: Tell) -> None:
    """Record by commands."""
    execution, module = observation.execution, ("--module", instrument.module)
    assert command("obs", "start", "--id", execution, "--obs-unit", instrument.obs_unit, *module) == 0
    tell("start")
    for name in observation.files:
        path = instrument.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
        assert command("file", "--execution", execution, *module, str(path)) == 0
        tell(name)
    assert command("obs", "finish", execution) == 0
    tell("finish")


def library(instrument: Instrument, observation: Observation, tell: Tell) -> None:
    """Record by a program, in which a thread sends what waits."""
    with Client(load_settings()) as client:
        record(Recorder(client), instrument, observation, tell)


def record(
    opened: Recorder, instrument: Instrument, observation: Observation, tell: Tell, *refused: str
) -> None:
    """Record an observation; with each file goes one that the API refuses, as long as there are such."""
    execution, wrong = UUID(observation.execution), list(refused)
    opened.start(instrument.obs_unit, [instrument.module], execution_id=execution)
    tell("start")
    for name in observation.files:
        files = [file_of(instrument, execution, name)]
        if wrong:
            nobodys = replace(instrument, module="no-module")
            files.append(file_of(nobodys, execution, f"{execution}/{wrong.pop(0)}"))
        opened.file(files)
        tell(name)
    opened.finish(execution, "completed")
    tell("finish")


PARTIES = {
    "background": Party(send_in_background, records=False),
    "ccat spool replay": Party(spool_replay, records=False),
    "commands": Party(commands),
    "library": Party(library),
    "commands, API away": Party(commands, state="away"),
    "library, spool held": Party(library, state="held"),
    "library, older spool": Party(library, state="older"),
    "replay, older spool": Party(spool_replay, records=False, state="older"),
    "replay, refused lines": Party(spool_replay, records=False, state="refused"),
    "background, refused lines": Party(send_in_background, records=False, state="refused"),
}
REFUSED = ("refused 0", "refused 1")
"""Names of files that the API refuses, in state ``refused``: of a module that it does not know."""

OTHERS = ("background", "ccat spool replay", "library")
AT_ONCE = ("background", "ccat spool replay", "commands", "library")


class Case:
    """A spool in which something waits, and what is recorded by way of it.

    Parameters
    ----------
    what : str
        What is tried.
    instrument : Instrument
        Who records.
    folder : Path
        That of the spool.
    state : str
        See `Party`.
    """

    def __init__(self, what: str, instrument: Instrument, folder: Path, state: str) -> None:
        self.what, self.instrument, self.folder = what, instrument, folder
        self.observations: list[Observation] = []
        self.wrong: list[str] = []
        self.longest_seconds = 0.0
        self._state = state
        self._holder: Holder | None = None
        # By a process that ends without closing: what it wrote is in the log only.
        self.end(self.begin(Party(self._fill), self.new()))
        if state == "held":
            self._holder = Holder(folder / NAME)

    def new(self) -> Observation:
        """Return a new observation, of two files."""
        execution = str(new_id())
        self.observations.append(Observation(execution, [f"{execution}/{number}.fits" for number in (0, 1)]))
        return self.observations[-1]

    def begin(self, party: Party, observation: Observation, trace: "Trace | None" = None) -> "Running":
        """Let a party begin."""
        return Running(self, party, observation, trace)

    def end(self, running: "Running", until: int = 0) -> int:
        """Wait until a party has ended, or with `WUNTRACED` is stopped; return its status."""
        begin = time.monotonic()
        try:
            status = running.wait(until)
        except TimeoutError:
            self.wrong.append(f"one waits for ever: {running.said()}")
            return 1
        self.longest_seconds = max(self.longest_seconds, time.monotonic() - begin)
        if running.party.records and status > 0:
            self.wrong.append(f"one that records ended with {status}: {running.said()}")
        return status

    def let_go(self) -> None:
        """Give up the file that another process had."""
        if self._holder is not None:
            self._holder.let_go()
            self._holder = None

    def another_goes_on(self, chance: random.Random) -> None:
        """Let another party run to its end."""
        # Nobody hurries the background while the API counts as away.
        others = [name for name in OTHERS if name != "background" or self._state != "away"]
        self.end(self.begin(PARTIES[chance.choice(others)], self.new()))

    def send_the_rest(self) -> None:
        """Send all that waits; nothing may be left."""
        for _ in range(3):
            running = self.begin(PARTIES["ccat spool replay"], self.observations[0])
            if self.end(running) == 0:
                break
        else:
            self.wrong.append(f"not everything was sent: {running.said()}")
        spool = Spool(self.folder)
        refused = sorted(path_of(line) for each in spool.refused() for line in each.body.splitlines())
        expected = [f"{self.observations[0].execution}/{name}" for name in REFUSED]
        if spool.waiting() or refused != (expected if self._state == "refused" else []):
            self.wrong.append(f"{counts(spool)} in the spool, {refused} refused: {running.said()}")

    def result(self) -> dict[str, object]:
        """Return what came of it, for JSON."""
        return {
            "what": self.what,
            "wrong": self.wrong,
            "seconds": round(self.longest_seconds, 1),
            "observations": [asdict(each) for each in self.observations],
        }

    def _fill(self, instrument: Instrument, observation: Observation, tell: Tell) -> None:
        settings = load_settings()
        with Client(settings) as client:
            opened = Recorder(client)
            opened.spool.mark_away(settings.api_url, "silence", retry_after=LIMIT_SECONDS)
            record(opened, instrument, observation, tell, *(REFUSED if self._state == "refused" else ()))
            (late,) = [each for each in opened.spool.waiting() if each.path.endswith(":finish")]
            opened.spool.remove(late.sequence)
            opened.spool.append_beside(late)
            with closing(sqlite3.connect(self.folder / NAME, isolation_level=None)) as database:
                if self._state != "away":
                    database.execute("DELETE FROM away")
                if self._state == "older":
                    database.execute("PRAGMA user_version = 1")
            os._exit(0)


class Holder:
    """A process that has the file of a spool, until it is told to let it go.

    It is not this one: whoever is forked with an open database takes its locks and its view for his own.
    """

    def __init__(self, path: Path) -> None:
        holds, says_holds = os.pipe()
        told, self._tell = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._tell)
            try:
                with closing(sqlite3.connect(path, isolation_level=None)) as database:
                    database.execute("BEGIN EXCLUSIVE")
                    os.write(says_holds, b".")
                    os.read(told, 1)
            finally:
                os._exit(0)
        os.close(told)
        os.close(says_holds)
        if os.read(holds, 1) == b"":
            raise AssertionError("the file of the spool could not be had")
        os.close(holds)

    def let_go(self) -> None:
        """Let it go, and wait until that is done."""
        os.write(self._tell, b".")
        os.close(self._tell)
        os.waitpid(self._pid, 0)


class Running:
    """A party that runs in a process of its own."""

    def __init__(self, case: Case, party: Party, observation: Observation, trace: "Trace | None") -> None:
        self.party = party
        self._observation = observation
        self._status: int | None = None
        self._told, told = os.pipe()
        self._heard = b""
        self._pid = os.fork()
        if self._pid == 0:
            _be(case, party, observation, told, trace)
        os.close(told)

    def wait(self, until: int = 0) -> int:
        """Wait for the end, or with `WUNTRACED` until it is stopped; return the status."""
        with _limited():
            try:
                _, status = os.waitpid(self._pid, until)
            except TimeoutError:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                self._hear()
                raise
        if os.WIFSTOPPED(status):
            return _IS_STOPPED
        self._hear()
        if os.WIFSIGNALED(status):
            # Only those of us that are to die; what they had acknowledged counts.
            return 0 if os.WTERMSIG(status) == signal.SIGKILL else 128 + os.WTERMSIG(status)
        return os.WEXITSTATUS(status)

    def go_on(self) -> None:
        """Let one that was stopped go on."""
        os.kill(self._pid, signal.SIGCONT)

    def said(self) -> str:
        """Return what went wrong in its own words."""
        return self._heard.decode(errors="replace").strip()

    def _hear(self) -> None:
        with open(self._told, "rb") as stream:
            for line in stream:
                if line.startswith(b"told "):
                    self._observation.acknowledged.append(line[5:-1].decode())
                else:
                    self._heard += line


class Trace:
    """Counts the lines of the package that run, and does something at one of them."""

    def __init__(self, point: Point | None = None, fault: signal.Signals = signal.SIGKILL) -> None:
        self.ran: Counter[tuple[str, int]] = Counter()
        self.point, self._fault = point, fault
        # To look at lines takes most of the time: with a point, at those of its file only.
        self._traced = PACKAGE if point is None else PACKAGE + point[0]

    def begin(self) -> None:
        """Trace this thread and those that it begins."""
        threading.settrace(self._trace)
        sys.settrace(self._trace)

    def _trace(self, frame: FrameType, event: str, argument: object) -> Any:
        path = frame.f_code.co_filename
        if not path.startswith(self._traced):
            return None
        if event == "line":
            line = (path.removeprefix(PACKAGE), frame.f_lineno)
            self.ran[line] += 1
            if self.point == (*line, self.ran[line]):
                os.kill(os.getpid(), self._fault)
        return self._trace


def command(*arguments: str) -> int:
    """Run ``ccat`` in this process; return its status."""
    sys.argv = ["ccat", *arguments]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _be(case: Case, party: Party, observation: Observation, told: int, trace: Trace | None) -> None:
    """Be a party, in a process that was forked for it."""
    status = 1
    try:
        os.environ["CCAT_SPOOL_FOLDER"] = str(case.folder)
        os.environ["CCAT_REPLAY_IN_BACKGROUND"] = str(party.act is library)
        os.dup2(told, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if trace is not None:
            trace.begin()
        status = party.act(case.instrument, observation, lambda what: _tell(told, what)) or 0
    except BaseException:
        os.write(2, traceback.format_exc().encode())
    finally:
        sys.settrace(None)
        if trace is not None and trace.point is None:
            ran = [[*line, count] for line, count in trace.ran.items()]
            case.folder.with_name(_RAN).write_text(json.dumps({"lines": ran, "imported": list(sys.modules)}))
        os._exit(status)


def _tell(told: int, what: str) -> None:
    os.write(told, f"told {what}\n".encode())


def lines_of(name: str, instrument: Instrument) -> list[Point]:
    """Return the lines that a party runs, each at its first and last time."""
    with _case(f"{name}, undisturbed", instrument, PARTIES[name].state) as case:
        running = case.begin(PARTIES[name], case.new(), Trace())
        assert case.end(running) == 0 or not PARTIES[name].records, running.said()
        ran = json.loads(case.folder.with_name(_RAN).read_text())
    _import_once(ran["imported"])
    return sorted({(file, line, time) for file, line, count in ran["lines"] for time in _times(file, count)})


def _import_once(names: list[str]) -> None:
    """Import for all parties to come what one imported, but for our own: its lines are points."""
    for name in names:
        if not name.startswith((PACKAGE_NAME, "tests", "__")):
            import_module(name)


def _times(file: str, count: int) -> tuple[int, ...]:
    """Return at which times a line is a point; what is done with the spool differs from first to last."""
    return (1, count) if file.startswith(KEEPS_STATE) else (1,)


def disturbed(name: str, point: Point, fault: signal.Signals, instrument: Instrument) -> Case:
    """Let a party be killed or stopped at a point, and others go on."""
    chance = random.Random(f"{name} {point} {fault}")
    with _case(f"{name}: {fault.name} at {point}", instrument, PARTIES[name].state) as case:
        victim = case.begin(PARTIES[name], case.new(), Trace(point, fault))
        status = case.end(victim, os.WUNTRACED)
        case.let_go()
        case.another_goes_on(chance)
        if status == _IS_STOPPED:
            victim.go_on()
            case.end(victim)
        case.send_the_rest()
    return case


def both_disturbed(points: dict[str, list[Point]], seed: int, instrument: Instrument) -> Case:
    """Let two parties that run at once be killed or stopped, each at a point, while a third goes on."""
    chance = random.Random(seed)
    plan = [
        (name, chance.choice(points[name]), chance.choice([signal.SIGKILL, signal.SIGSTOP]))
        for name in chance.choices(AT_ONCE, k=2)
    ]
    what = " and ".join(f"{name}: {fault.name} at {point}" for name, point, fault in plan)
    with _case(what, instrument, "there") as case:
        both = [case.begin(PARTIES[name], case.new(), Trace(point, fault)) for name, point, fault in plan]
        stopped = [each for each in both if case.end(each, os.WUNTRACED) == _IS_STOPPED]
        case.another_goes_on(chance)
        chance.shuffle(stopped)
        for each in stopped:
            each.go_on()
        for each in stopped:
            case.end(each)
        case.send_the_rest()
    return case


def in_haste() -> None:
    """Shorten what the parties wait for; they are forked from this process."""
    spool_away.FIRST_PAUSE = spool_lanes.FIRST_HOLD = spool_lease.LEASE_SECONDS = recorder.PATIENCE = SHORT
    Spool.__init__.__defaults__ = (time.time, SHORT)


@contextmanager
def _case(what: str, instrument: Instrument, state: str) -> Iterator[Case]:
    # In memory where that is possible: what a killed process wrote is there without any sync.
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        case = Case(what, instrument, Path(folder) / "spool", state)
        try:
            yield case
        finally:
            case.let_go()


@contextmanager
def _limited() -> Iterator[None]:
    def end(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(LIMIT_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def path_of(line: bytes) -> str:
    return str(json.loads(line).get("relative_path"))


def file_of(instrument: Instrument, execution: UUID, name: str) -> NewFile:
    return NewFile(
        id=new_id(),
        execution_id=execution,
        module=instrument.module,
        relative_path=name,
        size=0,
        checksum="md5:d41d8cd98f00b204e9800998ecf8427e",
        source_location=instrument.location,
    )


def run(instrument: Instrument, count: int, share: int, shares: int) -> Iterator[dict[str, object]]:
    """Try points of each party and fault, or all; yield which lines there are, then what came of each."""
    in_haste()
    # Imported once, for all.
    application()
    points = {name: lines_of(name, instrument) for name in PARTIES}
    # No party has to look through it for garbage.
    gc.freeze()
    yield {name: sorted({f"{file}:{line}" for file, line, _ in found}) for name, found in points.items()}
    chance = random.Random(SEED)
    single = [
        (name, point, fault)
        for name in PARTIES
        for fault in (signal.SIGKILL, signal.SIGSTOP)
        for point in chance.sample(points[name], count or len(points[name]))
    ]
    chance.shuffle(single)
    for number in range(share, len(single), shares):
        yield disturbed(*single[number], instrument).result()
        if number % 5 == 0:
            yield both_disturbed(points, number, instrument).result()


if __name__ == "__main__":
    obs_unit, module, location, folder, *numbers = sys.argv[1:]
    for line in run(Instrument(obs_unit, module, location, Path(folder)), *map(int, numbers)):
        print(json.dumps(line), flush=True)
