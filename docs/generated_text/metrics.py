"""Prometheus metrics, from the modules that define them."""

from types import ModuleType

from prometheus_client.metrics import MetricWrapperBase

from ccat_data_transfer.observe import metrics as data_transfer
from ccat_operator.handlers import metrics as operator
from ccat_ops_db_api.platform import metrics as api

from .markdown import code, sentence, table

SOURCES: dict[str, ModuleType] = {"Planner and workers": data_transfer, "API": api, "Operator": operator}


def metrics() -> str:
    """Return the metrics of each service."""
    return "\n".join(f"# {title}\n\n{_table(module)}" for title, module in SOURCES.items())


def _table(module: ModuleType) -> str:
    rows = []
    for collector in vars(module).values():
        if not isinstance(collector, MetricWrapperBase):
            continue
        (metric,) = collector.describe()
        name = metric.name + ("_total" if metric.type == "counter" else "")
        labels = ", ".join(code(label) for label in collector._labelnames)
        rows.append((code(name), metric.type, labels, sentence(metric.documentation)))
    return table(("metric", "type", "labels", "meaning"), rows)
