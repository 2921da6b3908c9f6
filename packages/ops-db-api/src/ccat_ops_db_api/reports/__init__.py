"""Reports: status, and why things wait."""
