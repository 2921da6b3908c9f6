"""Loaders of obs units, sources and slots from files, under their documented names.

What they load is validated like the configuration and lives beside it: applying the configuration leaves it
alone, and ``opsdb config export`` writes it as configuration files.
"""

from ccat_ops_db.loaders.obs_units import init_obs_units, read_obs_units
from ccat_ops_db.loaders.slots import read_pre_scheduled_slots
from ccat_ops_db.loaders.sources import read_sources

__all__ = ["init_obs_units", "read_obs_units", "read_pre_scheduled_slots", "read_sources"]
