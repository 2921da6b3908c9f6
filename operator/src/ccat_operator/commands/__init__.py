"""The command `ccat-operator`."""
