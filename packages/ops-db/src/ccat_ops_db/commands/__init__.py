"""The command-line tools opsdb_init, opsdb_migrate and opsdb."""
