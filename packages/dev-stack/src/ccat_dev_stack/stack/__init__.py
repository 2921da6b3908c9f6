"""The stack behind ``make dev-up``: the data centre of one observatory on one machine."""
