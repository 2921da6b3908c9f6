"""The entries that configuration files hold, as validated models; one file per area."""
