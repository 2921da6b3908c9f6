"""Commands in processes of their own that need not import anything: for tests that run them many times.

A server that has imported the command forks for each call. What runs is a process as any other, with its own
environment, output and exit status; only the second in which Python imports is saved. That a command is
installed, and what it does with signals, is for tests that run the program itself.
"""

import atexit
import gc
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn

LIMIT_SECONDS = 300.0


@dataclass(frozen=True)
class Ended:
    """How a command ended; a negative status is the signal that killed it."""

    status: int
    out_bytes: bytes
    err_bytes: bytes

    @property
    def out(self) -> str:
        """What it wrote to its output."""
        return self.out_bytes.decode("utf-8", "replace")

    @property
    def err(self) -> str:
        """What it wrote to its output of errors."""
        return self.err_bytes.decode("utf-8", "replace")


def run_preloaded(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path | None = None,
    limit_seconds: float = LIMIT_SECONDS,
    start: Mapping[str, str] | None = None,
) -> Ended:
    """Run the function ``main`` of a module as a command, to its end; one at a time.

    Parameters
    ----------
    module
        Imported at the first call, for all.
    arguments
        Name of the command and what follows it.
    environment
        The whole environment of the command.
    folder
        Its working folder; without one that of the tests.
    start
        The environment that Python starts with, where more than its values counts: the locale decides how
        Python takes arguments and writes. Without one that of the tests.

    Raises
    ------
    TimeoutError
        It did not end in time, and was killed.
    """
    with tempfile.TemporaryDirectory() as outputs:
        out, err = Path(outputs, "out"), Path(outputs, "err")
        out.touch()
        err.touch()
        where = str(folder or Path.cwd())
        call = _Call(list(arguments), dict(environment), where, str(out), str(err), limit_seconds)
        status = _server(module, None if start is None else tuple(sorted(start.items()))).answer(call)
        if status is None:
            said = err.read_text("utf-8", "replace")
            raise TimeoutError(f"{' '.join(arguments)}: not within {limit_seconds:g} s; {said}")
        return Ended(status, out.read_bytes(), err.read_bytes())


@dataclass(frozen=True)
class _Call:
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    out: str
    err: str
    limit_seconds: float


class _Server:
    """The process that forks; it ends when its input does, with us."""

    def __init__(self, module: str, start: tuple[tuple[str, str], ...] | None) -> None:
        self._lock = threading.Lock()
        command = [sys.executable, "-c", f"from {__name__} import serve; serve({module!r})"]
        self._process = subprocess.Popen(
            command,
            env=None if start is None else dict(start),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answer(self, call: _Call) -> int | None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(asdict(call)) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server of preloaded commands ended with {self._process.wait()}")
        status: int | None = json.loads(line)
        return status

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@cache
def _server(module: str, start: tuple[tuple[str, str], ...] | None) -> _Server:
    server = _Server(module, start)
    atexit.register(server.end)
    return server


def serve(module: str) -> None:
    """Do what each line of the input says; answer with its exit status, or null if it took too long."""
    gc.disable()
    main: Callable[[], None] = import_module(module).main
    # No child has to look through it for garbage.
    gc.freeze()
    gc.enable()
    for line in sys.stdin:
        call = _Call(**json.loads(line))
        child = os.fork()
        if child == 0:
            _be(main, call)
        print(json.dumps(_status_of(child, call.limit_seconds)), flush=True)


def _status_of(child: int, limit_seconds: float) -> int | None:
    descriptor = os.pidfd_open(child)
    ended, _, _ = select.select([descriptor], [], [], limit_seconds)
    os.close(descriptor)
    if not ended:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) if ended else None


def _be(main: Callable[[], None], call: _Call) -> NoReturn:
    for path, flags, descriptor in (
        (os.devnull, os.O_RDONLY, 0),
        (call.out, os.O_WRONLY | os.O_TRUNC, 1),
        (call.err, os.O_WRONLY | os.O_TRUNC, 2),
    ):
        opened = os.open(path, flags)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update({name: _here(value) for name, value in call.environment.items()})
    os.chdir(_here(call.folder))
    sys.argv = [_here(argument) for argument in call.arguments]
    status = 0
    try:
        main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _here(text: str) -> str:
    """Return a text of the tests' as Python takes its bytes under the locale of this process."""
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))
