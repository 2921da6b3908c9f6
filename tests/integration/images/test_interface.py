"""The image of the web interface: what browsers and caches are told, and what is set at its start."""

import json
import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from harness.waiting import wait_for

from ccat_dev_stack.contained.engine import docker

IMAGE = f"{os.environ.get('IMAGE_PREFIX') or 'ccatobs'}/ops-db-ui:{os.environ.get('IMAGE_TAG') or '0.1.0'}"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
START_SECONDS = 30


def _docker(*arguments: str) -> str:
    return subprocess.run([docker(), *arguments], capture_output=True, text=True, check=True).stdout


def _serve(*options: str, user: str = "10001:10001") -> Iterator[httpx.Client]:
    """Run the image as restricted as a cluster does; yield a client of it."""
    name = f"ccat-test-{secrets.token_hex(6)}"
    command = ["run", "--detach", "--name", name, "--pull", "never", "--publish", "127.0.0.1::8080"]
    command += ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--user", user]
    command += ["--security-opt", "no-new-privileges:true", *options, IMAGE]
    _docker(*command)
    try:
        address = _docker("port", name, "8080").split()[0]
        with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
            wait_for(
                "the interface answers", lambda: _status(client), lambda status: status == 200, START_SECONDS
            )
            yield client
    finally:
        _docker("rm", "--force", "--volumes", name)


def _status(client: httpx.Client) -> int | None:
    try:
        return client.get("/healthz").status_code
    except httpx.TransportError:
        return None


@pytest.fixture(scope="module")
def served() -> Iterator[httpx.Client]:
    yield from _serve()


@pytest.fixture(scope="module")
def asset(served: httpx.Client) -> str:
    """Address of the script that the page begins with."""
    found = re.search(r'src="(/assets/[^"]+\.js)"', served.get("/").text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", ["/", "/index.html", "/config.json", "/assets/none.js", "/icon-ok.svg"])
def test_browsers_are_told_to_be_strict(path: str, served: httpx.Client) -> None:
    headers = served.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/", "text/html"),
        ("/observations", "text/html"),
        ("/places/locations/ccat.chai-raw-data", "text/html"),
        ("/config.json", "application/json"),
        ("/icon-ok.svg", "image/svg+xml"),
    ],
)
def test_what_may_change_is_asked_for_again(path: str, content: str, served: httpx.Client) -> None:
    answer = served.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == content
    assert answer.headers["cache-control"] == "no-cache"


def test_assets_are_compressed_and_kept_for_a_year(asset: str, served: httpx.Client) -> None:
    compressed = served.get(asset, headers={"Accept-Encoding": "gzip"})
    uncompressed = {"Accept-Encoding": "identity"}
    plain = served.get(asset, headers=uncompressed)
    assert compressed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert compressed.text == plain.text
    for answer in (compressed, plain):
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == "text/javascript"
        assert answer.headers["vary"] == "Accept-Encoding"
    again = served.get(asset, headers=uncompressed | {"If-None-Match": plain.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/",
        "/none.css",
        "/.git/config",
        "/api/v1/site",
        "/data/ccat/packages/x",
        "/readyz",
        "/metrics",
    ],
)
def test_what_is_missing_is_no_page(path: str, served: httpx.Client) -> None:
    answer = served.get(path)
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("cache-control", "")
    assert "root" not in answer.text


def test_source_maps_are_apart(asset: str, served: httpx.Client) -> None:
    assert served.get(f"{asset}.map").status_code == 404
    assert "sourceMappingURL" not in served.get(asset).text


def test_it_does_not_tell_its_version(served: httpx.Client) -> None:
    assert served.get("/").headers["server"] == "nginx"


def test_nothing_but_the_server_runs(served: httpx.Client) -> None:
    (container,) = _docker("ps", "--quiet", "--filter", f"publish={served.base_url.port}").split()
    processes = _docker("top", container, "-o", "pid,comm").splitlines()[1:]
    assert {line.split()[1] for line in processes} == {"nginx"}


def test_configuration_and_headers_can_be_mounted_and_it_runs_as_any_user(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"title": "elsewhere"}))
    (tmp_path / "headers.conf").write_text('add_header X-Frame-Options "DENY" always;\n')
    site = "/etc/ccat-ui/site"
    mounts = [f"{tmp_path / name}:{site}/{name}:ro" for name in ("config.json", "headers.conf")]
    for path in tmp_path.iterdir():
        path.chmod(0o644)
    for client in _serve("--volume", mounts[0], "--volume", mounts[1], user="23456:23456"):
        assert client.get("/config.json").json() == {"title": "elsewhere"}
        headers = client.get("/").headers
        assert headers["x-frame-options"] == "DENY"
        assert "content-security-policy" not in headers
