"""Tests of the operator.

They are a package below ``tests`` because pytest names modules after their folders, and ``operator.tests``
would take the place of Python's own module ``operator``.
"""
