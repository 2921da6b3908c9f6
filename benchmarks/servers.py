"""The PostgreSQL server of benchmarks: its own, with production settings for durability."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ccat_dev_stack import shared_services
from ccat_ops_db import schema


@contextmanager
def fresh_database() -> Iterator[str]:
    """Give the URL of a migrated database that is dropped afterwards (server of the tests: no fsync)."""
    with shared_services.in_use():
        server = shared_services.running_services().postgresql
        name = f"bench_{secrets.token_hex(6)}"
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        try:
            schema.upgrade(server.url(name))
            yield server.url(name)
        finally:
            with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
