"""Operations database of the CCAT observatory: models, migrations and configuration.

from ccat_ops_db import init_ccat_ops_db
session, engine = init_ccat_ops_db()
"""

from ccat_ops_db import models
from ccat_ops_db.session import init_ccat_ops_db

__all__ = ["init_ccat_ops_db", "models"]
