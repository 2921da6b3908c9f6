"""Reports over the whole database, the same for API and command line: progress, status, and why things wait.

Each is a function of a synchronous session that runs a constant number of statements.
"""
