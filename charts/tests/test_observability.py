"""Dashboards and alerts: built on metrics and labels that our services expose, and on pages that exist."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from ccat_data_transfer.observe import metrics as transfer
from ccat_operator.handlers import metrics as operator
from ccat_ops_db_api.platform import metrics as api

from .rendering import CHARTS, Renderer

FILES = CHARTS / "data-center" / "files"
DASHBOARDS = sorted((FILES / "dashboards").glob("*.json"))
VALUES = str(CHARTS / "data-center" / "ci" / "every-option.yaml")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
# Of every sample: what Prometheus adds, and the bounds of histograms.
ALWAYS = {"namespace", "le"}


# Of kube-state-metrics (docs/metrics/workload/cronjob-metrics.md of its repository), not of ours.
KUBE_STATE_METRICS = {
    "kube_cronjob_status_last_successful_time": {"namespace", "cronjob"},
    "kube_cronjob_spec_suspend": {"namespace", "cronjob"},
}


def exposed() -> Mapping[str, set[str]]:
    """Return the names of samples with their labels."""
    modules: tuple[ModuleType, ...] = (api, transfer, operator)
    found = {**KUBE_STATE_METRICS}
    for collector in (value for module in modules for value in vars(module).values()):
        if isinstance(collector, MetricWrapperBase):
            (metric,) = collector.describe()
            for suffix in SUFFIXES[metric.type]:
                found[metric.name + suffix] = set(collector._labelnames) | ALWAYS
    return found


def rules() -> Iterator[dict[str, str]]:
    for group in yaml.safe_load((FILES / "alerts.yaml").read_text())["groups"]:
        yield from group["rules"]


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"]


@pytest.mark.parametrize(
    ("name", "expression"), list(expressions()), ids=lambda it: it if len(it) < 40 else ""
)
def test_metrics_and_labels_exist(name: str, expression: str) -> None:
    known = exposed()
    metrics = re.findall(r"\b(?:ccat|kube)_\w+", expression)
    assert metrics, name
    for metric in metrics:
        assert metric in known, f"{name}: {metric}"
        for selector in re.findall(rf"{metric}\{{([^}}]*)\}}", expression):
            labels = set(re.findall(r"(\w+)\s*[=!]~?", selector))
            assert labels <= known[metric], f"{name}: {metric} has no {labels - known[metric]}"
            assert "namespace" in labels, f"{name}: would mix sites"
    groups = {label.strip() for by in re.findall(r"by \(([^)]*)\)", expression) for label in by.split(",")}
    assert groups <= set().union(*(known[metric] for metric in metrics)), name


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_do_not_lie_over_one_another(path: Path) -> None:
    board = json.loads(path.read_text())
    places = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(places)) == len(places)
    assert max(x for x, _ in places) < 24


def test_alerts_lead_to_pages_that_exist() -> None:
    docs = CHARTS.parent / "docs"
    missing = {rule["page"] for rule in rules() if not (docs / rule["page"].replace(".html", ".md")).exists()}
    assert missing == set()


def test_alerts_are_rendered_for_the_site(renderer: Renderer) -> None:
    (item,) = [
        it for it in renderer.objects("data-center", "--values", VALUES) if it["kind"] == "PrometheusRule"
    ]
    rendered = [rule for group in item["spec"]["groups"] for rule in group["rules"]]
    assert {rule["alert"] for rule in rendered} == {rule["alert"] for rule in rules()}
    for rule in rendered:
        assert 'namespace="observatory"' in rule["expr"]
        assert rule["labels"]["site"] == "cologne"
        assert rule["annotations"]["runbook_url"].startswith("https://docs.example.org/operate/")


def test_dashboards_are_found_by_label(renderer: Renderer) -> None:
    objects = renderer.objects("data-center", "--values", VALUES)
    (item,) = [it for it in objects if "grafana_dashboard" in it["metadata"]["labels"]]
    assert item["data"].keys() == {path.name for path in DASHBOARDS}
    for path in DASHBOARDS:
        assert json.loads(item["data"][path.name]) == json.loads(path.read_text())
