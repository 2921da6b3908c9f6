"""Kubernetes operator of the data centre."""
