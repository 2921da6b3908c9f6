"""Kubernetes operator of the data centre: migrations, database roles, backups and configuration."""

GROUP = "data-center.ccatobservatory.org"
VERSION = "v1alpha1"
