"""The judge of a simulated world: it knows the true bytes, and looks after each step.

What it holds the engine to is numbered as in the design of the engine: I1, nothing that was filed is lost;
I2, no act touches anything but own partials and decided copies, and the name of a tar is written once; I3,
what was proved was true of the bytes; I4, what is doubted counts for no decision; I5, nothing is written, and
nothing found, at a place that is not the location's; I6, numbers, ranges and members of files are true; I7,
one writer of a row at a time; I8, a verdict has two readings.
"""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import PurePosixPath

from ccat_data_transfer.simulation.acts import Act
from ccat_data_transfer.simulation.bytes import Content
from ccat_data_transfer.simulation.schedule import SimulatedTask
from ccat_data_transfer.simulation.world import Simulation
from ccat_data_transfer.storage.names import TEMPORARY_PREFIX, begun_as
from ccat_data_transfer.work.kinds import KINDS
from ccat_ops_db.enumerations import LocationType, PhysicalCopyStatus

LEASES_EVERY = 25
"""Steps between two looks at the leases: each is in a table of its own, so that none is missed."""

STAGED_FROM_BAD_COPY = "staging from a copy that went bad is given up"
"""A debt: another copy is to be read."""

_LEASES = (
    "CREATE TABLE simulation_lease (number bigserial, work uuid, fencing bigint, owner text, problem text)",
    """\
CREATE FUNCTION simulation_lease() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  living boolean := OLD.status = 'in_progress' AND OLD.lease_expires_at > ops_now();
  who text := current_setting('application_name');
BEGIN
  IF NEW.fencing <> OLD.fencing THEN
    INSERT INTO simulation_lease (work, fencing, owner, problem)
    VALUES (NEW.id, NEW.fencing, NEW.lease_owner,
      CASE WHEN living THEN 'taken from ' || OLD.lease_owner || ', whose lease was living' END);
  ELSIF living AND who <> OLD.lease_owner THEN
    INSERT INTO simulation_lease (work, fencing, owner, problem)
    VALUES (NEW.id, NEW.fencing, OLD.lease_owner, 'changed by ' || who);
  END IF;
  RETURN NULL;
END $$""",
    *(
        f"CREATE TRIGGER simulation_lease AFTER UPDATE ON {kind.name}"
        " FOR EACH ROW EXECUTE FUNCTION simulation_lease()"
        for kind in KINDS.values()
    ),
)

_FINDINGS = (
    "CREATE TABLE simulation_finding (number bigserial, location text, path text, status text, copy uuid)",
    """\
CREATE FUNCTION simulation_finding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO simulation_finding (location, path, status, copy)
  VALUES (NEW.data_location_id, NEW.relative_path, NEW.status, NEW.id);
  RETURN NULL;
END $$""",
    "CREATE TRIGGER simulation_finding AFTER UPDATE OF status ON physical_copy FOR EACH ROW"
    " WHEN (NEW.kind = 'raw_data_package' AND NEW.status IN ('missing', 'corrupt')"
    " AND OLD.status <> NEW.status) EXECUTE FUNCTION simulation_finding()",
    "CREATE TRIGGER simulation_decision AFTER UPDATE OF status ON physical_copy FOR EACH ROW"
    " WHEN (NEW.status = 'deletion_in_progress' AND OLD.status <> NEW.status)"
    " EXECUTE FUNCTION simulation_finding()",
    "CREATE TABLE simulation_proof (number bigserial, verification uuid)",
    """\
CREATE FUNCTION simulation_proof() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO simulation_proof (verification) VALUES (NEW.id);
  RETURN NULL;
END $$""",
    "CREATE TRIGGER simulation_proof AFTER INSERT ON verification FOR EACH ROW"
    " WHEN (NEW.proved_at IS NOT NULL) EXECUTE FUNCTION simulation_proof()",
)

_PROOFS = """
SELECT p.number, c.site_id, c.data_location_id, c.relative_path, c.status, v.begun_at
FROM simulation_proof p JOIN verification v ON v.id = p.verification
JOIN physical_copy c ON c.id = v.physical_copy_id
WHERE p.number > %s AND c.form = 'tar' ORDER BY p.number
"""

_TWO_READINGS = """
SELECT 1 FROM verification a JOIN verification b
  ON b.physical_copy_id = a.physical_copy_id AND b.place_marker_id = a.place_marker_id AND b.number > a.number
WHERE a.physical_copy_id = %s
  AND a.number > (SELECT coalesce(max(p.number), 0) FROM verification p
                  WHERE p.physical_copy_id = a.physical_copy_id AND p.proved_at IS NOT NULL)
  AND a.finding NOT IN ('right', 'changed') AND b.finding NOT IN ('right', 'changed')
  AND (a.worker <> b.worker OR b.begun_at >= a.recorded_at + interval '6 hours')
"""

_COUNTED = """
SELECT 1 FROM physical_copy c JOIN physical_copy a ON a.raw_data_package_id = c.raw_data_package_id
JOIN data_location l ON l.id = a.data_location_id AND l.location_type = 'long_term_archive'
WHERE c.id = %s AND a.id <> c.id AND a.form = 'tar' AND a.status IN ('present', 'verified')
  AND NOT EXISTS (SELECT FROM doubt d
                  WHERE (d.physical_copy_id = a.id OR d.data_location_id = a.data_location_id)
                    AND NOT EXISTS (SELECT FROM doubt_answer w WHERE w.doubt_id = d.id))
"""


_SERIES = """
SELECT 'numbers', s.id::text FROM raw_data_series s
WHERE s.filed_count <> (SELECT count(*) FROM raw_data_file f WHERE f.raw_data_series_id = s.id)
   OR s.filed_count <> (SELECT coalesce(max(f.number), 0) FROM raw_data_file f
                        WHERE f.raw_data_series_id = s.id)
   OR s.packaged_count <> (SELECT coalesce(max(p.last_number), 0) FROM raw_data_package p
                           WHERE p.raw_data_series_id = s.id)
UNION ALL
SELECT 'ranges', p.id::text
FROM (SELECT p.id, p.first_number, lag(p.last_number, 1, 0::bigint)
               OVER (PARTITION BY p.raw_data_series_id ORDER BY p.first_number) AS before
      FROM raw_data_package p) p
WHERE p.first_number <> p.before + 1
UNION ALL
SELECT 'neither a member nor excepted', f.relative_path FROM raw_data_file_view f
WHERE f.left_out AND f.exception IS NULL
UNION ALL
SELECT 'a member of the package of other numbers', f.relative_path FROM raw_data_file_view f
JOIN raw_data_package_member m ON m.raw_data_file_id = f.id
WHERE m.raw_data_package_id IS DISTINCT FROM f.raw_data_package_id
"""

_MEMBERS = """
SELECT p.relative_path, f.relative_path, f.tar_offset, f.size FROM raw_data_file_view f
JOIN raw_data_package p ON p.id = f.raw_data_package_id WHERE f.tar_offset IS NOT NULL
ORDER BY p.id, f.number
"""


def _tar_of(path: str) -> str:
    """Return the tar that something lies beside, or is."""
    for suffix in (".index.json", ".metadata.json", ".bad.json"):
        if path.endswith(suffix):
            return path.removesuffix(suffix) + ".tar"
    return path


class InvariantBrokenError(AssertionError):
    """The engine did what it must never do."""


class Judge:
    """Looks after each step of a simulated world whether what must hold does.

    Parameters
    ----------
    simulation : Simulation
        The world.
    filed : dict
        True bytes of every file whose filing was acknowledged, by path at the source.
    source : str
        Location of the files.
    tolerated : iterable of str
        Debts of the engine that are known.
    """

    def __init__(
        self, simulation: Simulation, filed: dict[str, Content], source: str, tolerated: Iterable[str] = ()
    ) -> None:
        self._simulation = simulation
        self._filed = filed
        self._source = source
        self._tolerated = frozenset(tolerated)
        self._archives = [
            location_id
            for location_id, place in simulation.places.items()
            if place.location_type is LocationType.LONG_TERM_ARCHIVE
        ]
        self._acted = False
        self._leases_seen = 0
        self._leases: set[tuple[str, int]] = set()
        self._findings_seen = self._proofs_seen = 0
        self._tars: dict[tuple[str, str], Content | None] = {}
        simulation.database.run_once("judge", (*_LEASES, *_FINDINGS))
        simulation.database.at_change_of_copies += [self.judge_findings, self.judge_proofs]
        simulation.at_act.append(self._judge_act)
        simulation.schedule.at_step.append(self._look)

    def judge_files(self) -> None:
        """I1: every filed file is as it was written, at its source or in a true tar of an archive."""
        at_source = dict(self._simulation.current[self._source].contents())
        archived: list[Content] | None = None
        for path, content in self._filed.items():
            if at_source.get(path) == content:
                continue
            if archived is None:
                archived = [tar for location_id in self._archives for tar in self._true_tars(location_id)]
            if not any(tar.has(content) for tar in archived):
                self._broken("I1", f"{path} is lost")

    def judge_findings(self) -> None:
        """I4, I5, I8: an archive counts for what goes; what is said to be bad is so, by two readings."""
        look = self._simulation.database.look
        rows = look(
            "SELECT number, location, path, status, copy FROM simulation_finding WHERE number > %s"
            " ORDER BY number",
            self._findings_seen,
        )
        for number, location_id, path, status, copy in rows:
            self._findings_seen = number
            if status == PhysicalCopyStatus.DELETION_IN_PROGRESS:
                if not look(_COUNTED, copy):
                    self._broken("I4", f"{path} at {location_id} goes, and no archive counts for it")
                continue
            if not look(_TWO_READINGS, copy):
                self._broken("I8", f"{path} at {location_id} is {status} without two readings")
            found = dict(self._simulation.current[location_id].contents()).get(path)
            if found is not None and found == self._tars.get((location_id, path)):
                self._broken("I5", f"{path} at {location_id} is {status}, and right")

    def judge_proofs(self) -> None:
        """I3: what was proved was true of the bytes at the place of the location, when it was."""
        simulation = self._simulation
        for number, site_id, location_id, path, status, begun_at in simulation.database.look(
            _PROOFS, self._proofs_seen
        ):
            self._proofs_seen = number
            found = dict(simulation.current[location_id].contents()).get(path)
            begun = begun_at - simulation.clocks.get(site_id, timedelta())
            rotted = simulation.rotted.get((location_id, path))
            was_right = rotted is not None and rotted > begun.timestamp() * 10**9
            if found is None and status in ("present", "verified"):
                self._broken("I3", f"{path} at {location_id} was proved, and is not there")
            if found is not None and found.is_damaged and not was_right:
                self._broken("I3", f"{path} at {location_id} was proved, and had other bytes")

    def judge_series(self) -> None:
        """I6: ranges follow each other, each file is in one or in none yet, members are in the tar."""
        for what, which in self._simulation.database.look(_SERIES):
            self._broken("I6", f"{what}: {which}")
        tars = {
            path: content
            for location_id in self._archives
            for path, content in self._simulation.current[location_id].contents()
            if path.endswith(".tar") and not content.is_damaged
        }
        for tar, path, offset, size in self._simulation.database.look(_MEMBERS):
            there = tars.get(tar)
            if there is not None and there.part(offset, offset + size) != self._filed.get(path):
                self._broken("I6", f"{path} is not at byte {offset} of {tar}")

    def judge_leases(self) -> None:
        """I7: no lease came back, none that lived was taken, no row was changed by another than its owner."""
        rows = self._simulation.database.look(
            "SELECT number, work, fencing, owner, problem FROM simulation_lease WHERE number > %s"
            " ORDER BY number",
            self._leases_seen,
        )
        for number, work, fencing, owner, problem in rows:
            self._leases_seen = number
            if problem is not None:
                self._broken("I7", f"{work} {fencing} of {owner}: {problem}")
            if (work, fencing) in self._leases:
                self._broken("I7", f"{work}: the lease {fencing} came back")
            self._leases.add((work, fencing))

    def _look(self, task: SimulatedTask, what: str) -> None:
        """See whether all holds, before the next step."""
        if self._acted:
            self._acted = False
            self.judge_files()
        if self._simulation.schedule.steps % LEASES_EVERY == 0:
            self.judge_leases()

    def _judge_act(self, act: Act) -> None:
        """I2: own partials, own names and decided copies only."""
        if act.kind != "fault" and act.medium not in self._simulation.rightful[act.place]:
            self._broken("I5", f"{act}: that is not the place of {act.place}")
        name = PurePosixPath(act.path).name
        own = name.startswith(TEMPORARY_PREFIX) or begun_as(name) is not None
        self._acted |= not own
        if act.kind == "fault" or own:
            return
        if act.kind == "unlink" and not self._was_decided(act.place, act.path):
            self._broken("I2", f"{act}: nobody had decided that")
        if act.kind == "put":
            if act.before is not None:
                self._broken("I2", f"{act}: it is written over")
            if act.path.endswith(".tar"):
                self._judge_new_tar(act)
        if act.kind == "link":
            self._judge_new_tar(act)

    def _judge_new_tar(self, act: Act) -> None:
        name = (act.place, act.path)
        if act.before is not None or name in self._tars:
            self._broken("I2", f"{act}: the name of a tar was written twice")
        self._tars[name] = act.after

    def _was_decided(self, location_id: str, path: str) -> bool:
        tar = _tar_of(path)
        rows = self._simulation.database.look(
            "SELECT 1 FROM physical_copy c WHERE c.data_location_id = %s AND c.status = %s"
            " AND (c.relative_path IN (%s, %s) OR starts_with(%s, c.relative_path || '/')"
            " OR EXISTS (SELECT FROM raw_data_file_view f WHERE f.raw_data_package_id = c.raw_data_package_id"
            " AND f.source_location_id = c.data_location_id AND f.relative_path = %s"
            " AND f.tar_offset IS NOT NULL AND f.exception IS NULL))",
            location_id,
            PhysicalCopyStatus.DELETION_IN_PROGRESS.value,
            path,
            tar,
            path,
            path,
        )
        return bool(rows)

    def _true_tars(self, location_id: str) -> list[Content]:
        return [
            content
            for path, content in self._simulation.current[location_id].contents()
            if path.endswith(".tar") and not content.is_damaged
        ]

    def _broken(self, invariant: str, what: str) -> None:
        schedule = self._simulation.schedule
        schedule.fail(
            InvariantBrokenError(
                f"{invariant} at step {schedule.steps}, {schedule.now:,.1f} s,"
                f" seed {self._simulation.seed}: {what}"
            )
        )
