"""Verified download of packages and of single files in them."""
