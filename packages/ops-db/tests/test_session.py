"""The documented way to open the database."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import URL, inspect, make_url, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from ccat_ops_db import init_ccat_ops_db, schema
from ccat_ops_db.models import ObservingProgram, ObsUnit, RawDataFile
from ccat_ops_db.session import SessionLimits, create_engine, follow_address
from ccat_ops_db.settings import SettingsError, synchronous


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_four_lines_without_configuration(tmp_path: Path) -> None:
    session, engine = init_ccat_ops_db()
    assert session.query(ObsUnit).filter_by(name="my_obs").first() is None
    assert engine.dialect.name == "sqlite"
    assert [path.name for path in tmp_path.iterdir()] == ["ccat_ops_db.sqlite"]


def test_sqlite_file_keeps_its_rows() -> None:
    session, _ = init_ccat_ops_db()
    session.add(ObservingProgram(id="GEco", name="Galactic Ecology"))
    session.commit()
    session.remove()
    again, _ = init_ccat_ops_db()
    assert again.query(ObservingProgram).filter_by(short_name="GEco").one().name == "Galactic Ecology"


def test_sqlite_enforces_foreign_keys_and_zones() -> None:
    session, _ = init_ccat_ops_db()
    session.add(ObsUnit(id="a", observing_program_id="none", source_id="none"))
    with pytest.raises(IntegrityError):
        session.flush()


def test_sqlite_in_memory() -> None:
    session, _ = init_ccat_ops_db(database_type="sqlite", database=":memory:")
    session.add(ObservingProgram(id="GEco", name="Galactic Ecology"))
    session.commit()
    assert session.scalars(select(ObservingProgram.name)).all() == ["Galactic Ecology"]


def test_drop_makes_an_empty_sqlite_file() -> None:
    session, _ = init_ccat_ops_db()
    session.add(ObservingProgram(id="GEco", name="Galactic Ecology"))
    session.commit()
    session.remove()
    again, _ = init_ccat_ops_db(drop=True)
    assert again.query(ObservingProgram).count() == 0


def test_parts_lead_to_postgresql(ops_database: str) -> None:
    url = make_url(ops_database)
    session, engine = init_ccat_ops_db(
        database_type="postgresql",
        host=url.host,
        port=url.port,
        user=url.username,
        password=str(url.password) if url.password else None,
        db_name=url.database,
        null_pool=True,
    )
    assert engine.dialect.name == "postgresql"
    assert session.query(RawDataFile).count() == 0


def test_settings_lead_to_postgresql_and_a_parameter_wins(
    ops_database: str, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCAT_OPS_DB_DATABASE_URL", ops_database)
    session, engine = init_ccat_ops_db(null_pool=True)
    assert engine.url.database == make_url(ops_database).database
    assert session.query(ObsUnit).count() == 0
    other = make_url(postgresql_url).database
    _, engine = init_ccat_ops_db(db_name=other, null_pool=True)
    assert engine.url.set(database="") == synchronous(ops_database).set(database="")
    assert engine.url.database == other
    assert inspect(engine).get_table_names() == []  # PostgreSQL gets its tables from opsdb_init


def test_drop_makes_postgresql_anew(ops_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCAT_OPS_DB_DATABASE_URL", ops_database)
    session, engine = init_ccat_ops_db(null_pool=True)
    session.add(ObservingProgram(id="GEco", name="Galactic Ecology"))
    session.commit()
    session.remove()
    again, engine = init_ccat_ops_db(drop=True, null_pool=True)
    assert again.query(ObservingProgram).count() == 0
    with engine.connect() as connection:
        assert schema.current_revision(connection) == schema.head_revision()
        triggers = connection.scalar(text("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"))
        assert triggers
    again.remove()


@pytest.mark.parametrize("name", ["production"])
def test_drop_is_refused_in_production(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session, _ = init_ccat_ops_db()
    session.add(ObservingProgram(id="GEco", name="Galactic Ecology"))
    session.commit()
    session.remove()
    monkeypatch.setenv("CCAT_OPS_DB_ENVIRONMENT", name)
    with pytest.raises(SettingsError, match="drop is refused"):
        init_ccat_ops_db(drop=True)
    again, _ = init_ccat_ops_db()
    assert again.query(ObservingProgram).count() == 1


def test_unreachable_database_says_so() -> None:
    with pytest.raises(OperationalError):
        init_ccat_ops_db(host="127.0.0.1", port=1, user="nobody", db_name="none")


def test_mysql_is_refused() -> None:
    with pytest.raises(SettingsError, match="'mysql' is not supported; use sqlite or postgresql"):
        init_ccat_ops_db(database_type="mysql")


def test_mysql_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCAT_OPS_DB_DATABASE_TYPE", "mysql")
    with pytest.raises(ValidationError, match="sqlite"):
        init_ccat_ops_db()


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"database_type": "sqlite", "host": "localhost"}, "host: of PostgreSQL"),
        ({"database_type": "postgresql", "database": "a.sqlite"}, "use db_name"),
    ],
)
def test_parameters_that_do_not_fit(parameters: dict[str, str], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        init_ccat_ops_db(**parameters)  # type: ignore[arg-type]


def test_new_connections_use_the_address_of_the_moment(ops_database: str) -> None:
    """As when the password of the role is changed, and its old one refused."""
    right = make_url(ops_database).set(drivername="postgresql+psycopg")
    addresses = [right.set(database="no_such_database"), right]
    engine = create_engine(addresses[0], null_pool=True)
    follow_address(engine, lambda: addresses[0])
    with pytest.raises(OperationalError, match="no_such_database"), engine.connect():
        pass
    del addresses[0]
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_database()")) == right.database


def test_an_address_that_cannot_be_read_changes_nothing(ops_database: str) -> None:
    def fail() -> URL:
        raise SettingsError("the file is being written")

    engine = create_engine(make_url(ops_database).set(drivername="postgresql+psycopg"), null_pool=True)
    follow_address(engine, fail)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_sessions_of_services_have_limits(ops_database: str) -> None:
    limits = SessionLimits(lock_timeout=0.5, statement_timeout=15)
    engine = create_engine(synchronous(ops_database), limits=limits)
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    with engine.connect() as connection:
        told = [connection.execute(text(f"SHOW {name}")).scalar_one() for name in names]
        driver = connection.connection.driver_connection
        assert driver is not None
        parameters = driver.info.get_parameters()
    engine.dispose()
    assert told == ["500ms", "15s", "1min"]
    wanted = {
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": "20000",
    }
    assert {name: parameters.get(name) for name in wanted} == wanted
