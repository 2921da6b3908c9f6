"""The web interface and what its server passes on: a browser needs one address."""

import hashlib
from collections.abc import Iterator

import httpx
import pytest
from harness.api import Api
from harness.archive import Archive, object_name
from harness.ccat import Ccat
from harness.compose import ComposeStack
from harness.deployment import Deployment
from harness.observing import observe, wait_removed

from harness import trees


@pytest.fixture(scope="module")
def browser(compose_stack: ComposeStack, deployment: Deployment) -> Iterator[httpx.Client]:
    """What asks at the interface's address only; the token of a person stands in for a session."""
    compose_stack.wait_well()
    headers = {"Authorization": f"Bearer {deployment.token}"}
    with httpx.Client(
        base_url=compose_stack.environment()["CCAT_UI_URL"], headers=headers, trust_env=False, timeout=30
    ) as client:
        yield client


def test_page_and_api_have_one_address(browser: httpx.Client, api: Api) -> None:
    assert '<div id="root">' in browser.get("/").text
    assert browser.get("/api/v1/site").json() == api.send("GET", "site").json()
    refused = browser.get("/api/v1/me", headers={"Authorization": ""})
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"


def test_bytes_come_from_the_data_servers(
    browser: httpx.Client, ccat: Ccat, api: Api, archive: Archive, deployment: Deployment
) -> None:
    """As a download that is never shown, whole and in parts."""
    folder = deployment.source_folder / "through-the-interface"
    trees.write(folder / "scan 1%?.fits", bytes(range(256)) * 4096)
    execution = observe(ccat, {"chai-lfa": folder})
    wait_removed(ccat, execution)
    package = api.packages(execution)["chai-lfa"]
    signed = httpx.URL(api.send("GET", f"raw-data-packages/{package['id']}/content").headers["location"])
    path = f"/data/cologne{signed.raw_path.decode()}"
    whole = archive.read(object_name(package))
    got = browser.get(path)
    assert hashlib.sha256(got.content).hexdigest() == hashlib.sha256(whole).hexdigest()
    assert got.headers["content-security-policy"] == "sandbox"
    assert got.headers["content-disposition"] == "attachment"
    part = browser.get(path, headers={"Range": "bytes=1000-1999"})
    assert part.status_code == 206
    assert part.content == whole[1000:2000]
    assert browser.get(path.replace("signature=", "signature=0")).status_code == 403


def test_an_api_that_is_away_is_a_problem_and_comes_back(
    browser: httpx.Client, compose_stack: ComposeStack
) -> None:
    compose_stack.kill("api")
    try:
        away = browser.get("/api/v1/site")
        assert away.status_code == 502
        assert away.headers["content-type"] == "application/problem+json"
        assert "does not answer" in away.json()["detail"]
        assert browser.get("/").status_code == 200
    finally:
        compose_stack.start("api")
        compose_stack.wait_well()
    assert browser.get("/api/v1/site").status_code == 200
