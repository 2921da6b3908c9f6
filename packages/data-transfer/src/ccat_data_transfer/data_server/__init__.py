"""The read-only server of a site: bytes of packages, by range, against a signed address."""
