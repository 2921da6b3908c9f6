"""What the operator tells Prometheus, by resource."""

from prometheus_client import Counter, Gauge, Histogram

from ccat_operator.resources import Metadata, OpsDatabaseStatus, SiteConfigurationStatus, Truth

_LABELS = ("kind", "namespace", "name")

CONDITION = Gauge(
    "ccat_operator_condition", "1: the condition is true, 0: it is not, -1: unknown.", (*_LABELS, "condition")
)
PENDING = Gauge("ccat_operator_pending_revisions", "Revisions that a database lacks.", _LABELS)
PLANNED = Gauge("ccat_operator_planned_changes", "Rows that applying a configuration would change.", _LABELS)
DRIFTED = Gauge("ccat_operator_drifted_values", "Values that were changed by hand.", _LABELS)
SECONDS = Histogram(
    "ccat_operator_reconcile_seconds",
    "Seconds that one look at a resource took.",
    ("kind",),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
FAILURES = Counter("ccat_operator_reconcile_failures", "Looks at a resource that broke off.", _LABELS)

_NUMBER = {Truth.TRUE: 1, Truth.FALSE: 0, Truth.UNKNOWN: -1}


def record(kind: str, metadata: Metadata, status: OpsDatabaseStatus | SiteConfigurationStatus) -> None:
    """Record the status of a resource."""
    of = kind, metadata.namespace, metadata.name
    for condition in status.conditions:
        CONDITION.labels(*of, condition.type).set(_NUMBER[condition.status])
    if isinstance(status, OpsDatabaseStatus):
        PENDING.labels(*of).set(len(status.pending))
    else:
        PLANNED.labels(*of).set(status.plan.create + status.plan.change + status.plan.retire)
        DRIFTED.labels(*of).set(len(status.drift))


def forget(kind: str, namespace: str, name: str) -> None:
    """Drop the series of a resource that is gone."""
    of = {"kind": kind, "namespace": namespace, "name": name}
    for metric in (CONDITION, PENDING, PLANNED, DRIFTED, FAILURES):
        metric.remove_by_labels(of)
