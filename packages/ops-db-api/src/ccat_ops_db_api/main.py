"""What an ASGI server runs: ``uvicorn ccat_ops_db_api.main:app``."""

import gc
import sys

from ccat_ops_db.settings import SettingsError
from ccat_ops_db_api.application import create_app
from ccat_ops_db_api.platform.logs import configure_logs
from ccat_ops_db_api.settings import load_settings

try:
    _settings, _database = load_settings()
except SettingsError as error:
    sys.exit(f"ccat-ops-db-api cannot start: {error}")
configure_logs(_settings.log_level)
app = create_app(_settings, _database)
# Each list needs it to refuse parameters that it does not declare; the first requests must not wait for it.
app.openapi()
# What was made so far stays: looking through it for garbage again and again would hold requests up.
gc.collect()
gc.freeze()
gc.enable()
