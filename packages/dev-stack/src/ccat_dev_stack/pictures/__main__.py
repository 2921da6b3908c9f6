"""``python -m ccat_dev_stack.pictures NIGHT PORT``: serve API and interface upon an invented night."""

import argparse
import logging
import os
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

import psycopg
import structlog
import uvicorn
from psycopg import sql
from pydantic import SecretStr
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from ccat_dev_stack import shared_services
from ccat_dev_stack.checkout import build_folder, checkout_folder
from ccat_dev_stack.pictures.bad_night import BadNight
from ccat_dev_stack.pictures.engine import DataTransferEngine, SetClock
from ccat_dev_stack.pictures.green_night import GreenNight
from ccat_dev_stack.pictures.night import NOW, Night
from ccat_ops_db.configuration import apply_configuration, load
from ccat_ops_db.schema import upgrade
from ccat_ops_db.settings import Environment, OpsDbSettings, synchronous
from ccat_ops_db_api.application import create_app
from ccat_ops_db_api.settings import ApiSettings

NIGHTS: Mapping[str, type[GreenNight] | type[BadNight]] = MappingProxyType(
    {"green-night": GreenNight, "bad-night": BadNight}
)
SINCE = timedelta(days=180)
"""How long the observatory has been configured."""
INSTALLER = "k.weber"
KEY = "a-key-for-pictures-of-the-interface-0123456789"


def main() -> None:
    """Make the database of a night and serve it until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m ccat_dev_stack.pictures", description=__doc__)
    parser.add_argument("night", choices=sorted(NIGHTS))
    parser.add_argument("port", type=int)
    arguments = parser.parse_args()
    # Work that fails is what is wanted here: what matters stands in the database.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    services = shared_services.running_services()
    with shared_services.in_use():
        name = f"pictures_{arguments.night.replace('-', '_')}_{os.getpid()}"
        _execute(services.postgresql.url(), sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            _serve(services.postgresql.url(name), NIGHTS[arguments.night], arguments.port)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            _execute(services.postgresql.url(), drop)


def _serve(url: str, kind: type[GreenNight] | type[BadNight], port: int) -> None:
    upgrade(url)
    engine = create_engine(synchronous(url))
    with Session(engine, expire_on_commit=False) as session:
        night = kind(Night(session))
        with session.begin():
            configuration = load(checkout_folder() / "data-center-config")
            apply_configuration(session, configuration, actor=INSTALLER, at=NOW - SINCE)
            night.fill()
        night.go_on(DataTransferEngine(engine))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()
    settings = ApiSettings(site_id="ccat", ui_folder=build_folder() / "ui")
    database = OpsDbSettings(
        database_url=SecretStr(url), environment=Environment.DEVELOPMENT, token_key=SecretStr(KEY)
    )
    app = create_app(settings, database, SetClock())
    app.openapi()
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")


def _execute(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


if __name__ == "__main__":
    main()
