"""The log of each attempt is a file, and the database knows where it is."""

import json
from pathlib import Path

from ccat_data_transfer.failures import Permanent
from ccat_ops_db.models import DataTransferLog, PackageCreation

from ..small_observatory import SmallObservatory


def test_a_failed_attempt_and_its_retry_have_a_log_each(
    observatory: SmallObservatory, tmp_path: Path
) -> None:
    observatory.settings.log_folder = tmp_path / "logs"
    observatory.observe({"scan.fits": b"bytes"})
    observatory.places.broken["ccat.buffer"] = Permanent("not_a_folder", "scan.fits is in the way")
    observatory.planner.run_pass()
    observatory.deliver()
    [creation] = observatory.rows(PackageCreation)
    [kept] = observatory.rows(DataTransferLog)
    assert (kept.work_table, kept.work_id, kept.fencing) == ("package_creation", creation.id, 1)
    entries = [json.loads(line) for line in Path(kept.path).read_text().splitlines()]
    assert [entry["event"] for entry in entries] == ["leased", "failed", "ended"]
    assert "scan.fits" in entries[1]["traceback"]
    assert entries[2]["outcome"] == "failed"


def test_a_log_that_cannot_be_written_does_not_stop_the_work(
    observatory: SmallObservatory, tmp_path: Path
) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    observatory.settings.log_folder = tmp_path / "logs"
    observatory.observe({"scan.fits": b"bytes"})
    observatory.planner.run_pass()
    assert observatory.deliver() == ["done"]
