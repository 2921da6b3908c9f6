"""The world as it is: the machine's clock and threads, Redis, disks and stores."""

import threading
import time
from collections.abc import Callable
from random import Random

from sqlalchemy import Engine
from sqlalchemy.orm import sessionmaker

from ccat_data_transfer.movers.registry import mover_for
from ccat_data_transfer.packer import DiskPacker
from ccat_data_transfer.places.adopt import adopt_if_new
from ccat_data_transfer.places.open import open_places
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.storage.answer_in_time import answer_in_time
from ccat_data_transfer.work.broker import CeleryMessenger, make_celery
from ccat_data_transfer.world import Messenger, World
from ccat_ops_db.clock import Clock, SystemClock


def real_world(
    engine: Engine,
    settings: DataTransferSettings,
    *,
    messenger: Messenger | None = None,
    clock: Clock | None = None,
) -> World:
    """Return the world of this process.

    Parameters
    ----------
    engine : Engine
        The site's database.
    settings : DataTransferSettings
        Broker and credentials.
    messenger : Messenger, optional
        What carries messages instead of the broker, where planner and workers are one process.
    clock : Clock, optional
        Another clock than the machine's, for pictures of invented nights and tests.
    """
    sessions = sessionmaker(engine, expire_on_commit=False)
    places = open_places(engine, settings)
    return World(
        clock=clock or SystemClock(),
        random=Random(),
        engine=engine,
        sessions=sessions,
        messenger=messenger or CeleryMessenger(make_celery(settings)),
        storage=lambda location_id: answer_in_time(location_id, lambda: places.storage(location_id)),
        adopt_if_new=lambda location_id, by: adopt_if_new(sessions, places, location_id, by),
        mover=mover_for,
        packer=DiskPacker(),
        event=threading.Event,
        spawn=_spawn,
        sleep=time.sleep,
    )


def _spawn(name: str, run: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
