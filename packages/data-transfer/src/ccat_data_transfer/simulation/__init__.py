"""A simulated world for the real engine: virtual time, and places whose true bytes are known."""
