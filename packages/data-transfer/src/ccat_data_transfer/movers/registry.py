"""Which transfer method is done by what: a new method is one file here and one line below."""

from ccat_data_transfer.failures import Configuration
from ccat_data_transfer.movers.interface import Mover
from ccat_data_transfer.movers.posix import POSIX
from ccat_data_transfer.movers.s3 import S3


def mover_for(method: str) -> Mover:
    """Return the mover of a method.

    Raises
    ------
    Configuration
        There is no such method.
    """
    try:
        return _MOVERS[method]
    except KeyError:
        known = ", ".join(METHODS)
        raise Configuration(
            "unknown_transfer_method",
            f"there is no transfer method {method!r}; set one of {known} on the route",
        ) from None


_MOVERS: dict[str, Mover] = {
    POSIX.method: POSIX,
    S3.method: S3,
}

METHODS = tuple(_MOVERS)
"""Names of the methods."""
