"""Typed client and the ccat command of the CCAT operations database."""
