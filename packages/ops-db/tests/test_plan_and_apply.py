"""What a plan shows, what applying does, what is refused, and that it can be repeated and doubled."""

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import lease_deletion
from ccat_ops_db import models
from ccat_ops_db.configuration import (
    Action,
    Configuration,
    Plan,
    Prune,
    RefusedError,
    apply_configuration,
    export,
    find_drift,
    load,
    make_plan,
)
from ccat_ops_db.configuration.apply import ADVISORY_LOCK
from ccat_ops_db.configuration.export import GROUPS
from ccat_ops_db.configuration.kinds import KINDS
from ccat_ops_db.enumerations import ExecutionStatus, LocationType, PhysicalCopyStatus, Status
from ccat_ops_db.identity import new_id

from . import rows
from .conftest import CONFIGURATION, NOW

LATER = NOW + timedelta(hours=1)
Edit = Callable[[dict[str, Any]], None]
Edited = Callable[..., Configuration]


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    """Return the observatory's configuration after it was edited: a function gets all sections."""
    numbers = iter(range(100))

    def edit(*edits: Edit) -> Configuration:
        sections: dict[str, Any] = {}
        yaml = YAML(typ="safe")
        for path in sorted(CONFIGURATION.glob("*.yaml")):
            sections |= yaml.load(path)
        for slot in sections["pre_scheduled_slots"]:
            for name in ("starts_at", "ends_at"):
                slot[name] = slot[name].strftime("%Y-%m-%dT%H:%M:%SZ")
            slot["night"] = slot["night"].isoformat()
        for change in edits:
            change(sections)
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        with (folder / "all.yaml").open("w") as file:
            YAML().dump(sections, file)
        return load(folder)

    return edit


def without(section: str, *keys: str) -> Edit:
    def edit(sections: dict[str, Any]) -> None:
        for key in keys:
            del sections[section][key]

    return edit


def changed(section: str, key: str, **fields: Any) -> Edit:
    return lambda sections: sections[section][key].update(fields)


def apply(session: Session, configuration: Configuration, **options: Any) -> Plan:
    return apply_configuration(session, configuration, actor="tests", at=LATER, **options)


def lines(plan: Plan) -> list[str]:
    return [f"{change.action} {change.kind}.{change.key}" for change in plan.changes]


def snapshot(session: Session) -> dict[str, list[Any]]:
    return {
        table.name: sorted(map(repr, session.execute(select(table))))
        for table in models.Base.metadata.sorted_tables
    }


class TestApply:
    def test_first_time_creates_everything_and_again_does_nothing(self, session: Session) -> None:
        configuration = load(CONFIGURATION)
        first = apply(session, configuration)
        assert {change.action for change in first.changes} == {Action.CREATE}
        assert len(first.changes) == sum(map(len, configuration.entries.values()))
        before = snapshot(session)
        assert not apply(session, configuration)
        assert snapshot(session) == before

    def test_rows_have_the_values_of_the_files(self, configured: Session) -> None:
        unit = configured.get_one(models.ObsUnit, "IRC10216_CHAI_CO43")
        assert (unit.observing_program_id, unit.sub_observing_program_id, unit.priority) == (
            "GEco",
            "GEco-Evolved-Stars",
            10,
        )
        lta = configured.get_one(models.DataLocation, "cologne.lta")
        assert isinstance(lta, models.S3DataLocation)
        assert (lta.site_id, lta.name, lta.location_type) == (
            "cologne",
            "lta",
            LocationType.LONG_TERM_ARCHIVE,
        )
        tilings = configured.scalars(select(models.ChaiTiling.tile).order_by(models.ChaiTiling.tile)).all()
        assert tilings == [1, 2]
        pong = configured.get_one(models.PrimeCamObservationConfiguration, "Orion-KL_PrimeCam_280_pong")
        assert (pong.scan_pattern, pong.mapping_parameters["num_terms"]) == ("pong", 4)

    def test_change_shows_old_and_new(self, configured: Session, edited: Edited) -> None:
        configuration = edited(changed("sites", "us", name="Ithaca"))
        plan = make_plan(configured, configuration)
        assert [change.line() for change in plan.changes] == ['change sites.us (name: "Cornell" → "Ithaca")']
        apply(configured, configuration)
        assert configured.get_one(models.Site, "us").name == "Ithaca"
        assert not make_plan(configured, configuration)

    def test_planning_changes_nothing(self, configured: Session, edited: Edited) -> None:
        before = snapshot(configured)
        assert make_plan(configured, edited(without("obs_units", "Equator_PrimeCam_280")))
        assert snapshot(configured) == before

    def test_lists_are_replaced(self, configured: Session, edited: Edited) -> None:
        window = {"opens_at": "22:00", "closes_at": "04:00"}
        configuration = edited(
            changed("roles", "viewer", permissions=["read:data"]),
            changed("data_transfer_routes", "ccat-us", windows=[window]),
            changed("observation_configurations", "IRC10216_CHAI_CO43_otf", tilings=[]),
            changed("obs_units", "IRC10216_CHAI_CO43", configurations=[]),
        )
        apply(configured, configuration)
        of_viewer = models.RolePermission.role_id == "viewer"
        assert configured.scalars(select(models.RolePermission.permission_id).where(of_viewer)).all() == [
            "read:data"
        ]
        assert configured.scalars(select(models.DataTransferRouteWindow.opens_at)).one().hour == 22
        assert configured.scalars(select(models.ChaiTiling)).all() == []
        assert not make_plan(configured, configuration)
        apply(configured, load(CONFIGURATION))
        assert configured.scalars(select(models.DataTransferRouteWindow)).all() == []
        assert not make_plan(configured, load(CONFIGURATION))

    def test_retire_and_restore(self, configured: Session, edited: Edited) -> None:
        edit = without("obs_units", "Equator_PrimeCam_280")
        assert lines(apply(configured, edited(edit))) == ["retire obs_units.Equator_PrimeCam_280"]
        assert configured.get_one(models.ObsUnit, "Equator_PrimeCam_280").retired_at == LATER
        assert not make_plan(configured, edited(edit))
        back = apply(configured, edited(changed("obs_units", "Equator_PrimeCam_280", priority=7)))
        assert lines(back) == ["restore obs_units.Equator_PrimeCam_280"]
        unit = configured.get_one(models.ObsUnit, "Equator_PrimeCam_280")
        assert (unit.retired_at, unit.priority) == (None, 7)

    def test_what_is_named_no_longer_can_be_kept(self, configured: Session, edited: Edited) -> None:
        edit = without("obs_units", "Equator_PrimeCam_280")
        kept = edited(edit)
        assert not make_plan(configured, kept, prune=Prune.KEEP)
        assert not apply(configured, kept, prune=Prune.KEEP)
        unit = configured.get_one(models.ObsUnit, "Equator_PrimeCam_280")
        assert unit.retired_at is None
        assert ("obs_units", unit.id) in make_plan(configured, kept).unmanaged, "it belongs to nobody now"
        assert not make_plan(configured, load(CONFIGURATION)), "and is taken up again when it is named"

    def test_nothing_is_ever_deleted(self, configured: Session, edited: Edited) -> None:
        before = {kind: set(configured.scalars(select(KINDS[kind].model.id))) for kind in KINDS}  # type: ignore[attr-defined]

        def only_sites(sections: dict[str, Any]) -> None:
            for name in list(sections):
                if name != "sites":
                    del sections[name]

        plan = apply(configured, edited(only_sites))
        assert plan.count(Action.RETIRE) == len(plan.changes) > 40
        after = {kind: set(configured.scalars(select(KINDS[kind].model.id))) for kind in KINDS}  # type: ignore[attr-defined]
        assert after == before

    def test_what_is_referred_to_is_retired_after_what_refers(
        self, configured: Session, edited: Edited
    ) -> None:
        plan = make_plan(
            configured,
            edited(without("obs_units", "IRC10216_CHAI_CO43"), without("sources", "IRC10216")),
        )
        assert lines(plan) == ["retire obs_units.IRC10216_CHAI_CO43", "retire sources.IRC10216"]
        assert [change.consequences for change in plan.changes] == [(), ()]

    def test_slots_are_retired_and_restored(self, configured: Session, edited: Edited) -> None:
        apply(configured, edited(lambda sections: sections["pre_scheduled_slots"].clear()))
        assert configured.scalars(select(models.PreScheduledSlot.retired_at)).one() == LATER
        assert lines(apply(configured, load(CONFIGURATION))) == [
            "restore pre_scheduled_slots.Jupiter_PrimeCam_280@2027-01-15T02:00:00Z"
        ]
        assert configured.scalars(select(models.PreScheduledSlot.retired_at)).one() is None

    def test_main_site_can_move(self, configured: Session, edited: Edited) -> None:
        apply(
            configured,
            edited(changed("sites", "ccat", main=True), changed("sites", "cologne", main=False)),
        )
        assert configured.scalars(select(models.Site.id).where(models.Site.main)).all() == ["ccat"]

    def test_suspension_is_not_its_business(self, configured: Session, edited: Edited) -> None:
        rows.suspend(configured, models.DataLocation, "us.lta")
        assert not make_plan(configured, load(CONFIGURATION))
        apply(configured, edited(changed("data_locations", "us.lta", priority=3)))
        configured.expire_all()
        location = configured.get_one(models.DataLocation, "us.lta")
        assert (location.priority, location.suspended_by) == (3, "me")

    def test_record_of_what_was_applied(self, configured: Session, edited: Edited) -> None:
        configuration = edited(changed("sites", "us", name="Ithaca"), without("lines", "CI10"))
        apply(configured, configuration)
        newest = models.ConfigurationRevision.applied_at.desc()
        revision = configured.scalars(select(models.ConfigurationRevision).order_by(newest)).first()
        assert revision is not None
        assert (revision.applied_by, revision.applied_at) == ("tests", LATER)
        assert (revision.created, revision.changed, revision.retired) == (0, 1, 1)
        assert revision.content_hash == configuration.content_hash()
        assert revision.summary.splitlines() == [
            'change sites.us (name: "Cornell" → "Ithaca")',
            "retire lines.CI10",
        ]
        events = configured.scalars(
            select(models.Event).where(models.Event.occurred_at == LATER).order_by(models.Event.action)
        ).all()
        assert [(e.action, e.subject_type, e.subject_id, e.site_id) for e in events] == [
            ("configuration.changed", "site", "us", "cologne"),
            ("configuration.retired", "line", "CI10", "cologne"),
        ]
        assert events[0].details == {"name": {"old": "Cornell", "new": "Ithaca"}}

    def test_other_plan_than_the_one_that_was_looked_at(self, configured: Session, edited: Edited) -> None:
        one, other = (edited(changed("sites", "us", name=name)) for name in ("Ithaca", "Cayuga"))
        looked_at = make_plan(configured, one).hash()
        with pytest.raises(RefusedError, match="look at it again"):
            apply(configured, other, expected_hash=looked_at)
        assert configured.get_one(models.Site, "us").name == "Cornell"
        assert apply(configured, one, expected_hash=looked_at)


class TestUnmanaged:
    def test_rows_that_nobody_configured_are_left_alone(self, configured: Session) -> None:
        configured.add(models.Line(id="H2O", name="Water", rest_frequency=556.936))
        configured.flush()
        plan = make_plan(configured, load(CONFIGURATION))
        assert (plan.changes, plan.unmanaged) == ((), (("lines", "H2O"),))
        apply(configured, load(CONFIGURATION))
        assert configured.get_one(models.Line, "H2O").retired_at is None

    def test_they_are_named_when_what_they_use_is_retired(self, configured: Session, edited: Edited) -> None:
        configured.add(models.ObsUnit(id="mine", observing_program_id="ENG", source_id="Jupiter"))
        configured.flush()
        (change,) = make_plan(configured, edited(without("observing_programs", "ENG"))).changes
        assert change.consequences == (
            "1 row of obs_units made outside the configuration will still name it",
        )

    def test_configuration_can_take_them_over(self, configured: Session, edited: Edited) -> None:
        configured.add(models.Line(id="H2O", name="Water", rest_frequency=556.936))
        configured.flush()
        line = {"name": "Water", "rest_frequency": 556.936}
        with_line = edited(lambda sections: sections["lines"].update(H2O=line))
        assert not apply(configured, with_line)  # no difference, but from now on it is managed
        assert lines(make_plan(configured, load(CONFIGURATION))) == ["retire lines.H2O"]


class TestRefusals:
    """Each of them leaves the database as it was."""

    def refused(self, session: Session, configuration: Configuration, **options: Any) -> str:
        before = snapshot(session)
        with pytest.raises(RefusedError) as raised:
            apply(session, configuration, **options)
        assert snapshot(session) == before
        assert make_plan(session, configuration).refusals == str(raised.value).splitlines()
        return str(raised.value)

    def add_package(self, session: Session) -> tuple[Any, Any]:
        execution = rows.add_execution(session)
        return execution, rows.add_package(session, execution)

    def drop_location(self, sections: dict[str, Any]) -> None:
        del sections["data_locations"]["cologne.processing"]

    def test_location_with_living_copies(self, configured: Session, edited: Edited) -> None:
        _, package = self.add_package(configured)
        copy = rows.add_copy(configured, package, "cologne.processing")
        reason = self.refused(configured, edited(self.drop_location))
        assert reason == "retire data_locations.cologne.processing: 1 living copy would be stranded"
        configured.execute(
            text("UPDATE physical_copy SET status = 'deletion_scheduled' WHERE id = :id"), {"id": copy}
        )
        assert "1 living copy" in self.refused(configured, edited(self.drop_location))
        deletion = lease_deletion(configured, configured.get_one(models.PhysicalCopy, copy), NOW)
        for status in ("deletion_in_progress", "deleted"):
            configured.execute(
                text(
                    "UPDATE physical_copy SET status = cast(:new AS varchar),"
                    " deleted_at = CASE WHEN :new = 'deleted' THEN now() END WHERE id = :id"
                ),
                {"new": status, "id": copy},
            )
        deletion.status, deletion.finished_at = Status.COMPLETED, NOW
        configured.flush()
        assert apply(configured, edited(self.drop_location))

    @pytest.mark.parametrize("status", [Status.PENDING, Status.SCHEDULED, Status.IN_PROGRESS])
    def test_location_with_open_work(self, configured: Session, edited: Edited, status: Status) -> None:
        execution, package = self.add_package(configured)
        job = models.StagingJob(
            site_id="cologne",
            destination_location_id="cologne.processing",
            executed_obs_unit_id=execution,
            requested_by="anna",
            created_at=NOW,
        )
        configured.add(job)
        configured.flush()
        item = models.StagingItem(
            site_id="cologne",
            staging_job_id=job.id,
            raw_data_package_id=package,
            destination_location_id="cologne.processing",
            status=status,
            created_at=NOW,
            lease_owner="a",
            lease_expires_at=NOW,
        )
        configured.add(item)
        configured.flush()
        assert "1 open piece of work would be stranded" in self.refused(
            configured, edited(self.drop_location)
        )

    def test_site_with_living_copies(self, configured: Session, edited: Edited) -> None:
        _, package = self.add_package(configured)
        rows.add_copy(configured, package, "us.processing")

        def drop_us(sections: dict[str, Any]) -> None:
            for name in ("us.input-buffer", "us.lta", "us.processing"):
                del sections["data_locations"][name]
            for name in ("ccat-us", "cologne-us", "us-cologne"):
                del sections["data_transfer_routes"][name]
            for policy in ("source", "output-buffer", "input-buffer"):
                sections["retention_policies"][policy]["min_archive_copies"] = 1
            del sections["retention_policies"]["input-buffer"]
            del sections["data_locations"]["cologne.input-buffer"]["retention_policy"]
            del sections["data_locations"]["cologne.input-buffer"]["deletion_mode"]
            del sections["sites"]["us"]

        reason = self.refused(configured, edited(drop_us))
        assert reason.splitlines() == [
            "retire data_locations.us.processing: 1 living copy would be stranded",
            "retire sites.us: 1 living copy would be stranded",
        ]

    def test_route_with_open_transfers(self, configured: Session, edited: Edited) -> None:
        _, package = self.add_package(configured)
        copy = rows.add_copy(configured, package, "ccat.output-buffer")
        configured.add(
            models.DataTransfer(
                site_id="ccat",
                created_at=NOW,
                raw_data_package_id=package,
                source_copy_id=copy,
                source_location_id="ccat.output-buffer",
                destination_location_id="us.input-buffer",
                destination_path=f"2026/11/21/{package}.tar",
                final_site_id="us",
                data_transfer_route_id="ccat-us",
            )
        )
        configured.flush()
        edit = without("data_transfer_routes", "ccat-us")
        assert "1 open transfer would be stranded" in self.refused(configured, edited(edit))
        change = make_plan(configured, edited(changed("data_transfer_routes", "ccat-us", concurrency=1)))
        assert change.changes[0].consequences == ("1 open transfer will go on by the new values",)

    @pytest.mark.parametrize(
        "edit",
        [
            without("obs_units", "IRC10216_CHAI_CO43"),
            lambda sections: (
                without("obs_units", "IRC10216_CHAI_CO43", "Orion-KL_CHAI_CO76")(sections),
                without("observation_configurations", "IRC10216_CHAI_CO43_otf", "Orion-KL_CHAI_CO76_otf")(
                    sections
                ),
                without("instrument_module_configurations", "chai-lfa-co43", "chai-hfa-co76")(sections),
                without("instrument_modules", "chai-lfa")(sections),
            ),
        ],
        ids=["obs unit", "module"],
    )
    def test_running_execution(self, configured: Session, edited: Edited, edit: Edit) -> None:
        execution = rows.add_execution(configured, ExecutionStatus.RUNNING)
        assert "1 running execution would be stranded" in self.refused(configured, edited(edit))
        configured.execute(
            update(models.ExecutedObsUnit)
            .where(models.ExecutedObsUnit.id == execution)
            .values(status=ExecutionStatus.COMPLETED, ended_at=LATER)
        )
        plan = apply(configured, edited(edit))
        consequences = {c.key: c.consequences for c in plan.changes}
        assert consequences["IRC10216_CHAI_CO43"] == ("1 execution will stay as is",)

    def test_module_with_files_that_are_not_packaged(self, configured: Session, edited: Edited) -> None:
        execution = rows.add_execution(configured)
        rows.add_file(configured, execution)

        def drop(sections: dict[str, Any]) -> None:
            without("obs_units", "IRC10216_CHAI_CO43")(sections)
            without("observation_configurations", "IRC10216_CHAI_CO43_otf")(sections)
            without("instrument_module_configurations", "chai-lfa-co43")(sections)
            without("instrument_modules", "chai-lfa")(sections)

        assert "1 file that is not packaged yet would be stranded" in self.refused(configured, edited(drop))

    @pytest.mark.parametrize(
        ("location", "fields"),
        [
            ("ccat.output-buffer", {"path": "/elsewhere"}),
            ("cologne.lta", {"bucket": "another"}),
            ("cologne.lta", {"prefix": "below"}),
        ],
    )
    def test_place_of_living_copies(
        self, configured: Session, edited: Edited, location: str, fields: dict[str, str]
    ) -> None:
        _, package = self.add_package(configured)
        rows.add_copy(configured, package, location)
        configuration = edited(changed("data_locations", location, **fields))
        assert f"apply with --moved {location}" in self.refused(configured, configuration)
        plan = apply(configured, configuration, moved=[location])
        (name,) = fields
        assert plan.changes[0].consequences == (f"1 living copy will be looked for at the new {name}",)

    def test_way_to_living_copies_may_change(self, configured: Session, edited: Edited) -> None:
        _, package = self.add_package(configured)
        rows.add_copy(configured, package, "cologne.lta")
        assert apply(
            configured, edited(changed("data_locations", "cologne.lta", endpoint="https://new.example"))
        )

    def test_purpose_of_a_location_with_copies_never_changes(
        self, configured: Session, edited: Edited
    ) -> None:
        _, package = self.add_package(configured)
        rows.add_copy(configured, package, "us.input-buffer")
        configuration = edited(changed("data_locations", "us.input-buffer", location_type="processing"))
        assert "location_type cannot change: it has 1 living copy" in self.refused(configured, configuration)

    def test_kind_of_storage_never_changes(self, configured: Session, edited: Edited) -> None:
        def edit(sections: dict[str, Any]) -> None:
            sections["data_locations"]["us.lta"] = {
                "location_type": "long_term_archive",
                "storage_type": "tape",
                "library": "a",
                "mount_path": "/tape",
            }

        assert "storage_type cannot change: retire us.lta" in self.refused(configured, edited(edit))


class TestConsequences:
    def test_counted(self, configured: Session, edited: Edited) -> None:
        execution = rows.add_execution(configured)
        package = rows.add_package(configured, execution)
        rows.add_copy(configured, package, "ccat.output-buffer")
        rows.add_copy(configured, package, "us.processing", PhysicalCopyStatus.DELETED)
        user = models.User(id=new_id(), name="anna", created_at=NOW)
        configured.add(user)
        configured.flush()
        configured.add(models.UserRole(user_id=user.id, role_id="viewer"))
        configured.flush()
        plan = make_plan(
            configured,
            edited(
                changed("roles", "viewer", permissions=[]),
                changed("retention_policies", "output-buffer", retention_time=60),
                changed("data_locations", "ccat.output-buffer", deletion_mode="dry_run"),
                changed("data_locations", "us.processing", retention_policy="source"),
                changed("obs_units", "IRC10216_CHAI_CO43", source="Orion-KL"),
                changed("sites", "us", enabled=False),
                changed("retention_policies", "source", min_archive_copies=1),
                changed("retention_policies", "output-buffer", min_archive_copies=1),
                changed("retention_policies", "input-buffer", min_archive_copies=1),
            ),
        )
        consequences = {change.key: change.consequences for change in plan.changes}
        assert consequences["viewer"] == ("1 user will have other rights",)
        assert consequences["output-buffer"] == ("deletions at 1 location follow the new policy",)
        assert consequences["IRC10216_CHAI_CO43"] == ("1 execution ran with the old values",)
        assert consequences["us"] == ("work on it waits until it is enabled again",)
        assert consequences["us.processing"] == ()

    def test_deletion_that_begins(self, configured: Session, edited: Edited) -> None:
        package = rows.add_package(configured, rows.add_execution(configured))
        rows.add_copy(configured, package, "ccat.output-buffer")
        apply(configured, edited(changed("data_locations", "ccat.output-buffer", deletion_mode="dry_run")))
        (change,) = make_plan(configured, load(CONFIGURATION)).changes
        assert change.consequences == ("deletion begins: 1 living copy will go as soon as the proof allows",)


class TestDriftAndExport:
    def test_drift(self, configured: Session) -> None:
        assert find_drift(configured) == []
        configured.execute(text("UPDATE site SET name = 'Ithaca' WHERE id = 'us'"))
        configured.execute(text("UPDATE line SET retired_at = now() WHERE id = 'CI10'"))
        configured.execute(text("DELETE FROM pre_scheduled_slot"))
        found = {f"{drift.kind}.{drift.key}": drift for drift in find_drift(configured)}
        assert {name: drift.what for name, drift in found.items()} == {
            "sites.us": "changed",
            "lines.CI10": "retired",
            "pre_scheduled_slots.Jupiter_PrimeCam_280@2027-01-15T02:00:00Z": "missing",
        }
        (difference,) = found["sites.us"].differences
        assert (difference.field, difference.old, difference.new) == ("name", "Cornell", "Ithaca")

    def test_applying_mends_drift(self, configured: Session) -> None:
        configured.execute(text("UPDATE site SET name = 'Ithaca' WHERE id = 'us'"))
        apply(configured, load(CONFIGURATION))
        assert find_drift(configured) == []
        configured.expire_all()
        assert configured.get_one(models.Site, "us").name == "Cornell"

    def test_export_gives_the_same_configuration(self, configured: Session, tmp_path: Path) -> None:
        for name, content in export(configured).items():
            (tmp_path / name).write_text(content)
        assert load(tmp_path).content() == load(CONFIGURATION).content()
        assert not make_plan(configured, load(tmp_path))

    def test_every_kind_has_its_file(self) -> None:
        assert {kind for kinds in GROUPS.values() for kind in kinds} == set(KINDS) - {"permissions"}


class TestTwoAtOnce:
    def test_second_waits_and_finds_nothing_to_do(self, configured_engine: Engine, edited: Edited) -> None:
        configuration = edited(changed("sites", "us", name="Ithaca"), without("lines", "CI10"))
        results: list[Plan] = []

        def second() -> None:
            with Session(configured_engine) as session:
                results.append(apply(session, configuration))
                session.commit()

        with Session(configured_engine) as first:
            assert len(apply(first, configuration).changes) == 2
            thread = threading.Thread(target=second)
            thread.start()
            _wait_for_lock(configured_engine)
            assert results == []
            first.commit()
        thread.join(60)
        assert [len(plan.changes) for plan in results] == [0]
        with Session(configured_engine) as session:
            assert session.scalar(select(func.count()).select_from(models.ConfigurationRevision)) == 2

    def test_one_that_is_killed_leaves_nothing(self, configured_engine: Engine, configured_url: str) -> None:
        with Session(configured_engine) as session:
            before = snapshot(session)
        program = (
            "import os, sys\n"
            "from pathlib import Path\n"
            "from datetime import UTC, datetime\n"
            "from sqlalchemy.orm import Session\n"
            "from ccat_ops_db.configuration import apply_configuration, load\n"
            "from ccat_ops_db.session import create_engine\n"
            "from ccat_ops_db.settings import synchronous\n"
            "folder = Path(sys.argv[1])\n"
            "with Session(create_engine(synchronous(sys.argv[2]))) as session:\n"
            "    configuration = load(folder)\n"
            "    del configuration.entries['lines']['CI10']\n"
            "    plan = apply_configuration(session, configuration, actor='a', at=datetime.now(UTC))\n"
            "    assert plan\n"
            "    os.kill(os.getpid(), 9)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(CONFIGURATION), configured_url],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == -9, done.stderr
        with Session(configured_engine) as session:
            assert snapshot(session) == before
            assert not make_plan(session, load(CONFIGURATION))


def _wait_for_lock(engine: Engine) -> None:
    """Wait until somebody waits for the lock of applying."""
    waiting = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = :key"
    )
    deadline = threading.Event()
    for _ in range(600):
        with engine.connect() as connection:
            if connection.scalar(waiting, {"key": ADVISORY_LOCK & 0xFFFFFFFF}):
                return
        deadline.wait(0.05)
    raise AssertionError("nobody waits for the lock")
