"""Doing the things of a stage each by itself: what others hold locked waits for a later pass, alone."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.onward import CopyNotReadableError
from ccat_ops_db.database_words import said_by_database, sqlstate

log = structlog.get_logger()

HELD_UP = ("55P03", "40P01")
"""A lock that was not free in time, a deadlock."""

PATIENCE = 3
"""How many things of a stage may wait for as long as the session allows; the others hardly wait."""

HARDLY = "20ms"


Thing = TypeVar("Thing")
Result = TypeVar("Result")


def one_by_one(
    session: Session, things: Iterable[Thing], do: Callable[[Thing], Result]
) -> Iterator[tuple[Thing, Result]]:
    """Do something with each of some things, in a savepoint each; yield those that were done.

    What meets a row that somebody else keeps locked is undone and left out: a forgotten transaction delays
    what it has locked and nothing else. So is what would read a copy whose deletion was decided meanwhile.
    """
    held_up = 0
    for thing in things:
        try:
            with session.begin_nested():
                result = do(thing)
        except CopyNotReadableError as error:
            log.info("planner.passed_over", why=str(error), doing=do.__name__)
            continue
        except OperationalError as error:
            if sqlstate(error) not in HELD_UP:
                raise
            held_up += 1
            log.warning("planner.held_up", why=said_by_database(error), doing=do.__name__)
            if held_up == PATIENCE:
                session.execute(text(f"SET LOCAL lock_timeout = '{HARDLY}'"))
            continue
        yield thing, result
