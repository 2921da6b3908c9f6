"""Events: the record of who did what, when and why."""
