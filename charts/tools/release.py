"""Whether the checkout can be released: ``python -m charts.tools.release``, or ``make release-check``.

- Versions agree: a package's, its chart's ``appVersion``, those of dependencies, and the tag of the images.
- Every changelog has an entry for its version; what has changed since the last release has a new version.
- Nothing that the last release took is refused: fields of custom resources within a version of their API,
  values of a chart within a version that promises it (semantic versioning; before 1.0 the minor version).
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from charts.tools.compatibility import narrowings

ROOT = Path(__file__).parents[2]
OPERATOR = "operator"
DEFINITIONS = "charts/ccat-crds/crds"
PACKAGE_OF_CHART = {
    "ops-db-api": "packages/ops-db-api",
    "ops-db-ui": "packages/ops-db-ui",
    "data-transfer": "packages/data-transfer",
    "ccat-operator": OPERATOR,
    "ccat-crds": OPERATOR,
    "dev-services": "packages/dev-stack",
    "data-center": ".",
}


METADATA = ("pyproject.toml", "package.json")
"""Files in which a package says its version: of Python, of the web interface."""


def _version(name: str, text: str) -> str:
    if name.endswith(".json"):
        return str(json.loads(text)["version"])
    return str(tomllib.loads(text)["project"]["version"])


@dataclass(frozen=True)
class Checkout:
    """A working tree of git."""

    root: Path

    def packages(self) -> list[str]:
        """Return the folders of the packages."""
        paths = [
            path
            for name in METADATA
            for path in (*self.root.glob(f"packages/*/{name}"), *self.root.glob(f"{OPERATOR}/{name}"))
        ]
        return sorted(str(path.parent.relative_to(self.root)) for path in paths)

    def charts(self) -> dict[str, Any]:
        """Return what the charts say of themselves, by name."""
        return {
            path.parent.name: yaml.safe_load(path.read_text())
            for path in sorted(self.root.glob("charts/*/Chart.yaml"))
        }

    def version(self, package: str) -> str:
        """Return the version of a package."""
        return _version(*next(self._metadata(package)))

    def version_at(self, tag: str, package: str) -> str | None:
        """Return the version of a package as it was released, or None."""
        texts = ((name, self.at(tag, f"{package}/{name}")) for name in METADATA)
        return next((_version(name, text) for name, text in texts if text is not None), None)

    def _metadata(self, package: str) -> Iterator[tuple[str, str]]:
        for name in METADATA:
            file = self.root / package / name
            if file.exists():
                yield name, file.read_text()

    def last_release(self) -> str | None:
        """Return the newest tag before this commit, or None."""
        done = self._git("describe", "--tags", "--abbrev=0", "--match", "v*")
        return done.stdout.strip() if done.returncode == 0 else None

    def at(self, tag: str, path: str) -> str | None:
        """Return a file as it was released, or None."""
        done = self._git("show", f"{tag}:{path}")
        return done.stdout if done.returncode == 0 else None

    def files_at(self, tag: str, folder: str) -> list[str]:
        """Return the files of a folder as it was released."""
        return self._git("ls-tree", "--name-only", tag, f"{folder}/").stdout.split()

    def changed_since(self, tag: str, path: str) -> bool:
        """Tell whether anything below a path is different from what was released."""
        return self._git("diff", "--quiet", tag, "--", path).returncode != 0

    def _git(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, text=True, check=False)


def problems(checkout: Checkout) -> list[str]:
    """Return what stands in the way of a release, for people."""
    found = [*_versions(checkout), *_changelogs(checkout)]
    tag = checkout.last_release()
    if tag is not None:
        found += [*_same_versions(checkout, tag), *_definitions(checkout, tag), *_values(checkout, tag)]
    return found


def _versions(checkout: Checkout) -> Iterator[str]:
    charts = checkout.charts()
    for chart, document in charts.items():
        package = PACKAGE_OF_CHART.get(chart)
        if package is not None and str(document["appVersion"]) != checkout.version(package):
            yield (
                f"charts/{chart}: appVersion is {document['appVersion']},"
                f" but {'the root' if package == '.' else package} is at {checkout.version(package)}"
            )
        for dependency in document.get("dependencies", []):
            actual = charts[dependency["name"]]["version"]
            if dependency["version"] != actual:
                wanted = f"{dependency['name']} {dependency['version']}"
                yield f"charts/{chart}: wants {wanted}, but that is at {actual}"
    makefile = checkout.root / "Makefile"
    tag = (
        re.search(r"^IMAGE_TAG\s*\?=\s*([\w.+-]+)$", makefile.read_text(), re.MULTILINE)
        if makefile.exists()
        else None
    )
    if tag is not None and tag[1] != checkout.version("."):
        yield f"Makefile: IMAGE_TAG is {tag[1]}, but the root is at {checkout.version('.')}"


def _changelogs(checkout: Checkout) -> Iterator[str]:
    versions = {package: checkout.version(package) for package in checkout.packages()}
    umbrella = checkout.charts().get("data-center")
    if umbrella is not None:
        versions["charts"] = str(umbrella["version"])
    for folder, version in versions.items():
        file = checkout.root / folder / "CHANGELOG.md"
        if not file.exists():
            yield f"{folder}: has no CHANGELOG.md"
        elif not re.search(rf"^## {re.escape(version)}\b[^\n]*\n\s*\n?- ", file.read_text(), re.MULTILINE):
            yield f"{folder}/CHANGELOG.md: has no entry for {version}"


def _same_versions(checkout: Checkout, tag: str) -> Iterator[str]:
    for package in checkout.packages():
        before = checkout.version_at(tag, package)
        if (
            before is not None
            and checkout.changed_since(tag, package)
            and before == checkout.version(package)
        ):
            yield f"{package}: has changed since {tag} and has still the version {checkout.version(package)}"
    for chart, document in checkout.charts().items():
        before = checkout.at(tag, f"charts/{chart}/Chart.yaml")
        if before is None or not checkout.changed_since(tag, f"charts/{chart}"):
            continue
        if yaml.safe_load(before)["version"] == document["version"]:
            yield f"charts/{chart}: has changed since {tag} and has still the version {document['version']}"


def _definitions(checkout: Checkout, tag: str) -> Iterator[str]:
    for path in checkout.files_at(tag, DEFINITIONS):
        before = checkout.at(tag, path)
        file = checkout.root / path
        if before is None or not file.exists():
            yield f"{path}: the definition is gone, but resources of it may exist"
            continue
        now = {version["name"]: version for version in yaml.safe_load(file.read_text())["spec"]["versions"]}
        for version in yaml.safe_load(before)["spec"]["versions"]:
            if not version["served"]:
                continue
            if not now.get(version["name"], {"served": False})["served"]:
                yield f"{path}: {version['name']} is not served any more; serve it for one more release"
                continue
            schemas = [entry["schema"]["openAPIV3Schema"] for entry in (version, now[version["name"]])]
            yield from (f"{path} {version['name']}: {line}" for line in narrowings(*schemas))


def _values(checkout: Checkout, tag: str) -> Iterator[str]:
    for chart, document in checkout.charts().items():
        path = f"charts/{chart}/values.schema.json"
        before, chart_before = checkout.at(tag, path), checkout.at(tag, f"charts/{chart}/Chart.yaml")
        if before is None or chart_before is None:
            continue
        if _promise(str(yaml.safe_load(chart_before)["version"])) != _promise(str(document["version"])):
            continue
        now = json.loads((checkout.root / path).read_text())
        for line in narrowings(json.loads(before), now):
            yield f"{path}: {line}; raise the version, or go on taking it"


def _promise(version: str) -> tuple[str, ...]:
    """Return the part of a version within which nothing may break: the first number that is not zero."""
    major, minor, *_ = version.split(".")
    return (major,) if major != "0" else (major, minor)


def main() -> None:
    """Print what stands in the way of a release, and end with status 1 if anything does."""
    checkout = Checkout(ROOT)
    found = problems(checkout)
    for line in found:
        sys.stderr.write(f"release-check: {line}\n")
    if found:
        sys.exit(1)
    tag = checkout.last_release()
    compared = f"compared with {tag}" if tag else "no release yet to compare with"
    sys.stdout.write(f"release-check: versions, changelogs, custom resources and values agree ({compared})\n")


if __name__ == "__main__":
    main()
