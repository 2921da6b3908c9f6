"""Sends one object as told, in a process of its own that dies at a crash point. Run with ``TOLD`` set."""

import importlib
import os
from pathlib import Path
from typing import Any

from ccat_data_transfer import crash_points
from ccat_data_transfer.movers.registry import mover_for
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.storage.interface import Expected, LocationDescription
from ccat_data_transfer.storage.registry import open_storage

told: dict[str, Any] = globals()["TOLD"]

os.environ["CCAT_DATA_TRANSFER_CRASH_POINT"] = told["crash_point"]
importlib.reload(crash_points)  # the fork server imported it without the setting
credentials = Credentials(Path(told["credentials"]))
mover_for(told["method"]).send(
    open_storage(LocationDescription(**told["source"]), credentials),
    told["source_path"],
    open_storage(LocationDescription(**told["target"]), credentials),
    told["path"],
    Expected(*told["expected"]),
    work_id="work",
    progress=lambda _: None,
)
