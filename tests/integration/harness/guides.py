"""What the guides for operators tell people to type, typed by the tests."""

from collections.abc import Mapping

from ccat_dev_stack.checkout import checkout_folder
from ccat_dev_stack.guides import snippet
from harness.kubernetes import Site

_NAMESPACE = "--namespace data-center"


def follow(site: Site, guide: str, step: str, replacing: Mapping[str, str] | None = None) -> str:
    """Run the commands of a step of a guide in the namespace of a site, and return what they print.

    Parameters
    ----------
    guide
        Name of a page in ``docs/operate``.
    step
        Text in the line before the commands.
    replacing
        What stands for something else in the guide, such as a password.
    """
    found = snippet(checkout_folder() / "docs" / "operate" / f"{guide}.md", step)
    assert found.language == "sh"
    commands = found.replacing({_NAMESPACE: f"--namespace {site.namespace}", **(replacing or {})})
    return site.cluster.run("bash", "-euo", "pipefail", "-c", commands)
