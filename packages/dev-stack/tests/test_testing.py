"""The fixtures that every other test stands on."""

from pathlib import Path

import obstore
import psycopg
import pytest
import redis
from obstore.store import S3Store

from ccat_dev_stack.shared_services import SharedServices
from ccat_dev_stack.testing import Bucket, NewDatabase, OwnServer

pytestmark = pytest.mark.long


def test_databases_are_apart(new_database: NewDatabase) -> None:
    first, second = new_database(), new_database()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE only_here (id int)")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)


def test_ops_database_has_the_schema(ops_database: str) -> None:
    with psycopg.connect(ops_database) as connection:
        row = connection.execute("SELECT count(*) FROM raw_data_package").fetchone()
    assert row == (0,)


def test_server_is_tuned_for_tests(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        rows = connection.execute("SELECT name, setting FROM pg_settings").fetchall()
    settings = {str(name): str(setting) for name, setting in rows}
    assert settings["fsync"] == "off"
    assert settings["wal_level"] == "logical"
    assert settings["max_connections"] == "200"
    assert settings["server_version_num"].startswith("18")


def test_redis_database_is_empty_and_remembers(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("key", "value")
        assert client.get("key") == b"value"


def test_redis_database_is_emptied_between_tests(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


def open_store(s3: Bucket) -> S3Store:
    return S3Store(
        s3.bucket,
        endpoint=s3.endpoint,
        access_key_id=s3.access_key_id,
        secret_access_key=s3.secret_access_key,
        region=s3.region,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )


def test_bucket_keeps_objects(s3: Bucket) -> None:
    store = open_store(s3)
    assert list(obstore.list(store)) == []
    obstore.put(store, "2026/11/21/package.tar", b"bytes")
    assert bytes(obstore.get(store, "2026/11/21/package.tar").bytes()) == b"bytes"


def test_making_a_bucket_again_keeps_what_is_in_it(s3: Bucket, shared_services: SharedServices) -> None:
    store = open_store(s3)
    obstore.put(store, "kept", b"bytes")
    shared_services.s3.make_bucket(s3.bucket)
    assert bytes(obstore.get(store, "kept").bytes()) == b"bytes"


def test_own_postgresql_keeps_committed_rows_when_killed(own_postgresql: OwnServer) -> None:
    own_postgresql.start()
    with psycopg.connect(own_postgresql.url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
    own_postgresql.kill()
    own_postgresql.start()
    with psycopg.connect(own_postgresql.url) as connection:
        assert connection.execute("SELECT id FROM kept").fetchone() == (1,)


def test_own_redis_forgets_when_killed(own_redis: OwnServer, tmp_path: Path) -> None:
    own_redis.start()
    with redis.Redis.from_url(own_redis.url) as client:
        client.set("key", "value")
    own_redis.kill()
    own_redis.start()
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.get("key") is None
