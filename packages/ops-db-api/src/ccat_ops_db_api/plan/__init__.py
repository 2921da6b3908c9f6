"""The plan: programs, obs units and sources."""
