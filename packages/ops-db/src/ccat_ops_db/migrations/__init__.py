"""Alembic migrations: expand and contract only, so that the previous release runs on the new schema."""
