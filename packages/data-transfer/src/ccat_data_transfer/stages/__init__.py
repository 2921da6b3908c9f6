"""One file per stage, in the order in which a package travels: each does one unit of work."""
