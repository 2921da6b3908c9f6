"""``ccat-operator run`` as a program: it serves health and metrics, and ends when it is told to."""

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from kmock import KubernetesEmulator

from ccat_operator.handlers.cluster import Cluster
from ccat_operator.handlers.leadership import Leadership

from .conftest import command, run
from .fake_cluster import FakeCluster, fake_cluster

pytestmark = pytest.mark.long


@pytest.fixture
async def cluster(kmock: KubernetesEmulator, tmp_path: Path) -> AsyncIterator[FakeCluster]:
    async with fake_cluster(kmock, tmp_path) as made:
        yield made


async def test_serves_health_and_metrics_and_ends_in_time(
    cluster: FakeCluster, tmp_path: Path, ops_database: str
) -> None:
    await cluster.secret("owner", url=ops_database)
    await cluster.database()
    health, metrics = _free_ports()
    call, environment = command(
        "run",
        "--namespace=site",
        KUBECONFIG=str(tmp_path / "kubeconfig"),
        CCAT_OPERATOR_IMAGE="example.org/operator:0.1.0",
        CCAT_OPERATOR_HEALTH_PORT=str(health),
        CCAT_OPERATOR_METRICS_PORT=str(metrics),
    )
    process = await asyncio.create_subprocess_exec(
        *call, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        await cluster.until("main", "Ready")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{health}/healthz") as answer:
                assert answer.status == 200
            async with session.get(f"http://127.0.0.1:{metrics}/metrics") as answer:
                told = await answer.text()
        labels = 'condition="Ready",kind="OpsDatabase",name="main",namespace="site"'
        assert f"ccat_operator_condition{{{labels}}} 1.0" in told
        assert 'ccat_operator_reconcile_seconds_count{kind="OpsDatabase"}' in told
        assert process.pid is not None
        os.kill(process.pid, signal.SIGTERM)
        output, errors = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, errors.decode()
    assert output == b""
    for line in errors.decode().splitlines():
        assert json.loads(line)["event"], "each line of the log is JSON"
    assert "reconcile.broke_off" not in errors.decode()


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        ([], {}, "either --namespace NAME or --all-namespaces"),
        (["-A", "--namespace=site"], {}, "either --namespace NAME or --all-namespaces"),
        (["-A"], {}, "CCAT_OPERATOR_IMAGE is missing"),
        (["-A"], {"CCAT_OPS_DB_MIGRATIONS": "/nowhere"}, "not a folder"),
        (
            ["-A"],
            {"CCAT_OPS_DB_MIGRATIONS": "/tmp", "CCAT_OPS_DB_ENVIRONMENT": "production"},
            "development only",
        ),
        (["-A"], {"CCAT_OPS_DB_MISTYPED": "1"}, "unknown settings CCAT_OPS_DB_MISTYPED"),
    ],
)
def test_does_not_start_with_settings_that_cannot_be(
    arguments: list[str], settings: dict[str, str], said: str
) -> None:
    done = run("run", *arguments, **settings)
    assert done.status == 1
    assert said in done.log


async def test_the_replica_of_highest_priority_leads(
    cluster: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    api = Cluster()
    ours = Leadership(api, "operator", "site", priority=100)
    assert await Leadership(api).is_ours(), "alone"
    assert await ours.is_ours(), "no peering yet"
    path = "/apis/kopf.dev/v1/namespaces/site/kopfpeerings"
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    peers = {
        "us": {"priority": 100, "lifetime": 60, "lastseen": now},
        "lower": {"priority": 1, "lifetime": 60, "lastseen": now},
        "ended": {"priority": 900, "lifetime": 0, "lastseen": now},
        "dead": {"priority": 900, "lifetime": 60, "lastseen": "2026-01-01T00:00:00"},
    }
    await cluster.apply(path, {"metadata": {"name": "operator", "namespace": "site"}, "status": peers})
    assert await ours.is_ours()
    higher = {"higher": {"priority": 101, "lifetime": 60, "lastseen": now}}
    await cluster.patch(f"{path}/operator", {"status": higher})
    assert not await ours.is_ours()
    await api.close()


async def test_replica_that_does_not_lead_does_nothing_until_it_does(
    cluster: FakeCluster, tmp_path: Path, ops_database: str
) -> None:
    await cluster.secret("owner", url=ops_database)
    await cluster.database()
    path = "/apis/kopf.dev/v1/namespaces/site/kopfpeerings"
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    leader = {"priority": 2**31, "lifetime": 3600, "lastseen": now}
    manifest = {"metadata": {"name": "operator", "namespace": "site"}, "status": {"leader": leader}}
    await cluster.apply(path, manifest)
    process = await _started(tmp_path, CCAT_OPERATOR_PEERING="operator")
    try:
        await cluster.until_true(lambda peering: len(peering["status"]) == 2, f"{path}/operator")
        assert ("", "secrets", "get") not in cluster.rights_used("ccat-operator")
        await cluster.patch(f"{path}/operator", {"status": {"leader": None}})
        await cluster.until("main", "Ready")
    finally:
        await _end(process)


async def test_api_server_that_does_not_answer_is_asked_again(
    cluster: FakeCluster, tmp_path: Path, ops_database: str, kmock: KubernetesEmulator
) -> None:
    await cluster.secret("owner", url=ops_database)
    await cluster.database()
    kmock["get /api/v1/namespaces/site/secrets/owner"][:3] << 500
    process = await _started(tmp_path)
    try:
        await cluster.until("main", "Ready")
    finally:
        await _end(process)


async def _started(tmp_path: Path, **settings: str) -> asyncio.subprocess.Process:
    health, metrics = _free_ports()
    call, environment = command(
        "run",
        "--namespace=site",
        KUBECONFIG=str(tmp_path / "kubeconfig"),
        CCAT_OPERATOR_IMAGE="example.org/operator:0.1.0",
        CCAT_OPERATOR_HEALTH_PORT=str(health),
        CCAT_OPERATOR_METRICS_PORT=str(metrics),
        **settings,
    )
    return await asyncio.create_subprocess_exec(
        *call, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    await asyncio.wait_for(process.wait(), 60)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]
