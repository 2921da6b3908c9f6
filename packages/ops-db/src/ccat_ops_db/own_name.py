"""Who runs a command, for the record of what it changed."""

import getpass
import os


def own_name() -> str:
    """Return the name of the account that runs this, or its number where it has no name, as in containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the latter from Python 3.13 on
        return f"uid {os.getuid()}"
