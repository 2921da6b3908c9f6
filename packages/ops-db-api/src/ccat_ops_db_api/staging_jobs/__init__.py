"""Staging jobs: data that is brought to a processing location on request."""
