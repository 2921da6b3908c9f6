"""Finding anything by the beginning of its id or its name."""
