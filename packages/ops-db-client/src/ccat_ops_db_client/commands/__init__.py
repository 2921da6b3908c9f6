"""The command ``ccat``. What it prints and its exit status are a contract: others script against it."""
