"""What the guides for operators tell people to type, typed by the tests."""

import re
from collections.abc import Mapping

from ccat_dev_stack.checkout import checkout_folder
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
    text = (checkout_folder() / "docs" / "operate" / f"{guide}.md").read_text("utf-8")
    found = re.findall(rf"{re.escape(step)}[^\n]*\n\n( *)```sh\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{guide} has the step {step!r} {len(found)} times"
    commands = str(found[0][1])
    for shown, meant in {_NAMESPACE: f"--namespace {site.namespace}", **(replacing or {})}.items():
        assert shown in commands, f"{shown} is not in the step {step!r} of {guide}"
        commands = commands.replace(shown, meant)
    return site.cluster.run("bash", "-euo", "pipefail", "-c", commands)
