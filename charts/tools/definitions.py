"""Copies the operator's definitions into their chart: ``python -m charts.tools.definitions``.

helm reads nothing outside of a chart. A test says when a copy is not the same.
"""

import shutil

from charts.tools.schemas import CHARTS

FROM = CHARTS.parent / "operator" / "src" / "ccat_operator" / "crds"
TO = CHARTS / "ccat-crds" / "crds"


def main() -> None:
    """Copy all."""
    for path in sorted(FROM.glob("*.yaml")):
        shutil.copy(path, TO / path.name)


if __name__ == "__main__":
    main()
