"""Databases of invented nights with a fixed clock, and an API upon them: what pictures show."""
