"""Places that keep bytes: one interface, one file for each kind, one registry."""
