"""REST API of the CCAT operations database."""

from importlib.metadata import version

__version__ = version("ccat-ops-db-api")
