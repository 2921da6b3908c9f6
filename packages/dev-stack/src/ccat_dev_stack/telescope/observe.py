"""Observing: choose an obs unit, start it, write and file its files, finish it, and so on for ever."""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import xxhash

from ccat_dev_stack.stack.installation import write_private
from ccat_dev_stack.telescope.fits import Piece, file_bytes
from ccat_dev_stack.telescope.plan import Module, ObsUnitPlan
from ccat_dev_stack.telescope.sky import LOWEST_ELEVATION, elevation_of, water_vapour
from ccat_ops_db.clock import Clock
from ccat_ops_db_client import ApiError, NewFile
from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.recorder import Recorder

_EXECUTION_SECONDS = 60.0
_PIECE_SECONDS = 10.0
_LARGEST_FILE_BYTES = 64_000_000
_SMALLEST_FILE_BYTES = 100_000
_DISK_RESERVE_BYTES = 5_000_000_000


@dataclass
class _Progress:
    """What has to be known after a crash.

    Parameters
    ----------
    number
        Executions so far.
    running
        Execution that was started and not finished, or empty.
    """

    number: int = 0
    running: str = ""


class Observer:
    """Observes obs units one after another at a data rate.

    Parameters
    ----------
    recorder
        Takes what instruments record, whether the API is there or not.
    plans
        What can be observed.
    rate
        Bytes per second, of all modules together.
    state_file
        Keeps what runs, so that the next start can finish it.
    seed
        Decides choice and noise.
    """

    def __init__(
        self,
        recorder: Recorder,
        plans: Sequence[ObsUnitPlan],
        rate: float,
        *,
        state_file: Path,
        clock: Clock,
        seed: int = 280,
    ) -> None:
        self._recorder = recorder
        self._plans = plans
        self._rate = rate
        self._state_file = state_file
        self._clock = clock
        self._seed = seed
        self._progress = self._read_progress()

    def observe_for_ever(self) -> None:
        """Execute obs units without an end."""
        self.finish_what_was_left()
        while True:
            if self._disk_is_full():
                _say("the disk is nearly full: waiting for room")
                time.sleep(_PIECE_SECONDS)
                continue
            self.execute(self.choose(), _EXECUTION_SECONDS)
            replay = self._recorder.replay()
            if replay.sent or replay.waiting:
                _say(f"sent {replay.sent} requests that had to wait, {replay.waiting} still wait")

    def finish_what_was_left(self) -> None:
        """Abort the execution that was started and not finished, by this process or an earlier one."""
        if self._progress.running:
            # The API may never have heard of it, or of its end already.
            with contextlib.suppress(ApiError):
                self._recorder.finish(UUID(self._progress.running), "aborted", comment="telescope stopped")
            _say(f"aborted {self._progress.running}, which was left running")
            self._write_progress("")

    def choose(self) -> ObsUnitPlan:
        """Return an obs unit that is up now; decided by the seed and the number of executions."""
        now = self._clock.utc_now()
        up = [plan for plan in self._plans if elevation_of(plan, now) >= LOWEST_ELEVATION]
        generator = np.random.default_rng([self._seed, self._progress.number])
        candidates = up or list(self._plans)
        return candidates[int(generator.integers(len(candidates)))]

    def execute(self, plan: ObsUnitPlan, seconds: float) -> UUID:
        """Execute an obs unit; return the execution's id."""
        execution = new_id()
        start = self._clock.utc_now()
        self._progress.number += 1
        self._write_progress(str(execution))
        modules = [module.name for module in plan.modules]
        self._recorder.start(plan.name, modules, started_at=start, execution_id=execution)
        _say(f"{plan.name}: started {execution} with {', '.join(modules)}")
        begin = self._clock.monotonic()
        length = self._piece_seconds(len(modules))
        elevations, vapour = [], []
        pieces = max(1, round(seconds / length))
        for number in range(1, pieces + 1):
            phase = (number - 1) * length
            piece = Piece(
                plan=plan,
                execution=str(execution),
                number=number,
                start=start + timedelta(seconds=phase),
                phase=phase,
                seconds=length,
                pwv=water_vapour(self._seed, start + timedelta(seconds=phase)),
                seed=self._seed + self._progress.number,
            )
            self._wait_until(begin + number * length)
            self._write_and_file(piece, execution)
            elevations.append(elevation_of(plan, piece.start))
            vapour.append(piece.pwv)
        self._recorder.finish(
            execution,
            "completed",
            ended_at=start + timedelta(seconds=pieces * length),
            mean_pwv=round(sum(vapour) / len(vapour), 3),
            elevation_min=round(min(elevations), 3),
            elevation_max=round(max(elevations), 3),
        )
        self._write_progress("")
        _say(f"{plan.name}: finished {execution}, {pieces * len(modules)} files")
        return execution

    def _write_and_file(self, piece: Piece, execution: UUID) -> None:
        size = max(_SMALLEST_FILE_BYTES, int(self._rate * piece.seconds / len(piece.plan.modules)))
        self._recorder.file([self._write(piece, module, execution, size) for module in piece.plan.modules])

    def _write(self, piece: Piece, module: Module, execution: UUID, size: int) -> NewFile:
        content = file_bytes(piece, module, size)
        folder = f"{piece.start:%Y-%m-%d}/{piece.plan.name}/{execution}/{module.name}"
        relative = f"{folder}/{module.name}-{piece.number:06d}.fits"
        path = piece.plan.source_folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.part")
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        return NewFile(
            id=new_id(),
            execution_id=execution,
            module=module.name,
            relative_path=relative,
            size=len(content),
            checksum=f"xxh3-128:{xxhash.xxh3_128_hexdigest(content)}",
            source_location=piece.plan.source_location,
            file_type="fits",
            written_from=piece.start,
            written_until=piece.start + timedelta(seconds=piece.seconds),
        )

    def _piece_seconds(self, modules: int) -> float:
        """Return how long a file is: shorter where it would become too large, longer where too small."""
        per_module = self._rate / modules
        longest = _LARGEST_FILE_BYTES / per_module
        shortest = _SMALLEST_FILE_BYTES / per_module
        return max(1.0, min(max(_PIECE_SECONDS, shortest), longest, _EXECUTION_SECONDS))

    def _wait_until(self, moment: float) -> None:
        time.sleep(max(0.0, moment - self._clock.monotonic()))

    def _disk_is_full(self) -> bool:
        return shutil.disk_usage(self._state_file.parent).free < _DISK_RESERVE_BYTES

    def _read_progress(self) -> _Progress:
        try:
            return _Progress(**json.loads(self._state_file.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return _Progress()

    def _write_progress(self, running: str) -> None:
        self._progress.running = running
        write_private(self._state_file, json.dumps(asdict(self._progress)))


def _say(text: str) -> None:
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}", flush=True)
