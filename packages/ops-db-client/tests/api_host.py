"""The real API, imported once: each line of the input starts it in a new process, or kills it.

    python -m tests.api_host PORT

``start`` and ``kill`` are answered by a line when they are done; the end of the input kills it, too.
"""

import gc
import os
import signal
import sys

import uvicorn


def main(port: str) -> None:
    """Do line after line."""
    gc.disable()
    # It reads its settings when it is imported, and then it has no threads and no connections.
    from ccat_ops_db_api.main import app

    config = uvicorn.Config(app, host="127.0.0.1", port=int(port), log_level="warning")
    child = 0
    for line in sys.stdin:
        if line == "start\n":
            child = os.fork()
            if child == 0:
                os.close(0)
                # What it logs: nobody reads our output but for a line after each command.
                os.dup2(2, 1)
                uvicorn.Server(config).run()
                os._exit(1)
        else:
            _kill(child)
        print("done", flush=True)
    _kill(child)


def _kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1])
