"""A simulated telescope: observes obs units of the configuration and files what its instruments write."""
