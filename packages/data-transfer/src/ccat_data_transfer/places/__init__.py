"""Where bytes are: from a location of the database to the storage that holds them, and the keys to it."""
