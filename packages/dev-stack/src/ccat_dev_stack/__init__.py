"""The whole data centre on one machine, for development and tests."""
