"""``python -m ccat_dev_stack.pictures NIGHT PORT``: serve API and interface upon an invented night."""

import argparse
import logging
import os

import psycopg
import structlog
import uvicorn
from psycopg import sql
from pydantic import SecretStr

from ccat_dev_stack import shared_services
from ccat_dev_stack.checkout import build_folder
from ccat_dev_stack.pictures.engine import SetClock
from ccat_dev_stack.pictures.making import NIGHTS, make
from ccat_ops_db.schema import upgrade
from ccat_ops_db.settings import Environment, OpsDbSettings
from ccat_ops_db_api.application import create_app
from ccat_ops_db_api.settings import ApiSettings

KEY = "a-key-for-pictures-of-the-interface-0123456789"


def main() -> None:
    """Make the database of a night and serve it until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m ccat_dev_stack.pictures", description=__doc__)
    parser.add_argument("night", choices=sorted(NIGHTS))
    parser.add_argument("port", type=int)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    services = shared_services.running_services()
    with shared_services.in_use():
        name = f"pictures_{arguments.night.replace('-', '_')}_{os.getpid()}"
        _execute(services.postgresql.url(), sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            _serve(services.postgresql.url(name), arguments.night, arguments.port)
        finally:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            _execute(services.postgresql.url(), drop)


def _serve(url: str, night: str, port: int) -> None:
    upgrade(url)
    make(url, night)
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
