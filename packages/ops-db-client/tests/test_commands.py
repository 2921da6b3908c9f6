"""The command as scripts see it: output, exit status, errors, against the real API."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import time_machine
import typer
from psycopg import sql

from ccat_ops_db.identity import new_id
from ccat_ops_db_client import Client
from ccat_ops_db_client.commands import main, session

from . import seed
from .checks import one_line_error, write
from .conftest import Api, Received, Reply, RunCcat, ScriptedServer, ccat_environment, problem
from .test_lanes import wait_for


class TestObs:
    def test_start_prints_the_id_and_finish_ends_it(self, ccat: RunCcat) -> None:
        started = ccat(
            "obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa", "--module", "chai-hfa"
        )
        assert (started.status, started.err) == (0, "")
        identifier = started.out.strip()
        assert started.out == f"{UUID(identifier)}\n"
        finished = ccat("obs", "finish", identifier, "--status", "aborted", "--mean-pwv", "0.6", "--json")
        assert finished.status == 0
        assert finished.json["status"] == "aborted"
        assert finished.json["mean_pwv"] == 0.6
        assert finished.json["modules"] == ["chai-hfa", "chai-lfa"]
        assert finished.json["spooled"] is False

    def test_both_can_be_repeated(self, ccat: RunCcat) -> None:
        identifier = str(new_id())
        start = ("obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa", "--id", identifier)
        assert [ccat(*start).out, ccat(*start).out] == [f"{identifier}\n"] * 2
        assert [ccat("obs", "finish", identifier).status for _ in range(2)] == [0, 0]
        one_line_error(ccat("obs", "finish", identifier, "--status", "failed"), identifier, "completed")

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--obs-unit", "nothing", "--module", "chai-lfa"), ("obs_unit", "'nothing'")),
            (("--obs-unit", seed.OBS_UNIT, "--module", "nothing"), ("modules", "'nothing'")),
            (("--obs-unit", "", "--module", "chai-lfa"), ("obs_unit",)),
            (("--obs-unit", "a\nb", "--module", "chai-lfa"), ("obs_unit",)),
            (("--obs-unit", "x" * 100_000, "--module", "chai-lfa"), ("obs_unit",)),
            (("--obs-unit", os.fsdecode(b"\xff"), "--module", "chai-lfa"), ("UTF-8",)),
            (("--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa", "--id", str(uuid4())), ("id",)),
        ],
    )
    def test_what_is_unknown_or_hostile_is_named(
        self, ccat: RunCcat, arguments: tuple[str, ...], words: tuple[str, ...]
    ) -> None:
        one_line_error(ccat("obs", "start", *arguments), *words)

    @pytest.mark.parametrize(
        "reply", [problem(403), problem(503), Reply(502, b"<html>"), Reply(200, {"id": 7})]
    )
    def test_a_start_is_done_whatever_becomes_of_what_else_is_asked(
        self, ccat: RunCcat, server: ScriptedServer, reply: Reply
    ) -> None:
        identifier = str(new_id())
        started = {"id": identifier, "obs_unit": "O", "status": "running", "modules": ["m"]}
        started["started_at"] = "2026-11-21T00:00:00Z"
        server.answer = lambda request: Reply(201, started) if request.method == "POST" else reply
        ran = ccat(
            *("obs", "start", "--obs-unit", "O", "--module", "m", "--id", identifier),
            CCAT_API_URL=server.url,
        )
        assert (ran.status, ran.out, ran.err) == (0, f"{identifier}\n", "")
        # Each is asked once; nobody waits for it.
        assert len(server.received) <= 3

    def test_a_clock_that_is_behind_is_named(self, ccat: RunCcat) -> None:
        """Its time is that of the start."""
        start = ("obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa")
        with time_machine.travel(datetime.now(UTC) - timedelta(hours=1)):
            ran = ccat(*start)
        assert ran.status == 0
        assert re.search("the clock of this computer is (0:59|1:00):.. behind that of the API", ran.err)
        for right in (ccat(*start), ccat(*start, "--started-at", "2016-12-31T20:59:59Z")):
            assert (right.status, right.err) == (0, "")

    def test_a_clock_that_is_ahead_is_named(self, ccat: RunCcat, server: ScriptedServer) -> None:
        def five_minutes_ago(request: Received) -> Reply:
            facts = json.loads(request.body or b"{}")
            earlier = datetime.now(UTC) - timedelta(minutes=5)
            return Reply(201, {**facts, "status": "running", "start_received_at": earlier.isoformat()})

        server.answer = five_minutes_ago
        ran = ccat("obs", "start", "--obs-unit", "O", "--module", "m", CCAT_API_URL=server.url)
        assert ran.status == 0
        assert re.search("the clock of this computer is 0:0[45]:.. ahead of that of the API", ran.err)

    def test_an_end_before_the_start_is_refused(self, ccat: RunCcat) -> None:
        identifier = ccat(
            *("obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa"),
            *("--started-at", "2026-11-21T10:00:00+03:00"),
        ).out.strip()
        one_line_error(ccat("obs", "finish", identifier, "--ended-at", "2026-11-21T06:59:59Z"), "ended_at")
        assert ccat("obs", "finish", identifier, "--ended-at", "2026-11-21T07:00:01Z").status == 0

    def test_the_end_of_an_unknown_execution_is_kept(self, ccat: RunCcat) -> None:
        """Its start may be in the spool of another user, or lost with a database that is being restored."""
        finished = ccat("obs", "finish", new_id())
        assert finished.status == 0
        assert "there is no execution" in finished.err
        assert "in the spool" in finished.err

    def test_a_number_that_is_none_is_an_error(self, ccat: RunCcat) -> None:
        one_line_error(ccat("obs", "finish", new_id(), "--mean-pwv", "nan"), "finite")

    @pytest.mark.parametrize(
        ("given", "taken"),
        [
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
            ("2016-12-31T20:59:60.5-03:00", "2016-12-31T21:00:00.500000-03:00"),
        ],
    )
    def test_a_leap_second_is_the_next_second_and_said(self, ccat: RunCcat, given: str, taken: str) -> None:
        start = ("obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa", "--json")
        started = ccat(*start, "--started-at", given)
        assert started.status == 0
        assert datetime.fromisoformat(started.json["started_at"]) == datetime.fromisoformat(taken)
        assert f"{given} is a leap second; it is taken as {taken}" in started.err
        refused = ccat(*start, "--started-at", "2016-12-31T12:00:60Z")
        assert refused.status == 2
        assert "leap second" in refused.err


class TestProcess:
    """The installed command in a process of its own."""

    def test_output_and_status_reach_the_shell(self, api: Api, spool_folder: Path) -> None:
        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [Path(sys.executable).with_name("ccat"), *arguments],
                env={**os.environ, **ccat_environment(api, spool_folder)},
                capture_output=True,
                text=True,
                check=False,
            )

        started = run("obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa")
        assert (started.returncode, started.stderr) == (0, "")
        UUID(started.stdout.strip())
        refused = run("obs", "start", "--obs-unit", os.fsdecode(b"\xff"), "--module", "chai-lfa")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "UTF-8" in refused.stderr
        assert run("obs", "start").returncode == 2


@pytest.mark.parametrize("where", ["application", "load_settings"])
def test_an_interrupted_command_says_nothing(
    ccat: RunCcat, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Before it has begun, and afterwards."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr({"application": main, "load_settings": session}[where], where, interrupt)
    ran = ccat("status")
    assert (ran.status, ran.out, ran.err) == (130, "", "")


class TestUsage:
    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("unknown",),
            ("obs", "start"),
            ("obs", "start", "--obs-unit", "x"),
            ("obs", "finish", "not-an-id"),
            ("obs", "finish", str(UUID(int=0)), "--status", "running"),
            ("obs", "start", "--obs-unit", "x", "--module", "y", "--started-at", "2026-11-21T10:00:00"),
            ("obs", "start", "--obs-unit", "x", "--module", "y", "--started-at", "yesterday"),
            ("file", "x"),
            ("file", "--execution", str(UUID(int=0)), "--module", "m", "x", "--algorithm", "sha1"),
            ("file", "--execution", str(UUID(int=0)), "--module", "m", "x", "--into", "y"),
            ("packages",),
            ("wait", "--execution", str(UUID(int=0))),
            ("wait", "--execution", str(UUID(int=0)), "--for", "packaged"),
            ("wait", "--execution", str(UUID(int=0)), "--for", "archived", "--timeout", "-1"),
            ("stage", "--to", "ccat.processing"),
            ("stage", "--to", "l", "--file", str(UUID(int=0)), "--package", str(UUID(int=0))),
            ("get", "not-an-id", "-o", "."),
            ("get", "not-an-id:member", "-o", "."),
            ("find", "--since", "2026-11-21"),
            ("find", "--since", "2026-11-21T10:00:00"),
            ("find", "--since", "soon"),
            ("find", "--since", "999999w"),
            ("find", "--limit", "0"),
            ("spool", "discard", "x"),
        ],
    )
    def test_wrong_usage_is_status_2(self, ccat: RunCcat, arguments: tuple[str, ...]) -> None:
        ran = ccat(*arguments)
        assert ran.status == 2
        assert "Traceback" not in ran.err

    def test_every_command_has_help_json_and_profiles(self, ccat: RunCcat) -> None:
        groups: dict[str, Any] = vars(typer.main.get_command(main.application()))["commands"]
        commands = [
            [name, *rest]
            for name, group in groups.items()
            for rest in ([[each] for each in vars(group)["commands"]] if "commands" in vars(group) else [[]])
            # It asks nobody.
            if name != "completion"
        ]
        assert len(commands) > 10
        for command in commands:
            ran = ccat(*command, "--help")
            assert ran.status == 0
            assert "--json" in ran.out
            assert "--profile" in ran.out

    @pytest.mark.parametrize(
        ("environment", "word"),
        [
            ({"CCAT_API_URL": "not an address"}, "CCAT_API_URL"),
            ({"CCAT_API_URL": "ftp://x"}, "CCAT_API_URL"),
            ({"CCAT_API_TOKEN": "two words"}, "CCAT_API_TOKEN"),
            ({"CCAT_API_TOKEN": "wrong"}, "CCAT_API_TOKEN"),
            ({"CCAT_API_TOKEN": ""}, "CCAT_API_TOKEN"),
            ({"CCAT_READ_TIMEOUT": "soon"}, "CCAT_READ_TIMEOUT"),
        ],
    )
    def test_wrong_settings_are_named(self, ccat: RunCcat, environment: dict[str, str], word: str) -> None:
        one_line_error(ccat("find", **environment), word)
        ran = ccat("find", "--json", **environment)
        assert ran.status == 1
        assert word in json.dumps(json.loads(ran.err)["error"])

    def test_the_address_of_the_option_wins(self, ccat: RunCcat, api: Api) -> None:
        assert ccat("find", "--api-url", f"{api.url}/api/v1/", CCAT_API_URL="http://127.0.0.1:9").status == 0

    def test_an_absent_api_is_one_line(self, ccat: RunCcat) -> None:
        ran = ccat("status", CCAT_API_URL="http://127.0.0.1:9", CCAT_RETRY_SECONDS="0.3")
        assert ran.status == 1
        assert "ccat: error: http://127.0.0.1:9 cannot be reached" in ran.err
        assert "Traceback" not in ran.err


@contextmanager
def read_only(api: Api) -> Iterator[None]:
    """Let the database of the API take no changes, and end the connections that still may."""
    writable = "-c default_transaction_read_only=off"
    with psycopg.connect(api.database_url, autocommit=True, options=writable) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        try:
            yield
        finally:
            connection.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name))


class TestWithoutApi:
    def test_a_whole_observation_waits_and_is_sent(
        self, ccat: RunCcat, api: Api, client: Client, execution: str
    ) -> None:
        path = write(api.source / execution / "a.fits")
        api.stop()
        started = ccat("obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa")
        assert started.status == 0
        identifier = started.out.strip()
        assert "spool" in started.err
        filed = ccat("file", "--execution", identifier, "--module", "chai-lfa", path)
        assert filed.status == 0
        assert "1 file is in the spool" in filed.err
        assert filed.out == "0 files filed (4 B read), 0 filed already, 1 in the spool\n"
        assert ccat("obs", "finish", identifier).status == 0
        assert ccat("obs", "finish", identifier).status == 0
        status = ccat("spool", "status", "--json").json
        assert [request["path"].rpartition(":")[2] for request in status["waiting"]] == [
            "start",
            "bulk",
            "finish",
            "finish",
        ]
        assert "4 requests waiting, 0 of them parked, 0 refused" in ccat("spool", "status").out
        assert ccat("spool", "replay").status == 1

        api.start()
        replayed = ccat("spool", "replay")
        assert (replayed.status, replayed.out) == (0, "4 sent, 0 refused, 0 wait\n")
        progress = client.progress(UUID(identifier))
        assert (progress.status, progress.files) == ("completed", 1)
        assert ccat("spool", "status").status == 0

    def test_while_the_database_takes_no_changes_all_waits(
        self, ccat: RunCcat, api: Api, client: Client, execution: str
    ) -> None:
        """After a failover it answers, and is read-only; each open connection stays so."""
        path = write(api.source / execution / "a.fits")
        with read_only(api):
            # What finds its connection closed is away; the next ones find a database that only reads.
            wait_for(lambda: ccat("find", CCAT_RETRY_SECONDS="0.1").status == 0)
            started = ccat("obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa")
            identifier = started.out.strip()
            filed = ccat("file", "--execution", identifier, "--module", "chai-lfa", path)
            finished = ccat("obs", "finish", identifier)
        assert "takes no changes now; nothing was changed); the request is in the spool" in started.err
        assert [each.status for each in (started, filed, finished)] == [0, 0, 0]
        wait_for(lambda: ccat("spool", "replay").status == 0)
        progress = client.progress(UUID(identifier))
        assert (progress.status, progress.files) == ("completed", 1)

    def test_the_next_command_sends_what_waits(self, ccat: RunCcat, api: Api, execution: str) -> None:
        assert execution
        api.stop()
        identifier = ccat("obs", "start", "--obs-unit", seed.OBS_UNIT, "--module", "chai-lfa").out.strip()
        api.start()
        assert identifier in ccat("find", "--limit", "1").out

    def test_a_refused_request_is_shown_kept_and_can_be_dropped(
        self, ccat: RunCcat, api: Api, execution: str
    ) -> None:
        assert execution
        api.stop()
        ccat("obs", "start", "--obs-unit", "nothing", "--module", "chai-lfa")
        api.start()
        assert "refused from the spool: 1 request;" in ccat("find").err
        shown = ccat("spool", "status")
        assert shown.status == 1
        assert "there is no obs unit 'nothing'" in shown.out
        assert ccat("spool", "replay", "--refused").status == 1
        (refused,) = json.loads(ccat("spool", "status", "--json").out)["refused"]
        assert ccat("spool", "discard", refused["number"]).status == 0
        assert ccat("spool", "status").status == 0
        one_line_error(ccat("spool", "discard", refused["number"]), "no request")


class TestLook:
    def test_find(self, ccat: RunCcat, execution: str) -> None:
        ran = ccat(
            "find", "--obs-unit", seed.OBS_UNIT, "--instrument", "chai", "--since", "1h", "--limit", "1"
        )
        assert ran.status == 0
        assert execution in ran.out
        assert "running" in ran.out
        (found,) = ccat("find", "--limit", "1", "--json").json
        assert found["id"] == execution
        assert ccat("find", "--since", "2126-11-21T00:00:00Z").out == "no execution fits\n"

    def test_status(self, ccat: RunCcat, execution: str) -> None:
        ran = ccat("status")
        assert (ran.status, ran.err) == (0, "")
        assert "site ccat at" in ran.out
        assert seed.SOURCE in ran.out
        assert ccat("status", "--json").json["site"] == "ccat"
        assert execution

    def test_why(self, ccat: RunCcat, execution: str) -> None:
        ran = ccat("why", execution)
        assert ran.status == 0
        assert "running" in ran.out
        assert ccat("why", execution, "--json").json["subject_id"] == execution
        one_line_error(ccat("why", new_id()), "there is")
        one_line_error(ccat("why", "../../status"))
        one_line_error(ccat("why", "a\nb"))

    def test_packages(self, ccat: RunCcat, execution: str) -> None:
        assert "has no packages yet" in ccat("packages", "--execution", execution).out
        assert ccat("packages", "--execution", execution, "--json").json == []
        one_line_error(ccat("packages", "--execution", new_id()), "no execution")


class TestWait:
    @pytest.mark.parametrize("goal", ["archived", "removed-at-source"])
    def test_an_ended_execution_without_files_is_done(self, ccat: RunCcat, execution: str, goal: str) -> None:
        ccat("obs", "finish", execution)
        ran = ccat("wait", "--execution", execution, "--for", goal, "--timeout", "20")
        assert (ran.status, ran.out) == (0, f"{goal}: 0 files, 0 B, 0 packages\n")

    def test_the_limit_is_status_1(self, ccat: RunCcat, execution: str) -> None:
        wait = ("wait", "--execution", execution, "--for", "archived", "--timeout", "0")
        one_line_error(ccat(*wait), "not archived", f"ccat obs finish {execution}")
        ran = ccat(*wait, "--json")
        assert ran.status == 1
        assert ran.json["archived"] is False

    @pytest.mark.parametrize(
        ("packages", "said"),
        [
            (1, "0 of 1 package archived"),
            (2, "0 of 2 packages archived"),
            (1200, "0 of 1,200 packages archived"),
        ],
    )
    def test_what_is_there_so_far_is_counted(
        self, ccat: RunCcat, server: ScriptedServer, packages: int, said: str
    ) -> None:
        identifier = new_id()
        progress = {"id": str(identifier), "status": "completed", "packages": packages}
        server.answer = lambda _: Reply(200, {**progress, "archived": False, "removed_at_source": False})
        wait = ("wait", "--execution", identifier, "--for", "archived", "--timeout", "0")
        one_line_error(ccat(*wait, CCAT_API_URL=server.url), f"not archived after 0 s: {said}")

    def test_it_survives_a_restart_of_the_api(self, ccat: RunCcat, api: Api, execution: str) -> None:
        ccat("obs", "finish", execution)
        api.stop()
        api.start()
        assert ccat("wait", "--execution", execution, "--for", "archived").status == 0

    def test_an_unknown_execution_is_an_error(self, ccat: RunCcat) -> None:
        one_line_error(ccat("wait", "--execution", new_id(), "--for", "archived"), "no execution")


class TestStage:
    def test_what_cannot_be_staged_is_named(self, ccat: RunCcat, execution: str) -> None:
        one_line_error(ccat("stage", "--to", "ccat.nowhere", "--execution", execution), "ccat.nowhere")
        one_line_error(ccat("stage", "--to", seed.BUFFER, "--execution", execution), "processing")
        for subject in ("execution", "package", "file"):
            one_line_error(ccat("stage", "--to", seed.PROCESSING, f"--{subject}", new_id()), subject)
