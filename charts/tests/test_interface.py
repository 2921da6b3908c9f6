"""The chart of the web interface: one name with the API, and what its server is told."""

from .rendering import CHARTS, Object, Renderer, containers, pod_templates

DEFAULTS = str(CHARTS / "data-center" / "ci" / "defaults.yaml")
EVERY_OPTION = str(CHARTS / "data-center" / "ci" / "every-option.yaml")
SITE = "/etc/ccat-ui/site"


def one(kind: str, name: str, objects: list[Object]) -> Object:
    (found,) = [item for item in objects if item["kind"] == kind and item["metadata"]["name"] == name]
    return found


def test_interface_and_api_have_one_name(renderer: Renderer) -> None:
    enabled = "ops-db-ui.ingress.enabled=true,ops-db-api.ingress.enabled=true,global.host=data.example.org"
    objects = renderer.objects("data-center", "--values", DEFAULTS, "--set", enabled)
    for chart, path in (("ops-db-ui", "/"), ("ops-db-api", "/api")):
        (rule,) = one("Ingress", f"data-center-{chart}", objects)["spec"]["rules"]
        assert rule["host"] == "data.example.org"
        assert [way["path"] for way in rule["http"]["paths"]] == [path]


def test_a_route_has_that_name_too(renderer: Renderer) -> None:
    enabled = "ops-db-ui.gateway.enabled=true,ops-db-ui.gateway.parentRefs[0].name=outside"
    named = f"{enabled},global.host=data.example.org"
    objects = renderer.objects("data-center", "--values", DEFAULTS, "--set", named)
    assert one("HTTPRoute", "data-center-ops-db-ui", objects)["spec"]["hostnames"] == ["data.example.org"]


def test_by_default_the_files_of_the_image_are_used(renderer: Renderer) -> None:
    objects = renderer.objects("data-center", "--values", DEFAULTS)
    template = dict(pod_templates(objects))["Deployment/data-center-ops-db-ui"]
    (container,) = containers(template)
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp"]
    policy = one("NetworkPolicy", "data-center-ops-db-ui", objects)["spec"]
    assert "egress" not in policy
    assert policy["policyTypes"] == ["Ingress", "Egress"]


def test_files_are_mounted_one_by_one_and_changes_start_it_anew(renderer: Renderer) -> None:
    objects = renderer.objects("data-center", "--values", EVERY_OPTION)
    data = one("ConfigMap", "data-center-ops-db-ui", objects)["data"]
    template = dict(pod_templates(objects))["Deployment/data-center-ops-db-ui"]
    (container,) = containers(template)
    mounted = {mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "files"}
    assert mounted == {f"{SITE}/{name}" for name in data}
    assert mounted == {f"{SITE}/{name}" for name in ("config.json", "headers.conf", "proxy.conf")}
    changed = renderer.objects(
        "data-center", "--values", EVERY_OPTION, "--set", "ops-db-ui.config.title=Other"
    )
    other = dict(pod_templates(changed))["Deployment/data-center-ops-db-ui"]
    assert other["metadata"]["annotations"] != template["metadata"]["annotations"]


def test_what_is_passed_on_leads_to_services_of_the_release(renderer: Renderer) -> None:
    values = str(CHARTS / "data-center" / "examples" / "development.yaml")
    objects = renderer.objects("data-center", "--values", values)
    proxy = one("ConfigMap", "data-center-ops-db-ui", objects)["data"]["proxy.conf"]
    services = {item["metadata"]["name"]: item["spec"] for item in objects if item["kind"] == "Service"}
    passed = [line.split()[1].rstrip(";") for line in proxy.splitlines() if "proxy_pass" in line]
    assert len(passed) == 3
    for address in passed:
        host, _, rest = address.removeprefix("http://").partition(":")
        port = rest.removesuffix("/packages/")
        assert [str(it["port"]) for it in services[host]["ports"]] == [port], address
