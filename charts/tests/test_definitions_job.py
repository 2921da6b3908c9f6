"""The program that brings definitions up to date, against a server that answers as the cluster's does."""

import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import pytest

from .rendering import CHARTS, Renderer, containers, pod_templates

FILE = CHARTS / "ccat-crds" / "files" / "apply.py"
NAME = "things.example.org"


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("apply_definitions", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Server(ThreadingHTTPServer):
    status = 200
    body: Any = None
    request: dict[str, Any]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_PATCH(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.request = {"path": self.path, "headers": dict(self.headers), "content": content}
        answer = json.dumps(self.server.body).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize(("status", "said"), [(200, "up to date"), (201, "created")])
def test_definition_is_applied(
    status: int, said: str, program: ModuleType, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status = status
    program.apply(address(server), NAME, b"kind: CustomResourceDefinition\n", "token", None)
    assert capsys.readouterr().out == f"{NAME}: {said}\n"
    assert server.request["path"] == (
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.org"
        "?fieldManager=ccat-crds&force=true"
    )
    assert server.request["headers"]["Authorization"] == "Bearer token"
    assert server.request["headers"]["Content-Type"] == "application/apply-patch+yaml"
    assert server.request["content"] == b"kind: CustomResourceDefinition\n"


def test_refusal_ends_it_with_the_servers_words(program: ModuleType, server: Server) -> None:
    server.status, server.body = 403, {"message": "you may not"}
    with pytest.raises(SystemExit, match=f"{NAME}: you may not"):
        program.apply(address(server), NAME, b"", "token", None)


def test_refusal_without_a_message_is_shown_as_it_is(program: ModuleType, server: Server) -> None:
    server.status, server.body = 502, ["gateway"]
    with pytest.raises(SystemExit, match="gateway"):
        program.apply(address(server), NAME, b"", "token", None)


def test_server_that_is_away_is_named(program: ModuleType, server: Server) -> None:
    server.server_close()
    with pytest.raises(SystemExit, match="does not answer"):
        program.apply(address(server), NAME, b"", "token", None)


def test_job_has_the_definitions_and_the_right_to_them(renderer: Renderer) -> None:
    values = str(CHARTS / "ccat-crds" / "ci" / "defaults.yaml")
    objects = renderer.objects("ccat-crds", "--values", values)
    assert {item["metadata"]["annotations"]["helm.sh/hook"] for item in objects} == {"pre-upgrade"}
    (config_map,) = [item for item in objects if item["kind"] == "ConfigMap"]
    names = {name.removesuffix(".yaml") for name in config_map["data"] if name.endswith(".yaml")}
    assert names == {
        "opsdatabases.data-center.ccatobservatory.org",
        "siteconfigurations.data-center.ccatobservatory.org",
    }
    assert config_map["data"]["apply.py"].strip() == FILE.read_text().strip()
    (role,) = [item for item in objects if item["kind"] == "ClusterRole"]
    assert set(role["rules"][0]["resourceNames"]) == names
    ((_, template),) = pod_templates(objects)
    (container,) = containers(template)
    assert container["command"] + container["args"] == ["python3", "/definitions/apply.py", "/definitions"]


def test_nothing_of_it_when_it_is_off(renderer: Renderer) -> None:
    values = str(CHARTS / "ccat-crds" / "ci" / "defaults.yaml")
    assert renderer.objects("ccat-crds", "--values", values, "--set", "update=false") == []


def test_definitions_are_installed_first_and_can_be_left_out(renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "ci" / "defaults.yaml")
    kinds = [it["kind"] for it in renderer.objects("data-center", "--values", values, "--include-crds")]
    assert kinds[:4] == ["CustomResourceDefinition"] * 4
    off = renderer.objects(
        "data-center", "--values", values, "--include-crds", "--set", "operator.crds.install=false"
    )
    assert "CustomResourceDefinition" not in [item["kind"] for item in off]
