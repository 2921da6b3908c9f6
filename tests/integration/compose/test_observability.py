"""The profile ``observability``: its images are of others; what it asks of our services is there."""

import json

import pytest
import yaml
from harness.compose import ComposeStack

from ccat_dev_stack.checkout import checkout_folder

PROFILES = "second-site,observability"


def _targets() -> list[str]:
    file = checkout_folder() / "compose" / "observability" / "prometheus.yaml"
    jobs = yaml.safe_load(file.read_text())["scrape_configs"]
    return [target for job in jobs for some in job["static_configs"] for target in some["targets"]]


@pytest.mark.parametrize("target", _targets())
def test_each_target_tells_its_figures(target: str, compose_stack: ComposeStack) -> None:
    compose_stack.wait_well()
    asked = (
        f"import urllib.request as r; print(r.urlopen('http://{target}/metrics', timeout=10).read().decode())"
    )
    told = compose_stack.compose().run("exec", "-T", "api", "python", "-c", asked)
    assert "process_cpu_seconds_total" in told


def test_every_service_of_ours_is_a_target(
    compose_stack: ComposeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_PROFILES", PROFILES)
    services = json.loads(compose_stack.compose().run("config", "--format", "json"))["services"]
    ours = {
        name
        for name, service in services.items()
        if service["image"].split("/")[1].startswith(("ops-db-api", "data-transfer"))
    }
    assert {target.partition(":")[0] for target in _targets()} == ours
    for name in ("prometheus", "grafana"):
        assert services[name]["read_only"], name
        assert [port["host_ip"] for port in services[name]["ports"]] == ["127.0.0.1"], name
