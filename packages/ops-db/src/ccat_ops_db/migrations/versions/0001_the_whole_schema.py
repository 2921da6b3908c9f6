"""The whole schema

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ccat_ops_db.migrations.limits import set_limits

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

kind = "expand"
destroys = ()

OPS_NOW = """\
CREATE OR REPLACE FUNCTION ops_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
  SELECT clock_timestamp()
$$
"""
EVERY_SITE = "INSERT INTO database_site (site_id, is_main) VALUES ('*', true)"
"""One database for all sites; whoever sets one up for a site says so instead."""

CONSUMERS = "INSERT INTO change_consumer (consumer) VALUES ('planner')"
"""Who takes changed keys. A consumer that is not there yet has none, so that they do not gather."""

TRIGGERS = (
    """\
CREATE OR REPLACE FUNCTION package_creation_life_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ((OLD.status = 'pending' AND NEW.status IN ('cancelled', 'completed', 'failed', 'scheduled')) OR (OLD.status = 'scheduled' AND NEW.status IN ('cancelled', 'failed', 'in_progress', 'pending')) OR (OLD.status = 'in_progress' AND NEW.status IN ('cancelled', 'completed', 'failed', 'pending')) OR (OLD.status = 'failed' AND NEW.status IN ('cancelled', 'pending')) OR (OLD.status = 'cancelled' AND NEW.status IN ('pending'))) THEN
    RAISE EXCEPTION 'package_creation: status % cannot become %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'package_creation_life_cycle';
  END IF;
  RETURN NEW;
END $$
""",
    """\
CREATE OR REPLACE TRIGGER package_creation_life_cycle BEFORE UPDATE OF status ON package_creation
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
EXECUTE FUNCTION package_creation_life_cycle()
""",
    """\
CREATE OR REPLACE FUNCTION data_transfer_life_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ((OLD.status = 'pending' AND NEW.status IN ('cancelled', 'completed', 'failed', 'scheduled')) OR (OLD.status = 'scheduled' AND NEW.status IN ('cancelled', 'failed', 'in_progress', 'pending')) OR (OLD.status = 'in_progress' AND NEW.status IN ('cancelled', 'completed', 'failed', 'pending')) OR (OLD.status = 'failed' AND NEW.status IN ('cancelled', 'pending')) OR (OLD.status = 'cancelled' AND NEW.status IN ('pending'))) THEN
    RAISE EXCEPTION 'data_transfer: status % cannot become %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'data_transfer_life_cycle';
  END IF;
  RETURN NEW;
END $$
""",
    """\
CREATE OR REPLACE TRIGGER data_transfer_life_cycle BEFORE UPDATE OF status ON data_transfer
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
EXECUTE FUNCTION data_transfer_life_cycle()
""",
    """\
CREATE OR REPLACE FUNCTION long_term_archive_transfer_life_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ((OLD.status = 'pending' AND NEW.status IN ('cancelled', 'completed', 'failed', 'scheduled')) OR (OLD.status = 'scheduled' AND NEW.status IN ('cancelled', 'failed', 'in_progress', 'pending')) OR (OLD.status = 'in_progress' AND NEW.status IN ('cancelled', 'completed', 'failed', 'pending')) OR (OLD.status = 'failed' AND NEW.status IN ('cancelled', 'pending')) OR (OLD.status = 'cancelled' AND NEW.status IN ('pending'))) THEN
    RAISE EXCEPTION 'long_term_archive_transfer: status % cannot become %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'long_term_archive_transfer_life_cycle';
  END IF;
  RETURN NEW;
END $$
""",
    """\
CREATE OR REPLACE TRIGGER long_term_archive_transfer_life_cycle BEFORE UPDATE OF status ON long_term_archive_transfer
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
EXECUTE FUNCTION long_term_archive_transfer_life_cycle()
""",
    """\
CREATE OR REPLACE FUNCTION fixity_check_life_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ((OLD.status = 'pending' AND NEW.status IN ('cancelled', 'completed', 'failed', 'scheduled')) OR (OLD.status = 'scheduled' AND NEW.status IN ('cancelled', 'failed', 'in_progress', 'pending')) OR (OLD.status = 'in_progress' AND NEW.status IN ('cancelled', 'completed', 'failed', 'pending')) OR (OLD.status = 'failed' AND NEW.status IN ('cancelled', 'pending')) OR (OLD.status = 'cancelled' AND NEW.status IN ('pending'))) THEN
    RAISE EXCEPTION 'fixity_check: status % cannot become %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'fixity_check_life_cycle';
  END IF;
  RETURN NEW;
END $$
""",
    """\
CREATE OR REPLACE TRIGGER fixity_check_life_cycle BEFORE UPDATE OF status ON fixity_check
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
EXECUTE FUNCTION fixity_check_life_cycle()
""",
    """\
CREATE OR REPLACE FUNCTION staging_item_life_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ((OLD.status = 'pending' AND NEW.status IN ('cancelled', 'completed', 'failed', 'scheduled')) OR (OLD.status = 'scheduled' AND NEW.status IN ('cancelled', 'failed', 'in_progress', 'pending')) OR (OLD.status = 'in_progress' AND NEW.status IN ('cancelled', 'completed', 'failed', 'pending')) OR (OLD.status = 'failed' AND NEW.status IN ('cancelled', 'pending')) OR (OLD.status = 'cancelled' AND NEW.status IN ('pending'))) THEN
    RAISE EXCEPTION 'staging_item: status % cannot become %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'staging_item_life_cycle';
  END IF;
  RETURN NEW;
END $$
""",
    """\
CREATE OR REPLACE TRIGGER staging_item_life_cycle BEFORE UPDATE OF status ON staging_item
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
EXECUTE FUNCTION staging_item_life_cycle()
""",
    """\
CREATE OR REPLACE FUNCTION deletion_life_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ((OLD.status = 'pending' AND NEW.status IN ('cancelled', 'completed', 'failed', 'scheduled')) OR (OLD.status = 'scheduled' AND NEW.status IN ('cancelled', 'failed', 'in_progress', 'pending')) OR (OLD.status = 'in_progress' AND NEW.status IN ('cancelled', 'completed', 'failed', 'pending')) OR (OLD.status = 'failed' AND NEW.status IN ('cancelled', 'pending')) OR (OLD.status = 'cancelled' AND NEW.status IN ('pending'))) THEN
    RAISE EXCEPTION 'deletion: status % cannot become %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'deletion_life_cycle';
  END IF;
  RETURN NEW;
END $$
""",
    """\
CREATE OR REPLACE TRIGGER deletion_life_cycle BEFORE UPDATE OF status ON deletion
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
EXECUTE FUNCTION deletion_life_cycle()
""",
    """\
CREATE OR REPLACE FUNCTION physical_copy_life_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ((OLD.status = 'present' AND NEW.status IN ('corrupt', 'deletion_scheduled', 'missing', 'verified')) OR (OLD.status = 'verified' AND NEW.status IN ('corrupt', 'deletion_scheduled', 'missing')) OR (OLD.status = 'staged' AND NEW.status IN ('corrupt', 'deletion_scheduled', 'missing')) OR (OLD.status = 'deletion_scheduled' AND NEW.status IN ('corrupt', 'deletion_in_progress', 'missing', 'present', 'staged', 'verified')) OR (OLD.status = 'deletion_in_progress' AND NEW.status IN ('deleted')) OR (OLD.status = 'missing' AND NEW.status IN ('deleted', 'present')) OR (OLD.status = 'corrupt' AND NEW.status IN ('deletion_scheduled', 'missing'))) THEN
    RAISE EXCEPTION 'physical_copy: status % cannot become %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'physical_copy_life_cycle';
  END IF;
  RETURN NEW;
END $$
""",
    """\
CREATE OR REPLACE TRIGGER physical_copy_life_cycle BEFORE UPDATE OF status ON physical_copy
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
EXECUTE FUNCTION physical_copy_life_cycle()
""",
    """\
CREATE OR REPLACE FUNCTION executed_obs_unit_life_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT ((OLD.status = 'running' AND NEW.status IN ('aborted', 'completed', 'failed'))) THEN
    RAISE EXCEPTION 'executed_obs_unit: status % cannot become %', OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'executed_obs_unit_life_cycle';
  END IF;
  RETURN NEW;
END $$
""",
    """\
CREATE OR REPLACE TRIGGER executed_obs_unit_life_cycle BEFORE UPDATE OF status ON executed_obs_unit
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
EXECUTE FUNCTION executed_obs_unit_life_cycle()
""",
    """\
CREATE OR REPLACE FUNCTION raw_data_package_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'raw_data_package %: its facts cannot change any more', OLD.id
    USING ERRCODE = 'check_violation', CONSTRAINT = 'raw_data_package_immutable';
END $$
""",
    """\
CREATE OR REPLACE TRIGGER raw_data_package_immutable BEFORE UPDATE ON raw_data_package
FOR EACH ROW WHEN ((OLD.id IS DISTINCT FROM NEW.id OR OLD.raw_data_series_id IS DISTINCT FROM NEW.raw_data_series_id OR OLD.first_number IS DISTINCT FROM NEW.first_number OR OLD.last_number IS DISTINCT FROM NEW.last_number) OR (OLD.sealed_at IS NOT NULL AND (OLD.part_number IS DISTINCT FROM NEW.part_number OR OLD.created_at IS DISTINCT FROM NEW.created_at OR OLD.file_count IS DISTINCT FROM NEW.file_count OR OLD.payload_bytes IS DISTINCT FROM NEW.payload_bytes OR OLD.relative_path IS DISTINCT FROM NEW.relative_path OR OLD.sealed_at IS DISTINCT FROM NEW.sealed_at OR OLD.size IS DISTINCT FROM NEW.size OR OLD.checksum IS DISTINCT FROM NEW.checksum OR OLD.manifest_checksum IS DISTINCT FROM NEW.manifest_checksum OR OLD.index_checksum IS DISTINCT FROM NEW.index_checksum)))
EXECUTE FUNCTION raw_data_package_immutable()
""",
    """\
CREATE OR REPLACE FUNCTION raw_data_package_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'raw_data_package %: is never deleted, as its range would be missing', OLD.id
    USING ERRCODE = 'check_violation', CONSTRAINT = 'raw_data_package_kept';
END $$
""",
    """\
CREATE OR REPLACE TRIGGER raw_data_package_kept BEFORE DELETE ON raw_data_package
FOR EACH ROW
EXECUTE FUNCTION raw_data_package_kept()
""",
    """\
CREATE OR REPLACE FUNCTION raw_data_package_takes_next_range() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  next_number bigint;
BEGIN
  SELECT s.packaged_count + 1 INTO next_number FROM public.raw_data_series s
  WHERE s.id = NEW.raw_data_series_id AND s.site_id = NEW.site_id FOR NO KEY UPDATE;
  IF FOUND AND NEW.first_number <> next_number THEN
    RAISE EXCEPTION 'raw_data_package %: begins at number %, the next of its series is %',
      NEW.id, NEW.first_number, next_number
      USING ERRCODE = 'check_violation', CONSTRAINT = 'raw_data_package_takes_next_range';
  END IF;
  UPDATE public.raw_data_series s
  SET packaged_count = NEW.last_number, packaged_bytes = s.packaged_bytes + NEW.payload_bytes,
      oldest_unpackaged_at = (SELECT f.filed_at FROM public.raw_data_file f
                              WHERE f.raw_data_series_id = s.id AND f.number = NEW.last_number + 1)
  WHERE s.id = NEW.raw_data_series_id AND s.site_id = NEW.site_id;
  RETURN NEW;
END $$
""",
    """\
CREATE OR REPLACE TRIGGER raw_data_package_takes_next_range BEFORE INSERT ON raw_data_package
FOR EACH ROW
EXECUTE FUNCTION raw_data_package_takes_next_range()
""",
    """\
CREATE OR REPLACE FUNCTION physical_copy_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'physical_copy %: what it is, and where, cannot change', OLD.id
    USING ERRCODE = 'check_violation', CONSTRAINT = 'physical_copy_immutable';
END $$
""",
    """\
CREATE OR REPLACE TRIGGER physical_copy_immutable BEFORE UPDATE ON physical_copy
FOR EACH ROW WHEN ((OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.form IS DISTINCT FROM NEW.form OR OLD.raw_data_file_id IS DISTINCT FROM NEW.raw_data_file_id OR OLD.raw_data_package_id IS DISTINCT FROM NEW.raw_data_package_id OR OLD.data_location_id IS DISTINCT FROM NEW.data_location_id OR OLD.relative_path IS DISTINCT FROM NEW.relative_path OR OLD.generation IS DISTINCT FROM NEW.generation))
EXECUTE FUNCTION physical_copy_immutable()
""",
    """\
CREATE OR REPLACE FUNCTION physical_copy_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'physical_copy %: is never deleted, as its name would be free again', OLD.id
    USING ERRCODE = 'check_violation', CONSTRAINT = 'physical_copy_kept';
END $$
""",
    """\
CREATE OR REPLACE TRIGGER physical_copy_kept BEFORE DELETE ON physical_copy
FOR EACH ROW
EXECUTE FUNCTION physical_copy_kept()
""",
    """\
CREATE OR REPLACE FUNCTION physical_copy_given_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  in_archive boolean := EXISTS (
    SELECT FROM public.data_location l
    WHERE l.id = NEW.data_location_id AND l.location_type = 'long_term_archive');
  bad boolean := coalesce((
    SELECT v.finding <> 'right' FROM public.verification v
    WHERE v.physical_copy_id = NEW.id ORDER BY v.number DESC LIMIT 1), false);
BEGIN
  IF NEW.status = 'deletion_scheduled' AND NOT in_archive THEN
    RETURN NEW;
  END IF;
  IF NOT EXISTS (
    SELECT FROM public.deletion d
    WHERE d.data_location_id = NEW.data_location_id AND d.site_id = NEW.site_id
      AND d.raw_data_file_id IS NOT DISTINCT FROM NEW.raw_data_file_id
      AND (d.raw_data_package_id = NEW.raw_data_package_id OR NEW.raw_data_file_id IS NOT NULL)
      AND (NEW.status = 'deletion_scheduled' AND d.status NOT IN ('completed', 'cancelled')
           OR d.status = 'in_progress' AND d.lease_expires_at > public.ops_now()
              AND (NOT in_archive
                   OR d.created_at <= public.ops_now() - CASE WHEN bad THEN interval '14 days'
                                                              ELSE interval '7 days' END)))
  THEN
    RAISE EXCEPTION 'physical_copy %: becomes % by a deletion in hand only, in an archive after 7 or 14 days',
      NEW.id, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'physical_copy_given_up';
  END IF;
  RETURN NEW;
END $$
""",
    """\
CREATE OR REPLACE TRIGGER physical_copy_given_up BEFORE UPDATE OF status ON physical_copy
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND NEW.status IN ('deletion_scheduled', 'deletion_in_progress'))
EXECUTE FUNCTION physical_copy_given_up()
""",
    """\
CREATE OR REPLACE FUNCTION owned_here() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  here text[] := ARRAY(SELECT d.site_id FROM public.database_site d);
  acts_for text[] := string_to_array(nullif(current_setting('ccat.acts_for', true), ''), ',');
  stranger text;
BEGIN
  IF acts_for IS NULL AND '*' = ANY (here) THEN
    RETURN NULL;
  END IF;
  SELECT c.site_id INTO stranger FROM changed c
  WHERE NOT (c.site_id = ANY (here) OR '*' = ANY (here)) OR c.site_id <> ALL (acts_for)
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '%: a row of site % is not written here', TG_TABLE_NAME, stranger
      USING ERRCODE = 'check_violation', CONSTRAINT = 'owned_here',
            DETAIL = format('This database has the sites %s; the session acts for %s.',
                            array_to_string(here, ', '),
                            coalesce(array_to_string(acts_for, ', '), 'all of them')),
            HINT = 'Only the database of the site that owns a row changes it; ask the API of that site.';
  END IF;
  RETURN NULL;
END $$
""",
    """\
CREATE OR REPLACE FUNCTION owner_is_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: a row of site % cannot become one of site %', TG_TABLE_NAME, OLD.site_id, NEW.site_id
    USING ERRCODE = 'check_violation', CONSTRAINT = 'owner_is_settled';
END $$
""",
    """\
CREATE OR REPLACE FUNCTION never_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: is never truncated, as it has rows of every site', TG_TABLE_NAME
    USING ERRCODE = 'check_violation', CONSTRAINT = 'never_truncated',
          HINT = 'Delete the rows that this database owns.';
END $$
""",
    """\
CREATE OR REPLACE FUNCTION main_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM public.database_site d WHERE d.is_main) THEN
    RAISE EXCEPTION '%: is reference data, which only the database of the main site changes', TG_TABLE_NAME
      USING ERRCODE = 'check_violation', CONSTRAINT = 'main_only',
            HINT = 'Change it at the main site; it comes here by itself.';
  END IF;
  RETURN NULL;
END $$
""",
    """\
CREATE OR REPLACE FUNCTION arrives() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text;
  own boolean;
BEGIN
  IF TG_OP = 'DELETE' THEN
    owner := OLD.site_id;
  ELSE
    owner := NEW.site_id;
  END IF;
  own := EXISTS (SELECT FROM public.database_site d WHERE d.site_id IN (owner, '*'));
  IF NOT EXISTS (
    SELECT FROM public.link_role l
    WHERE l.role = current_user AND l.site_id IN (owner, '*') AND (l.recovers OR NOT own)
  ) THEN
    RAISE EXCEPTION '%: the role % may not bring a row of site % here', TG_TABLE_NAME, current_user, owner
      USING ERRCODE = 'check_violation', CONSTRAINT = 'arrives',
            DETAIL = CASE WHEN own THEN 'This database owns the rows of that site.' ELSE
                     'The table link_role does not allow it.' END;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RETURN OLD;
  END IF;
  RETURN NEW;
END $$
""",
)
OWNED = (
    "api_token",
    "api_token_scope",
    "token_use",
    "token_revocation",
    "executed_obs_unit",
    "executed_obs_unit_module",
    "raw_data_series",
    "raw_data_file",
    "raw_data_package",
    "raw_data_package_member",
    "raw_data_file_exception",
    "raw_data_package_metadata",
    "package_creation",
    "place_marker",
    "place_ability",
    "reconcile_finding",
    "physical_copy",
    "verification",
    "member_finding",
    "doubt",
    "doubt_answer",
    "copy_claim",
    "physical_copy_lock",
    "data_transfer_package",
    "data_transfer",
    "long_term_archive_transfer",
    "fixity_check",
    "staging_job",
    "staging_item",
    "deletion",
    "outage",
    "file_system",
    "data_transfer_log",
    "error_record",
    "error_acknowledgement",
    "error_acknowledgement_end",
    "event",
    "deletion_hold",
    "deletion_hold_end",
    "suspension",
    "suspension_end",
)
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
APPEND_ONLY = (
    "raw_data_file",
    "raw_data_package_member",
    "event",
    "deletion_hold",
    "deletion_hold_end",
    "verification",
    "member_finding",
    "doubt",
    "doubt_answer",
    "error_acknowledgement",
    "error_acknowledgement_end",
    "suspension",
    "suspension_end",
    "token_revocation",
)
TRIGGERS_OF_APPEND_ONLY = (
    """\
CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '{table}: its rows are append-only'
    USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_append_only';
END $$
""",
    """\
CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW
EXECUTE FUNCTION {table}_append_only()
""",
)
STATEMENTS = (
    "deletion_hold",
    "deletion_hold_end",
    "verification",
    "member_finding",
    "doubt",
    "doubt_answer",
    "error_acknowledgement",
    "error_acknowledgement_end",
    "suspension",
    "suspension_end",
)
"""Statements that consumers of changed keys are told of."""
TRIGGERS_OF_STATEMENTS = (
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON {table}
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE {table} ENABLE ALWAYS TRIGGER changed_key_insert
""",
)
TRIGGERS_OF_OWNED = (
    """\
CREATE OR REPLACE TRIGGER owned_here_insert AFTER INSERT ON {table}
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT
EXECUTE FUNCTION owned_here()
""",
    """\
CREATE OR REPLACE TRIGGER owned_here_update AFTER UPDATE ON {table}
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT
EXECUTE FUNCTION owned_here()
""",
    """\
CREATE OR REPLACE TRIGGER owned_here_delete AFTER DELETE ON {table}
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT
EXECUTE FUNCTION owned_here()
""",
    """\
CREATE OR REPLACE TRIGGER owner_is_settled BEFORE UPDATE ON {table}
FOR EACH ROW WHEN (OLD.site_id IS DISTINCT FROM NEW.site_id)
EXECUTE FUNCTION owner_is_settled()
""",
    """\
CREATE OR REPLACE TRIGGER never_truncated BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT
EXECUTE FUNCTION never_truncated()
""",
    """\
CREATE OR REPLACE TRIGGER arrives BEFORE INSERT OR UPDATE OR DELETE ON {table}
FOR EACH ROW
EXECUTE FUNCTION arrives()
""",
    """\
ALTER TABLE {table} ENABLE REPLICA TRIGGER arrives
""",
)
TRIGGER_OF_REFERENCE = """\
CREATE OR REPLACE TRIGGER main_only BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
ON "{table}" FOR EACH STATEMENT
EXECUTE FUNCTION main_only()
"""
CHANGED_KEYS = (
    """\
CREATE OR REPLACE FUNCTION append_changed_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.changed_key (consumer, subject, key, at)
  SELECT c.consumer, TG_TABLE_NAME, coalesce(NEW.id, OLD.id)::text, public.ops_now()
  FROM public.change_consumer c;
  RETURN NULL;
END $$
""",
    """\
CREATE OR REPLACE FUNCTION only_by_triggers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: only triggers write to it', TG_TABLE_NAME
    USING ERRCODE = 'check_violation', CONSTRAINT = 'only_by_triggers';
END $$
""",
    """\
CREATE TABLE changed_key_planner PARTITION OF changed_key FOR VALUES IN ('planner')
WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0)
""",
    """\
CREATE TABLE changed_key_deriver PARTITION OF changed_key FOR VALUES IN ('deriver')
WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0)
""",
    """\
CREATE OR REPLACE TRIGGER only_by_triggers BEFORE INSERT OR UPDATE ON changed_key
FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
EXECUTE FUNCTION only_by_triggers()
""",
    """\
CREATE SEQUENCE changed_key_taken OWNED BY changed_key.consumer
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON executed_obs_unit
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE executed_obs_unit ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON executed_obs_unit
FOR EACH ROW WHEN ((OLD.telescope_id, OLD.obs_unit_id, OLD.status, OLD.started_at, OLD.ended_at, OLD.start_received_at, OLD.end_received_at, OLD.mean_pwv, OLD.elevation_min, OLD.elevation_max, OLD.azimuth_min, OLD.azimuth_max, OLD.comment) IS DISTINCT FROM (NEW.telescope_id, NEW.obs_unit_id, NEW.status, NEW.started_at, NEW.ended_at, NEW.start_received_at, NEW.end_received_at, NEW.mean_pwv, NEW.elevation_min, NEW.elevation_max, NEW.azimuth_min, NEW.azimuth_max, NEW.comment))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE executed_obs_unit ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON executed_obs_unit
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE executed_obs_unit ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON raw_data_series
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE raw_data_series ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON raw_data_series
FOR EACH ROW WHEN ((OLD.executed_obs_unit_id, OLD.instrument_module_id, OLD.source_location_id, OLD.packaged_count, OLD.packaged_bytes) IS DISTINCT FROM (NEW.executed_obs_unit_id, NEW.instrument_module_id, NEW.source_location_id, NEW.packaged_count, NEW.packaged_bytes))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE raw_data_series ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON raw_data_series
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE raw_data_series ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON raw_data_package
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE raw_data_package ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON raw_data_package
FOR EACH ROW WHEN ((OLD.raw_data_series_id, OLD.first_number, OLD.last_number, OLD.part_number, OLD.created_at, OLD.file_count, OLD.payload_bytes, OLD.relative_path, OLD.sealed_at, OLD.size, OLD.checksum, OLD.manifest_checksum, OLD.index_checksum) IS DISTINCT FROM (NEW.raw_data_series_id, NEW.first_number, NEW.last_number, NEW.part_number, NEW.created_at, NEW.file_count, NEW.payload_bytes, NEW.relative_path, NEW.sealed_at, NEW.size, NEW.checksum, NEW.manifest_checksum, NEW.index_checksum))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE raw_data_package ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON raw_data_package
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE raw_data_package ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON raw_data_file_exception
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE raw_data_file_exception ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON raw_data_file_exception
FOR EACH ROW WHEN ((OLD.raw_data_file_id, OLD.kind, OLD.first_seen_at, OLD.decision, OLD.decided_at, OLD.decided_by, OLD.reason, OLD.replaced_by_file_id) IS DISTINCT FROM (NEW.raw_data_file_id, NEW.kind, NEW.first_seen_at, NEW.decision, NEW.decided_at, NEW.decided_by, NEW.reason, NEW.replaced_by_file_id))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE raw_data_file_exception ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON raw_data_file_exception
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE raw_data_file_exception ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON place_marker
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE place_marker ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON place_marker
FOR EACH ROW WHEN ((OLD.data_location_id, OLD.identity, OLD.file_system, OLD.adopted_at, OLD.adopted_by, OLD.how, OLD.reason, OLD.retired_at) IS DISTINCT FROM (NEW.data_location_id, NEW.identity, NEW.file_system, NEW.adopted_at, NEW.adopted_by, NEW.how, NEW.reason, NEW.retired_at))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE place_marker ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON place_marker
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE place_marker ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON reconcile_finding
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE reconcile_finding ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON reconcile_finding
FOR EACH ROW WHEN ((OLD.data_location_id, OLD.path, OLD.size, OLD.identity, OLD.first_seen_at, OLD.decided_at, OLD.decided_by, OLD.reason, OLD.resolution, OLD.resolved_at) IS DISTINCT FROM (NEW.data_location_id, NEW.path, NEW.size, NEW.identity, NEW.first_seen_at, NEW.decided_at, NEW.decided_by, NEW.reason, NEW.resolution, NEW.resolved_at))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE reconcile_finding ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON reconcile_finding
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE reconcile_finding ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON outage
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE outage ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON outage
FOR EACH ROW WHEN ((OLD.scope, OLD.scope_id, OLD.category, OLD.since, OLD.closed_since, OLD.next_probe_at, OLD.ended_at) IS DISTINCT FROM (NEW.scope, NEW.scope_id, NEW.category, NEW.since, NEW.closed_since, NEW.next_probe_at, NEW.ended_at))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE outage ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON outage
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE outage ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON physical_copy
FOR EACH ROW WHEN (NEW.kind = 'raw_data_package')
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE physical_copy ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON physical_copy
FOR EACH ROW WHEN (NEW.kind = 'raw_data_package' AND (OLD.kind, OLD.form, OLD.raw_data_file_id, OLD.raw_data_package_id, OLD.data_location_id, OLD.relative_path, OLD.generation, OLD.status, OLD.size, OLD.created_at, OLD.place_marker_id, OLD.onward_planned_at, OLD.pinned_until, OLD.deleted_at, OLD.waiting_reason) IS DISTINCT FROM (NEW.kind, NEW.form, NEW.raw_data_file_id, NEW.raw_data_package_id, NEW.data_location_id, NEW.relative_path, NEW.generation, NEW.status, NEW.size, NEW.created_at, NEW.place_marker_id, NEW.onward_planned_at, NEW.pinned_until, NEW.deleted_at, NEW.waiting_reason))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE physical_copy ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON physical_copy
FOR EACH ROW WHEN (OLD.kind = 'raw_data_package')
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE physical_copy ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON copy_claim
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE copy_claim ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON copy_claim
FOR EACH ROW WHEN ((OLD.physical_copy_id, OLD.copy_site_id, OLD.work_table, OLD.work_id, OLD.made_at, OLD.released_at) IS DISTINCT FROM (NEW.physical_copy_id, NEW.copy_site_id, NEW.work_table, NEW.work_id, NEW.made_at, NEW.released_at))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE copy_claim ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON copy_claim
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE copy_claim ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON physical_copy_lock
FOR EACH ROW WHEN (NEW.claim_id IS NOT NULL)
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE physical_copy_lock ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON physical_copy_lock
FOR EACH ROW WHEN (NEW.claim_id IS NOT NULL AND (OLD.physical_copy_id, OLD.work_table, OLD.work_id, OLD.created_at, OLD.claim_id, OLD.outcome, OLD.reason) IS DISTINCT FROM (NEW.physical_copy_id, NEW.work_table, NEW.work_id, NEW.created_at, NEW.claim_id, NEW.outcome, NEW.reason))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE physical_copy_lock ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON physical_copy_lock
FOR EACH ROW WHEN (OLD.claim_id IS NOT NULL)
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE physical_copy_lock ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON package_creation
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE package_creation ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON package_creation
FOR EACH ROW WHEN ((OLD.raw_data_package_id, OLD.source_location_id, OLD.destination_location_id, OLD.status, OLD.priority, OLD.created_at, OLD.attempt, OLD.interruptions, OLD.next_attempt_at, OLD.lease_owner, OLD.fencing, OLD.started_at, OLD.worker_clock, OLD.finished_at, OLD.bytes_total, OLD.error_class, OLD.error_category, OLD.error_message, OLD.waiting_reason) IS DISTINCT FROM (NEW.raw_data_package_id, NEW.source_location_id, NEW.destination_location_id, NEW.status, NEW.priority, NEW.created_at, NEW.attempt, NEW.interruptions, NEW.next_attempt_at, NEW.lease_owner, NEW.fencing, NEW.started_at, NEW.worker_clock, NEW.finished_at, NEW.bytes_total, NEW.error_class, NEW.error_category, NEW.error_message, NEW.waiting_reason))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE package_creation ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON package_creation
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE package_creation ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON data_transfer
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE data_transfer ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON data_transfer
FOR EACH ROW WHEN ((OLD.raw_data_package_id, OLD.source_copy_id, OLD.source_location_id, OLD.destination_location_id, OLD.destination_path, OLD.generation, OLD.final_site_id, OLD.data_transfer_route_id, OLD.data_transfer_package_id, OLD.sent_at, OLD.checksum, OLD.status, OLD.priority, OLD.created_at, OLD.attempt, OLD.interruptions, OLD.next_attempt_at, OLD.lease_owner, OLD.fencing, OLD.started_at, OLD.worker_clock, OLD.finished_at, OLD.bytes_total, OLD.error_class, OLD.error_category, OLD.error_message, OLD.waiting_reason) IS DISTINCT FROM (NEW.raw_data_package_id, NEW.source_copy_id, NEW.source_location_id, NEW.destination_location_id, NEW.destination_path, NEW.generation, NEW.final_site_id, NEW.data_transfer_route_id, NEW.data_transfer_package_id, NEW.sent_at, NEW.checksum, NEW.status, NEW.priority, NEW.created_at, NEW.attempt, NEW.interruptions, NEW.next_attempt_at, NEW.lease_owner, NEW.fencing, NEW.started_at, NEW.worker_clock, NEW.finished_at, NEW.bytes_total, NEW.error_class, NEW.error_category, NEW.error_message, NEW.waiting_reason))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE data_transfer ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON data_transfer
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE data_transfer ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON long_term_archive_transfer
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE long_term_archive_transfer ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON long_term_archive_transfer
FOR EACH ROW WHEN ((OLD.raw_data_package_id, OLD.source_copy_id, OLD.destination_location_id, OLD.checksum, OLD.status, OLD.priority, OLD.created_at, OLD.attempt, OLD.interruptions, OLD.next_attempt_at, OLD.lease_owner, OLD.fencing, OLD.started_at, OLD.worker_clock, OLD.finished_at, OLD.bytes_total, OLD.error_class, OLD.error_category, OLD.error_message, OLD.waiting_reason) IS DISTINCT FROM (NEW.raw_data_package_id, NEW.source_copy_id, NEW.destination_location_id, NEW.checksum, NEW.status, NEW.priority, NEW.created_at, NEW.attempt, NEW.interruptions, NEW.next_attempt_at, NEW.lease_owner, NEW.fencing, NEW.started_at, NEW.worker_clock, NEW.finished_at, NEW.bytes_total, NEW.error_class, NEW.error_category, NEW.error_message, NEW.waiting_reason))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE long_term_archive_transfer ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON long_term_archive_transfer
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE long_term_archive_transfer ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON fixity_check
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE fixity_check ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON fixity_check
FOR EACH ROW WHEN ((OLD.physical_copy_id, OLD.data_location_id, OLD.data_transfer_id, OLD.reason, OLD.excluded_worker, OLD.decoys, OLD.decoys_right, OLD.result, OLD.checksum, OLD.status, OLD.priority, OLD.created_at, OLD.attempt, OLD.interruptions, OLD.next_attempt_at, OLD.lease_owner, OLD.fencing, OLD.started_at, OLD.worker_clock, OLD.finished_at, OLD.bytes_total, OLD.error_class, OLD.error_category, OLD.error_message, OLD.waiting_reason) IS DISTINCT FROM (NEW.physical_copy_id, NEW.data_location_id, NEW.data_transfer_id, NEW.reason, NEW.excluded_worker, NEW.decoys, NEW.decoys_right, NEW.result, NEW.checksum, NEW.status, NEW.priority, NEW.created_at, NEW.attempt, NEW.interruptions, NEW.next_attempt_at, NEW.lease_owner, NEW.fencing, NEW.started_at, NEW.worker_clock, NEW.finished_at, NEW.bytes_total, NEW.error_class, NEW.error_category, NEW.error_message, NEW.waiting_reason))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE fixity_check ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON fixity_check
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE fixity_check ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON staging_job
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE staging_job ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON staging_job
FOR EACH ROW WHEN ((OLD.destination_location_id, OLD.executed_obs_unit_id, OLD.raw_data_package_id, OLD.raw_data_file_id, OLD.requested_by, OLD.reason, OLD.created_at, OLD.pinned_until, OLD.time_to_live, OLD.cancelled_at) IS DISTINCT FROM (NEW.destination_location_id, NEW.executed_obs_unit_id, NEW.raw_data_package_id, NEW.raw_data_file_id, NEW.requested_by, NEW.reason, NEW.created_at, NEW.pinned_until, NEW.time_to_live, NEW.cancelled_at))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE staging_job ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON staging_job
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE staging_job ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON staging_item
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE staging_item ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON staging_item
FOR EACH ROW WHEN ((OLD.staging_job_id, OLD.raw_data_package_id, OLD.raw_data_file_id, OLD.destination_location_id, OLD.source_copy_id, OLD.status, OLD.priority, OLD.created_at, OLD.attempt, OLD.interruptions, OLD.next_attempt_at, OLD.lease_owner, OLD.fencing, OLD.started_at, OLD.worker_clock, OLD.finished_at, OLD.bytes_total, OLD.error_class, OLD.error_category, OLD.error_message, OLD.waiting_reason) IS DISTINCT FROM (NEW.staging_job_id, NEW.raw_data_package_id, NEW.raw_data_file_id, NEW.destination_location_id, NEW.source_copy_id, NEW.status, NEW.priority, NEW.created_at, NEW.attempt, NEW.interruptions, NEW.next_attempt_at, NEW.lease_owner, NEW.fencing, NEW.started_at, NEW.worker_clock, NEW.finished_at, NEW.bytes_total, NEW.error_class, NEW.error_category, NEW.error_message, NEW.waiting_reason))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE staging_item ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON staging_item
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE staging_item ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON deletion
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE deletion ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON deletion
FOR EACH ROW WHEN ((OLD.raw_data_package_id, OLD.data_location_id, OLD.kind, OLD.raw_data_file_id, OLD.requested_by, OLD.reason, OLD.grace_until, OLD.status, OLD.priority, OLD.created_at, OLD.attempt, OLD.interruptions, OLD.next_attempt_at, OLD.lease_owner, OLD.fencing, OLD.started_at, OLD.worker_clock, OLD.finished_at, OLD.bytes_total, OLD.error_class, OLD.error_category, OLD.error_message, OLD.waiting_reason) IS DISTINCT FROM (NEW.raw_data_package_id, NEW.data_location_id, NEW.kind, NEW.raw_data_file_id, NEW.requested_by, NEW.reason, NEW.grace_until, NEW.status, NEW.priority, NEW.created_at, NEW.attempt, NEW.interruptions, NEW.next_attempt_at, NEW.lease_owner, NEW.fencing, NEW.started_at, NEW.worker_clock, NEW.finished_at, NEW.bytes_total, NEW.error_class, NEW.error_category, NEW.error_message, NEW.waiting_reason))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE deletion ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON deletion
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE deletion ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON error_record
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE error_record ENABLE ALWAYS TRIGGER changed_key_insert
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_update AFTER UPDATE ON error_record
FOR EACH ROW WHEN ((OLD.severity, OLD.category, OLD.fingerprint, OLD.subject_type, OLD.subject_id, OLD.data_location_id, OLD.first_seen_at, OLD.resolved_at) IS DISTINCT FROM (NEW.severity, NEW.category, NEW.fingerprint, NEW.subject_type, NEW.subject_id, NEW.data_location_id, NEW.first_seen_at, NEW.resolved_at))
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE error_record ENABLE ALWAYS TRIGGER changed_key_update
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_delete AFTER DELETE ON error_record
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE error_record ENABLE ALWAYS TRIGGER changed_key_delete
""",
    """\
CREATE OR REPLACE TRIGGER changed_key_insert AFTER INSERT ON event
FOR EACH ROW
EXECUTE FUNCTION append_changed_key()
""",
    """\
ALTER TABLE event ENABLE ALWAYS TRIGGER changed_key_insert
""",
)
FUNCTIONS = (
    "ops_now",
    "owned_here",
    "owner_is_settled",
    "never_truncated",
    "main_only",
    "arrives",
    "append_changed_key",
    "only_by_triggers",
    "package_creation_life_cycle",
    "data_transfer_life_cycle",
    "long_term_archive_transfer_life_cycle",
    "fixity_check_life_cycle",
    "staging_item_life_cycle",
    "deletion_life_cycle",
    "physical_copy_life_cycle",
    "executed_obs_unit_life_cycle",
    "raw_data_package_immutable",
    "raw_data_package_kept",
    "raw_data_package_takes_next_range",
    "physical_copy_immutable",
    "physical_copy_kept",
    "physical_copy_given_up",
    *(f"{table}_append_only" for table in APPEND_ONLY),
)

RAW_DATA_FILE_VIEW = """\
CREATE VIEW raw_data_file_view AS
SELECT f.id, f.site_id, f.raw_data_series_id, f.number, f.revision, f.relative_path, f.size, f.checksum,
       f.file_type, f.written_from, f.written_until, f.filed_at,
       s.executed_obs_unit_id, s.instrument_module_id, s.source_location_id,
       p.id AS raw_data_package_id, m.tar_offset, m.sha256, m.mtime_ns,
       m.raw_data_file_id IS NULL AND (p.sealed_at IS NOT NULL OR EXISTS (
         SELECT 1 FROM package_creation w
         WHERE w.raw_data_package_id = p.id AND w.status = 'cancelled' AND w.error_category = 'all_left_out'
       )) AS left_out,
       e.kind AS exception, e.detail AS exception_detail, e.decision, e.replaced_by_file_id
FROM raw_data_file f
JOIN raw_data_series s ON s.id = f.raw_data_series_id AND s.site_id = f.site_id
LEFT JOIN raw_data_package p ON p.raw_data_series_id = f.raw_data_series_id AND p.site_id = f.site_id
                            AND f.number BETWEEN p.first_number AND p.last_number
LEFT JOIN raw_data_package_member m ON m.raw_data_file_id = f.id AND m.site_id = f.site_id
LEFT JOIN raw_data_file_exception e ON e.raw_data_file_id = f.id AND e.site_id = f.site_id
"""


def upgrade() -> None:
    """Create every table, and the triggers that guard life cycles, facts and owners."""
    set_limits()
    op.execute(OPS_NOW)
    op.create_table(
        "configuration_revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("retired", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column(
            "content",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration_revision")),
    )
    op.create_index(
        op.f("ix_configuration_revision_applied_at"), "configuration_revision", ["applied_at"], unique=False
    )
    op.create_table(
        "change_consumer",
        sa.Column(
            "consumer",
            sa.Enum(
                "planner", "deriver", name="consumer", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("emptied_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("consumer", name=op.f("pk_change_consumer")),
    )
    op.create_table(
        "changed_key",
        sa.Column("consumer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        postgresql_partition_by="LIST (consumer)",
    )
    op.create_table(
        "data_transfer_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("work_table", sa.String(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_data_transfer_log")),
    )
    op.create_index(op.f("ix_data_transfer_log_work_id"), "data_transfer_log", ["work_id"], unique=False)
    op.create_table(
        "database_site",
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_database_site")),
    )
    op.create_index(
        "uq_database_site_main",
        "database_site",
        ["is_main"],
        unique=True,
        postgresql_where=sa.text("is_main"),
        sqlite_where=sa.text("is_main"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_type", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column(
            "details",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_action_occurred_at"), "event", ["action", "occurred_at"], unique=False)
    op.create_index(op.f("ix_event_actor_occurred_at"), "event", ["actor", "occurred_at"], unique=False)
    op.create_index(op.f("ix_event_occurred_at"), "event", ["occurred_at"], unique=False)
    op.create_index(
        op.f("ix_event_subject_id_occurred_at"), "event", ["subject_id", "occurred_at"], unique=False
    )
    op.create_table(
        "line",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rest_frequency", sa.Double(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("rest_frequency > 0", name=op.f("ck_line_rest_frequency_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line")),
    )
    op.create_table(
        "link_role",
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("recovers", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("role", "site_id", name=op.f("pk_link_role")),
    )
    op.create_table(
        "obs_mode",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obs_mode")),
    )
    op.create_table(
        "observatory",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id ~ '^[a-z][a-z0-9-]*$'", name=op.f("ck_observatory_id_slug")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observatory")),
    )
    op.create_table(
        "observing_program",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("principal_investigator", sa.String(), nullable=True),
        sa.Column("granted_hours", sa.Double(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "granted_hours >= 0", name=op.f("ck_observing_program_granted_hours_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observing_program")),
    )
    op.create_table(
        "outage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "location",
                "route",
                "credential",
                "broker",
                name="outage_scope",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("scope_id", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("closed_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "next_probe_at IS NULL OR closed_since IS NOT NULL", name=op.f("ck_outage_only_closed_is_probed")
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_outage")),
    )
    op.create_index(
        "ix_outage_ended",
        "outage",
        ["ended_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index(
        "uq_outage_open",
        "outage",
        ["site_id", "scope", "scope_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "permission",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id ~ '^[a-z]+:[a-z][a-z-]*$'", name=op.f("ck_permission_id_action_resource")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permission")),
    )
    op.create_table(
        "retention_policy",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column(
            "trigger",
            sa.Enum(
                "when_archived",
                "under_pressure",
                "when_unpinned",
                name="deletion_trigger",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("min_archive_copies", sa.BigInteger(), nullable=False),
        sa.Column("max_proof_age", sa.BigInteger(), nullable=False),
        sa.Column("retention_time", sa.BigInteger(), nullable=False),
        sa.Column("grace_period", sa.BigInteger(), nullable=False),
        sa.Column(
            "confirm_by",
            sa.Enum(
                "unchanged",
                "full_read",
                name="confirm_by",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("max_proof_age > 0", name=op.f("ck_retention_policy_max_proof_age_positive")),
        sa.CheckConstraint(
            "min_archive_copies >= 1", name=op.f("ck_retention_policy_min_archive_copies_at_least_1")
        ),
        sa.CheckConstraint(
            "retention_time >= 0 AND grace_period >= 0", name=op.f("ck_retention_policy_times_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_policy")),
    )
    op.create_table(
        "role",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.Column("api_url", sa.String(), nullable=True),
        sa.Column("data_server_url", sa.String(), nullable=True),
        sa.Column("contact", sa.String(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id ~ '^[a-z][a-z0-9-]*$'", name=op.f("ck_site_id_slug")),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_site_latitude_range")),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name=op.f("ck_site_longitude_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
    op.create_index(
        "uq_site_main",
        "site",
        ["main"],
        unique=True,
        postgresql_where=sa.text("main"),
        sqlite_where=sa.text("main"),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "type IN ('fixed', 'solar_system', 'constant_elevation')", name=op.f("ck_source_type")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("full_name", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(provider IS NULL) = (external_id IS NULL)", name=op.f("ck_user_external_identity_whole")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("name", name=op.f("uq_user_name")),
    )
    op.create_index("uq_user_provider_external_id", "user", ["provider", "external_id"], unique=True)
    op.create_table(
        "worker_place",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("data_location_id", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("owner", "data_location_id", name=op.f("pk_worker_place")),
    )
    op.create_index(
        op.f("ix_worker_place_data_location_id"), "worker_place", ["data_location_id"], unique=False
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("bound_site_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["bound_site_id"], ["site.id"], name=op.f("fk_api_token_bound_site_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_api_token_user_id")),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("prefix", "site_id", name=op.f("uq_api_token_prefix_site_id")),
    )
    op.create_index(op.f("ix_api_token_bound_site_id"), "api_token", ["bound_site_id"], unique=False)
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"], unique=False)
    op.create_table(
        "constant_elevation_source",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("elevation", sa.Double(), nullable=False),
        sa.Column("azimuth_min", sa.Double(), nullable=False),
        sa.Column("azimuth_max", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "azimuth_min < azimuth_max", name=op.f("ck_constant_elevation_source_azimuth_ordered")
        ),
        sa.CheckConstraint(
            "elevation BETWEEN 0 AND 90", name=op.f("ck_constant_elevation_source_elevation_range")
        ),
        sa.ForeignKeyConstraint(["id"], ["source.id"], name=op.f("fk_constant_elevation_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_constant_elevation_source")),
    )
    op.create_table(
        "fixed_source",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("right_ascension", sa.Double(), nullable=False),
        sa.Column("declination", sa.Double(), nullable=False),
        sa.Column("radial_velocity", sa.Double(), nullable=True),
        sa.CheckConstraint("declination BETWEEN -90 AND 90", name=op.f("ck_fixed_source_declination_range")),
        sa.CheckConstraint(
            "right_ascension >= 0 AND right_ascension < 360",
            name=op.f("ck_fixed_source_right_ascension_range"),
        ),
        sa.ForeignKeyConstraint(["id"], ["source.id"], name=op.f("fk_fixed_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixed_source")),
    )
    op.create_index(op.f("ix_fixed_source_declination"), "fixed_source", ["declination"], unique=False)
    op.create_index(
        op.f("ix_fixed_source_right_ascension"), "fixed_source", ["right_ascension"], unique=False
    )
    op.create_table(
        "idempotency_key",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("response_status", sa.BigInteger(), nullable=False),
        sa.Column("response_body", sa.String(), nullable=False),
        sa.Column("response_etag", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_idempotency_key_user_id")),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "role_permission",
        sa.Column("role_id", sa.String(), nullable=False),
        sa.Column("permission_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permission.id"], name=op.f("fk_role_permission_permission_id")
        ),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_role_permission_role_id")),
        sa.PrimaryKeyConstraint("role_id", "permission_id", name=op.f("pk_role_permission")),
    )
    op.create_index(
        op.f("ix_role_permission_permission_id"), "role_permission", ["permission_id"], unique=False
    )
    op.create_table(
        "solar_system_object",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ephemeris_name", sa.String(), nullable=False),
        sa.Column("naif_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["source.id"], name=op.f("fk_solar_system_object_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solar_system_object")),
    )
    op.create_table(
        "sub_observing_program",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("observing_program_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["observing_program_id"],
            ["observing_program.id"],
            name=op.f("fk_sub_observing_program_observing_program_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sub_observing_program")),
    )
    op.create_index(
        op.f("ix_sub_observing_program_observing_program_id"),
        "sub_observing_program",
        ["observing_program_id"],
        unique=False,
    )
    op.create_table(
        "telescope",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("observatory_id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("altitude", sa.Double(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id ~ '^[a-z][a-z0-9-]*$'", name=op.f("ck_telescope_id_slug")),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_telescope_latitude_range")),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name=op.f("ck_telescope_longitude_range")),
        sa.ForeignKeyConstraint(
            ["observatory_id"], ["observatory.id"], name=op.f("fk_telescope_observatory_id")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_telescope_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telescope")),
        sa.UniqueConstraint("id", "site_id", name=op.f("uq_telescope_id_site_id")),
    )
    op.create_index(op.f("ix_telescope_observatory_id"), "telescope", ["observatory_id"], unique=False)
    op.create_table(
        "user_role",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_user_role_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_role_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_user_role")),
    )
    op.create_index(op.f("ix_user_role_role_id"), "user_role", ["role_id"], unique=False)
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "way",
            sa.Enum(
                "token",
                "development",
                name="sign_in_way",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("api_token_id", sa.Uuid(), nullable=True),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(way = 'token') = (api_token_id IS NOT NULL)", name=op.f("ck_user_session_token_of_way")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_user_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_user_session_secret_hash")),
    )
    op.create_index(op.f("ix_user_session_api_token_id"), "user_session", ["api_token_id"], unique=False)
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)
    op.create_table(
        "api_token_scope",
        sa.Column("api_token_id", sa.Uuid(), nullable=False),
        sa.Column("permission_id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_token_id", "site_id"],
            ["api_token.id", "api_token.site_id"],
            name=op.f("fk_api_token_scope_api_token_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["permission_id"], ["permission.id"], name=op.f("fk_api_token_scope_permission_id")
        ),
        sa.PrimaryKeyConstraint("api_token_id", "permission_id", "site_id", name=op.f("pk_api_token_scope")),
    )
    op.create_index(
        op.f("ix_api_token_scope_permission_id"), "api_token_scope", ["permission_id"], unique=False
    )
    op.create_table(
        "instrument",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("telescope_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id ~ '^[a-z][a-z0-9-]*$'", name=op.f("ck_instrument_id_slug")),
        sa.ForeignKeyConstraint(["telescope_id"], ["telescope.id"], name=op.f("fk_instrument_telescope_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument")),
    )
    op.create_index(op.f("ix_instrument_telescope_id"), "instrument", ["telescope_id"], unique=False)
    op.create_table(
        "obs_unit",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("observing_program_id", sa.String(), nullable=False),
        sa.Column("sub_observing_program_id", sa.String(), nullable=True),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("obs_mode_id", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("nominal_alt", sa.Double(), nullable=True),
        sa.Column(
            "mapping_parameters",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "additional_params",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("requested_time", sa.Double(), nullable=True),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("nominal_alt BETWEEN 0 AND 90", name=op.f("ck_obs_unit_nominal_alt_range")),
        sa.CheckConstraint("requested_time >= 0", name=op.f("ck_obs_unit_requested_time_not_negative")),
        sa.ForeignKeyConstraint(["obs_mode_id"], ["obs_mode.id"], name=op.f("fk_obs_unit_obs_mode_id")),
        sa.ForeignKeyConstraint(
            ["observing_program_id"], ["observing_program.id"], name=op.f("fk_obs_unit_observing_program_id")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_obs_unit_source_id")),
        sa.ForeignKeyConstraint(
            ["sub_observing_program_id"],
            ["sub_observing_program.id"],
            name=op.f("fk_obs_unit_sub_observing_program_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obs_unit")),
    )
    op.create_index(op.f("ix_obs_unit_obs_mode_id"), "obs_unit", ["obs_mode_id"], unique=False)
    op.create_index(
        op.f("ix_obs_unit_observing_program_id"), "obs_unit", ["observing_program_id"], unique=False
    )
    op.create_index(op.f("ix_obs_unit_source_id"), "obs_unit", ["source_id"], unique=False)
    op.create_index(
        op.f("ix_obs_unit_sub_observing_program_id"), "obs_unit", ["sub_observing_program_id"], unique=False
    )
    op.create_table(
        "data_location",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "location_type",
            sa.Enum(
                "source",
                "buffer",
                "long_term_archive",
                "processing",
                name="location_type",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "storage_type",
            sa.Enum(
                "disk",
                "s3",
                "tape",
                name="storage_type",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("instrument_id", sa.String(), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("watermark_low", sa.Double(), nullable=False),
        sa.Column("watermark_high", sa.Double(), nullable=False),
        sa.Column("capacity_bytes", sa.BigInteger(), nullable=True),
        sa.Column("reserve_bytes", sa.BigInteger(), nullable=False),
        sa.Column("retention_policy_id", sa.String(), nullable=True),
        sa.Column(
            "deletion_mode",
            sa.Enum(
                "dry_run",
                "enabled",
                name="deletion_mode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("scrub_interval", sa.BigInteger(), nullable=False),
        sa.Column("scrub_bytes_per_day", sa.BigInteger(), nullable=True),
        sa.Column("concurrency", sa.BigInteger(), nullable=False),
        sa.Column("package_size_limit", sa.BigInteger(), nullable=False),
        sa.Column("package_age_limit", sa.BigInteger(), nullable=False),
        sa.Column("settle_time", sa.BigInteger(), nullable=False),
        sa.Column("leave_out_after", sa.BigInteger(), nullable=True),
        sa.Column("mount_point", sa.Boolean(), nullable=False),
        sa.Column("create", sa.Boolean(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = site_id || '.' || name", name=op.f("ck_data_location_id_is_site_and_name")),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9-]*$'", name=op.f("ck_data_location_name_slug")),
        sa.CheckConstraint(
            "0 < watermark_low AND watermark_low <= watermark_high AND watermark_high <= 100",
            name=op.f("ck_data_location_watermarks"),
        ),
        sa.CheckConstraint(
            "capacity_bytes IS NULL OR capacity_bytes > 0", name=op.f("ck_data_location_capacity_positive")
        ),
        sa.CheckConstraint("concurrency > 0", name=op.f("ck_data_location_concurrency_positive")),
        sa.CheckConstraint("settle_time >= 0", name=op.f("ck_data_location_settle_time_not_negative")),
        sa.CheckConstraint(
            "leave_out_after >= 0", name=op.f("ck_data_location_leave_out_after_not_negative")
        ),
        sa.CheckConstraint(
            "scrub_interval >= 86400", name=op.f("ck_data_location_scrub_interval_at_least_a_day")
        ),
        sa.CheckConstraint(
            "scrub_bytes_per_day > 0", name=op.f("ck_data_location_scrub_bytes_per_day_positive")
        ),
        sa.CheckConstraint(
            "package_size_limit > 0 AND package_age_limit > 0",
            name=op.f("ck_data_location_package_limits_positive"),
        ),
        sa.CheckConstraint(
            'NOT (mount_point AND "create")', name=op.f("ck_data_location_mount_point_is_not_made")
        ),
        sa.CheckConstraint("reserve_bytes >= 0", name=op.f("ck_data_location_reserve_not_negative")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_data_location_instrument_id")
        ),
        sa.ForeignKeyConstraint(
            ["retention_policy_id"],
            ["retention_policy.id"],
            name=op.f("fk_data_location_retention_policy_id"),
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_data_location_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_location")),
        sa.UniqueConstraint("id", "site_id", name=op.f("uq_data_location_id_site_id")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_data_location_site_id_name")),
    )
    op.create_index(op.f("ix_data_location_instrument_id"), "data_location", ["instrument_id"], unique=False)
    op.create_index(
        op.f("ix_data_location_retention_policy_id"), "data_location", ["retention_policy_id"], unique=False
    )
    op.create_table(
        "executed_obs_unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("telescope_id", sa.String(), nullable=False),
        sa.Column("obs_unit_id", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "running",
                "completed",
                "aborted",
                "failed",
                name="execution_status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("start_received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mean_pwv", sa.Double(), nullable=True),
        sa.Column("elevation_min", sa.Double(), nullable=True),
        sa.Column("elevation_max", sa.Double(), nullable=True),
        sa.Column("azimuth_min", sa.Double(), nullable=True),
        sa.Column("azimuth_max", sa.Double(), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(status = 'running') = (ended_at IS NULL)",
            name=op.f("ck_executed_obs_unit_ended_when_not_running"),
        ),
        sa.CheckConstraint("azimuth_min <= azimuth_max", name=op.f("ck_executed_obs_unit_azimuth_ordered")),
        sa.CheckConstraint(
            "elevation_max BETWEEN -90 AND 90", name=op.f("ck_executed_obs_unit_elevation_max_range")
        ),
        sa.CheckConstraint(
            "elevation_min <= elevation_max", name=op.f("ck_executed_obs_unit_elevation_ordered")
        ),
        sa.CheckConstraint(
            "elevation_min BETWEEN -90 AND 90", name=op.f("ck_executed_obs_unit_elevation_min_range")
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= started_at", name=op.f("ck_executed_obs_unit_ordered")
        ),
        sa.CheckConstraint("mean_pwv >= 0", name=op.f("ck_executed_obs_unit_mean_pwv_not_negative")),
        sa.ForeignKeyConstraint(
            ["obs_unit_id"], ["obs_unit.id"], name=op.f("fk_executed_obs_unit_obs_unit_id")
        ),
        sa.ForeignKeyConstraint(
            ["telescope_id", "site_id"],
            ["telescope.id", "telescope.site_id"],
            name=op.f("fk_executed_obs_unit_telescope_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_executed_obs_unit")),
    )
    op.create_index(
        op.f("ix_executed_obs_unit_obs_unit_id_id"), "executed_obs_unit", ["obs_unit_id", "id"], unique=False
    )
    op.create_index(
        "ix_executed_obs_unit_running",
        "executed_obs_unit",
        ["started_at"],
        unique=False,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index(
        op.f("ix_executed_obs_unit_started_at"), "executed_obs_unit", ["started_at"], unique=False
    )
    op.create_index(
        op.f("ix_executed_obs_unit_telescope_id"), "executed_obs_unit", ["telescope_id"], unique=False
    )
    op.create_table(
        "instrument_module",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("instrument_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("pixels", sa.BigInteger(), nullable=True),
        sa.Column("band", sa.String(), nullable=True),
        sa.Column("frequency_min", sa.Double(), nullable=True),
        sa.Column("frequency_max", sa.Double(), nullable=True),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id ~ '^[a-z][a-z0-9-]*$'", name=op.f("ck_instrument_module_id_slug")),
        sa.CheckConstraint(
            "frequency_min IS NULL OR frequency_min < frequency_max",
            name=op.f("ck_instrument_module_band_ordered"),
        ),
        sa.CheckConstraint("pixels IS NULL OR pixels > 0", name=op.f("ck_instrument_module_pixels_positive")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_instrument_module_instrument_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_module")),
    )
    op.create_index(
        op.f("ix_instrument_module_instrument_id"), "instrument_module", ["instrument_id"], unique=False
    )
    op.create_table(
        "pre_scheduled_slot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("obs_unit_id", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("night", sa.Date(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_pre_scheduled_slot_ordered")),
        sa.ForeignKeyConstraint(
            ["obs_unit_id"], ["obs_unit.id"], name=op.f("fk_pre_scheduled_slot_obs_unit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pre_scheduled_slot")),
        sa.UniqueConstraint(
            "obs_unit_id", "starts_at", name=op.f("uq_pre_scheduled_slot_obs_unit_id_starts_at")
        ),
    )
    op.create_index(
        op.f("ix_pre_scheduled_slot_starts_at"), "pre_scheduled_slot", ["starts_at"], unique=False
    )
    op.create_table(
        "data_transfer_route",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("origin_site_id", sa.String(), nullable=False),
        sa.Column("destination_site_id", sa.String(), nullable=False),
        sa.Column(
            "route_type",
            sa.Enum(
                "direct",
                "relay",
                "custom",
                name="route_type",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("relay_site_id", sa.String(), nullable=True),
        sa.Column("origin_location_id", sa.String(), nullable=True),
        sa.Column("destination_location_id", sa.String(), nullable=True),
        sa.Column(
            "method",
            sa.Enum(
                "posix",
                "s3",
                "rsync",
                "bbcp",
                "https",
                name="transfer_method",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("concurrency", sa.BigInteger(), nullable=False),
        sa.Column("bytes_per_second", sa.BigInteger(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(route_type = 'relay') = (relay_site_id IS NOT NULL)",
            name=op.f("ck_data_transfer_route_relay_has_site"),
        ),
        sa.CheckConstraint(
            "origin_site_id <> destination_site_id OR route_type = 'custom'",
            name=op.f("ck_data_transfer_route_leads_somewhere_else"),
        ),
        sa.CheckConstraint(
            "route_type <> 'custom' OR (origin_location_id IS NOT NULL AND destination_location_id IS NOT NULL)",
            name=op.f("ck_data_transfer_route_custom_has_locations"),
        ),
        sa.CheckConstraint(
            "bytes_per_second > 0", name=op.f("ck_data_transfer_route_bytes_per_second_positive")
        ),
        sa.CheckConstraint("concurrency > 0", name=op.f("ck_data_transfer_route_concurrency_positive")),
        sa.CheckConstraint(
            "relay_site_id <> origin_site_id AND relay_site_id <> destination_site_id",
            name=op.f("ck_data_transfer_route_relay_is_between"),
        ),
        sa.ForeignKeyConstraint(
            ["destination_location_id"],
            ["data_location.id"],
            name=op.f("fk_data_transfer_route_destination_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["destination_site_id"], ["site.id"], name=op.f("fk_data_transfer_route_destination_site_id")
        ),
        sa.ForeignKeyConstraint(
            ["origin_location_id"],
            ["data_location.id"],
            name=op.f("fk_data_transfer_route_origin_location_id"),
        ),
        sa.ForeignKeyConstraint(
            ["origin_site_id"], ["site.id"], name=op.f("fk_data_transfer_route_origin_site_id")
        ),
        sa.ForeignKeyConstraint(
            ["relay_site_id"], ["site.id"], name=op.f("fk_data_transfer_route_relay_site_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_transfer_route")),
        sa.UniqueConstraint("id", "origin_site_id", name=op.f("uq_data_transfer_route_id_origin_site_id")),
    )
    op.create_index(
        op.f("ix_data_transfer_route_destination_location_id"),
        "data_transfer_route",
        ["destination_location_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_data_transfer_route_destination_site_id"),
        "data_transfer_route",
        ["destination_site_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_data_transfer_route_origin_location_id"),
        "data_transfer_route",
        ["origin_location_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_data_transfer_route_origin_site_id"), "data_transfer_route", ["origin_site_id"], unique=False
    )
    op.create_index(
        op.f("ix_data_transfer_route_relay_site_id"), "data_transfer_route", ["relay_site_id"], unique=False
    )
    op.create_table(
        "deletion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("raw_data_package_id", sa.Uuid(), nullable=False),
        sa.Column("data_location_id", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "raw_data_file",
                "raw_data_package",
                name="copy_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("raw_data_file_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("grace_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "scheduled",
                "in_progress",
                "completed",
                "failed",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("interruptions", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatches", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker_clock", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False),
        sa.Column("partial_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "error_class",
            sa.Enum(
                "transient",
                "resource",
                "integrity",
                "configuration",
                "permanent",
                name="failure_class",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("error_category", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("waiting_reason", sa.String(), nullable=True),
        sa.Column("waiting_detail", sa.String(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status <> 'in_progress' OR (lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL)",
            name=op.f("ck_deletion_in_progress_is_leased"),
        ),
        sa.CheckConstraint(
            "bytes_done >= 0 AND bytes_total >= 0 AND partial_bytes >= 0",
            name=op.f("ck_deletion_bytes_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["data_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_deletion_data_location_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_deletion")),
    )
    op.create_index(op.f("ix_deletion_data_location_id"), "deletion", ["data_location_id"], unique=False)
    op.create_index(
        "ix_deletion_ended",
        "deletion",
        ["finished_at", "id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index(
        "ix_deletion_open",
        "deletion",
        ["site_id", "status", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status <> 'completed'"),
    )
    op.create_index(op.f("ix_deletion_raw_data_file_id"), "deletion", ["raw_data_file_id"], unique=False)
    op.create_index(
        op.f("ix_deletion_raw_data_package_id"), "deletion", ["raw_data_package_id"], unique=False
    )
    op.create_index(
        "uq_deletion_open",
        "deletion",
        [
            "raw_data_package_id",
            "data_location_id",
            "kind",
            sa.literal_column("coalesce(raw_data_file_id, raw_data_package_id)"),
        ],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('completed', 'cancelled')"),
        sqlite_where=sa.text("status NOT IN ('completed', 'cancelled')"),
    )
    op.create_table(
        "deletion_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "global",
                "site",
                "location",
                "program",
                "execution",
                "package",
                name="hold_scope",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("held_site_id", sa.String(), nullable=True),
        sa.Column("data_location_id", sa.String(), nullable=True),
        sa.Column("observing_program_id", sa.String(), nullable=True),
        sa.Column("executed_obs_unit_id", sa.Uuid(), nullable=True),
        sa.Column("raw_data_package_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(scope = 'site') = (held_site_id IS NOT NULL) AND (scope = 'location') = (data_location_id IS NOT NULL) AND (scope = 'program') = (observing_program_id IS NOT NULL) AND (scope = 'execution') = (executed_obs_unit_id IS NOT NULL) AND (scope = 'package') = (raw_data_package_id IS NOT NULL)",
            name=op.f("ck_deletion_hold_names_what_it_covers"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_deletion_hold_reason_given")),
        sa.ForeignKeyConstraint(
            ["data_location_id"], ["data_location.id"], name=op.f("fk_deletion_hold_data_location_id")
        ),
        sa.ForeignKeyConstraint(["held_site_id"], ["site.id"], name=op.f("fk_deletion_hold_held_site_id")),
        sa.ForeignKeyConstraint(
            ["observing_program_id"],
            ["observing_program.id"],
            name=op.f("fk_deletion_hold_observing_program_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_deletion_hold")),
    )
    op.create_index(
        op.f("ix_deletion_hold_data_location_id"), "deletion_hold", ["data_location_id"], unique=False
    )
    op.create_index(
        op.f("ix_deletion_hold_executed_obs_unit_id"), "deletion_hold", ["executed_obs_unit_id"], unique=False
    )
    op.create_index(op.f("ix_deletion_hold_held_site_id"), "deletion_hold", ["held_site_id"], unique=False)
    op.create_index(
        op.f("ix_deletion_hold_observing_program_id"), "deletion_hold", ["observing_program_id"], unique=False
    )
    op.create_index(
        op.f("ix_deletion_hold_raw_data_package_id"), "deletion_hold", ["raw_data_package_id"], unique=False
    )
    op.create_table(
        "disk_data_location",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=True),
        sa.CheckConstraint("substr(path, 1, 1) = '/'", name=op.f("ck_disk_data_location_path_absolute")),
        sa.ForeignKeyConstraint(["id"], ["data_location.id"], name=op.f("fk_disk_data_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disk_data_location")),
    )
    op.create_table(
        "error_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column(
            "severity",
            sa.Enum(
                "info",
                "warning",
                "error",
                "critical",
                name="severity",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("subject_type", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("data_location_id", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("count > 0", name=op.f("ck_error_record_count_positive")),
        sa.ForeignKeyConstraint(
            ["data_location_id"], ["data_location.id"], name=op.f("fk_error_record_data_location_id")
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_error_record")),
    )
    op.create_index(op.f("ix_error_record_category"), "error_record", ["category"], unique=False)
    op.create_index(
        op.f("ix_error_record_data_location_id"), "error_record", ["data_location_id"], unique=False
    )
    op.create_index(op.f("ix_error_record_last_seen_at"), "error_record", ["last_seen_at"], unique=False)
    op.create_index(op.f("ix_error_record_subject_id"), "error_record", ["subject_id"], unique=False)
    op.create_index(
        "uq_error_record_open",
        "error_record",
        ["site_id", "fingerprint"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
        sqlite_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "executed_obs_unit_module",
        sa.Column("executed_obs_unit_id", sa.Uuid(), nullable=False),
        sa.Column("instrument_module_id", sa.String(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("waiting_reason", sa.String(), nullable=True),
        sa.Column("waiting_detail", sa.String(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["executed_obs_unit_id", "site_id"],
            ["executed_obs_unit.id", "executed_obs_unit.site_id"],
            name=op.f("fk_executed_obs_unit_module_executed_obs_unit_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["instrument_module_id"],
            ["instrument_module.id"],
            name=op.f("fk_executed_obs_unit_module_instrument_module_id"),
        ),
        sa.PrimaryKeyConstraint(
            "executed_obs_unit_id",
            "instrument_module_id",
            "site_id",
            name=op.f("pk_executed_obs_unit_module"),
        ),
    )
    op.create_index(
        op.f("ix_executed_obs_unit_module_instrument_module_id"),
        "executed_obs_unit_module",
        ["instrument_module_id"],
        unique=False,
    )
    op.create_index(
        "ix_executed_obs_unit_module_waiting",
        "executed_obs_unit_module",
        ["site_id"],
        unique=False,
        postgresql_where=sa.text("waiting_reason IS NOT NULL"),
    )
    op.create_table(
        "instrument_module_configuration",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("instrument_module_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "type IN ('chai', 'prime_cam')", name=op.f("ck_instrument_module_configuration_type")
        ),
        sa.ForeignKeyConstraint(
            ["instrument_module_id"],
            ["instrument_module.id"],
            name=op.f("fk_instrument_module_configuration_instrument_module_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_module_configuration")),
    )
    op.create_index(
        op.f("ix_instrument_module_configuration_instrument_module_id"),
        "instrument_module_configuration",
        ["instrument_module_id"],
        unique=False,
    )
    op.create_table(
        "file_system",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "disk",
                "s3",
                "tape",
                name="storage_type",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("total_bytes", sa.BigInteger(), nullable=False),
        sa.Column("free_bytes", sa.BigInteger(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("measured_by", sa.String(), nullable=False),
        sa.CheckConstraint(
            "total_bytes >= 0 AND free_bytes >= 0", name=op.f("ck_file_system_bytes_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_file_system")),
        sa.UniqueConstraint("key", "site_id", name=op.f("uq_file_system_key_site_id")),
    )
    op.create_table(
        "file_system_usage",
        sa.Column("file_system_id", sa.Uuid(), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total_bytes", sa.BigInteger(), nullable=False),
        sa.Column("free_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("file_system_id", "measured_at", name=op.f("pk_file_system_usage")),
    )
    op.create_table(
        "place_ability",
        sa.Column("data_location_id", sa.String(), nullable=False),
        sa.Column(
            "ability",
            sa.Enum(
                "create_only",
                "rename_noreplace",
                "hard_links",
                "conditional_delete",
                "versions",
                "checks_sha256",
                "returns_sha256",
                "lasting_inodes",
                "flock",
                "folder_fsync",
                "list_uploads",
                "abort_uploads",
                "remove",
                name="ability",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["data_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_place_ability_data_location_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("data_location_id", "ability", "site_id", name=op.f("pk_place_ability")),
    )
    op.create_table(
        "reconcile_finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("data_location_id", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column(
            "resolution",
            sa.Enum(
                "gone",
                "adopted",
                name="finding_resolution",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (reason IS NULL)",
            name=op.f("ck_reconcile_finding_decided_is_said"),
        ),
        sa.CheckConstraint(
            "(resolution IS NULL) = (resolved_at IS NULL)",
            name=op.f("ck_reconcile_finding_resolved_is_dated"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (resolution IS NULL OR resolution <> 'adopted')",
            name=op.f("ck_reconcile_finding_people_adopt"),
        ),
        sa.CheckConstraint("size >= 0", name=op.f("ck_reconcile_finding_size_not_negative")),
        sa.ForeignKeyConstraint(
            ["data_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_reconcile_finding_data_location_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_reconcile_finding")),
    )
    op.create_index(
        op.f("ix_reconcile_finding_data_location_id"), "reconcile_finding", ["data_location_id"], unique=False
    )
    op.create_index(
        "uq_reconcile_finding_open",
        "reconcile_finding",
        ["data_location_id", "path"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
        sqlite_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "place_marker",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("data_location_id", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("file_system", sa.String(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("adopted_by", sa.String(), nullable=False),
        sa.Column(
            "how",
            sa.Enum(
                "automatic",
                "explicit",
                name="adoption",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("to_be_read", sa.Boolean(), nullable=False),
        sa.Column("listing_begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "how <> 'explicit' OR reason <> ''", name=op.f("ck_place_marker_people_give_a_reason")
        ),
        sa.ForeignKeyConstraint(
            ["data_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_place_marker_data_location_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_place_marker")),
    )
    op.create_index(
        op.f("ix_place_marker_data_location_id"), "place_marker", ["data_location_id"], unique=False
    )
    op.create_index(
        "uq_place_marker_current",
        "place_marker",
        ["data_location_id"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
        sqlite_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "physical_copy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "raw_data_file",
                "raw_data_package",
                name="copy_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "form",
            sa.Enum("tar", "files", name="copy_form", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("raw_data_file_id", sa.Uuid(), nullable=True),
        sa.Column("raw_data_package_id", sa.Uuid(), nullable=True),
        sa.Column("data_location_id", sa.String(), nullable=False),
        sa.Column("relative_path", sa.String(), nullable=False),
        sa.Column("generation", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "present",
                "verified",
                "staged",
                "deletion_scheduled",
                "deletion_in_progress",
                "deleted",
                "missing",
                "corrupt",
                name="physical_copy_status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place_marker_id", sa.Uuid(), nullable=True),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("onward_planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pinned_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_reason", sa.String(), nullable=True),
        sa.Column("waiting_detail", sa.String(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'raw_data_file') = (raw_data_file_id IS NOT NULL) AND (kind = 'raw_data_package') = (raw_data_package_id IS NOT NULL)",
            name=op.f("ck_physical_copy_is_of_its_kind"),
        ),
        sa.CheckConstraint(
            "(status = 'deleted') = (deleted_at IS NOT NULL)", name=op.f("ck_physical_copy_deleted_is_dated")
        ),
        sa.CheckConstraint(
            "form = 'files' OR (kind = 'raw_data_package' AND status <> 'staged')",
            name=op.f("ck_physical_copy_is_in_its_form"),
        ),
        sa.CheckConstraint(
            "generation = 1 OR (generation > 1 AND form = 'tar' AND relative_path LIKE '%.g' || generation || '.tar')",
            name=op.f("ck_physical_copy_is_named_by_its_generation"),
        ),
        sa.CheckConstraint("size >= 0", name=op.f("ck_physical_copy_size_not_negative")),
        sa.ForeignKeyConstraint(
            ["data_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_physical_copy_data_location_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["place_marker_id", "site_id"],
            ["place_marker.id", "place_marker.site_id"],
            name=op.f("fk_physical_copy_place_marker_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_physical_copy")),
    )
    op.create_index(
        "ix_physical_copy_next_check_at",
        "physical_copy",
        ["data_location_id", "next_check_at"],
        unique=False,
        postgresql_where=sa.text("next_check_at IS NOT NULL AND status IN ('present', 'verified')"),
    )
    op.create_index(
        "ix_physical_copy_onward",
        "physical_copy",
        ["data_location_id"],
        unique=False,
        postgresql_where=sa.text(
            "kind = 'raw_data_package' AND onward_planned_at IS NULL AND status IN ('present', 'verified')"
        ),
    )
    op.create_index(
        "ix_physical_copy_packages_at",
        "physical_copy",
        ["data_location_id", "status"],
        unique=False,
        postgresql_where=sa.text("kind = 'raw_data_package'"),
    )
    op.create_index(
        "ix_physical_copy_pinned_until",
        "physical_copy",
        ["pinned_until"],
        unique=False,
        postgresql_where=sa.text("pinned_until IS NOT NULL AND status <> 'deleted'"),
    )
    op.create_index("ix_physical_copy_raw_data_file_id", "physical_copy", ["raw_data_file_id"], unique=False)
    op.create_index(
        "ix_physical_copy_raw_data_package_id",
        "physical_copy",
        ["raw_data_package_id", "data_location_id"],
        unique=False,
        postgresql_where=sa.text("raw_data_package_id IS NOT NULL"),
    )
    op.create_index(
        "ix_physical_copy_waiting",
        "physical_copy",
        ["data_location_id"],
        unique=False,
        postgresql_where=sa.text(
            "kind = 'raw_data_package' AND waiting_reason IS NOT NULL AND status <> 'deleted'"
        ),
    )
    op.create_index(
        "ix_physical_copy_living",
        "physical_copy",
        ["data_location_id"],
        unique=False,
        postgresql_include=["kind", "size"],
        postgresql_where=sa.text("status <> 'deleted'"),
    )
    op.create_index(
        "uq_physical_copy_living_path",
        "physical_copy",
        ["data_location_id", "relative_path"],
        unique=True,
        postgresql_where=sa.text("form = 'files' AND status <> 'deleted'"),
        sqlite_where=sa.text("form = 'files' AND status <> 'deleted'"),
    )
    op.create_index(
        "uq_physical_copy_tar_path",
        "physical_copy",
        ["data_location_id", "relative_path"],
        unique=True,
        postgresql_where=sa.text("form = 'tar'"),
        sqlite_where=sa.text("form = 'tar'"),
    )
    op.create_table(
        "raw_data_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("executed_obs_unit_id", sa.Uuid(), nullable=False),
        sa.Column("instrument_module_id", sa.String(), nullable=False),
        sa.Column("source_location_id", sa.String(), nullable=False),
        sa.Column("filed_count", sa.BigInteger(), nullable=False),
        sa.Column("filed_bytes", sa.BigInteger(), nullable=False),
        sa.Column("packaged_count", sa.BigInteger(), nullable=False),
        sa.Column("packaged_bytes", sa.BigInteger(), nullable=False),
        sa.Column("oldest_unpackaged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "0 <= packaged_count AND packaged_count <= filed_count AND 0 <= packaged_bytes AND packaged_bytes <= filed_bytes",
            name=op.f("ck_raw_data_series_packaged_was_filed"),
        ),
        sa.ForeignKeyConstraint(
            ["executed_obs_unit_id", "site_id"],
            ["executed_obs_unit.id", "executed_obs_unit.site_id"],
            name=op.f("fk_raw_data_series_executed_obs_unit_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["instrument_module_id"],
            ["instrument_module.id"],
            name=op.f("fk_raw_data_series_instrument_module_id"),
        ),
        sa.ForeignKeyConstraint(
            ["source_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_raw_data_series_source_location_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_raw_data_series")),
        sa.UniqueConstraint(
            "executed_obs_unit_id",
            "instrument_module_id",
            "source_location_id",
            name=op.f("uq_raw_data_series_executed_obs_unit_id_instrument_module_id_source_location_id"),
        ),
        # Its counters move with each filing: room for the next row beside the old one.
        postgresql_with={"fillfactor": 50},
    )
    op.create_index(
        op.f("ix_raw_data_series_instrument_module_id"),
        "raw_data_series",
        ["instrument_module_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_raw_data_series_source_location_id"),
        "raw_data_series",
        ["source_location_id"],
        unique=False,
    )
    op.create_index(
        "ix_raw_data_series_unpackaged",
        "raw_data_series",
        ["site_id"],
        unique=False,
        postgresql_where=sa.text("filed_count > packaged_count"),
    )
    op.create_table(
        "raw_data_package",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("raw_data_series_id", sa.Uuid(), nullable=False),
        sa.Column("first_number", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("part_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_count", sa.BigInteger(), nullable=False),
        sa.Column("payload_bytes", sa.BigInteger(), nullable=False),
        sa.Column("relative_path", sa.String(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("checksum", sa.String(), nullable=True),
        sa.Column("manifest_checksum", sa.String(), nullable=True),
        sa.Column("index_checksum", sa.String(), nullable=True),
        sa.CheckConstraint(
            "checksum ~ '^(md5:[0-9a-f]{32}|crc32c:[0-9a-f]{8}|xxh3-128:[0-9a-f]{32}|sha256:[0-9a-f]{64}|blake3:[0-9a-f]{64})$'",
            name=op.f("ck_raw_data_package_checksum_canonical"),
        ),
        sa.CheckConstraint(
            "index_checksum ~ '^(md5:[0-9a-f]{32}|crc32c:[0-9a-f]{8}|xxh3-128:[0-9a-f]{32}|sha256:[0-9a-f]{64}|blake3:[0-9a-f]{64})$'",
            name=op.f("ck_raw_data_package_index_checksum_canonical"),
        ),
        sa.CheckConstraint(
            "manifest_checksum ~ '^(md5:[0-9a-f]{32}|crc32c:[0-9a-f]{8}|xxh3-128:[0-9a-f]{32}|sha256:[0-9a-f]{64}|blake3:[0-9a-f]{64})$'",
            name=op.f("ck_raw_data_package_manifest_checksum_canonical"),
        ),
        sa.CheckConstraint(
            "right(relative_path, 41) = '/' || id || '.tar'",
            name=op.f("ck_raw_data_package_relative_path_ends_in_id"),
        ),
        sa.CheckConstraint(
            "(sealed_at IS NULL AND size IS NULL AND checksum IS NULL AND manifest_checksum IS NULL AND index_checksum IS NULL) OR (sealed_at IS NOT NULL AND size > 0 AND checksum IS NOT NULL AND manifest_checksum IS NOT NULL AND index_checksum IS NOT NULL)",
            name=op.f("ck_raw_data_package_sealed_is_complete"),
        ),
        sa.CheckConstraint(
            "file_count > 0 AND file_count <= last_number - first_number + 1 AND payload_bytes >= 0",
            name=op.f("ck_raw_data_package_contents"),
        ),
        sa.CheckConstraint(
            "first_number > 0 AND last_number >= first_number", name=op.f("ck_raw_data_package_range")
        ),
        sa.CheckConstraint("part_number > 0", name=op.f("ck_raw_data_package_part_number_positive")),
        sa.ForeignKeyConstraint(
            ["raw_data_series_id", "site_id"],
            ["raw_data_series.id", "raw_data_series.site_id"],
            name=op.f("fk_raw_data_package_raw_data_series_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_raw_data_package")),
        sa.UniqueConstraint(
            "raw_data_series_id",
            "first_number",
            name=op.f("uq_raw_data_package_raw_data_series_id_first_number"),
        ),
        sa.UniqueConstraint(
            "raw_data_series_id",
            "part_number",
            name=op.f("uq_raw_data_package_raw_data_series_id_part_number"),
        ),
    )
    op.create_index(op.f("ix_raw_data_package_created_at"), "raw_data_package", ["created_at"], unique=False)
    op.create_index(op.f("ix_raw_data_package_sealed_at"), "raw_data_package", ["sealed_at"], unique=False)
    op.create_index(op.f("ix_raw_data_package_size_id"), "raw_data_package", ["size", "id"], unique=False)
    op.create_index(
        "ix_raw_data_package_unsealed",
        "raw_data_package",
        ["site_id"],
        unique=False,
        postgresql_where=sa.text("sealed_at IS NULL"),
    )
    op.create_table(
        "s3_data_location",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("credential", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["data_location.id"], name=op.f("fk_s3_data_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_s3_data_location")),
    )
    op.create_table(
        "staging_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("destination_location_id", sa.String(), nullable=False),
        sa.Column("executed_obs_unit_id", sa.Uuid(), nullable=True),
        sa.Column("raw_data_package_id", sa.Uuid(), nullable=True),
        sa.Column("raw_data_file_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pinned_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("time_to_live", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(CASE WHEN executed_obs_unit_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN raw_data_package_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN raw_data_file_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_staging_job_asks_for_one_thing"),
        ),
        sa.CheckConstraint("time_to_live > 0", name=op.f("ck_staging_job_time_to_live_positive")),
        sa.ForeignKeyConstraint(
            ["destination_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_staging_job_destination_location_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_staging_job")),
    )
    op.create_index(op.f("ix_staging_job_created_at"), "staging_job", ["created_at"], unique=False)
    op.create_index(
        op.f("ix_staging_job_destination_location_id"),
        "staging_job",
        ["destination_location_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_staging_job_executed_obs_unit_id"), "staging_job", ["executed_obs_unit_id"], unique=False
    )
    op.create_index(
        op.f("ix_staging_job_raw_data_file_id"), "staging_job", ["raw_data_file_id"], unique=False
    )
    op.create_index(
        op.f("ix_staging_job_raw_data_package_id"), "staging_job", ["raw_data_package_id"], unique=False
    )
    op.create_table(
        "tape_data_location",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("library", sa.String(), nullable=False),
        sa.Column("mount_path", sa.String(), nullable=False),
        sa.CheckConstraint(
            "substr(mount_path, 1, 1) = '/'", name=op.f("ck_tape_data_location_mount_path_absolute")
        ),
        sa.ForeignKeyConstraint(["id"], ["data_location.id"], name=op.f("fk_tape_data_location_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tape_data_location")),
    )
    op.create_table(
        "chai_module_configuration",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("line_id", sa.String(), nullable=True),
        sa.Column("side_band", sa.String(), nullable=True),
        sa.Column("intermediate_frequency", sa.Double(), nullable=True),
        sa.Column("bandwidth", sa.Double(), nullable=True),
        sa.Column("channels", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "side_band IN ('lsb', 'usb')", name=op.f("ck_chai_module_configuration_side_band")
        ),
        sa.ForeignKeyConstraint(
            ["id"], ["instrument_module_configuration.id"], name=op.f("fk_chai_module_configuration_id")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["line.id"], name=op.f("fk_chai_module_configuration_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chai_module_configuration")),
    )
    op.create_index(
        op.f("ix_chai_module_configuration_line_id"), "chai_module_configuration", ["line_id"], unique=False
    )
    op.create_table(
        "data_transfer_package",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("data_transfer_route_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("package_count", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("package_count > 0 AND size >= 0", name=op.f("ck_data_transfer_package_contents")),
        sa.ForeignKeyConstraint(
            ["data_transfer_route_id", "site_id"],
            ["data_transfer_route.id", "data_transfer_route.origin_site_id"],
            name=op.f("fk_data_transfer_package_data_transfer_route_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_data_transfer_package")),
    )
    op.create_index(
        op.f("ix_data_transfer_package_data_transfer_route_id"),
        "data_transfer_package",
        ["data_transfer_route_id"],
        unique=False,
    )
    op.create_table(
        "data_transfer_route_window",
        sa.Column("data_transfer_route_id", sa.String(), nullable=False),
        sa.Column("opens_at", sa.Time(), nullable=False),
        sa.Column("closes_at", sa.Time(), nullable=False),
        sa.CheckConstraint("opens_at <> closes_at", name=op.f("ck_data_transfer_route_window_not_empty")),
        sa.ForeignKeyConstraint(
            ["data_transfer_route_id"],
            ["data_transfer_route.id"],
            name=op.f("fk_data_transfer_route_window_data_transfer_route_id"),
        ),
        sa.PrimaryKeyConstraint(
            "data_transfer_route_id", "opens_at", name=op.f("pk_data_transfer_route_window")
        ),
    )
    op.create_table(
        "fixity_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("physical_copy_id", sa.Uuid(), nullable=False),
        sa.Column("data_location_id", sa.String(), nullable=False),
        sa.Column("data_transfer_id", sa.Uuid(), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "arrival",
                "archive",
                "confirmation",
                "scrub",
                "request",
                "second_reading",
                "sample",
                name="check_reason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("excluded_worker", sa.String(), nullable=True),
        sa.Column("decoys", sa.BigInteger(), nullable=False),
        sa.Column("decoys_right", sa.BigInteger(), nullable=True),
        sa.Column(
            "result",
            sa.Enum(
                "verified",
                "corrupt",
                "missing",
                name="check_result",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("checksum", sa.String(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "scheduled",
                "in_progress",
                "completed",
                "failed",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("interruptions", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatches", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker_clock", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False),
        sa.Column("partial_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "error_class",
            sa.Enum(
                "transient",
                "resource",
                "integrity",
                "configuration",
                "permanent",
                name="failure_class",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("error_category", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("waiting_reason", sa.String(), nullable=True),
        sa.Column("waiting_detail", sa.String(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "checksum ~ '^(md5:[0-9a-f]{32}|crc32c:[0-9a-f]{8}|xxh3-128:[0-9a-f]{32}|sha256:[0-9a-f]{64}|blake3:[0-9a-f]{64})$'",
            name=op.f("ck_fixity_check_checksum_canonical"),
        ),
        sa.CheckConstraint(
            "status <> 'in_progress' OR (lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL)",
            name=op.f("ck_fixity_check_in_progress_is_leased"),
        ),
        sa.CheckConstraint(
            "bytes_done >= 0 AND bytes_total >= 0 AND partial_bytes >= 0",
            name=op.f("ck_fixity_check_bytes_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["data_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_fixity_check_data_location_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["physical_copy_id", "site_id"],
            ["physical_copy.id", "physical_copy.site_id"],
            name=op.f("fk_fixity_check_physical_copy_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_fixity_check")),
    )
    op.create_index(
        op.f("ix_fixity_check_data_location_id"), "fixity_check", ["data_location_id"], unique=False
    )
    op.create_index(
        op.f("ix_fixity_check_data_transfer_id"), "fixity_check", ["data_transfer_id"], unique=False
    )
    op.create_index(
        "ix_fixity_check_ended",
        "fixity_check",
        ["finished_at", "id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index(
        "ix_fixity_check_open",
        "fixity_check",
        ["site_id", "status", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status <> 'completed'"),
    )
    op.create_index(
        op.f("ix_fixity_check_physical_copy_id"), "fixity_check", ["physical_copy_id"], unique=False
    )
    op.create_index(
        "ix_fixity_check_scrub",
        "fixity_check",
        ["data_location_id", "created_at"],
        unique=False,
        postgresql_where=sa.text("reason = 'scrub'"),
        sqlite_where=sa.text("reason = 'scrub'"),
    )
    op.create_index(
        "uq_fixity_check_open",
        "fixity_check",
        ["physical_copy_id"],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('completed', 'cancelled')"),
        sqlite_where=sa.text("status NOT IN ('completed', 'cancelled')"),
    )
    op.create_table(
        "long_term_archive_transfer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("raw_data_package_id", sa.Uuid(), nullable=False),
        sa.Column("source_copy_id", sa.Uuid(), nullable=False),
        sa.Column("destination_location_id", sa.String(), nullable=False),
        sa.Column("checksum", sa.String(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "scheduled",
                "in_progress",
                "completed",
                "failed",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("interruptions", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatches", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker_clock", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False),
        sa.Column("partial_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "error_class",
            sa.Enum(
                "transient",
                "resource",
                "integrity",
                "configuration",
                "permanent",
                name="failure_class",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("error_category", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("waiting_reason", sa.String(), nullable=True),
        sa.Column("waiting_detail", sa.String(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "checksum ~ '^(md5:[0-9a-f]{32}|crc32c:[0-9a-f]{8}|xxh3-128:[0-9a-f]{32}|sha256:[0-9a-f]{64}|blake3:[0-9a-f]{64})$'",
            name=op.f("ck_long_term_archive_transfer_checksum_canonical"),
        ),
        sa.CheckConstraint(
            "status <> 'in_progress' OR (lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL)",
            name=op.f("ck_long_term_archive_transfer_in_progress_is_leased"),
        ),
        sa.CheckConstraint(
            "bytes_done >= 0 AND bytes_total >= 0 AND partial_bytes >= 0",
            name=op.f("ck_long_term_archive_transfer_bytes_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["destination_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_long_term_archive_transfer_destination_location_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["source_copy_id", "site_id"],
            ["physical_copy.id", "physical_copy.site_id"],
            name=op.f("fk_long_term_archive_transfer_source_copy_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_long_term_archive_transfer")),
    )
    op.create_index(
        op.f("ix_long_term_archive_transfer_destination_location_id"),
        "long_term_archive_transfer",
        ["destination_location_id"],
        unique=False,
    )
    op.create_index(
        "ix_long_term_archive_transfer_ended",
        "long_term_archive_transfer",
        ["finished_at", "id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index(
        "ix_long_term_archive_transfer_open",
        "long_term_archive_transfer",
        ["site_id", "status", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status <> 'completed'"),
    )
    op.create_index(
        op.f("ix_long_term_archive_transfer_raw_data_package_id"),
        "long_term_archive_transfer",
        ["raw_data_package_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_long_term_archive_transfer_source_copy_id"),
        "long_term_archive_transfer",
        ["source_copy_id"],
        unique=False,
    )
    op.create_index(
        "uq_long_term_archive_transfer_open",
        "long_term_archive_transfer",
        ["raw_data_package_id", "destination_location_id"],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('completed', 'cancelled')"),
        sqlite_where=sa.text("status NOT IN ('completed', 'cancelled')"),
    )
    op.create_table(
        "observation_configuration",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("instrument_id", sa.String(), nullable=False),
        sa.Column("instrument_module_configuration_id", sa.String(), nullable=True),
        sa.Column(
            "mapping_parameters",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("type IN ('chai', 'prime_cam')", name=op.f("ck_observation_configuration_type")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_observation_configuration_instrument_id")
        ),
        sa.ForeignKeyConstraint(
            ["instrument_module_configuration_id"],
            ["instrument_module_configuration.id"],
            name=op.f("fk_observation_configuration_instrument_module_configuration_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation_configuration")),
    )
    op.create_index(
        op.f("ix_observation_configuration_instrument_id"),
        "observation_configuration",
        ["instrument_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_observation_configuration_instrument_module_configuration_id"),
        "observation_configuration",
        ["instrument_module_configuration_id"],
        unique=False,
    )
    op.create_table(
        "package_creation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("raw_data_package_id", sa.Uuid(), nullable=False),
        sa.Column("source_location_id", sa.String(), nullable=False),
        sa.Column("destination_location_id", sa.String(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "scheduled",
                "in_progress",
                "completed",
                "failed",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("interruptions", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatches", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker_clock", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False),
        sa.Column("partial_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "error_class",
            sa.Enum(
                "transient",
                "resource",
                "integrity",
                "configuration",
                "permanent",
                name="failure_class",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("error_category", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("waiting_reason", sa.String(), nullable=True),
        sa.Column("waiting_detail", sa.String(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status <> 'in_progress' OR (lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL)",
            name=op.f("ck_package_creation_in_progress_is_leased"),
        ),
        sa.CheckConstraint(
            "bytes_done >= 0 AND bytes_total >= 0 AND partial_bytes >= 0",
            name=op.f("ck_package_creation_bytes_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["destination_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_package_creation_destination_location_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["raw_data_package_id", "site_id"],
            ["raw_data_package.id", "raw_data_package.site_id"],
            name=op.f("fk_package_creation_raw_data_package_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["source_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_package_creation_source_location_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_package_creation")),
        sa.UniqueConstraint("raw_data_package_id", name=op.f("uq_package_creation_raw_data_package_id")),
    )
    op.create_index(
        op.f("ix_package_creation_destination_location_id"),
        "package_creation",
        ["destination_location_id"],
        unique=False,
    )
    op.create_index(
        "ix_package_creation_ended",
        "package_creation",
        ["finished_at", "id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index(
        "ix_package_creation_open",
        "package_creation",
        ["site_id", "status", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status <> 'completed'"),
    )
    op.create_index(
        op.f("ix_package_creation_source_location_id"),
        "package_creation",
        ["source_location_id"],
        unique=False,
    )
    op.create_table(
        "physical_copy_lock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("physical_copy_id", sa.Uuid(), nullable=False),
        sa.Column("work_table", sa.String(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "granted",
                "refused",
                name="claim_outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "outcome = 'granted' OR (claim_id IS NOT NULL AND reason IS NOT NULL)",
            name=op.f("ck_physical_copy_lock_refusal_is_explained"),
        ),
        sa.CheckConstraint(
            "work_table IN ('data_transfer', 'long_term_archive_transfer', 'staging_item', 'fixity_check')",
            name=op.f("ck_physical_copy_lock_work_table"),
        ),
        sa.ForeignKeyConstraint(
            ["physical_copy_id", "site_id"],
            ["physical_copy.id", "physical_copy.site_id"],
            name=op.f("fk_physical_copy_lock_physical_copy_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_physical_copy_lock")),
    )
    op.create_index(op.f("ix_physical_copy_lock_work_id"), "physical_copy_lock", ["work_id"], unique=False)
    op.create_index(
        op.f("ix_physical_copy_lock_physical_copy_id"),
        "physical_copy_lock",
        ["physical_copy_id"],
        unique=False,
    )
    op.create_index(
        "uq_physical_copy_lock_own_work",
        "physical_copy_lock",
        ["physical_copy_id", "work_id"],
        unique=True,
        postgresql_where=sa.text("claim_id IS NULL"),
        sqlite_where=sa.text("claim_id IS NULL"),
    )
    op.create_index("uq_physical_copy_lock_claim", "physical_copy_lock", ["claim_id", "site_id"], unique=True)
    op.create_table(
        "copy_claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("physical_copy_id", sa.Uuid(), nullable=False),
        sa.Column("copy_site_id", sa.String(), nullable=False),
        sa.Column("work_table", sa.String(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("copy_site_id <> site_id", name=op.f("ck_copy_claim_of_another_site")),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_copy_claim")),
    )
    op.create_index(op.f("ix_copy_claim_work_id"), "copy_claim", ["work_id"], unique=False)
    op.create_index(
        "uq_copy_claim_standing",
        "copy_claim",
        ["work_id", "site_id"],
        unique=True,
        postgresql_where=sa.text("released_at IS NULL"),
        sqlite_where=sa.text("released_at IS NULL"),
    )
    op.create_index(
        "ix_copy_claim_standing",
        "copy_claim",
        ["copy_site_id"],
        unique=False,
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "prime_cam_module_configuration",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sampling_rate", sa.Double(), nullable=True),
        sa.Column("readout_tones", sa.BigInteger(), nullable=True),
        sa.Column("filter_name", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["instrument_module_configuration.id"], name=op.f("fk_prime_cam_module_configuration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prime_cam_module_configuration")),
    )
    op.create_table(
        "raw_data_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("raw_data_series_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("relative_path", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.String(), nullable=False),
        sa.Column("file_type", sa.String(), nullable=True),
        sa.Column("written_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("written_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "checksum ~ '^(md5:[0-9a-f]{32}|crc32c:[0-9a-f]{8}|xxh3-128:[0-9a-f]{32}|sha256:[0-9a-f]{64}|blake3:[0-9a-f]{64})$'",
            name=op.f("ck_raw_data_file_checksum_canonical"),
        ),
        sa.CheckConstraint("number > 0 AND revision > 0", name=op.f("ck_raw_data_file_numbers_positive")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_raw_data_file_size_not_negative")),
        sa.CheckConstraint("written_from <= written_until", name=op.f("ck_raw_data_file_written_ordered")),
        sa.ForeignKeyConstraint(
            ["raw_data_series_id", "site_id"],
            ["raw_data_series.id", "raw_data_series.site_id"],
            name=op.f("fk_raw_data_file_raw_data_series_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_raw_data_file")),
        sa.UniqueConstraint(
            "raw_data_series_id", "number", name=op.f("uq_raw_data_file_raw_data_series_id_number")
        ),
        sa.UniqueConstraint(
            "relative_path",
            "raw_data_series_id",
            "revision",
            name=op.f("uq_raw_data_file_relative_path_raw_data_series_id_revision"),
        ),
    )
    op.create_index(
        "uq_raw_data_file_normal_path",
        "raw_data_file",
        [sa.literal_column("normalize(relative_path)"), "raw_data_series_id", "revision"],
        unique=True,
        postgresql_where=sa.text("relative_path ~ '[^ -:<-JL-_a-~]'"),
    )
    op.create_table(
        "raw_data_package_member",
        sa.Column("raw_data_file_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("raw_data_package_id", sa.Uuid(), nullable=False),
        sa.Column("tar_offset", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("mtime_ns", sa.Numeric(precision=30, scale=0), nullable=False),
        sa.CheckConstraint(
            "tar_offset >= 0 AND length(sha256) = 32", name=op.f("ck_raw_data_package_member_is_in_the_tar")
        ),
        sa.ForeignKeyConstraint(
            ["raw_data_file_id", "site_id"],
            ["raw_data_file.id", "raw_data_file.site_id"],
            name=op.f("fk_raw_data_package_member_raw_data_file_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["raw_data_package_id", "site_id"],
            ["raw_data_package.id", "raw_data_package.site_id"],
            name=op.f("fk_raw_data_package_member_raw_data_package_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("raw_data_file_id", "site_id", name=op.f("pk_raw_data_package_member")),
    )
    op.create_table(
        "raw_data_file_exception",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("raw_data_file_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "missing",
                "short",
                "grown",
                "other_checksum",
                "unreadable",
                "not_regular",
                "changed_after_packaging",
                "wrong_in_package",
                name="file_exception_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("readings", sa.BigInteger(), nullable=False),
        sa.Column("read_by", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "set_aside",
                "filed_anew",
                name="file_decision",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("replaced_by_file_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL)",
            name=op.f("ck_raw_data_file_exception_decided_is_dated"),
        ),
        sa.CheckConstraint(
            "(replaced_by_file_id IS NULL) = (decision IS NULL OR decision <> 'filed_anew')",
            name=op.f("ck_raw_data_file_exception_filed_anew_is_replaced"),
        ),
        sa.CheckConstraint("readings > 0", name=op.f("ck_raw_data_file_exception_was_read")),
        sa.ForeignKeyConstraint(
            ["raw_data_file_id", "site_id"],
            ["raw_data_file.id", "raw_data_file.site_id"],
            name=op.f("fk_raw_data_file_exception_raw_data_file_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by_file_id", "site_id"],
            ["raw_data_file.id", "raw_data_file.site_id"],
            name=op.f("fk_raw_data_file_exception_replaced_by_file_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_raw_data_file_exception")),
        sa.UniqueConstraint("raw_data_file_id", name=op.f("uq_raw_data_file_exception_raw_data_file_id")),
    )
    op.create_index(
        "ix_raw_data_file_exception_replaced_by_file_id",
        "raw_data_file_exception",
        ["replaced_by_file_id"],
        unique=False,
    )
    op.create_index(
        "ix_raw_data_file_exception_undecided",
        "raw_data_file_exception",
        ["site_id"],
        unique=False,
        postgresql_where=sa.text("decision IS NULL"),
    )
    op.create_table(
        "raw_data_package_metadata",
        sa.Column("raw_data_package_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("obs_id", sa.String(), nullable=False),
        sa.Column("obs_collection", sa.String(), nullable=False),
        sa.Column("dataproduct_type", sa.String(), nullable=True),
        sa.Column("calib_level", sa.BigInteger(), nullable=False),
        sa.Column("target_name", sa.String(), nullable=True),
        sa.Column("s_ra", sa.Double(), nullable=True),
        sa.Column("s_dec", sa.Double(), nullable=True),
        sa.Column("t_min", sa.Double(), nullable=True),
        sa.Column("t_max", sa.Double(), nullable=True),
        sa.Column("em_min", sa.Double(), nullable=True),
        sa.Column("em_max", sa.Double(), nullable=True),
        sa.Column("facility_name", sa.String(), nullable=False),
        sa.Column("instrument_name", sa.String(), nullable=False),
        sa.Column("access_format", sa.String(), nullable=False),
        sa.Column("access_estsize", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["raw_data_package_id", "site_id"],
            ["raw_data_package.id", "raw_data_package.site_id"],
            name=op.f("fk_raw_data_package_metadata_raw_data_package_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("raw_data_package_id", "site_id", name=op.f("pk_raw_data_package_metadata")),
    )
    op.create_index(
        op.f("ix_raw_data_package_metadata_target_name"),
        "raw_data_package_metadata",
        ["target_name"],
        unique=False,
    )
    op.create_table(
        "staging_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("staging_job_id", sa.Uuid(), nullable=False),
        sa.Column("raw_data_package_id", sa.Uuid(), nullable=False),
        sa.Column("raw_data_file_id", sa.Uuid(), nullable=True),
        sa.Column("destination_location_id", sa.String(), nullable=False),
        sa.Column("source_copy_id", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "scheduled",
                "in_progress",
                "completed",
                "failed",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("interruptions", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatches", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker_clock", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False),
        sa.Column("partial_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "error_class",
            sa.Enum(
                "transient",
                "resource",
                "integrity",
                "configuration",
                "permanent",
                name="failure_class",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("error_category", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("waiting_reason", sa.String(), nullable=True),
        sa.Column("waiting_detail", sa.String(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status <> 'in_progress' OR (lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL)",
            name=op.f("ck_staging_item_in_progress_is_leased"),
        ),
        sa.CheckConstraint(
            "bytes_done >= 0 AND bytes_total >= 0 AND partial_bytes >= 0",
            name=op.f("ck_staging_item_bytes_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["destination_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_staging_item_destination_location_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["staging_job_id", "site_id"],
            ["staging_job.id", "staging_job.site_id"],
            name=op.f("fk_staging_item_staging_job_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_staging_item")),
    )
    op.create_index(
        op.f("ix_staging_item_destination_location_id"),
        "staging_item",
        ["destination_location_id"],
        unique=False,
    )
    op.create_index(
        "ix_staging_item_ended",
        "staging_item",
        ["finished_at", "id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index(
        "ix_staging_item_open",
        "staging_item",
        ["site_id", "status", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status <> 'completed'"),
    )
    op.create_index(
        op.f("ix_staging_item_raw_data_file_id"), "staging_item", ["raw_data_file_id"], unique=False
    )
    op.create_index(
        op.f("ix_staging_item_raw_data_package_id"), "staging_item", ["raw_data_package_id"], unique=False
    )
    op.create_index(op.f("ix_staging_item_source_copy_id"), "staging_item", ["source_copy_id"], unique=False)
    op.create_index(
        "uq_staging_item_of_job",
        "staging_item",
        [
            "staging_job_id",
            "raw_data_package_id",
            sa.literal_column("coalesce(raw_data_file_id, raw_data_package_id)"),
        ],
        unique=True,
    )
    op.create_table(
        "chai_observation_configuration",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("integration_time", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["observation_configuration.id"], name=op.f("fk_chai_observation_configuration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chai_observation_configuration")),
    )
    op.create_table(
        "data_transfer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("raw_data_package_id", sa.Uuid(), nullable=False),
        sa.Column("source_copy_id", sa.Uuid(), nullable=False),
        sa.Column("source_location_id", sa.String(), nullable=False),
        sa.Column("destination_location_id", sa.String(), nullable=False),
        sa.Column("destination_path", sa.String(), nullable=False),
        sa.Column("generation", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("final_site_id", sa.String(), nullable=False),
        sa.Column("data_transfer_route_id", sa.String(), nullable=False),
        sa.Column("data_transfer_package_id", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checksum", sa.String(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "scheduled",
                "in_progress",
                "completed",
                "failed",
                "cancelled",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("interruptions", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatches", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker_clock", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bytes_done", sa.BigInteger(), nullable=False),
        sa.Column("bytes_total", sa.BigInteger(), nullable=False),
        sa.Column("partial_bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "error_class",
            sa.Enum(
                "transient",
                "resource",
                "integrity",
                "configuration",
                "permanent",
                name="failure_class",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("error_category", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("waiting_reason", sa.String(), nullable=True),
        sa.Column("waiting_detail", sa.String(), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "checksum ~ '^(md5:[0-9a-f]{32}|crc32c:[0-9a-f]{8}|xxh3-128:[0-9a-f]{32}|sha256:[0-9a-f]{64}|blake3:[0-9a-f]{64})$'",
            name=op.f("ck_data_transfer_checksum_canonical"),
        ),
        sa.CheckConstraint(
            "status <> 'in_progress' OR (lease_owner IS NOT NULL AND lease_expires_at IS NOT NULL)",
            name=op.f("ck_data_transfer_in_progress_is_leased"),
        ),
        sa.CheckConstraint(
            "bytes_done >= 0 AND bytes_total >= 0 AND partial_bytes >= 0",
            name=op.f("ck_data_transfer_bytes_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["data_transfer_package_id", "site_id"],
            ["data_transfer_package.id", "data_transfer_package.site_id"],
            name=op.f("fk_data_transfer_data_transfer_package_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["data_transfer_route_id", "site_id"],
            ["data_transfer_route.id", "data_transfer_route.origin_site_id"],
            name=op.f("fk_data_transfer_data_transfer_route_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["destination_location_id"],
            ["data_location.id"],
            name=op.f("fk_data_transfer_destination_location_id"),
        ),
        sa.ForeignKeyConstraint(["final_site_id"], ["site.id"], name=op.f("fk_data_transfer_final_site_id")),
        sa.ForeignKeyConstraint(
            ["source_copy_id", "site_id"],
            ["physical_copy.id", "physical_copy.site_id"],
            name=op.f("fk_data_transfer_source_copy_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["source_location_id", "site_id"],
            ["data_location.id", "data_location.site_id"],
            name=op.f("fk_data_transfer_source_location_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_data_transfer")),
    )
    op.create_index(
        op.f("ix_data_transfer_data_transfer_package_id"),
        "data_transfer",
        ["data_transfer_package_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_data_transfer_data_transfer_route_id"),
        "data_transfer",
        ["data_transfer_route_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_data_transfer_destination_location_id"),
        "data_transfer",
        ["destination_location_id"],
        unique=False,
    )
    op.create_index(
        "ix_data_transfer_ended",
        "data_transfer",
        ["finished_at", "id"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_data_transfer_final_site_id"), "data_transfer", ["final_site_id"], unique=False)
    op.create_index(
        "ix_data_transfer_open",
        "data_transfer",
        ["site_id", "status", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("status <> 'completed'"),
    )
    op.create_index(
        op.f("ix_data_transfer_raw_data_package_id"), "data_transfer", ["raw_data_package_id"], unique=False
    )
    op.create_index(
        "ix_data_transfer_sent",
        "data_transfer",
        ["destination_location_id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NOT NULL AND status <> 'completed'"),
    )
    op.create_index(
        op.f("ix_data_transfer_source_copy_id"), "data_transfer", ["source_copy_id"], unique=False
    )
    op.create_index(
        op.f("ix_data_transfer_source_location_id"), "data_transfer", ["source_location_id"], unique=False
    )
    op.create_index(
        "uq_data_transfer_open",
        "data_transfer",
        ["site_id", "raw_data_package_id", "destination_location_id"],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('completed', 'cancelled')"),
        sqlite_where=sa.text("status NOT IN ('completed', 'cancelled')"),
    )
    op.create_table(
        "obs_unit_observation_configuration",
        sa.Column("obs_unit_id", sa.String(), nullable=False),
        sa.Column("observation_configuration_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["obs_unit_id"], ["obs_unit.id"], name=op.f("fk_obs_unit_observation_configuration_obs_unit_id")
        ),
        sa.ForeignKeyConstraint(
            ["observation_configuration_id"],
            ["observation_configuration.id"],
            name=op.f("fk_obs_unit_observation_configuration_observation_configuration_id"),
        ),
        sa.PrimaryKeyConstraint(
            "obs_unit_id", "observation_configuration_id", name=op.f("pk_obs_unit_observation_configuration")
        ),
    )
    op.create_index(
        op.f("ix_obs_unit_observation_configuration_observation_configuration_id"),
        "obs_unit_observation_configuration",
        ["observation_configuration_id"],
        unique=False,
    )
    op.create_table(
        "prime_cam_observation_configuration",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scan_pattern", sa.String(), nullable=False),
        sa.CheckConstraint(
            "scan_pattern IN ('pong', 'daisy', 'constant_elevation')",
            name=op.f("ck_prime_cam_observation_configuration_scan_pattern"),
        ),
        sa.ForeignKeyConstraint(
            ["id"], ["observation_configuration.id"], name=op.f("fk_prime_cam_observation_configuration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prime_cam_observation_configuration")),
    )
    op.create_table(
        "chai_inpar_parameter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chai_observation_configuration_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chai_observation_configuration_id"],
            ["chai_observation_configuration.id"],
            name=op.f("fk_chai_inpar_parameter_chai_observation_configuration_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chai_inpar_parameter")),
        sa.UniqueConstraint(
            "chai_observation_configuration_id",
            "name",
            name=op.f("uq_chai_inpar_parameter_chai_observation_configuration_id_name"),
        ),
    )
    op.create_table(
        "chai_tiling",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chai_observation_configuration_id", sa.String(), nullable=False),
        sa.Column("tile", sa.BigInteger(), nullable=False),
        sa.Column("offset_longitude", sa.Double(), nullable=False),
        sa.Column("offset_latitude", sa.Double(), nullable=False),
        sa.Column("goal_coverage", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chai_observation_configuration_id"],
            ["chai_observation_configuration.id"],
            name=op.f("fk_chai_tiling_chai_observation_configuration_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chai_tiling")),
        sa.UniqueConstraint(
            "chai_observation_configuration_id",
            "tile",
            name=op.f("uq_chai_tiling_chai_observation_configuration_id_tile"),
        ),
    )
    op.create_table(
        "token_use",
        sa.Column("api_token_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("api_token_id", "site_id", name=op.f("pk_token_use")),
    )
    _create_statements(
        "suspension",
        sa.Column("suspended_site_id", sa.String(), nullable=True),
        sa.Column("data_location_id", sa.String(), nullable=True),
        sa.Column("data_transfer_route_id", sa.String(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["suspended_site_id"], ["site.id"], name=op.f("fk_suspension_suspended_site_id")
        ),
        sa.ForeignKeyConstraint(
            ["data_location_id"], ["data_location.id"], name=op.f("fk_suspension_data_location_id")
        ),
        sa.ForeignKeyConstraint(
            ["data_transfer_route_id"],
            ["data_transfer_route.id"],
            name=op.f("fk_suspension_data_transfer_route_id"),
        ),
        sa.CheckConstraint(
            "(CASE WHEN suspended_site_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN data_location_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN data_transfer_route_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_suspension_is_of_one_thing"),
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_suspension_reason_given")),
    )
    for column in ("suspended_site_id", "data_location_id", "data_transfer_route_id"):
        op.create_index(op.f(f"ix_suspension_{column}"), "suspension", [column], unique=False)
    op.create_index(
        "ix_suspension_until",
        "suspension",
        ["until"],
        unique=False,
        postgresql_where=sa.text("until IS NOT NULL"),
    )
    _create_statements("deletion_hold_end", sa.Column("deletion_hold_id", sa.Uuid(), nullable=False))
    op.create_index("uq_deletion_hold_end", "deletion_hold_end", ["deletion_hold_id", "site_id"], unique=True)
    _create_statements("error_acknowledgement", sa.Column("error_record_id", sa.Uuid(), nullable=False))
    op.create_index(
        op.f("ix_error_acknowledgement_error_record_id"),
        "error_acknowledgement",
        ["error_record_id"],
        unique=False,
    )
    _create_statements(
        "error_acknowledgement_end", sa.Column("error_acknowledgement_id", sa.Uuid(), nullable=False)
    )
    op.create_index(
        "uq_error_acknowledgement_end",
        "error_acknowledgement_end",
        ["error_acknowledgement_id", "site_id"],
        unique=True,
    )
    _create_statements("suspension_end", sa.Column("suspension_id", sa.Uuid(), nullable=False))
    op.create_index("uq_suspension_end", "suspension_end", ["suspension_id", "site_id"], unique=True)
    _create_statements(
        "doubt",
        sa.Column("physical_copy_id", sa.Uuid(), nullable=True),
        sa.Column("data_location_id", sa.String(), nullable=True),
        sa.Column(
            "cause",
            sa.Enum(
                "bytes",
                "changed",
                "lost",
                "readings",
                "reader",
                "person",
                name="doubt_cause",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("work_table", sa.String(), nullable=True),
        sa.Column("work_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["data_location_id"], ["data_location.id"], name=op.f("fk_doubt_data_location_id")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_doubt_reason_given")),
        sa.CheckConstraint(
            "(CASE WHEN physical_copy_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN data_location_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_doubt_is_of_one_thing"),
        ),
    )
    for column in ("physical_copy_id", "data_location_id"):
        op.create_index(op.f(f"ix_doubt_{column}"), "doubt", [column], unique=False)
    _create_statements("token_revocation", sa.Column("api_token_id", sa.Uuid(), nullable=False))
    op.create_index("uq_token_revocation", "token_revocation", ["api_token_id", "site_id"], unique=True)
    op.create_table(
        "verification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("physical_copy_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("work_table", sa.String(), nullable=False),
        sa.Column("work_id", sa.Uuid(), nullable=False),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "full_read",
                "unchanged",
                name="reading_method",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "finding",
            sa.Enum(
                "right",
                "other_checksum",
                "other_size",
                "missing",
                "unreadable",
                "changed",
                name="finding",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("size_found", sa.BigInteger(), nullable=True),
        sa.Column("checksum_found", sa.String(), nullable=True),
        sa.Column("identity", sa.String(), nullable=True),
        sa.Column("members_checked", sa.Boolean(), nullable=False),
        sa.Column("place_marker_id", sa.Uuid(), nullable=True),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("worker_clock", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bytes_read", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(finding = 'right' AND method <> 'unchanged') = (proved_at IS NOT NULL)",
            name=op.f("ck_verification_bytes_alone_prove"),
        ),
        sa.CheckConstraint("bytes_read >= 0 AND duration_ms >= 0", name=op.f("ck_verification_not_negative")),
        sa.CheckConstraint(
            "checksum_found ~ '^(md5:[0-9a-f]{32}|crc32c:[0-9a-f]{8}|xxh3-128:[0-9a-f]{32}|sha256:[0-9a-f]{64}|blake3:[0-9a-f]{64})$'",
            name=op.f("ck_verification_checksum_found_canonical"),
        ),
        sa.CheckConstraint(
            "finding <> 'missing' OR identity IS NULL",
            name=op.f("ck_verification_missing_has_no_identity"),
        ),
        sa.CheckConstraint(
            "finding <> 'right' OR identity IS NOT NULL", name=op.f("ck_verification_right_has_identity")
        ),
        sa.CheckConstraint(
            "finding <> 'right' OR method = 'unchanged'"
            " OR (checksum_found IS NOT NULL AND size_found IS NOT NULL)",
            name=op.f("ck_verification_right_has_checksum"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_verification_number_positive")),
        sa.ForeignKeyConstraint(
            ["physical_copy_id", "site_id"],
            ["physical_copy.id", "physical_copy.site_id"],
            name=op.f("fk_verification_physical_copy_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["place_marker_id", "site_id"],
            ["place_marker.id", "place_marker.site_id"],
            name=op.f("fk_verification_place_marker_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_verification")),
    )
    op.create_index("uq_verification_number", "verification", ["physical_copy_id", "number"], unique=True)
    op.create_index(
        "ix_verification_wrong",
        "verification",
        ["physical_copy_id", "number"],
        unique=False,
        postgresql_where=sa.text("finding <> 'right'"),
        sqlite_where=sa.text("finding <> 'right'"),
    )
    op.create_index(op.f("ix_verification_work_id"), "verification", ["work_id"], unique=False)
    op.create_index(
        "ix_verification_at_place", "verification", ["place_marker_id", "recorded_at"], unique=False
    )
    _create_statements(
        "doubt_answer",
        sa.Column("doubt_id", sa.Uuid(), nullable=False),
        sa.Column("verification_id", sa.Uuid(), nullable=True),
        sa.Column("deletion_id", sa.Uuid(), nullable=True),
        sa.Column("sample_read", sa.BigInteger(), nullable=True),
        sa.Column("sample_right", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["verification_id", "site_id"],
            ["verification.id", "verification.site_id"],
            name=op.f("fk_doubt_answer_verification_id_site_id"),
        ),
        sa.ForeignKeyConstraint(
            ["deletion_id", "site_id"],
            ["deletion.id", "deletion.site_id"],
            name=op.f("fk_doubt_answer_deletion_id_site_id"),
        ),
        sa.CheckConstraint(
            "(CASE WHEN verification_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN deletion_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN sample_read IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN caller_kind = 'engine' THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_doubt_answer_by_one_thing"),
        ),
        sa.CheckConstraint(
            "caller_kind = 'engine' OR reason <> ''", name=op.f("ck_doubt_answer_person_says_why")
        ),
        sa.CheckConstraint(
            "(sample_read IS NULL) = (sample_right IS NULL) AND sample_right BETWEEN 0 AND sample_read",
            name=op.f("ck_doubt_answer_sample_counted"),
        ),
    )
    op.create_index("uq_doubt_answer", "doubt_answer", ["doubt_id", "site_id"], unique=True)
    for column in ("verification_id", "deletion_id"):
        op.create_index(op.f(f"ix_doubt_answer_{column}"), "doubt_answer", [column], unique=False)
    op.create_table(
        "member_finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column("verification_id", sa.Uuid(), nullable=False),
        sa.Column("raw_data_file_id", sa.Uuid(), nullable=False),
        sa.Column("checksum_found", sa.String(), nullable=False),
        sa.CheckConstraint(
            "checksum_found ~ '^(md5:[0-9a-f]{32}|crc32c:[0-9a-f]{8}|xxh3-128:[0-9a-f]{32}|sha256:[0-9a-f]{64}|blake3:[0-9a-f]{64})$'",
            name=op.f("ck_member_finding_checksum_found_canonical"),
        ),
        sa.ForeignKeyConstraint(
            ["verification_id", "site_id"],
            ["verification.id", "verification.site_id"],
            name=op.f("fk_member_finding_verification_id_site_id"),
        ),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f("pk_member_finding")),
    )
    op.create_index(
        op.f("ix_member_finding_raw_data_file_id"), "member_finding", ["raw_data_file_id"], unique=False
    )
    op.create_index(
        "uq_member_finding", "member_finding", ["verification_id", "raw_data_file_id"], unique=True
    )
    for statement in TRIGGERS:
        op.execute(statement)
    for table in APPEND_ONLY:
        for statement in TRIGGERS_OF_APPEND_ONLY:
            op.execute(statement.format(table=table))
    for table in OWNED:
        for statement in TRIGGERS_OF_OWNED:
            op.execute(statement.format(table=table))
    for table in REFERENCE:
        op.execute(TRIGGER_OF_REFERENCE.format(table=table))
    for statement in CHANGED_KEYS:
        op.execute(statement)
    for table in STATEMENTS:
        for statement in TRIGGERS_OF_STATEMENTS:
            op.execute(statement.format(table=table))
    op.execute(RAW_DATA_FILE_VIEW)
    op.execute(EVERY_SITE)
    op.execute(CONSUMERS)


def downgrade() -> None:
    """Drop everything."""
    set_limits()
    op.execute("DROP VIEW raw_data_file_view")
    op.drop_table("member_finding")
    op.drop_table("doubt_answer")
    op.drop_table("verification")
    op.drop_index(
        "ix_raw_data_file_exception_undecided",
        table_name="raw_data_file_exception",
        postgresql_where=sa.text("decision IS NULL"),
    )
    op.drop_index("ix_raw_data_file_exception_replaced_by_file_id", table_name="raw_data_file_exception")
    op.drop_table("raw_data_file_exception")
    op.drop_table("raw_data_package_member")
    op.drop_table("token_revocation")
    op.drop_table("doubt")
    op.drop_table("suspension_end")
    op.drop_table("error_acknowledgement_end")
    op.drop_table("error_acknowledgement")
    op.drop_table("deletion_hold_end")
    op.drop_table("suspension")
    op.drop_table("token_use")
    op.drop_table("chai_tiling")
    op.drop_table("chai_inpar_parameter")
    op.drop_table("prime_cam_observation_configuration")
    op.drop_index(
        op.f("ix_obs_unit_observation_configuration_observation_configuration_id"),
        table_name="obs_unit_observation_configuration",
    )
    op.drop_table("obs_unit_observation_configuration")
    op.drop_index(
        "uq_data_transfer_open",
        table_name="data_transfer",
        postgresql_where=sa.text("status NOT IN ('completed', 'cancelled')"),
        sqlite_where=sa.text("status NOT IN ('completed', 'cancelled')"),
    )
    op.drop_index(op.f("ix_data_transfer_source_location_id"), table_name="data_transfer")
    op.drop_index(op.f("ix_data_transfer_source_copy_id"), table_name="data_transfer")
    op.drop_index(
        "ix_data_transfer_sent",
        table_name="data_transfer",
        postgresql_where=sa.text("sent_at IS NOT NULL AND status <> 'completed'"),
    )
    op.drop_index(op.f("ix_data_transfer_raw_data_package_id"), table_name="data_transfer")
    op.drop_index(
        "ix_data_transfer_open", table_name="data_transfer", postgresql_where=sa.text("status <> 'completed'")
    )
    op.drop_index(op.f("ix_data_transfer_final_site_id"), table_name="data_transfer")
    op.drop_index(
        "ix_data_transfer_ended",
        table_name="data_transfer",
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.drop_index(op.f("ix_data_transfer_destination_location_id"), table_name="data_transfer")
    op.drop_index(op.f("ix_data_transfer_data_transfer_route_id"), table_name="data_transfer")
    op.drop_index(op.f("ix_data_transfer_data_transfer_package_id"), table_name="data_transfer")
    op.drop_table("data_transfer")
    op.drop_table("chai_observation_configuration")
    op.drop_index("uq_staging_item_of_job", table_name="staging_item")
    op.drop_index(op.f("ix_staging_item_source_copy_id"), table_name="staging_item")
    op.drop_index(op.f("ix_staging_item_raw_data_package_id"), table_name="staging_item")
    op.drop_index(op.f("ix_staging_item_raw_data_file_id"), table_name="staging_item")
    op.drop_index(
        "ix_staging_item_open", table_name="staging_item", postgresql_where=sa.text("status <> 'completed'")
    )
    op.drop_index(
        "ix_staging_item_ended",
        table_name="staging_item",
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.drop_index(op.f("ix_staging_item_destination_location_id"), table_name="staging_item")
    op.drop_table("staging_item")
    op.drop_index(op.f("ix_raw_data_package_metadata_target_name"), table_name="raw_data_package_metadata")
    op.drop_table("raw_data_package_metadata")
    op.drop_index(
        "uq_raw_data_file_normal_path",
        table_name="raw_data_file",
        postgresql_where=sa.text("relative_path ~ '[^ -:<-JL-_a-~]'"),
    )
    op.drop_table("raw_data_file")
    op.drop_table("prime_cam_module_configuration")
    op.drop_table("copy_claim")
    op.drop_table("physical_copy_lock")
    op.drop_index(op.f("ix_package_creation_source_location_id"), table_name="package_creation")
    op.drop_index(
        "ix_package_creation_open",
        table_name="package_creation",
        postgresql_where=sa.text("status <> 'completed'"),
    )
    op.drop_index(
        "ix_package_creation_ended",
        table_name="package_creation",
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.drop_index(op.f("ix_package_creation_destination_location_id"), table_name="package_creation")
    op.drop_table("package_creation")
    op.drop_index(
        op.f("ix_observation_configuration_instrument_module_configuration_id"),
        table_name="observation_configuration",
    )
    op.drop_index(op.f("ix_observation_configuration_instrument_id"), table_name="observation_configuration")
    op.drop_table("observation_configuration")
    op.drop_index(
        "uq_long_term_archive_transfer_open",
        table_name="long_term_archive_transfer",
        postgresql_where=sa.text("status NOT IN ('completed', 'cancelled')"),
        sqlite_where=sa.text("status NOT IN ('completed', 'cancelled')"),
    )
    op.drop_index(
        op.f("ix_long_term_archive_transfer_source_copy_id"), table_name="long_term_archive_transfer"
    )
    op.drop_index(
        op.f("ix_long_term_archive_transfer_raw_data_package_id"), table_name="long_term_archive_transfer"
    )
    op.drop_index(
        "ix_long_term_archive_transfer_open",
        table_name="long_term_archive_transfer",
        postgresql_where=sa.text("status <> 'completed'"),
    )
    op.drop_index(
        "ix_long_term_archive_transfer_ended",
        table_name="long_term_archive_transfer",
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_long_term_archive_transfer_destination_location_id"), table_name="long_term_archive_transfer"
    )
    op.drop_table("long_term_archive_transfer")
    op.drop_index(
        "ix_fixity_check_scrub",
        table_name="fixity_check",
        postgresql_where=sa.text("reason = 'scrub'"),
        sqlite_where=sa.text("reason = 'scrub'"),
    )
    op.drop_index(
        "uq_fixity_check_open",
        table_name="fixity_check",
        postgresql_where=sa.text("status NOT IN ('completed', 'cancelled')"),
        sqlite_where=sa.text("status NOT IN ('completed', 'cancelled')"),
    )
    op.drop_index(op.f("ix_fixity_check_physical_copy_id"), table_name="fixity_check")
    op.drop_index(
        "ix_fixity_check_open", table_name="fixity_check", postgresql_where=sa.text("status <> 'completed'")
    )
    op.drop_index(
        "ix_fixity_check_ended",
        table_name="fixity_check",
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.drop_index(op.f("ix_fixity_check_data_transfer_id"), table_name="fixity_check")
    op.drop_index(op.f("ix_fixity_check_data_location_id"), table_name="fixity_check")
    op.drop_table("fixity_check")
    op.drop_table("data_transfer_route_window")
    op.drop_index(op.f("ix_data_transfer_package_data_transfer_route_id"), table_name="data_transfer_package")
    op.drop_table("data_transfer_package")
    op.drop_index(op.f("ix_chai_module_configuration_line_id"), table_name="chai_module_configuration")
    op.drop_table("chai_module_configuration")
    op.drop_table("tape_data_location")
    op.drop_index(op.f("ix_staging_job_raw_data_package_id"), table_name="staging_job")
    op.drop_index(op.f("ix_staging_job_raw_data_file_id"), table_name="staging_job")
    op.drop_index(op.f("ix_staging_job_executed_obs_unit_id"), table_name="staging_job")
    op.drop_index(op.f("ix_staging_job_destination_location_id"), table_name="staging_job")
    op.drop_index(op.f("ix_staging_job_created_at"), table_name="staging_job")
    op.drop_table("staging_job")
    op.drop_table("s3_data_location")
    op.drop_index(
        "ix_raw_data_package_unsealed",
        table_name="raw_data_package",
        postgresql_where=sa.text("sealed_at IS NULL"),
    )
    op.drop_index(op.f("ix_raw_data_package_size_id"), table_name="raw_data_package")
    op.drop_index(op.f("ix_raw_data_package_sealed_at"), table_name="raw_data_package")
    op.drop_index(op.f("ix_raw_data_package_created_at"), table_name="raw_data_package")
    op.drop_table("raw_data_package")
    op.drop_index(
        "ix_raw_data_series_unpackaged",
        table_name="raw_data_series",
        postgresql_where=sa.text("filed_count > packaged_count"),
    )
    op.drop_index(op.f("ix_raw_data_series_source_location_id"), table_name="raw_data_series")
    op.drop_index(op.f("ix_raw_data_series_instrument_module_id"), table_name="raw_data_series")
    op.drop_table("raw_data_series")
    op.drop_index(
        "uq_physical_copy_tar_path",
        table_name="physical_copy",
        postgresql_where=sa.text("form = 'tar'"),
        sqlite_where=sa.text("form = 'tar'"),
    )
    op.drop_index(
        "uq_physical_copy_living_path",
        table_name="physical_copy",
        postgresql_where=sa.text("form = 'files' AND status <> 'deleted'"),
        sqlite_where=sa.text("form = 'files' AND status <> 'deleted'"),
    )
    op.drop_index(
        "ix_physical_copy_living",
        table_name="physical_copy",
        postgresql_include=["kind", "size"],
        postgresql_where=sa.text("status <> 'deleted'"),
    )
    op.drop_index(
        "ix_physical_copy_waiting",
        table_name="physical_copy",
        postgresql_where=sa.text(
            "kind = 'raw_data_package' AND waiting_reason IS NOT NULL AND status <> 'deleted'"
        ),
    )
    op.drop_index(
        "ix_physical_copy_raw_data_package_id",
        table_name="physical_copy",
        postgresql_where=sa.text("raw_data_package_id IS NOT NULL"),
    )
    op.drop_index("ix_physical_copy_raw_data_file_id", table_name="physical_copy")
    op.drop_index(
        "ix_physical_copy_pinned_until",
        table_name="physical_copy",
        postgresql_where=sa.text("pinned_until IS NOT NULL AND status <> 'deleted'"),
    )
    op.drop_index(
        "ix_physical_copy_packages_at",
        table_name="physical_copy",
        postgresql_where=sa.text("kind = 'raw_data_package'"),
    )
    op.drop_index(
        "ix_physical_copy_onward",
        table_name="physical_copy",
        postgresql_where=sa.text(
            "kind = 'raw_data_package' AND onward_planned_at IS NULL AND status IN ('present', 'verified')"
        ),
    )
    op.drop_index(
        "ix_physical_copy_next_check_at",
        table_name="physical_copy",
        postgresql_where=sa.text("next_check_at IS NOT NULL AND status IN ('present', 'verified')"),
    )
    op.drop_table("physical_copy")
    op.drop_index(
        "uq_place_marker_current",
        table_name="place_marker",
        postgresql_where=sa.text("retired_at IS NULL"),
        sqlite_where=sa.text("retired_at IS NULL"),
    )
    op.drop_index(op.f("ix_place_marker_data_location_id"), table_name="place_marker")
    op.drop_table("place_marker")
    op.drop_index(
        "uq_reconcile_finding_open",
        table_name="reconcile_finding",
        postgresql_where=sa.text("resolved_at IS NULL"),
        sqlite_where=sa.text("resolved_at IS NULL"),
    )
    op.drop_index(op.f("ix_reconcile_finding_data_location_id"), table_name="reconcile_finding")
    op.drop_table("reconcile_finding")
    op.drop_table("place_ability")
    op.drop_table("file_system_usage")
    op.drop_table("file_system")
    op.drop_index(
        op.f("ix_instrument_module_configuration_instrument_module_id"),
        table_name="instrument_module_configuration",
    )
    op.drop_table("instrument_module_configuration")
    op.drop_index(
        "ix_executed_obs_unit_module_waiting",
        table_name="executed_obs_unit_module",
        postgresql_where=sa.text("waiting_reason IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_executed_obs_unit_module_instrument_module_id"), table_name="executed_obs_unit_module"
    )
    op.drop_table("executed_obs_unit_module")
    op.drop_index(
        "uq_error_record_open",
        table_name="error_record",
        postgresql_where=sa.text("resolved_at IS NULL"),
        sqlite_where=sa.text("resolved_at IS NULL"),
    )
    op.drop_index(op.f("ix_error_record_subject_id"), table_name="error_record")
    op.drop_index(op.f("ix_error_record_last_seen_at"), table_name="error_record")
    op.drop_index(op.f("ix_error_record_data_location_id"), table_name="error_record")
    op.drop_index(op.f("ix_error_record_category"), table_name="error_record")
    op.drop_table("error_record")
    op.drop_table("disk_data_location")
    op.drop_index(op.f("ix_deletion_hold_raw_data_package_id"), table_name="deletion_hold")
    op.drop_index(op.f("ix_deletion_hold_observing_program_id"), table_name="deletion_hold")
    op.drop_index(op.f("ix_deletion_hold_held_site_id"), table_name="deletion_hold")
    op.drop_index(op.f("ix_deletion_hold_executed_obs_unit_id"), table_name="deletion_hold")
    op.drop_index(op.f("ix_deletion_hold_data_location_id"), table_name="deletion_hold")
    op.drop_table("deletion_hold")
    op.drop_index(
        "uq_deletion_open",
        table_name="deletion",
        postgresql_where=sa.text("status NOT IN ('completed', 'cancelled')"),
        sqlite_where=sa.text("status NOT IN ('completed', 'cancelled')"),
    )
    op.drop_index(op.f("ix_deletion_raw_data_package_id"), table_name="deletion")
    op.drop_index(op.f("ix_deletion_raw_data_file_id"), table_name="deletion")
    op.drop_index(
        "ix_deletion_open", table_name="deletion", postgresql_where=sa.text("status <> 'completed'")
    )
    op.drop_index(
        "ix_deletion_ended", table_name="deletion", postgresql_where=sa.text("finished_at IS NOT NULL")
    )
    op.drop_index(op.f("ix_deletion_data_location_id"), table_name="deletion")
    op.drop_table("deletion")
    op.drop_index(op.f("ix_data_transfer_route_relay_site_id"), table_name="data_transfer_route")
    op.drop_index(op.f("ix_data_transfer_route_origin_site_id"), table_name="data_transfer_route")
    op.drop_index(op.f("ix_data_transfer_route_origin_location_id"), table_name="data_transfer_route")
    op.drop_index(op.f("ix_data_transfer_route_destination_site_id"), table_name="data_transfer_route")
    op.drop_index(op.f("ix_data_transfer_route_destination_location_id"), table_name="data_transfer_route")
    op.drop_table("data_transfer_route")
    op.drop_index(op.f("ix_pre_scheduled_slot_starts_at"), table_name="pre_scheduled_slot")
    op.drop_table("pre_scheduled_slot")
    op.drop_index(op.f("ix_instrument_module_instrument_id"), table_name="instrument_module")
    op.drop_table("instrument_module")
    op.drop_index(op.f("ix_executed_obs_unit_telescope_id"), table_name="executed_obs_unit")
    op.drop_index(op.f("ix_executed_obs_unit_started_at"), table_name="executed_obs_unit")
    op.drop_index(
        "ix_executed_obs_unit_running",
        table_name="executed_obs_unit",
        postgresql_where=sa.text("status = 'running'"),
    )
    op.drop_index(op.f("ix_executed_obs_unit_obs_unit_id_id"), table_name="executed_obs_unit")
    op.drop_table("executed_obs_unit")
    op.drop_index(op.f("ix_data_location_retention_policy_id"), table_name="data_location")
    op.drop_index(op.f("ix_data_location_instrument_id"), table_name="data_location")
    op.drop_table("data_location")
    op.drop_index(op.f("ix_obs_unit_sub_observing_program_id"), table_name="obs_unit")
    op.drop_index(op.f("ix_obs_unit_source_id"), table_name="obs_unit")
    op.drop_index(op.f("ix_obs_unit_observing_program_id"), table_name="obs_unit")
    op.drop_index(op.f("ix_obs_unit_obs_mode_id"), table_name="obs_unit")
    op.drop_table("obs_unit")
    op.drop_index(op.f("ix_instrument_telescope_id"), table_name="instrument")
    op.drop_table("instrument")
    op.drop_index(op.f("ix_api_token_scope_permission_id"), table_name="api_token_scope")
    op.drop_table("api_token_scope")
    op.drop_index(op.f("ix_user_session_user_id"), table_name="user_session")
    op.drop_index(op.f("ix_user_session_api_token_id"), table_name="user_session")
    op.drop_table("user_session")
    op.drop_index(op.f("ix_user_role_role_id"), table_name="user_role")
    op.drop_table("user_role")
    op.drop_index(op.f("ix_telescope_observatory_id"), table_name="telescope")
    op.drop_table("telescope")
    op.drop_index(op.f("ix_sub_observing_program_observing_program_id"), table_name="sub_observing_program")
    op.drop_table("sub_observing_program")
    op.drop_table("solar_system_object")
    op.drop_index(op.f("ix_role_permission_permission_id"), table_name="role_permission")
    op.drop_table("role_permission")
    op.drop_index(op.f("ix_idempotency_key_created_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index(op.f("ix_fixed_source_right_ascension"), table_name="fixed_source")
    op.drop_index(op.f("ix_fixed_source_declination"), table_name="fixed_source")
    op.drop_table("fixed_source")
    op.drop_table("constant_elevation_source")
    op.drop_index(op.f("ix_api_token_user_id"), table_name="api_token")
    op.drop_index(op.f("ix_api_token_bound_site_id"), table_name="api_token")
    op.drop_table("api_token")
    op.drop_index(op.f("ix_worker_place_data_location_id"), table_name="worker_place")
    op.drop_table("worker_place")
    op.drop_index("uq_user_provider_external_id", table_name="user")
    op.drop_table("user")
    op.drop_table("source")
    op.drop_index(
        "uq_site_main", table_name="site", postgresql_where=sa.text("main"), sqlite_where=sa.text("main")
    )
    op.drop_table("site")
    op.drop_table("role")
    op.drop_table("retention_policy")
    op.drop_table("permission")
    op.drop_index(
        "uq_outage_open",
        table_name="outage",
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("ix_outage_ended", table_name="outage", postgresql_where=sa.text("ended_at IS NOT NULL"))
    op.drop_table("outage")
    op.drop_table("observing_program")
    op.drop_table("observatory")
    op.drop_table("obs_mode")
    op.drop_table("link_role")
    op.drop_table("line")
    op.drop_index(op.f("ix_event_subject_id_occurred_at"), table_name="event")
    op.drop_index(op.f("ix_event_occurred_at"), table_name="event")
    op.drop_index(op.f("ix_event_actor_occurred_at"), table_name="event")
    op.drop_index(op.f("ix_event_action_occurred_at"), table_name="event")
    op.drop_table("event")
    op.drop_index(
        "uq_database_site_main",
        table_name="database_site",
        postgresql_where=sa.text("is_main"),
        sqlite_where=sa.text("is_main"),
    )
    op.drop_table("database_site")
    op.drop_index(op.f("ix_data_transfer_log_work_id"), table_name="data_transfer_log")
    op.drop_table("data_transfer_log")
    op.drop_table("changed_key")
    op.drop_table("change_consumer")
    op.drop_index(op.f("ix_configuration_revision_applied_at"), table_name="configuration_revision")
    op.drop_table("configuration_revision")
    for function in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}() CASCADE")


def _create_statements(table: str, *items: sa.schema.SchemaItem) -> None:
    """Create a table of statements: with who says something, when and why, and what the statement is about."""
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.String(), nullable=False),
        sa.Column(
            "caller_kind",
            sa.Enum(
                "token",
                "session",
                "command",
                "engine",
                name="caller_kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("caller_user_id", sa.Uuid(), nullable=True),
        sa.Column("caller_credential_id", sa.Uuid(), nullable=True),
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        *items,
        sa.ForeignKeyConstraint(["caller_user_id"], ["user.id"], name=op.f(f"fk_{table}_caller_user_id")),
        sa.PrimaryKeyConstraint("id", "site_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_caller_user_id"), table, ["caller_user_id"], unique=False)
