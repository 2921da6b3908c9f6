"""Work rows: leases, dispatching to workers, and what follows from success and failure."""
