"""Error records: looked at, acknowledged."""
