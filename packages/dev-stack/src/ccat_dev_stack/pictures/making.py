"""Making the database of a night."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import MappingProxyType

import structlog
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from ccat_dev_stack.checkout import checkout_folder
from ccat_dev_stack.pictures.bad_night import BadNight
from ccat_dev_stack.pictures.engine import DataTransferEngine
from ccat_dev_stack.pictures.green_night import GreenNight
from ccat_dev_stack.pictures.night import NOW, Night
from ccat_ops_db.configuration import apply_configuration, load
from ccat_ops_db.settings import synchronous

NIGHTS: Mapping[str, type[GreenNight] | type[BadNight]] = MappingProxyType(
    {"green-night": GreenNight, "bad-night": BadNight}
)
SINCE = timedelta(days=180)
"""How long the observatory has been configured."""
INSTALLER = "k.weber"


def make(url: str, name: str) -> None:
    """Fill a database that has the tables and nothing else with the night of a name."""
    engine = create_engine(synchronous(url))
    with _without_warnings(), Session(engine, expire_on_commit=False) as session:
        invented = Night(session)
        night = NIGHTS[name](invented)
        with session.begin():
            configuration = load(checkout_folder() / "data-center-config")
            apply_configuration(session, configuration, actor=INSTALLER, at=NOW - SINCE)
            invented.adopt_all(NOW - SINCE)
            night.fill()
        night.go_on(DataTransferEngine(engine))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep the log from telling of work that fails as it is to fail: that stands in the database."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        yield
    finally:
        structlog.configure(**before)
