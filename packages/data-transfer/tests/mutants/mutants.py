"""Ways in which the engine could be wrong, each as a change of its text, and the test that must notice.

The text that is replaced is looked for in every run of the tests, so that a mutant cannot be forgotten when
the code changes; whether it is noticed is tried by `make test-deep`.
"""

from dataclasses import dataclass

ENGINE = "data-transfer/src/ccat_data_transfer"
SCHEMA = "ops-db/src/ccat_ops_db"
TESTS = "data-transfer/tests"


@dataclass(frozen=True)
class Mutant:
    """A change of one file.

    Attributes
    ----------
    name : str
        What is wrong then.
    file : str
        Below ``packages``.
    old, new : str
        What stands there once, and what stands there instead.
    test : str
        Which test fails then, below ``packages``; empty: see `ATTACKED`.
    """

    name: str
    file: str
    old: str
    new: str
    test: str = ""


MUTANTS = (
    Mutant(
        "a lease is compared with the clock of a worker",
        f"{ENGINE}/work/lease.py",
        "table.lease_expires_at < ops_now()",
        "table.lease_expires_at < worker_clock",
        f"{TESTS}/work/test_leases.py::test_a_fast_clock_takes_no_living_lease",
    ),
    Mutant(
        "a lease is known by its number alone",
        f"{ENGINE}/work/lease.py",
        "        table.lease_owner == lease.owner,\n",
        "",
        f"{TESTS}/work/test_leases.py::test_a_restored_database_meets_an_old_worker",
    ),
    Mutant(
        "a span does not go on in suspend",
        f"{SCHEMA}/clock.py",
        'getattr(time, "CLOCK_BOOTTIME", None)',
        'getattr(time, "CLOCK_MONOTONIC", None)',
        f"{TESTS}/work/test_leases.py::test_a_suspended_worker_knows",
    ),
    Mutant(
        "a short trouble reroutes what waits",
        f"{ENGINE}/planning/failover.py",
        "REROUTE_AFTER = timedelta(minutes=30)",
        "REROUTE_AFTER = timedelta(minutes=3)",
        f"{TESTS}/planning/test_wants.py::test_a_short_trouble_reroutes_nothing",
    ),
    Mutant(
        "one thing that fails stops a stage",
        f"{ENGINE}/planning/one_by_one.py",
        "        except Exception as error:\n",
        "        except KeyboardInterrupt as error:\n",
        f"{TESTS}/planning/test_due.py::test_one_poisonous_row",
    ),
    Mutant(
        "what somebody keeps locked stops the whole stage",
        f"{ENGINE}/planning/one_by_one.py",
        "            if sqlstate(error) not in HELD_UP:\n",
        "            if sqlstate(error):\n",
        f"{TESTS}/planning/test_planners.py::test_a_forgotten_transaction_delays_its_own_rows_only",
    ),
    Mutant(
        "a place is used whatever its marker",
        f"{ENGINE}/places/marker.py",
        "    found = find_marker(storage)\n    if on_record is None:\n",
        "    found = find_marker(storage)\n    if on_record:\n        return\n    if on_record is None:\n",
        f"{TESTS}/places/test_markers.py::test_an_unmounted_archive_waits",
    ),
    Mutant(
        "any marker will do",
        f"{ENGINE}/places/marker.py",
        "    if found.location_id != location:\n",
        "    if found.location_id != location:\n        return\n    if found.location_id != location:\n",
        f"{TESTS}/places/test_markers.py::test_one_folder_under_two_names",
    ),
    Mutant(
        "a marker is known by its text alone",
        f"{ENGINE}/places/marker.py",
        "    if found.id != on_record.id or not is_same("
        "found.identity, on_record.identity, on_record.lasting_inodes):\n",
        "    if found.id != on_record.id:\n",
        f"{TESTS}/places/test_markers.py::test_a_synced_place_is_unavailable",
    ),
    Mutant(
        "a place is not looked at again",
        f"{ENGINE}/storage/known_place.py",
        "        if self._look is not None:\n",
        "        if self._look is None:\n",
        f"{TESTS}/places/test_markers.py::test_a_place_that_loses_its_marker_takes_nothing",
    ),
    Mutant(
        "each adoption makes a new marker",
        f"{ENGINE}/places/adopt.py",
        '            return "taken back"\n',
        '            return "new"\n',
        f"{TESTS}/places/test_markers.py::test_a_mistaken_adoption_is_taken_back",
    ),
    Mutant(
        "a place that was used adopts itself",
        f"{ENGINE}/places/adopt.py",
        "    if known or _was_used(session, location):\n",
        "    if known:\n",
        f"{TESTS}/places/test_markers.py::test_a_location_with_copies_and_no_marker_is_not_new",
    ),
    Mutant(
        "a root that is not there is made",
        f"{ENGINE}/places/adopt.py",
        "    if description.create and not asked.dry_run",
        "    if not asked.dry_run",
        f"{TESTS}/places/test_markers.py::test_no_root_is_made_without_create",
    ),
    Mutant(
        "a verdict does not look at the place",
        f"{ENGINE}/stages/verifying.py",
        "        # What is read at another place, or not found there, is nothing about the copy.\n"
        "        storage.confirm_place()\n",
        "",
        f"{TESTS}/evidence/test_verdicts.py::test_nothing_is_missing_where_the_marker_went_too",
    ),
    Mutant(
        "a temporary file has the work in its name, and not the attempt",
        f"{ENGINE}/storage/disk_upload.py",
        "self._temporary = temporary_name(self._name, self._work_id, self._tag)",
        "self._temporary = temporary_name(self._name, self._work_id)",
        f"{TESTS}/places/test_abilities.py::test_a_place_without_flock_is_used_without_it",
    ),
    Mutant(
        "locks are believed in, whatever a probe found",
        f"{ENGINE}/storage/disk.py",
        "locks=Ability.FLOCK not in self.unable,",
        "locks=True,",
        f"{TESTS}/places/test_abilities.py::test_a_place_whose_locks_keep_nobody_out_is_used_without_them",
    ),
    Mutant(
        "who finds a partial file locked gives up",
        f"{ENGINE}/storage/disk_upload.py",
        "            if pause is None:\n                return False\n",
        "            if pause is None:\n                raise BlockingIOError\n",
        f"{TESTS}/places/test_disk.py::test_who_is_stopped_with_a_lock_is_passed_by",
    ),
    Mutant(
        "what a folder that cannot be synced answers is a failure",
        f"{ENGINE}/storage/root_folder.py",
        "        if error.errno not in UNABLE_TO_SYNC:\n",
        "        if error.errno:\n",
        f"{TESTS}/places/test_abilities.py::test_a_place_whose_folders_cannot_be_synced",
    ),
    Mutant(
        "an adopted place is never probed again",
        f"{ENGINE}/places/abilities.py",
        "or_(never, probed_at <= time_after(-PROBED_EVERY), outage_ended, resumed)",
        "or_(never, outage_ended, resumed)",
        f"{TESTS}/places/test_abilities.py::test_a_place_is_probed_weekly_and_when_it_is_resumed",
    ),
    Mutant(
        "a tar is published over what has its name",
        f"{ENGINE}/package_format/durable.py",
        "            publish_new(folder, written, name)\n",
        "            os.rename(written, name, src_dir_fd=folder, dst_dir_fd=folder)\n",
        f"{TESTS}/package_format/test_durable.py::test_publish_keeps_what_an_earlier_attempt_published",
    ),
    Mutant(
        "what earlier attempts wrote stays beside what is published",
        f"{ENGINE}/storage/disk_upload.py",
        "            self._remove_others()\n",
        "",
        f"{TESTS}/places/test_disk.py::test_who_is_stopped_with_a_lock_is_passed_by",
    ),
    Mutant(
        "a packager leaves what earlier attempts wrote",
        f"{ENGINE}/stages/packaging.py",
        "    packer.remove_leftovers(new)\n",
        "",
        f"{TESTS}/stages/test_stale_actors.py::test_a_late_link_finds_no_partial",
    ),
    Mutant(
        "who has no lease any more publishes",
        f"{ENGINE}/movers/streaming.py",
        "            confirm=self._confirm,\n",
        "",
        f"{TESTS}/places/test_movers.py::test_a_sender_without_a_lease_publishes_nothing",
    ),
    Mutant(
        "uploads of earlier attempts stay when an object is made",
        f"{ENGINE}/storage/s3_upload.py",
        "                    abort(self._client, self._key, upload_id)\n",
        "                    continue\n",
        f"{TESTS}/places/test_s3.py::test_finished_upload_leaves_nothing_of_its_work_behind",
    ),
    Mutant(
        "every store is believed to heed conditions",
        f"{ENGINE}/storage/s3_upload.py",
        "        if self._client.head(self._key) is not None:\n",
        "        if self._client.head(self._key) is None and not self._heeds_conditions:\n",
        f"{TESTS}/places/test_abilities.py::test_a_store_that_ignores_conditions_keeps_what_has_the_name",
    ),
    Mutant(
        "files are moved away to names without a lease",
        f"{ENGINE}/storage/disk_removal.py",
        'own = f"{self._stem}{self._tag}-{file.number}"',
        'own = f"{self._stem}0-0-{file.number}"',
        f"{TESTS}/places/test_removing.py::test_no_order_of_two_removers_removes_what_was_written",
    ),
    Mutant(
        "a file that was moved away is not looked at again",
        f"{ENGINE}/storage/disk_removal.py",
        "        if not os.path.samestat(now, seen) or _facts(now)[:2] != _facts(seen)[:2]:\n",
        "        if os.path.samestat(now, now) and not now:\n",
        f"{TESTS}/stages/test_stale_actors.py::test_a_rewritten_file_survives_two_removers",
    ),
    Mutant(
        "renaming counts as a change of the file",
        f"{ENGINE}/storage/disk_removal.py",
        "_facts(now)[:2] != _facts(seen)[:2]",
        "_facts(now) != _facts(seen)",
        f"{TESTS}/deletion/test_deleting.py::test_every_unchanged_file_goes",
    ),
    Mutant(
        "a file of the right size is the right one",
        f"{ENGINE}/storage/disk_removal.py",
        "hasher.digest() == file.sha256 and",
        "file.sha256 and",
        f"{TESTS}/deletion/test_deleting.py::test_a_file_rewritten_in_its_size_and_time_stays",
    ),
    Mutant(
        "a file is put back over what has its name",
        f"{ENGINE}/storage/disk_removal.py",
        "        rename_to_free(folder, own, name)\n    except FileExistsError:\n        there",
        "        os.rename(own, name, src_dir_fd=folder, dst_dir_fd=folder)\n"
        "    except FileExistsError:\n        there",
        f"{TESTS}/places/test_removing.py::test_what_was_moved_away_stays_beside_what_has_its_name_now",
    ),
    Mutant(
        "what a killed attempt moved away is forgotten",
        f"{ENGINE}/storage/disk_removal.py",
        "                    left = self._left[folder_path].pop(file.number, [])\n",
        "                    left: list[str] = []\n",
        f"{TESTS}/places/test_removing.py::test_what_a_killed_attempt_moved_away_is_judged_by_the_next",
    ),
    Mutant(
        "files go where they could not be put back",
        f"{ENGINE}/storage/disk_removal.py",
        "        _refuse_unable(folder)\n",
        "",
        f"{TESTS}/places/test_removing.py::test_nothing_is_removed_where_nothing_can_be_put_back",
    ),
    Mutant(
        "size and time of a file are enough",
        f"{ENGINE}/storage/disk_removal.py",
        "        and changed_ns < file.seen_at_ns - MARGIN_NS\n",
        "",
        f"{TESTS}/deletion/test_deleting.py::test_a_file_rewritten_in_its_size_and_time_stays",
    ),
    Mutant(
        "deletions are planned where nothing can be put back",
        f"{ENGINE}/planning/topology.py",
        "    return and_(others_write, unable == 2)\n",
        "    return and_(others_write, unable == 3)\n",
        f"{TESTS}/deletion/test_deleting.py::test_nothing_of_others_goes_where_nothing_can_be_put_back",
    ),
    Mutant(
        "what is late is not read while its place has other work",
        f"{ENGINE}/planning/scrubbing.py",
        "* OVERDUE, 1",
        "* OVERDUE, 0",
        f"{TESTS}/planning/test_scrubbing.py::test_what_else_there_is_to_do_goes_first",
    ),
    Mutant(
        "other work does not go before scrubbing",
        f"{ENGINE}/planning/scrubbing.py",
        "if place.id in busy:",
        "if place.id in busy and not busy:",
        f"{TESTS}/planning/test_scrubbing.py::test_what_else_there_is_to_do_goes_first",
    ),
    Mutant(
        "copies are due together that were read together",
        f"{ENGINE}/planning/scrubbing.py",
        "interval * (0.9 + 0.1 * share)",
        "interval * (1.0 + 0.0 * share)",
        f"{TESTS}/planning/test_scrubbing.py::test_what_was_read_together_is_not_due_together",
    ),
    Mutant(
        "a deletion waits for the scrub",
        f"{ENGINE}/planning/verifying.py",
        ".values(reason=CheckReason.CONFIRMATION, priority=0)",
        ".values(priority=FixityCheck.priority)",
        f"{TESTS}/planning/test_scrubbing.py::test_a_deletion_raises_what_waits_as_a_scrub",
    ),
    Mutant(
        "the label of a store counts as a reading",
        f"{ENGINE}/movers/streaming.py",
        "    checksum = _read_back(target, path, expected, progress, passage)\n",
        "    checksum = info.checksum or _read_back(target, path, expected, progress, passage)\n",
        f"{TESTS}/places/test_s3.py::test_a_right_label_on_wrong_bytes_is_no_proof",
    ),
    Mutant(
        "what a listing left out is lost",
        f"{ENGINE}/stages/reconciling.py",
        "    if info is not None and info.size == size:\n        return 0\n",
        "",
        f"{TESTS}/stages/test_reconcile.py::test_what_a_listing_left_out_and_is_there_is_not_doubted",
    ),
    Mutant(
        "what is on its way is unknown",
        f"{ENGINE}/stages/reconciling.py",
        "return now_ns - each.modified_ns > YOUNG",
        "return now_ns - each.modified_ns > 0 * YOUNG",
        f"{TESTS}/stages/test_reconcile.py::test_what_is_young_may_be_on_its_way",
    ),
    Mutant(
        "what is gone stays told",
        f"{ENGINE}/stages/reconciling.py",
        "ReconcileFinding.last_seen_at < begun_at",
        "ReconcileFinding.last_seen_at > begun_at",
        f"{TESTS}/stages/test_reconcile.py::test_an_object_of_no_copy_is_told_until_it_is_gone",
    ),
    Mutant(
        "archives send what is on its way already",
        f"{ENGINE}/planning/spreading.py",
        "found[package].coming.add(site)",
        "found[package].coming.discard(site)",
        f"{TESTS}/planning/test_wants.py::test_two_archives_one_crossing",
    ),
    Mutant(
        "archives copy nothing among themselves",
        f"{ENGINE}/planning/spreading.py",
        "return len(self.good) >= self.needed",
        "return len(self.good) >= 1",
        f"{TESTS}/planning/test_wants.py::test_the_shipped_configuration_ends_with_empty_buffers",
    ),
    Mutant(
        "what an archive lost is not sent again",
        f"{ENGINE}/planning/repairing.py",
        "{*lost, *staying}",
        "{*staying}",
        f"{TESTS}/planning/test_wants.py::test_an_archive_that_lost_its_copy_gets_it_from_another",
    ),
    Mutant(
        "a stricter policy holds for new packages only",
        f"{ENGINE}/planning/repairing.py",
        "{*lost, *staying}",
        "{*lost}",
        f"{TESTS}/planning/test_wants.py::test_what_still_lies_at_its_source_follows_a_stricter_policy",
    ),
    Mutant(
        "the name of a tar is used again",
        f"{ENGINE}/planning/tar_names.py",
        "    generation = newest.generation + 1\n",
        "    generation = newest.generation\n",
        f"{TESTS}/pipeline/test_damage.py::test_what_arrives_damaged_stays_and_is_sent_again_beside_it",
    ),
    Mutant(
        "a tar is removed by its name",
        f"{ENGINE}/stages/removing.py",
        "    return remove(tar, mark) is not Removal.CHANGED\n",
        "    return remove(tar) is not Removal.CHANGED\n",
        f"{TESTS}/deletion/test_deleting.py::test_what_takes_the_name_of_a_tar_stays",
    ),
    Mutant(
        "a file is removed whatever it is",
        f"{ENGINE}/storage/disk.py",
        "if mark is not None and not self.is_same(mark, _mark_of(name, folder)):",
        'if mark == "" and not self.is_same(mark, _mark_of(name, folder)):',
        f"{TESTS}/places/test_every_place.py::test_only_the_object_that_is_meant_is_removed",
    ),
    Mutant(
        "a tar whose last change moved is another",
        f"{ENGINE}/storage/interface.py",
        'return mark.split(":")[first:3] == found.split(":")[first:3]',
        "return mark == found and first < 3",
        f"{TESTS}/places/test_every_place.py::test_a_file_whose_permissions_changed_is_the_same",
    ),
    Mutant(
        "what lies beside a tar is written over",
        f"{ENGINE}/storage/disk.py",
        "                publish_new(folder, temporary, name)\n"
        "            except FileExistsError:\n"
        '                raise Permanent("exists", "something has that name already", path=path) from None\n',
        "                os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)\n"
        "            except FileExistsError:\n"
        '                raise Permanent("exists", "something has that name already", path=path) from None\n',
        f"{TESTS}/places/test_every_place.py::test_put_writes_over_nothing",
    ),
    Mutant(
        "a removal that had begun is taken back",
        f"{ENGINE}/stages/deleting.py",
        "    if begun or obstacle.reason is WaitingReason.ARCHIVE_NOT_CONFIRMED:\n",
        "    if not begun and obstacle.reason is WaitingReason.ARCHIVE_NOT_CONFIRMED:\n",
        f"{TESTS}/deletion/test_deleting.py::test_killed_between_files_a_deletion_is_proved_anew_and_completed",
    ),
    Mutant(
        "a hold holds nothing",
        f"{ENGINE}/deletion/rule.py",
        "    if facts.hold:\n",
        "    if facts.hold and not facts.hold:\n",
        f"{TESTS}/deletion/test_rule.py::test_each_condition_alone_being_false_keeps_the_copy",
    ),
    Mutant(
        "no archive has to confirm",
        f"{ENGINE}/deletion/rule.py",
        "    if len(confirmed) < needed:\n",
        "    if len(confirmed) < 0:\n",
        f"{TESTS}/deletion/test_rule.py::test_what_the_archives_say_now_is_what_counts",
    ),
    Mutant(
        "the decision locks nothing",
        f"{ENGINE}/deletion/rule.py",
        "select(PhysicalCopy.id).where(*copies_of(candidate)).order_by(PhysicalCopy.id).with_for_update()",
        "select(PhysicalCopy.id).where(*copies_of(candidate)).order_by(PhysicalCopy.id)",
        f"{TESTS}/deletion/test_rule.py::test_a_deletion_waits_for_a_reader_that_begins_and_then_is_refused",
    ),
    Mutant(
        "a link that breaks is the fault of each piece of work",
        f"{ENGINE}/failures.py",
        '    "network": Scope.LINK,\n',
        '    "network": Scope.WORK,\n',
        f"{TESTS}/work/test_scopes.py::test_what_is_wrong_at_the_other_end_gives_up_no_transfer",
    ),
    Mutant(
        "a credential that has expired is the fault of each piece of work",
        f"{ENGINE}/failures.py",
        '    "credential_expired": Scope.CREDENTIAL,\n',
        '    "credential_expired": Scope.WORK,\n',
        f"{TESTS}/work/test_scopes.py::test_a_credential_that_is_refused_gives_up_no_work",
    ),
    Mutant(
        "a place that is read-only is the fault of each piece of work",
        f"{ENGINE}/failures.py",
        '    "read_only_place": Scope.PLACE,\n',
        '    "read_only_place": Scope.WORK,\n',
        f"{TESTS}/work/test_scopes.py::test_an_outage_gives_up_no_work",
    ),
    Mutant(
        "one worker that cannot use a place closes it for all",
        f"{ENGINE}/planning/outages.py",
        "func.bool_and(",
        "func.bool_or(",
        f"{TESTS}/work/test_scopes.py::test_one_hosts_lost_mount_closes_nothing_for_the_others",
    ),
    Mutant(
        "what is resumed waits for its pause to end",
        f"{SCHEMA}/outages.py",
        ".values(next_probe_at=at)",
        ".values(next_probe_at=Outage.next_probe_at)",
        f"{TESTS}/work/test_scopes.py::test_resume_probes_now",
    ),
    Mutant(
        "a database that has become read-only is the fault of the work",
        f"{ENGINE}/work/lease.py",
        "(OperationalError, InterfaceError, InternalError, PoolTimeoutError)",
        "(OperationalError, InterfaceError, PoolTimeoutError)",
        f"{TESTS}/work/test_scopes.py::test_a_database_that_is_read_only_passes",
    ),
    Mutant(
        "who files does not lock the series",
        f"{SCHEMA}/filing.py",
        "        .with_for_update(key_share=True)\n"
        "        .execution_options(populate_existing=True)\n    )\n    series",
        "        .execution_options(populate_existing=True)\n    )\n    series",
        f"{TESTS}/planning/test_series.py::test_filers_and_planner_at_once",
    ),
    Mutant(
        "a tar without a file is sealed",
        f"{ENGINE}/stages/packaging.py",
        "    if not story.files:\n        _end_without_files(work, story.package)\n        return\n",
        "",
        f"{TESTS}/planning/test_packaging.py::test_a_range_of_bad_files_ends",
    ),
    Mutant(
        "what was left out is not read again",
        f"{ENGINE}/work/worker.py",
        "            if location_type is not LocationType.SOURCE:\n",
        "            if location_type:\n",
        f"{TESTS}/planning/test_packaging.py::test_a_file_that_turns_up_late_is_filed_anew",
    ),
    Mutant(
        "files are called bad whatever the place",
        f"{ENGINE}/stages/packaging.py",
        "        source.confirm_place()\n        packer.discard(new)\n        work.kept(0)\n"
        "        if package.sealed_at is not None:\n"
        '            raise Permanent(error.code, f"{error} (at {creation.source_location_id})") from error\n'
        "        bad = find_bad_files(work, contents.files, source, error)\n        source.confirm_place()\n",
        "        packer.discard(new)\n        bad = find_bad_files(work, contents.files, source, error)\n",
        f"{TESTS}/planning/test_packaging.py::test_a_source_that_goes_while_it_is_read_has_no_bad_files",
    ),
    Mutant(
        "late files do not wait for those that follow",
        f"{ENGINE}/planning/packaging.py",
        "    return WaitingReason.FILES_MAY_FOLLOW if at < counted.last_filed_at + limits.settle else None\n",
        "    return None\n",
        f"{TESTS}/planning/test_wants.py::test_late_files_share_a_package",
    ),
    Mutant(
        "only the first bad file is read",
        f"{ENGINE}/stages/bad_files.py",
        "    others = [file for file in files if file.path != first.path]\n",
        "    others = [file for file in files if file.path > first.path]\n",
        f"{TESTS}/planning/test_packaging.py::test_one_reading_finds_all_bad_files",
    ),
    Mutant(
        "a relationship through the members writes",
        f"{SCHEMA}/models/data.py",
        "        viewonly=True,\n        uselist=False,\n",
        "        uselist=False,\n",
        "ops-db/tests/test_file_view.py::test_relationships_through_others_write_nothing",
    ),
    Mutant(
        "work needs room for what it has written already",
        f"{ENGINE}/planning/space.py",
        "    return func.greatest(table.bytes_total - table.partial_bytes, 0)\n",
        "    return table.bytes_total\n",
        f"{TESTS}/planning/test_space.py::test_an_own_partial_on_a_full_disk_is_admitted_again",
    ),
    Mutant(
        "what lies there of a transfer is forgotten when it fails",
        f"{ENGINE}/work/attempt.py",
        '        return {} if self._kept is None else {"partial_bytes": self._kept}\n',
        "        return {}\n",
        f"{TESTS}/planning/test_space.py::test_what_lies_there_of_a_transfer_is_on_record",
    ),
    Mutant(
        "a quota is compared with what others use",
        f"{ENGINE}/planning/space.py",
        "        free = each.quota - used - each.reserve - whole\n",
        "        used = file_systems[each.location].used\n"
        "        free = each.quota - used - each.reserve - whole\n",
        f"{TESTS}/planning/test_space.py::test_a_quota_counts_our_bytes_only",
    ),
    Mutant(
        "each location frees the deficit of its disk",
        f"{ENGINE}/deletion/deficit.py",
        '    return place.id if place.deletion_mode is DeletionMode.DRY_RUN else ""\n',
        "    return place.id\n",
        f"{TESTS}/planning/test_space.py::test_two_locations_of_one_disk_free_its_deficit_once",
    ),
    Mutant(
        "a store is never under pressure",
        f"{ENGINE}/deletion/deficit.py",
        "for room in place.rooms if not room.is_old)",
        "for room in place.rooms if room is not place.quota)",
        f"{TESTS}/planning/test_space.py::test_a_store_has_pressure_by_its_quota",
    ),
    Mutant(
        "measurements of any age admit work",
        f"{ENGINE}/planning/topology.py",
        "        if self.file_system is not None and self.file_system.is_old:\n"
        "            return self.unknown\n",
        "",
        f"{TESTS}/planning/test_space.py::test_an_old_measurement_admits_nothing",
    ),
    Mutant(
        "measurements of any age delete copies",
        f"{ENGINE}/deletion/deficit.py",
        "for room in place.rooms if not room.is_old)",
        "for room in place.rooms)",
        f"{TESTS}/planning/test_space.py::test_an_old_measurement_deletes_nothing",
    ),
    Mutant(
        "a late answer replaces a newer one",
        f"{ENGINE}/work/measuring.py",
        "set_=facts, where=FileSystem.measured_at < at",
        "set_=facts",
        f"{TESTS}/planning/test_space.py::test_an_answer_that_comes_late_replaces_no_newer_one",
    ),
    Mutant(
        "one place is measured after the other",
        f"{ENGINE}/work/measuring.py",
        "            thread.start()\n",
        "            thread.start()\n            thread.join()\n",
        f"{TESTS}/planning/test_space.py::test_a_hung_place_is_measured_alone",
    ),
    Mutant(
        "what open work began is collected",
        f"{ENGINE}/places/collect.py",
        "            elif state is Whose.ENDED or",
        "            elif state is not Whose.UNKNOWN or",
        f"{TESTS}/places/test_collect.py::test_what_open_work_began_stays",
    ),
    Mutant(
        "what nobody knows is collected at once",
        f"{ENGINE}/places/collect.py",
        "now_ns - leftover.changed_ns > UNKNOWN_STAYS_NS",
        "now_ns >= leftover.changed_ns",
        f"{TESTS}/places/test_collect.py::test_what_nobody_knows_stays_for_a_week_of_the_place",
    ),
    Mutant(
        "what is written now is collected by its name alone",
        f"{ENGINE}/storage/disk_leftovers.py",
        "            if _mark(status, is_folder=False) != leftover.mark:\n                return False\n",
        "",
        f"{TESTS}/places/test_collect.py::test_what_changed_since_it_was_found_stays",
    ),
    Mutant(
        "where others write all is collected that looks like ours",
        f"{ENGINE}/places/collect.py",
        "    kinds = _OF_OTHERS if location_type in MAY_HOLD_FILES_OF_OTHERS else None\n",
        "    kinds = None\n",
        f"{TESTS}/places/test_collect.py::test_where_others_write_only_our_own_is_taken",
    ),
    Mutant(
        "a leftover is put back over a new file",
        f"{ENGINE}/storage/disk_leftovers.py",
        "            rename_to_free(folder, moved, name)\n",
        "            os.rename(moved, name, src_dir_fd=folder, dst_dir_fd=folder)\n",
        f"{TESTS}/places/test_collect.py::test_a_leftover_beside_a_new_file_stays",
    ),
    Mutant(
        "the files of an open removal are put back",
        f"{ENGINE}/places/collect.py",
        "                if state is Whose.ENDED and each in names:\n",
        "                if each in names:\n",
        f"{TESTS}/places/test_collect.py::test_an_open_removal_is_left_to_itself",
    ),
)

ATTACKED = (
    Mutant(
        "a message that comes twice takes the lease of a worker whose clock is behind",
        f"{ENGINE}/work/lease.py",
        "table.lease_expires_at < ops_now()",
        "table.lease_expires_at < worker_clock",
    ),
    Mutant(
        "whoever has the row's id may write to it",
        f"{ENGINE}/work/lease.py",
        "        table.fencing == lease.fencing,\n        table.lease_owner == lease.owner,\n",
        "",
    ),
    Mutant(
        "leases that live are taken back",
        f"{ENGINE}/planning/recovery.py",
        ', table.lease_expires_at < moment("now"))',
        ', table.created_at < moment("now"))',
    ),
    Mutant(
        "a place is used whatever its marker",
        f"{ENGINE}/places/marker.py",
        "    found = find_marker(storage)\n    if on_record is None:\n",
        "    found = find_marker(storage)\n    if on_record:\n        return\n    if on_record is None:\n",
    ),
    Mutant(
        "a marker is known by its text alone",
        f"{ENGINE}/places/marker.py",
        "    if found.id != on_record.id or not is_same("
        "found.identity, on_record.identity, on_record.lasting_inodes):\n",
        "    if found.id != on_record.id:\n",
    ),
    Mutant(
        "no archive copy is needed",
        f"{ENGINE}/deletion/rule.py",
        "    return max(1, int(facts.min_archive_copies))\n",
        "    return 0\n",
    ),
    Mutant(
        "bytes go before it is decided",
        f"{ENGINE}/stages/deleting.py",
        '    crash_point("deleting.before_decision")\n',
        "    remove_objects(work, storage, candidate, seen)\n",
    ),
    Mutant(
        "a message that was lost is not sent again",
        f"{ENGINE}/work/dispatch.py",
        'table.dispatched_at < moment("now") - pause',
        'table.created_at > moment("now")',
    ),
    Mutant(
        "what rotted on its way is not sent again",
        f"{ENGINE}/planning/repairing.py",
        "    packages = ask(session, _stopped(), packages=lost).all() if lost else []\n",
        "    packages = ask(session, _stopped(), packages=lost).all() if not lost else []\n",
    ),
    Mutant(
        "a database that is away ends the heart of a worker",
        f"{ENGINE}/work/attempt.py",
        '            except DATABASE_AWAY as error:\n                log.warning("heartbeat.failed"',
        '            except ZeroDivisionError as error:\n                log.warning("heartbeat.failed"',
    ),
)
"""Those that attacks must find, in one of the first 40 seeds."""
