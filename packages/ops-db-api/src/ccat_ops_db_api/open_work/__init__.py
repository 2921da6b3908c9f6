"""Open work of every kind in one list, in groups, and retried or cancelled by its filters."""
