"""Methods to move bytes between places: one interface, one file for each method, one registry."""
