"""REST API of the CCAT operations database."""
