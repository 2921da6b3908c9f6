"""Reference data as validated files: check them, plan the difference to the database, apply it."""

from ccat_ops_db.configuration.apply import RefusedError, apply_configuration
from ccat_ops_db.configuration.drift import Drift, find_drift
from ccat_ops_db.configuration.export import export
from ccat_ops_db.configuration.load import load
from ccat_ops_db.configuration.loaded import Configuration
from ccat_ops_db.configuration.plan import Action, Change, Difference, Plan, Prune, last_revision, make_plan
from ccat_ops_db.configuration.problems import ConfigurationError, Problem

__all__ = [
    "Action",
    "Change",
    "Configuration",
    "ConfigurationError",
    "Difference",
    "Drift",
    "Plan",
    "Problem",
    "Prune",
    "RefusedError",
    "apply_configuration",
    "export",
    "find_drift",
    "last_revision",
    "load",
    "make_plan",
]
