"""Which rows are due, and why the others wait: SQL and reasons, no bytes."""
