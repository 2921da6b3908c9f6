"""``make bench``: every benchmark in turn; tables on the terminal, figures in build/bench/*.json."""

import subprocess
import sys
from pathlib import Path

NAMES = (
    "packaging",
    "pipeline",
    "storing",
    "filing",
    "wal",
    "recording",
    "replaying",
    "listing",
    "planning",
    "changing",
    "upgrading",
)


def main() -> int:
    """Run each benchmark as its own process, so that none warms up another; return how many failed."""
    folder = Path(__file__).parent
    failed = 0
    for name in sys.argv[1:] or NAMES:
        print(f"== {name}", flush=True)
        failed += subprocess.run([sys.executable, folder / f"{name}.py"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
