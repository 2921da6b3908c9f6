"""The verbs with BACKEND=compose: twice is as once, and nothing is open to other machines."""

from harness.compose import ComposeStack
from harness.deployment import Deployment

LOOPBACK = "127.0.0.1"


def test_a_second_start_changes_nothing(compose_stack: ComposeStack, deployment: Deployment) -> None:
    before = {
        it.service: compose_stack.inspect(it.service)["Id"] for it in compose_stack.compose().containers()
    }
    printed = compose_stack.up()
    assert deployment.api_url in printed
    after = {
        it.service: compose_stack.inspect(it.service)["Id"] for it in compose_stack.compose().containers()
    }
    assert after == before
    assert compose_stack.deployment() == deployment


def test_each_container_is_locked_down(compose_stack: ComposeStack) -> None:
    for container in compose_stack.compose().containers():
        found = compose_stack.inspect(container.service)
        host = found["HostConfig"]
        assert host["ReadonlyRootfs"], container
        assert host["CapDrop"] == ["ALL"], container
        assert "no-new-privileges:true" in host["SecurityOpt"], container
        assert host["Memory"], container
        assert host["NanoCpus"], container
        assert found["Config"]["User"].split(":")[0] not in ("", "0", "root"), container
        for bindings in (host["PortBindings"] or {}).values():
            assert {binding["HostIp"] for binding in bindings} == {LOOPBACK}, container


def test_status_tells_of_every_service(compose_stack: ComposeStack) -> None:
    compose_stack.wait_well()
    done = compose_stack.verb("status")
    assert done.returncode == 0, done.stdout
    for container in compose_stack.compose().containers():
        assert container.service in done.stdout
    assert "What is where" in done.stdout
