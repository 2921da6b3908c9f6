"""The cluster and the site of a run: made, installed, deleted at the end."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccat_dev_stack.checkout import checkout_folder
from harness.cluster import IMAGES, Cluster, ClusterError, ensure_images, image
from harness.kubernetes import NODE_PORTS, PORTS_OF_A_SITE, Site

NAMESPACE = "ccat-tests"
SITES = 2
"""So many can be in a cluster at the same time."""


@contextmanager
def installed_site(build: Path) -> Iterator[Site]:
    """Make a cluster with a site in it, and delete it at the end, unless ``KEEP=1``."""
    cluster = Cluster(build, os.environ.get("KUBECONFIG"))
    site = Site(cluster, NAMESPACE)
    keep = os.environ.get("KEEP") == "1"
    ensure_images()
    bring_charts(build)
    (build / "numbers.json").unlink(missing_ok=True)
    if not keep:
        cluster.delete()
    try:
        cluster.create(
            [port + number * PORTS_OF_A_SITE for number in range(SITES) for port in NODE_PORTS.values()]
        )
        cluster.load([image(name) for name in IMAGES])
        site.remove()
        site.prepare()
        note(build, "install to all Ready", "s", _install(site))
        yield site
    except BaseException:
        # Whoever looks at the tests that failed saves more; here it may not even have been installed.
        site.save(_artifacts(build, site))
        raise
    finally:
        if keep:
            print(f"kept: KUBECONFIG={cluster.environment['KUBECONFIG']} kubectl -n {NAMESPACE} get pods")
        elif cluster.given:
            site.remove()
        else:
            cluster.delete()


@contextmanager
def another_site(site: Site, name: str) -> Iterator[Site]:
    """Give a site in another namespace of the same cluster, to be installed; in the end it is gone."""
    another = Site(site.cluster, f"{site.namespace}-{name}", number=1)
    another.remove()
    another.prepare()
    try:
        yield another
    except BaseException:
        another.save(_artifacts(site.cluster.build, another))
        raise
    finally:
        another.remove()


def _artifacts(build: Path, site: Site) -> Path:
    return build.parent / "artifacts" / "kind" / site.namespace


def _install(site: Site) -> float:
    begun = time.monotonic()
    site.upgrade()
    site.wait_ready()
    return time.monotonic() - begun


def note(build: Path, what: str, unit: str, value: float) -> None:
    """Note a number that the run prints at its end."""
    file = build / "numbers.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**known, what: f"{round(value, 2):g} {unit}"}, indent=1))


def bring_charts(build: Path) -> None:
    """Take the charts as they are now, each with what it depends on."""
    done = subprocess.run(
        [sys.executable, "-m", "charts.tools.dependencies"],
        cwd=checkout_folder(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ClusterError(done.stderr)
    shutil.rmtree(build / "charts", ignore_errors=True)
    shutil.copytree(
        checkout_folder() / "charts", build / "charts", ignore=shutil.ignore_patterns("__pycache__")
    )
