"""Work of every kind: looked at, retried, cancelled."""
