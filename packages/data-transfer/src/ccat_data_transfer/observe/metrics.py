"""Prometheus metrics of planner and workers."""

from prometheus_client import Counter, Histogram

PASS_SECONDS = Histogram(
    "ccat_planner_pass_seconds",
    "Time of a pass of the planner, seconds.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
PLANNED = Counter("ccat_planner_rows", "Rows that a stage of the planner touched.", ["stage"])
WORK = Counter("ccat_work", "Units of work that ended.", ["operation", "outcome"])
BYTES = Counter("ccat_work_bytes", "Bytes that work went through.", ["operation"])
SECONDS = Histogram(
    "ccat_work_seconds",
    "Time of a unit of work, seconds.",
    ["operation"],
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400),
)
