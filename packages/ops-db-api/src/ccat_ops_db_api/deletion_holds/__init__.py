"""Holds on deletion: placed and lifted."""
