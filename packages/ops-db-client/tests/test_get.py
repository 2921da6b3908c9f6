"""Verified download, of whole packages and of single files."""

import hashlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import xxhash

from ccat_data_transfer.checksums import format_checksum
from ccat_data_transfer.package_format import PackageContents, SourceFile, write_package
from ccat_data_transfer.storage.root_folder import RootFolder
from ccat_dev_stack.proofs import prove_copy
from ccat_ops_db.enumerations import CopyKind, ExecutionStatus, PhysicalCopyStatus
from ccat_ops_db.filing import FileFacts, file_raw_data
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    RawDataPackage,
    RawDataPackageMember,
    RawDataPackagePhysicalCopy,
)
from ccat_ops_db_client import Client
from ccat_ops_db_client.download.get import get_member, get_package
from ccat_ops_db_client.errors import (
    ApiAwayError,
    CcatError,
    IntegrityError,
    NotFoundError,
    PathError,
    UnexpectedAnswerError,
)

from . import seed
from .conftest import Api, MakeClient, Received, Reply, RunCcat, ScriptedServer

PACKAGE = UUID("0193449b-2b1c-7c3e-8a3f-2f6d6f0c9a11")
TAR = bytes(range(256)) * 8000
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


def quiet(total: int, there: int) -> Callable[[int], None]:
    del total, there
    return lambda count: None


class Archive:
    """A scripted API with a data server that has one package; tests bend what it does."""

    def __init__(self, api: ScriptedServer, data: ScriptedServer) -> None:
        self.api, self.data = api, data
        self.tar = TAR
        self.checksum: str | None = f"xxh3-128:{xxhash.xxh3_128(TAR).hexdigest()}"
        self.members = [self.member("scan 1/a.fits", 512, 1_000_000), self.member("empty", 2048, 0)]
        self.cuts: list[int] = []
        api.answer = self._answer_api
        data.answer = self._answer_data

    def member(self, path: str, offset: int, size: int) -> dict[str, object]:
        digest = hashlib.sha256(self.tar[offset : offset + size]).hexdigest()
        return {"path": path, "offset": offset, "size": size, "sha256": digest}

    def ranges(self) -> list[str]:
        return [request.headers["range"] for request in self.data.received]

    def _answer_api(self, request: Received) -> Reply:
        if request.path.endswith("/content"):
            return Reply(307, headers={"Location": f"{self.data.url}/{len(self.data.received)}"})
        if request.path.endswith("/index"):
            return Reply(200, {"members": self.members})
        package = {
            "id": str(PACKAGE),
            "execution_id": str(PACKAGE),
            "module": "chai-lfa",
            "part_number": 1,
            "state": "archived",
            "file_count": 2,
            "payload_bytes": 1,
            "size": len(TAR) if self.checksum else None,
            "checksum": self.checksum,
        }
        return Reply(200, package)

    def _answer_data(self, request: Received) -> Reply:
        match = _RANGE.fullmatch(request.headers["range"])
        assert match is not None
        first, last = int(match[1]), int(match[2])
        cut = self.cuts.pop(0) if self.cuts else None
        headers = {"Content-Range": f"bytes {first}-{last}/{len(self.tar)}"}
        return Reply(206, self.tar[first : last + 1], headers, cut)


@pytest.fixture
def archive(server: ScriptedServer, other_server: ScriptedServer) -> Archive:
    return Archive(server, other_server)


@pytest.fixture
def reader(archive: Archive, client_of: MakeClient) -> Client:
    return client_of(archive.api.url, retry_seconds=2)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


class TestPackage:
    def test_it_arrives_whole_under_its_name(self, reader: Client, tmp_path: Path) -> None:
        target = get_package(reader, PACKAGE, tmp_path / "new" / "folder", quiet)
        assert target == tmp_path / "new" / "folder" / f"{PACKAGE}.tar"
        assert target.read_bytes() == TAR
        assert names(tmp_path) == [f"new/folder/{PACKAGE}.tar"]

    def test_broken_connections_are_gone_on_from(
        self, archive: Archive, reader: Client, tmp_path: Path
    ) -> None:
        archive.cuts = [1_000_000, 500_000]
        assert get_package(reader, PACKAGE, tmp_path, quiet).read_bytes() == TAR
        last = len(TAR) - 1
        assert archive.ranges() == [f"bytes=0-{last}", f"bytes=1000000-{last}", f"bytes=1500000-{last}"]
        addresses = [request.path for request in archive.data.received]
        assert len(set(addresses)) == 3

    def test_what_a_killed_download_left_is_gone_on_from(
        self, archive: Archive, reader: Client, tmp_path: Path
    ) -> None:
        _leave_a_part(archive, reader, tmp_path, 700_000)
        archive.data.received.clear()
        assert get_package(reader, PACKAGE, tmp_path, quiet).read_bytes() == TAR
        assert archive.ranges() == [f"bytes=700000-{len(TAR) - 1}"]
        assert names(tmp_path) == [f"{PACKAGE}.tar"]

    @pytest.mark.parametrize("damage", [b"x" * 700_000, b"x" * (len(TAR) + 1), TAR[:-1] + b"x"])
    def test_a_damaged_part_is_thrown_away(
        self, archive: Archive, reader: Client, tmp_path: Path, damage: bytes
    ) -> None:
        part = _leave_a_part(archive, reader, tmp_path, 700_000)
        part.write_bytes(damage)
        assert get_package(reader, PACKAGE, tmp_path, quiet).read_bytes() == TAR
        assert names(tmp_path) == [f"{PACKAGE}.tar"]

    def test_wrong_bytes_never_get_the_name(self, archive: Archive, reader: Client, tmp_path: Path) -> None:
        archive.tar = TAR[:-1] + b"\0"
        with pytest.raises(IntegrityError, match="xxh3-128"):
            get_package(reader, PACKAGE, tmp_path, quiet)
        assert names(tmp_path) == []

    @pytest.mark.parametrize(
        "reply",
        [
            Reply(200, TAR),
            Reply(206, TAR, {"Content-Range": f"bytes 1-{len(TAR) - 1}/{len(TAR)}"}),
            Reply(206, TAR),
            Reply(206, TAR + b"x", {"Content-Range": f"bytes 0-{len(TAR) - 1}/{len(TAR)}"}),
        ],
    )
    def test_a_server_that_sends_something_else_is_an_error(
        self, archive: Archive, reader: Client, tmp_path: Path, reply: Reply
    ) -> None:
        archive.data.say(reply)
        with pytest.raises(UnexpectedAnswerError):
            get_package(reader, PACKAGE, tmp_path, quiet)
        assert not (tmp_path / f"{PACKAGE}.tar").exists()

    def test_a_server_that_stays_away_is_an_error_and_the_part_stays(
        self, archive: Archive, reader: Client, tmp_path: Path
    ) -> None:
        part = _leave_a_part(archive, reader, tmp_path, 700_000)
        assert part.stat().st_size == 700_000

    def test_what_is_there_already_is_not_fetched_again(
        self, archive: Archive, reader: Client, tmp_path: Path
    ) -> None:
        get_package(reader, PACKAGE, tmp_path, quiet)
        archive.data.received.clear()
        get_package(reader, PACKAGE, tmp_path, quiet)
        assert archive.data.received == []
        assert names(tmp_path) == [f"{PACKAGE}.tar"]

    @pytest.mark.parametrize("content", [b"other", TAR[:-1] + b"\0"])
    def test_something_else_is_never_overwritten(
        self, reader: Client, tmp_path: Path, content: bytes
    ) -> None:
        (tmp_path / f"{PACKAGE}.tar").write_bytes(content)
        with pytest.raises(PathError, match="there already with other content"):
            get_package(reader, PACKAGE, tmp_path, quiet)
        assert (tmp_path / f"{PACKAGE}.tar").read_bytes() == content
        assert names(tmp_path) == [f"{PACKAGE}.tar"]

    def test_a_link_is_not_written_through(self, reader: Client, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / f"{PACKAGE}.tar").symlink_to(tmp_path / "victim")
        with pytest.raises(PathError):
            get_package(reader, PACKAGE, tmp_path / "in", quiet)
        assert not (tmp_path / "victim").exists()

    def test_two_at_once_share_one_download(self, archive: Archive, reader: Client, tmp_path: Path) -> None:
        targets: list[Path] = []
        threads = [
            threading.Thread(target=lambda: targets.append(get_package(reader, PACKAGE, tmp_path, quiet)))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(targets) == 3
        assert len(archive.data.received) == 1

    @pytest.mark.parametrize(("checksum", "word"), [(None, "not complete"), ("sha999:00", "sha999")])
    def test_packages_that_cannot_be_verified_are_not_fetched(
        self, archive: Archive, reader: Client, tmp_path: Path, checksum: str | None, word: str
    ) -> None:
        archive.checksum = checksum
        with pytest.raises(CcatError, match=word):
            get_package(reader, PACKAGE, tmp_path, quiet)
        assert archive.data.received == []

    def test_a_place_that_cannot_be_written_is_an_error(self, reader: Client, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(PathError, match="cannot be written"):
            get_package(reader, PACKAGE, tmp_path / "file", quiet)


class TestMember:
    def test_only_its_bytes_are_read(self, archive: Archive, reader: Client, tmp_path: Path) -> None:
        target = get_member(reader, PACKAGE, "scan 1/a.fits", tmp_path, quiet)
        assert target == tmp_path / "scan 1" / "a.fits"
        assert target.read_bytes() == TAR[512 : 512 + 1_000_000]
        assert archive.ranges() == ["bytes=512-1000511"]

    def test_it_is_gone_on_with(self, archive: Archive, reader: Client, tmp_path: Path) -> None:
        archive.cuts = [400_000]
        get_member(reader, PACKAGE, "scan 1/a.fits", tmp_path, quiet)
        assert archive.ranges() == ["bytes=512-1000511", "bytes=400512-1000511"]

    def test_an_empty_file_needs_no_bytes(self, archive: Archive, reader: Client, tmp_path: Path) -> None:
        assert get_member(reader, PACKAGE, "empty", tmp_path, quiet).read_bytes() == b""
        assert archive.data.received == []

    def test_its_time_is_restored_where_it_is_known(
        self, archive: Archive, reader: Client, tmp_path: Path
    ) -> None:
        archive.members[0]["mtime"] = "1763726400.123456789"
        target = get_member(reader, PACKAGE, "scan 1/a.fits", tmp_path, quiet)
        assert target.stat().st_mtime_ns == 1_763_726_400_123_456_789

    def test_an_unknown_file_is_named_with_an_example(self, reader: Client, tmp_path: Path) -> None:
        with pytest.raises(CcatError, match=r"'b\.fits'.*for example 'scan 1/a\.fits'"):
            get_member(reader, PACKAGE, "b.fits", tmp_path, quiet)

    def test_wrong_bytes_never_get_the_name(self, archive: Archive, reader: Client, tmp_path: Path) -> None:
        archive.tar = b"x" * len(TAR)
        with pytest.raises(IntegrityError):
            get_member(reader, PACKAGE, "scan 1/a.fits", tmp_path, quiet)
        assert names(tmp_path) == []

    @pytest.mark.parametrize("path", ["../victim", "/victim", "a/../../victim", "", "a\nb", "a\0b"])
    def test_paths_that_escape_are_refused(
        self, archive: Archive, reader: Client, tmp_path: Path, path: str
    ) -> None:
        archive.members.append(archive.member(path, 512, 3))
        with pytest.raises(PathError):
            get_member(reader, PACKAGE, path, tmp_path / "in", quiet)
        assert names(tmp_path) == []

    def test_a_link_in_the_folder_does_not_lead_out(
        self, archive: Archive, reader: Client, tmp_path: Path
    ) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "outside").mkdir()
        (tmp_path / "in" / "scan 1").symlink_to(tmp_path / "outside")
        archive.members.append(archive.member("scan 1/deep/a.fits", 512, 3))
        for path in ("scan 1/a.fits", "scan 1/deep/a.fits"):
            with pytest.raises(PathError, match="leads out"):
                get_member(reader, PACKAGE, path, tmp_path / "in", quiet)
        assert list((tmp_path / "outside").iterdir()) == []


def _leave_a_part(archive: Archive, reader: Client, folder: Path, size: int) -> Path:
    """Break a download off for good after `size` bytes; return what it left."""
    answer = archive.data.answer

    def once(request: Received) -> Reply:
        reply = answer(request)
        archive.data.say(Reply(503))
        return Reply(reply.status, reply.body, reply.headers, cut=size)

    archive.data.answer = once
    with pytest.raises(ApiAwayError):
        get_package(reader, PACKAGE, folder, quiet)
    archive.data.answer = answer
    (part,) = folder.iterdir()
    return part


@pytest.fixture
def data_server(api: Api) -> Iterator[None]:
    """The real data server of the site."""
    environment = {
        **os.environ,
        "CCAT_OPS_DB_DATABASE_URL": api.database_url,
        "CCAT_DATA_TRANSFER_CREDENTIALS_FOLDER": str(api.folder),
    }
    program = str(Path(sys.executable).with_name("ccat-transfer"))
    (api.folder / seed.BUFFER).mkdir(parents=True, exist_ok=True)
    # It gives out what is at a place that it knows.
    subprocess.run(
        [program, "place", "adopt", seed.BUFFER, "--reason", "packages for these tests"],
        env=environment,
        check=True,
        capture_output=True,
    )
    command = [program, "data-server"]
    with (api.folder / "data-server.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--site", "ccat", "--port", str(api.data_server_port)],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_healthy(api, process)
        yield
    finally:
        process.kill()
        process.wait()


def _wait_until_healthy(api: Api, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{api.data_server_port}/healthz").is_success:
                return
        except httpx.TransportError:
            threading.Event().wait(0.05)
    raise RuntimeError((api.folder / "data-server.log").read_text())


class TestRealServers:
    """The real API, the real data server and a package as the transfer engine writes it."""

    def test_a_package_and_a_file_of_it(
        self, api: Api, data_server: None, ccat: RunCcat, tmp_path: Path
    ) -> None:
        del data_server
        contents = {"scan 1/ä b.fits": os.urandom(3_000_000), "empty": b"", "small": b"abc"}
        package_id, tar = _make_package(api, contents)
        whole = ccat("get", package_id, "-o", tmp_path)
        assert (whole.status, whole.err) == (0, "")
        assert whole.out == f"{tmp_path / f'{package_id}.tar'}\n"
        assert (tmp_path / f"{package_id}.tar").read_bytes() == tar.read_bytes()
        for path, content in contents.items():
            got = ccat("get", f"{package_id}:{path}", "-o", tmp_path / "files", "--json")
            assert (got.status, got.err) == (0, "")
            assert got.json == {"path": str(tmp_path / "files" / path), "size": len(content)}
            assert (tmp_path / "files" / path).read_bytes() == content
        assert "other content" not in ccat("get", package_id, "-o", tmp_path).err
        unknown = ccat("get", f"{package_id}:nothing", "-o", tmp_path)
        assert unknown.status == 1
        assert "has no file 'nothing'" in unknown.err
        shown = ccat("packages", "--execution", _execution_of(api, package_id))
        assert str(package_id) in shown.out
        assert f"{seed.BUFFER} verified" in shown.out

        damaged = bytearray(tar.read_bytes())
        damaged[-1] ^= 1
        tar.write_bytes(damaged)
        refused = ccat("get", package_id, "-o", tmp_path / "again")
        assert refused.status == 1
        assert "it was thrown away" in refused.err
        assert names(tmp_path / "again") == []

    def test_an_unknown_package_is_an_error(self, client: Client, tmp_path: Path) -> None:
        with pytest.raises(NotFoundError):
            get_package(client, uuid4(), tmp_path, quiet)


def _make_package(api: Api, contents: dict[str, bytes]) -> tuple[UUID, Path]:
    package_id, execution_id = new_id(), new_id()
    source = api.source / str(execution_id)
    for path, content in contents.items():
        target = source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    files = [
        SourceFile(path, len(content), format_checksum("sha256", hashlib.sha256(content).hexdigest()))
        for path, content in sorted(contents.items())
    ]
    relative_path = f"2026/11/21/{package_id}.tar"
    tar = api.folder / seed.BUFFER / relative_path
    tar.parent.mkdir(parents=True, exist_ok=True)
    written = write_package(
        PackageContents(package_id=package_id, created=seed.NOW, files=files, description={}, bag_info={}),
        RootFolder(source),
        RootFolder(tar.parent),
        tar.name,
    )
    with api.session() as session:
        session.add(
            ExecutedObsUnit(
                id=execution_id,
                site_id="ccat",
                telescope_id="fyst",
                obs_unit_id=seed.OBS_UNIT,
                status=ExecutionStatus.COMPLETED,
                started_at=seed.NOW,
                ended_at=seed.NOW,
                start_received_at=seed.NOW,
            )
        )
        session.flush()
        session.add(
            ExecutedObsUnitModule(
                executed_obs_unit_id=execution_id, instrument_module_id="chai-lfa", site_id="ccat"
            )
        )
        session.flush()
        facts = [
            FileFacts(member.path, member.size, f"sha256:{member.sha256}") for member in written.index.members
        ]
        filed = file_raw_data(session, execution_id, "chai-lfa", seed.SOURCE, facts, seed.NOW)
        session.add(
            RawDataPackage(
                id=package_id,
                site_id="ccat",
                raw_data_series_id=filed[0].raw_data_series_id,
                first_number=filed[0].number,
                last_number=filed[-1].number,
                part_number=1,
                created_at=seed.NOW,
                file_count=len(files),
                payload_bytes=sum(file.size for file in files),
                relative_path=relative_path,
                sealed_at=seed.NOW,
                size=written.size,
                checksum=written.checksum,
                manifest_checksum=written.manifest_checksum,
                index_checksum=f"sha256:{hashlib.sha256(written.index_json).hexdigest()}",
            )
        )
        session.flush()
        members = {member.path: member for member in written.index.members}
        session.add_all(
            RawDataPackageMember(
                raw_data_file_id=file.id,
                site_id="ccat",
                raw_data_package_id=package_id,
                tar_offset=members[file.relative_path].offset,
                sha256=bytes.fromhex(members[file.relative_path].sha256),
                mtime_ns=members[file.relative_path].mtime_ns,
            )
            for file in filed
        )
        copy = RawDataPackagePhysicalCopy(
            id=new_id(),
            kind=CopyKind.RAW_DATA_PACKAGE,
            site_id="ccat",
            raw_data_package_id=package_id,
            data_location_id=seed.BUFFER,
            relative_path=relative_path,
            status=PhysicalCopyStatus.VERIFIED,
            size=written.size,
            created_at=seed.NOW,
        )
        session.add(copy)
        session.flush()
        prove_copy(session, copy, written.checksum, seed.NOW)
        session.commit()
    return package_id, tar


def _execution_of(api: Api, package_id: UUID) -> UUID:
    with api.session() as session:
        execution: UUID = session.get_one(RawDataPackage, package_id).executed_obs_unit_id
        return execution
