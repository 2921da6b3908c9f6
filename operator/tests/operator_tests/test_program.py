"""The installed program starts without looking for garbage, and runs with it."""

import subprocess
import sys

_RUN = """
import gc, sys
from ccat_operator.program import main
sys.argv[1:] = ["--help"]
try:
    main()
finally:
    print(f"searched for garbage: {gc.isenabled()}")
"""


def test_what_runs_is_searched_for_garbage() -> None:
    done = subprocess.run([sys.executable, "-c", _RUN], capture_output=True, text=True, check=True)
    assert "migrate" in done.stdout
    assert done.stdout.endswith("searched for garbage: True\n")
