"""Metrics of the service, in the process's registry."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("ccat_api_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "ccat_api_request_seconds",
    "Time to answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)
IN_PROGRESS = Gauge("ccat_api_requests_in_progress", "Requests that are being answered.")
FILED = Counter("ccat_api_filed_files", "Raw data files filed.")
