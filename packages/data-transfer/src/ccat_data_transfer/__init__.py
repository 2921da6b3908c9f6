"""Transfer engine of the CCAT observatory: packages, moves, archives and deletes raw data."""
