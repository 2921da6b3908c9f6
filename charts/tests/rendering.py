"""What the tests know of charts: their values files, and what helm makes of them."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

CHARTS = Path(__file__).parents[1]
NAMES = sorted(path.parent.name for path in CHARTS.glob("*/values.yaml"))
EXAMPLES = sorted((CHARTS / "data-center" / "examples").glob("*.yaml"))
NAMESPACE = "observatory"

# A helm that was built from its module takes a very old version for that of the cluster.
FOR_KUBERNETES = ("--kube-version", "1.34.0")

Object = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A chart with a file of values."""

    chart: str
    values: Path

    def __str__(self) -> str:
        return f"{self.chart}-{self.values.stem}"


CASES = [
    Case(chart, CHARTS / chart / "ci" / f"{stem}.yaml")
    for chart in NAMES
    for stem in ("defaults", "every-option")
]
CASES += [Case("data-center", example) for example in EXAMPLES]


@dataclass(frozen=True)
class Outcome:
    """What helm answered."""

    status: int
    output: str
    error: str


def run_helm(*arguments: str) -> Outcome:
    done = subprocess.run(["helm", *arguments], capture_output=True, text=True, check=False)
    return Outcome(done.returncode, done.stdout, done.stderr)


@dataclass
class Renderer:
    """Runs helm on a copy of the charts and remembers what it said."""

    folder: Path
    _renders: dict[tuple[str, ...], Outcome] = field(default_factory=dict)

    def helm(self, *arguments: str) -> Outcome:
        """Run helm; the answer to the same arguments is remembered."""
        if arguments not in self._renders:
            self._renders[arguments] = run_helm(*arguments)
        return self._renders[arguments]

    def template(self, chart: str, *arguments: str) -> Outcome:
        """Render a chart as the release ``data-center``."""
        return self.helm(*self._template(chart, *arguments))

    def template_anew(self, chart: str, *arguments: str) -> Outcome:
        """Render a chart with files that change from one time to the next."""
        return run_helm(*self._template(chart, *arguments))

    def _template(self, chart: str, *arguments: str) -> tuple[str, ...]:
        return (
            "template",
            "data-center",
            str(self.folder / chart),
            "--namespace",
            NAMESPACE,
            "--is-upgrade",
            *FOR_KUBERNETES,
            *arguments,
        )

    def objects(self, chart: str, *arguments: str) -> list[Object]:
        """Return the objects of a render that has to succeed, hooks among them."""
        outcome = self.template(chart, *arguments)
        assert outcome.status == 0, outcome.error
        return [document for document in yaml.load_all(outcome.output, yaml.CSafeLoader) if document]

    def case(self, case: Case) -> list[Object]:
        """Return the objects of a chart with a file of values."""
        return self.objects(case.chart, "--values", str(case.values))


def schema_of(chart: str) -> Any:
    """Return the schema that helm reads."""
    return json.loads((CHARTS / chart / "values.schema.json").read_text())


def values_of(chart: str) -> Any:
    """Return the default values."""
    return yaml.safe_load((CHARTS / chart / "values.yaml").read_text())


def name_of(item: Object) -> str:
    """Return kind and name, for messages."""
    return f"{item['kind']}/{item['metadata']['name']}"


def pod_templates(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Yield the pods that objects make: their object's kind and name, and the template of the pod."""
    for item in objects:
        if "template" in item.get("spec", {}) and item["kind"] in {
            "Deployment",
            "StatefulSet",
            "Job",
            "DaemonSet",
        }:
            yield name_of(item), item["spec"]["template"]
        elif item["kind"] == "CronJob":
            yield name_of(item), item["spec"]["jobTemplate"]["spec"]["template"]
        elif item["kind"] == "Pod":
            yield name_of(item), item


def containers(template: Object) -> list[Object]:
    """Return all containers of a pod."""
    spec = template["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def environment(container: Object) -> dict[str, Any]:
    """Return the variables of a container: a text, or where it comes from."""
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container.get("env", [])}
