"""The command ``ccat``. What it prints and its exit status are a contract: others script against it."""

ASKED_BY_SHELL = "_CCAT_COMPLETE"
"""Variable that is set when a shell asks how a line goes on."""
