"""The built interface and the documentation of the API: files, headers, and nothing from elsewhere."""

import gzip
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from ccat_ops_db.settings import OpsDbSettings, SettingsError
from ccat_ops_db_api.application import create_app
from ccat_ops_db_api.interface.documentation import FOLDER, SERVED
from ccat_ops_db_api.settings import load_settings

from . import conftest, seed

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SCRIPT = b"console.log('the interface');\n" * 100
PAGE = b"<!doctype html><title>The interface</title>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A built interface, with a secret beside it and links that lead there."""
    built = tmp_path / "dist"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_bytes(PAGE)
    (built / "config.json").write_text('{"links": {}}')
    (built / "favicon.svg").write_text("<svg/>")
    (built / ".env").write_text("SECRET=1")
    (built / "assets" / "index-Cx12.js").write_bytes(SCRIPT)
    (built / "assets" / "index-Cx12.js.gz").write_bytes(gzip.compress(SCRIPT))
    (built / "assets" / "style-Ab34.css").write_text("body {}")
    secret = tmp_path / "secret.txt"
    secret.write_text("of somebody else")
    (built / "secret.txt").symlink_to(secret)
    (built / "assets" / "beside").symlink_to(tmp_path)
    (built / "assets" / "loop").symlink_to(built / "assets" / "loop")
    (built / "assets" / "style-Ab34.css.gz").symlink_to(secret)
    return built


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """An application without a folder; tests give it one. Nothing of it asks the database."""
    nowhere = OpsDbSettings(
        database_url=SecretStr("postgresql://nowhere/none"), token_key=SecretStr(seed.KEY)
    )
    return create_app(conftest.settings(), nowhere)


@pytest.fixture
async def browser(app: FastAPI, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at the interface."""
    from ccat_ops_db_api.interface.pages import serve_interface

    serve_interface(app, folder)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        yield client
    serve_interface(app, None)


@pytest.fixture
async def reader(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at an API that does not serve the interface."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
        yield client


class TestInterface:
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/index.html",
            "/work",
            "/observations/01a1fe17-7846",
            "/places/ccat.buffer",
            "/sign-in?a=b",
            "/a/",
        ],
    )
    async def test_every_address_of_a_page_is_the_page(self, browser: httpx.AsyncClient, path: str) -> None:
        response = await browser.get(path)
        assert (response.status_code, response.content) == (200, PAGE)
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.headers["cache-control"] == "no-cache"

    @pytest.mark.parametrize("path", ["/", "/assets/index-Cx12.js", "/config.json", "/work"])
    async def test_headers_are_strict(self, browser: httpx.AsyncClient, path: str) -> None:
        headers = (await browser.get(path)).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"

    async def test_hashed_files_are_kept_for_a_year(self, browser: httpx.AsyncClient) -> None:
        response = await browser.get("/assets/index-Cx12.js", headers={"Accept-Encoding": "identity"})
        assert response.content == SCRIPT
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["content-type"] == "text/javascript; charset=utf-8"
        assert "content-encoding" not in response.headers
        assert response.headers["vary"] == "Accept-Encoding"

    @pytest.mark.parametrize("accept", ["gzip", "br, gzip;q=0.5", "GZIP"])
    async def test_compressed_files_are_sent_to_who_takes_them(
        self, browser: httpx.AsyncClient, accept: str
    ) -> None:
        response = await browser.get("/assets/index-Cx12.js", headers={"Accept-Encoding": accept})
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["content-type"] == "text/javascript; charset=utf-8"
        assert int(response.headers["content-length"]) < len(SCRIPT)
        assert response.content == SCRIPT

    @pytest.mark.parametrize("accept", ["", "br", "gzip;q=0", "gzip; q=0.0", "xgzip"])
    async def test_and_to_nobody_else(self, browser: httpx.AsyncClient, accept: str) -> None:
        response = await browser.get("/assets/index-Cx12.js", headers={"Accept-Encoding": accept})
        assert "content-encoding" not in response.headers
        assert response.content == SCRIPT

    async def test_a_file_is_read_without_its_body_too(self, browser: httpx.AsyncClient) -> None:
        response = await browser.head("/assets/index-Cx12.js", headers={"Accept-Encoding": "identity"})
        assert (response.status_code, response.content) == (200, b"")
        assert int(response.headers["content-length"]) == len(SCRIPT)

    @pytest.mark.parametrize("path", ["/config.json", "/favicon.svg"])
    async def test_other_files_are_asked_for_again(self, browser: httpx.AsyncClient, path: str) -> None:
        response = await browser.get(path)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-cache"

    @pytest.mark.parametrize(
        "path",
        [
            "/assets/index-Gone.js",
            "/assets/",
            "/assets/nothing",
            "/assets",
            "/nothing.js",
            "/work/chunk.JS",
            "/sw.js.map",
            "/robots.txt",
        ],
    )
    async def test_a_missing_file_is_not_the_page(self, browser: httpx.AsyncClient, path: str) -> None:
        response = await browser.get(path)
        assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")

    @pytest.mark.parametrize(
        "path",
        [
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/assets/../../secret.txt",
            "/assets/..%2f..%2fsecret.txt",
            "/assets/%2e%2e/%2e%2e/secret.txt",
            "/..%5csecret.txt",
            "/assets//../../secret.txt",
            "//etc/passwd",
            "/%2fetc/passwd",
            "/secret.txt",
            "/assets/beside/secret.txt",
            "/assets/beside/dist/index.html.txt",
            "/assets/loop",
            "/.env",
            "/assets/%00.js",
            "/" + "a" * 5000 + ".js",
            "/%ff%fe.js",
        ],
    )
    async def test_nothing_outside_the_folder_is_reached(self, browser: httpx.AsyncClient, path: str) -> None:
        raw = httpx.Request("GET", "http://api/")
        raw.url = raw.url.copy_with(raw_path=path.encode())
        response = await browser.send(raw)
        assert b"somebody" not in response.content
        assert b"SECRET" not in response.content
        assert b"root:" not in response.content
        assert response.status_code == 404 or response.content == PAGE

    async def test_a_compressed_file_that_leads_elsewhere_is_not_sent(
        self, browser: httpx.AsyncClient
    ) -> None:
        response = await browser.get("/assets/style-Ab34.css", headers={"Accept-Encoding": "gzip"})
        assert response.text == "body {}"

    @pytest.mark.parametrize(
        "path", ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/me", "/data/ccat/x", "/healthz/x"]
    )
    async def test_paths_of_the_api_stay_its_own(self, browser: httpx.AsyncClient, path: str) -> None:
        response = await browser.get(path)
        assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")

    async def test_the_api_answers_beside_it(self, browser: httpx.AsyncClient) -> None:
        assert (await browser.get("/healthz")).json() == {"status": "ok"}
        assert (await browser.get("/api/v1/me")).status_code == 401
        assert (await browser.get("/api/v1/openapi.json")).status_code == 200
        await browser.get("/work")
        assert 'route="interface"' in (await browser.get("/metrics")).text

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
    async def test_pages_are_only_read(self, browser: httpx.AsyncClient, method: str) -> None:
        assert (await browser.request(method, "/work")).status_code == 404
        assert (await browser.request(method, "/healthz")).status_code == 405

    async def test_a_new_build_is_served_at_once(self, browser: httpx.AsyncClient, folder: Path) -> None:
        (folder / "index.html").write_bytes(b"newer")
        assert (await browser.get("/")).content == b"newer"
        (folder / "index.html").unlink()
        assert (await browser.get("/")).status_code == 404


class TestSetting:
    @pytest.fixture(autouse=True)
    def needed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What else must be set."""
        monkeypatch.setenv("CCAT_OPS_DB_DATABASE_URL", "postgresql://db/ops")
        monkeypatch.setenv("CCAT_OPS_DB_API_SITE_ID", "ccat")

    def test_takes_a_built_interface(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CCAT_OPS_DB_API_UI_FOLDER", str(folder))
        assert load_settings()[0].ui_folder == folder

    def test_refuses_a_folder_without_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CCAT_OPS_DB_API_UI_FOLDER", str(tmp_path))
        with pytest.raises(SettingsError, match=r"UI_FOLDER: .* has no index.html"):
            load_settings()

    def test_takes_public_origins(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CCAT_OPS_DB_API_PUBLIC_ORIGINS", "https://a.example, http://[::1]:8000")
        assert load_settings()[0].public_origins == ("https://a.example", "http://[::1]:8000")

    @pytest.mark.parametrize(
        "origin",
        ["*", "null", "a.example", "https://a.example/", "https://A.example", "ftp://a.example", "https://"],
    )
    def test_refuses_what_no_browser_sends(self, origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CCAT_OPS_DB_API_PUBLIC_ORIGINS", origin)
        with pytest.raises(SettingsError, match="PUBLIC_ORIGINS"):
            load_settings()


class TestWithoutTheInterface:
    async def test_the_root_points_to_the_documentation(self, reader: httpx.AsyncClient) -> None:
        response = await reader.get("/")
        assert response.status_code == 200
        assert '<a href="/api/v1/docs">' in response.text
        assert response.headers["content-security-policy"] == POLICY

    async def test_nothing_else_is_there(self, reader: httpx.AsyncClient) -> None:
        assert (await reader.get("/work")).status_code == 404
        assert (await reader.post("/")).status_code == 404


class TestDocumentation:
    async def test_the_page_loads_files_of_this_server_only(self, reader: httpx.AsyncClient) -> None:
        response = await reader.get("/api/v1/docs")
        assert response.status_code == 200
        assert response.headers["content-security-policy"] == POLICY
        loaded = re.findall(r'(?:src|href)="([^"]*)"', response.text)
        assert loaded == [
            "data:,",
            *(f"/api/v1/docs/{name}" for name in ("swagger-ui.css", *SERVED[:1], "start.js")),
        ]
        assert "<script>" not in response.text
        assert not re.search(r"\son\w+=|\sstyle=|<style", response.text)
        for path in loaded[1:]:
            file = await reader.get(path)
            assert file.status_code == 200, path
            assert file.headers["content-security-policy"] == POLICY
            assert file.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize(
        "name", ["README.md", "checksums", "start.js.map", "..%2fpages.py", "%2e%2e", ""]
    )
    async def test_nothing_else_of_the_package_is_served(self, reader: httpx.AsyncClient, name: str) -> None:
        assert (await reader.get(f"/api/v1/docs/{name}")).status_code == 404

    async def test_no_address_of_anybody_else_is_loaded(self, reader: httpx.AsyncClient) -> None:
        """Those in Swagger UI are namespaces, links in texts, and a validator that is switched off."""
        known = {
            "datatracker.ietf.org", "example.com", "fb.me", "github.com", "i.test", "instagram.com",
            "json-schema.org", "reactjs.org", "redux.js.org", "soundcloud.com", "spdx.org",
            "spec.openapis.org", "swagger.io", "twitter.com", "validator.swagger.io",
            "vladimirgorej.com", "www.facebook.com", "www.rfc-editor.org", "www.tiktok.com", "www.w3.org",
        }  # fmt: skip
        hosts = r"//([a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*\.[a-z]{2,})"
        assert set(re.findall(hosts, (await reader.get(f"/api/v1/docs/{SERVED[0]}")).text)) == known
        style = (await reader.get("/api/v1/docs/swagger-ui.css")).text
        assert set(re.findall(hosts, style)) == {"www.w3.org"}
        assert not re.search(r"url\((?!data:|\"data:|'data:)|@import", style)
        for path in ("/", "/api/v1/docs", "/api/v1/docs/start.js"):
            assert not re.search(hosts, (await reader.get(path)).text), path
        assert "validatorUrl: null" in (await reader.get("/api/v1/docs/start.js")).text

    def test_the_files_are_those_of_the_release(self) -> None:
        for line in (FOLDER / "checksums").read_text().splitlines():
            digest, name = line.split()
            assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name
