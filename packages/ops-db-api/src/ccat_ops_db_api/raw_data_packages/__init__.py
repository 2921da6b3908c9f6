"""Packages of raw data files: looked at, listed, downloaded."""
