"""The ccat-transfer command."""
