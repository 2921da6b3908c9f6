"""``ccat file`` against the real API: what can be filed is filed, and what cannot is named."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from ccat_dev_stack.file_permissions import permissions_count
from ccat_ops_db.identity import new_id
from ccat_ops_db_client import Client
from ccat_ops_db_client.filing.filing import Copying, Order, file_paths
from ccat_ops_db_client.filing.sources import remember_places
from ccat_ops_db_client.recorder import Recorder

from . import seed
from .checks import one_line_error, write
from .conftest import Api, Reply, RunCcat, ScriptedServer, settings_for

FILE = ("file", "--module", "chai-lfa", "--execution")


class TestFile:
    def test_files_and_folders_are_filed_once(
        self, ccat: RunCcat, api: Api, client: Client, execution: str
    ) -> None:
        folder = api.source / execution
        write(folder / "a.fits", b"one")
        write(folder / "deep" / "ä b.fits", b"")
        write(folder / "deep" / "read-only.fits", b"two").chmod(0o400)
        file = ("file", "--execution", execution, "--module", "chai-lfa")
        assert ccat(*file, folder / "a.fits", "--json").json == {
            "filed": 1,
            "already_filed": 0,
            "spooled": 0,
            "bytes": 3,
            "left_out": [],
            "ignored": [],
        }
        ran = ccat(*file, folder)
        assert (ran.status, ran.err) == (0, "")
        assert ran.out == "2 files filed (6 B read), 1 filed already\n"
        assert ccat(*file, folder, "--json").json["already_filed"] == 3
        filed = {file.relative_path: file for file in client.filed_files(execution_id=execution)}
        assert set(filed) == {
            f"{execution}/{name}" for name in ("a.fits", "deep/ä b.fits", "deep/read-only.fits")
        }
        assert filed[f"{execution}/a.fits"].size == 3
        assert filed[f"{execution}/a.fits"].checksum.startswith("xxh3-128:")
        modified = filed[f"{execution}/a.fits"].written_until
        assert modified is not None
        assert abs(modified.timestamp() - (folder / "a.fits").stat().st_mtime) < 1e-5

    @pytest.mark.parametrize("algorithm", ["sha256", "blake3", "crc32c", "md5"])
    def test_other_checksums(
        self, ccat: RunCcat, api: Api, client: Client, execution: str, algorithm: str
    ) -> None:
        path = write(api.source / execution / "a.fits")
        ran = ccat("file", "--execution", execution, "--module", "chai-lfa", path, "--algorithm", algorithm)
        assert ran.status == 0
        (filed,) = client.filed_files(execution_id=execution)
        assert filed.checksum.startswith(f"{algorithm}:")

    def test_three_thousand_files_and_again_without_reading(
        self, ccat: RunCcat, api: Api, client: Client, execution: str
    ) -> None:
        folder = api.source / execution
        for number in range(3000):
            write(folder / f"{number % 7}" / f"{number}.fits", b"%d" % number)
        file = ("file", "--execution", execution, "--module", "chai-lfa", "--json", folder)
        assert ccat(*file).json["filed"] == 3000
        write(folder / "0" / "more.fits")
        for path in folder.rglob("*.fits"):
            path.chmod(0o400)
        again = ccat(*file).json
        assert (again["filed"], again["already_filed"], again["bytes"]) == (1, 3000, 4)
        assert client.progress(UUID(execution)).files == 3001

    def test_outside_every_location_it_names_the_folder(
        self, ccat: RunCcat, api: Api, execution: str, tmp_path: Path
    ) -> None:
        path = write(tmp_path / "a.fits")
        ran = ccat("file", "--execution", execution, "--module", "chai-lfa", path)
        one_line_error(ran, str(path), str(api.source), "--ingest")
        assert "cologne" not in ran.err

    def test_ingest_copies_into_the_instruments_location(
        self, ccat: RunCcat, api: Api, client: Client, execution: str, tmp_path: Path
    ) -> None:
        write(tmp_path / "run" / "a.fits", b"one")
        write(tmp_path / "run" / "b" / "c d.fits", b"two")
        file = (
            "file",
            "--execution",
            execution,
            "--module",
            "chai-lfa",
            "--ingest",
            "--json",
            tmp_path / "run",
        )
        assert ccat(*file).json["filed"] == 2
        again = ccat(*file).json
        assert (again["filed"], again["already_filed"], again["bytes"]) == (0, 2, 6)
        place = api.source / execution / "chai-lfa" / "run"
        assert (place / "b" / "c d.fits").read_bytes() == b"two"
        assert {file.relative_path for file in client.filed_files(execution_id=execution)} == {
            f"{execution}/chai-lfa/run/a.fits",
            f"{execution}/chai-lfa/run/b/c d.fits",
        }
        write(tmp_path / "run" / "a.fits", b"other")
        ran = ccat(*file)
        assert (ran.status, ran.json["already_filed"]) == (3, 1)
        assert f"{place}/a.fits is there already with other content" in ran.err

    def test_ingest_into_a_chosen_folder(
        self, ccat: RunCcat, api: Api, client: Client, execution: str, tmp_path: Path
    ) -> None:
        path = write(tmp_path / f"{execution}.fits")
        file = ("file", "--execution", execution, "--module", "chai-lfa", "--ingest", path)
        assert ccat(*file, "--into", ".", "--location", seed.SOURCE).status == 0
        (filed,) = client.filed_files(execution_id=execution)
        assert filed.relative_path == path.name
        assert (api.source / path.name).exists()
        one_line_error(ccat(*file, "--into", "../out"), "'..'")
        one_line_error(ccat(*file, "--location", "ccat.nowhere"), "--location", seed.SOURCE)
        one_line_error(ccat(*file, "--location", "ccat.primecam-raw-data"), "prime-cam")

    def test_other_facts_for_the_same_path_are_refused(self, ccat: RunCcat, api: Api, execution: str) -> None:
        path = write(api.source / execution / "a.fits", b"one")
        file = ("file", "--execution", execution, "--module", "chai-lfa")
        assert ccat(*file, path).status == 0
        write(path, b"two")
        one_line_error(ccat(*file, path), f"{execution}/a.fits")

    def test_what_cannot_be_filed_is_left_out_by_name_and_the_rest_is_filed(
        self, ccat: RunCcat, api: Api, client: Client, execution: str
    ) -> None:
        folder = write(api.source / execution / "a.fits").parent
        (folder / "link.fits").symlink_to("a.fits")
        write(folder / "line\nfeed")
        ran = ccat(*FILE, execution, folder, folder / "missing")
        assert ran.status == 3
        assert ran.out == "1 file filed (4 B read), 0 filed already, 3 left out\n"
        lines = sorted(ran.err.splitlines())
        assert [line.partition(folder.name)[2] for line in lines] == [
            "/line\\nfeed cannot be filed: its name contains the control character U+000A; rename it",
            "/link.fits is a symbolic link; file what it points to, or remove it",
            "/missing: No such file or directory; check the path",
        ]
        assert all(line.startswith("ccat: left out: ") for line in lines)
        assert [file.relative_path for file in client.filed_files(execution_id=execution)] == [
            f"{execution}/a.fits"
        ]
        again = ccat(*FILE, execution, folder, "--json")
        assert again.status == 3
        assert (again.json["filed"], again.json["already_filed"]) == (0, 1)
        assert sorted((entry["path"], entry["reason"]) for entry in again.json["left_out"]) == [
            (f"{folder}/line\nfeed", "name"),
            (f"{folder}/link.fits", "no-file"),
        ]

    def test_if_all_is_left_out_nothing_is_filed(
        self, ccat: RunCcat, api: Api, client: Client, execution: str
    ) -> None:
        folder = api.source / execution
        folder.mkdir()
        link = folder / "link.fits"
        link.symlink_to("a.fits")
        one_line_error(ccat(*FILE, execution, folder), "link.fits", "symbolic link", "nothing was filed")
        one_line_error(ccat(*FILE, execution, folder / "missing"), "missing", "No such file")
        one_line_error(ccat(*FILE, execution, "/dev/null", link), "/dev/null", "device", "link.fits")
        one_line_error(ccat(*FILE, execution, "../../etc/hostname"), "hostname")
        one_line_error(ccat(*FILE, execution, write(folder / "line\nfeed")), "U+000A")
        ran = ccat(*FILE, execution, "--json", link)
        assert (ran.status, ran.out) == (1, "")
        error = json.loads(ran.err)["error"]
        assert [(entry["path"], entry["reason"]) for entry in error["left_out"]] == [(str(link), "no-file")]
        assert list(client.filed_files(execution_id=execution)) == []

    @pytest.mark.parametrize("copying", [[], ["--ingest"]])
    def test_a_file_that_grows_does_not_keep_the_others(
        self, ccat: RunCcat, api: Api, execution: str, tmp_path: Path, copying: list[str]
    ) -> None:
        folder = (tmp_path if copying else api.source) / execution
        growing = write(folder / "aaa.log")
        for number in range(30):
            write(folder / f"b{number:02}.fits", b"x" * 200_000)
        with growing_file(growing):
            ran = ccat(*FILE, execution, "--json", *copying, folder)
        assert ran.status == 3
        assert ran.json["filed"] == 30
        assert [(entry["path"], entry["reason"]) for entry in ran.json["left_out"]] == [
            (str(growing), "changed")
        ]
        assert "aaa.log changed while it was read; file it when the instrument has closed it" in ran.err
        again = ccat(*FILE, execution, "--json", *copying, folder)
        assert (again.status, again.json["filed"], again.json["already_filed"]) == (0, 1, 30)

    def test_unreadable_files_and_folders_do_not_keep_the_others(
        self, ccat: RunCcat, api: Api, execution: str
    ) -> None:
        folder = write(api.source / execution / "a.fits").parent
        write(folder / "closed" / "b.fits").parent.chmod(0)
        write(folder / "c.fits").chmod(0)
        with permissions_count():
            ran = ccat(*FILE, execution, "--json", folder)
        (folder / "closed").chmod(0o700)
        assert (ran.status, ran.json["filed"]) == (3, 1)
        assert {(Path(entry["path"]).name, entry["reason"]) for entry in ran.json["left_out"]} == {
            ("closed", "unreadable"),
            ("c.fits", "unreadable"),
        }

    def test_a_path_outside_does_not_keep_the_others(
        self, ccat: RunCcat, api: Api, execution: str, tmp_path: Path
    ) -> None:
        inside = write(api.source / execution / "a.fits")
        ran = ccat(*FILE, execution, "--json", inside, write(tmp_path / "b.fits"))
        assert (ran.status, ran.json["filed"]) == (3, 1)
        assert [entry["reason"] for entry in ran.json["left_out"]] == ["outside"]

    def test_copies_that_cannot_be_made_do_not_keep_the_others(
        self, ccat: RunCcat, api: Api, execution: str, tmp_path: Path
    ) -> None:
        write(tmp_path / "one" / "a.fits")
        write(tmp_path / "two" / "a.fits", b"other")
        write(tmp_path / "there.fits", b"mine")
        write(api.source / execution / "there.fits", b"theirs")
        paths = [tmp_path / name for name in ("one/a.fits", "two/a.fits", "there.fits")]
        paths.append(write(tmp_path / "fine.fits"))
        ran = ccat(*FILE, execution, "--json", "--ingest", "--into", execution, *paths)
        assert (ran.status, ran.json["filed"]) == (3, 1)
        assert sorted((Path(entry["path"]).name, entry["reason"]) for entry in ran.json["left_out"]) == [
            ("a.fits", "same-name"),
            ("a.fits", "same-name"),
            ("there.fits", "not-copied"),
        ]

    def test_what_the_api_refuses_does_not_keep_the_others(
        self, ccat: RunCcat, api: Api, client: Client, execution: str
    ) -> None:
        folder = api.source / execution
        for number in range(300):
            write(folder / f"{number:03}.fits", b"one")
        assert ccat(*FILE, execution, folder).status == 0
        for number in range(250):
            write(folder / f"{number:03}.fits", b"two" * 2)
        write(folder / "new.fits")
        ran = ccat(*FILE, execution, "--json", folder)
        assert (ran.status, ran.json["filed"], ran.json["already_filed"]) == (3, 1, 50)
        assert len(ran.json["left_out"]) == 250
        assert {entry["reason"] for entry in ran.json["left_out"]} == {"refused"}
        assert "000.fits is refused by the API" in ran.err
        assert "another size; what is filed cannot change: give the new content another name" in ran.err
        assert "left out: 230 more; --json lists all" in ran.err

    def test_names_that_differ_in_their_unicode_form_are_left_out_by_both(
        self, ccat: RunCcat, api: Api, execution: str
    ) -> None:
        folder = write(api.source / execution / "R\u00e9f.fits").parent
        write(folder / "Re\u0301f.fits")
        write(folder / "a.fits")
        ran = ccat(*FILE, execution, "--json", folder)
        assert (ran.status, ran.json["filed"]) == (3, 1)
        assert [entry["reason"] for entry in ran.json["left_out"]] == ["same-name"] * 2
        assert all(r"R\xe9f" in entry["message"] for entry in ran.json["left_out"])
        assert all(r"Re\u0301f" in entry["message"] for entry in ran.json["left_out"])

    def test_of_two_unicode_forms_the_one_that_is_filed_stays(
        self, ccat: RunCcat, api: Api, execution: str
    ) -> None:
        filed = write(api.source / execution / "R\u00e9f.fits")
        assert ccat(*FILE, execution, filed).status == 0
        other = write(filed.parent / "Re\u0301f.fits")
        ran = ccat(*FILE, execution, "--json", filed.parent)
        assert (ran.status, ran.json["already_filed"]) == (3, 1)
        assert [(entry["path"], entry["remedy"]) for entry in ran.json["left_out"]] == [
            (str(other), "rename the first")
        ]

    def test_a_whole_folder_of_names_that_are_not_utf_8_is_told_in_json(
        self, ccat: RunCcat, api: Api, execution: str
    ) -> None:
        folder = write(api.source / execution / "a.fits").parent
        write(Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.fits")))
        ran = ccat(*FILE, execution, "--json", folder)
        assert ran.status == 3
        assert [entry["path"] for entry in ran.json["left_out"]] == [f"{folder}/caf\\xe9.fits"]

    def test_names_that_do_not_exist_are_named(self, ccat: RunCcat, api: Api, execution: str) -> None:
        path = write(api.source / execution / "a.fits")
        one_line_error(ccat("file", "--execution", new_id(), "--module", "chai-lfa", path), "execution_id")
        one_line_error(ccat("file", "--execution", execution, "--module", "nothing", path), "'nothing'")
        one_line_error(ccat("file", "--execution", execution, "--module", "chai-hfa", path), "chai-hfa")

    def test_an_empty_folder_is_said_to_be_empty(self, ccat: RunCcat, api: Api, execution: str) -> None:
        (api.source / execution).mkdir()
        ran = ccat("file", "--execution", execution, "--module", "chai-lfa", api.source / execution)
        assert (ran.status, ran.out) == (0, "0 files filed (0 B read), 0 filed already\n")

    def test_a_living_folder_is_filed(self, ccat: RunCcat, api: Api, execution: str) -> None:
        folder = write(api.source / execution / "a.fits").parent
        kept = write(folder / ".nfs000000000012ab3400000001")
        ran = ccat(*FILE, execution, "--json", folder)
        assert ran.status == 0
        assert (ran.json["filed"], ran.json["left_out"], ran.json["ignored"]) == (1, [], [str(kept)])
        assert ".nfs000000000012ab3400000001" in ran.err


class TestAwayApi:
    """The API is asked once, and not again while it counts as away: filing costs no time then."""

    @pytest.mark.parametrize("copying", [None, Copying()])
    def test_an_api_that_is_away_is_asked_once(
        self, server: ScriptedServer, spool_folder: Path, tmp_path: Path, copying: Copying | None
    ) -> None:
        source = tmp_path / "source"
        path = write((tmp_path / "other" if copying else source) / "a.fits")
        locations = {"id": "s", "site": "ccat", "location_type": "source", "storage_type": "disk"}
        answers = {
            "/api/v1/site": {"id": "ccat"},
            "/api/v1/data-locations?limit=1000": {"items": [{**locations, "path": str(source)}]},
            "/api/v1/instruments?limit=1000": {"items": [{"id": "chai", "modules": [{"id": "chai-lfa"}]}]},
        }
        server.answer = lambda request: Reply(
            200, answers[request.path], {"Content-Type": "application/json"}
        )
        order = Order(new_id(), "chai-lfa")
        with Client(settings_for(server.url, spool_folder)) as client:
            recorder = Recorder(client, lambda settings: None)
            remember_places(recorder)
            server.answer = lambda request: Reply(503)
            server.received.clear()
            outcomes = [file_paths(recorder, order, [path], copying=copying) for _ in range(3)]
        assert [outcome.spooled for outcome in outcomes] == [1, 1, 1]
        assert len(server.received) == 1


@contextmanager
def growing_file(path: Path) -> Iterator[None]:
    """Let another thread append to a file all the time."""
    stop, grown = threading.Event(), threading.Event()

    def grow() -> None:
        with path.open("ab", buffering=0) as stream:
            while not stop.is_set():
                stream.write(b"a line\n")
                grown.set()

    thread = threading.Thread(target=grow)
    thread.start()
    grown.wait(30)
    try:
        yield
    finally:
        stop.set()
        thread.join()
