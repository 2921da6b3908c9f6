"""Which way the rows of each table go between the databases of sites, and so who may write them."""

REFERENCE = (
    "observatory",
    "telescope",
    "instrument",
    "instrument_module",
    "instrument_module_configuration",
    "chai_module_configuration",
    "prime_cam_module_configuration",
    "observing_program",
    "sub_observing_program",
    "source",
    "fixed_source",
    "solar_system_object",
    "constant_elevation_source",
    "line",
    "obs_mode",
    "observation_configuration",
    "chai_observation_configuration",
    "chai_tiling",
    "chai_inpar_parameter",
    "prime_cam_observation_configuration",
    "obs_unit",
    "obs_unit_observation_configuration",
    "pre_scheduled_slot",
    "site",
    "data_location",
    "disk_data_location",
    "s3_data_location",
    "tape_data_location",
    "data_transfer_route",
    "data_transfer_route_window",
    "retention_policy",
    "permission",
    "role",
    "role_permission",
    "user",
    "user_role",
    "configuration_revision",
)
"""Written by the main site alone, and sent from there to every other."""

OWNED = (
    "api_token",
    "api_token_scope",
    "executed_obs_unit",
    "executed_obs_unit_module",
    "raw_data_file",
    "raw_data_package",
    "raw_data_package_metadata",
    "package_creation",
    "physical_copy",
    "physical_copy_lock",
    "data_transfer_package",
    "data_transfer",
    "long_term_archive_transfer",
    "fixity_check",
    "staging_job",
    "staging_item",
    "deletion",
    "route_health",
    "location_health",
    "location_usage",
    "data_transfer_log",
    "error_record",
    "event",
    "deletion_hold",
)
"""Each row belongs to the site that its ``site_id`` names, and is sent to all others."""

LOCAL = (
    "database_site",
    "link_role",
    "change_consumer",
    "changed_key",
    "idempotency_key",
    "user_session",
)
"""Belong to a database and are never sent."""

APPEND_ONLY = ("event",)
"""Owned tables whose rows are never changed nor deleted."""
