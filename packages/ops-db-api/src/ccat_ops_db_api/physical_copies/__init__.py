"""Physical copies: looked at, and verified on request."""
