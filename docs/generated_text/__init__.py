"""The directive ``generated``: text that is made from the code it describes, so that both agree.

In a page::

    ```{generated} failures
    :level: 2
    ```

The functions in this package return Markdown whose headings begin at level 1; ``level`` is that of the place.
"""

import re
from collections.abc import Callable, Mapping
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata, OptionSpec

from . import charts, commands, configuration, failures, metrics, rest, schema, settings, waiting

TEXTS: Mapping[str, Callable[[], str]] = {
    **charts.TEXTS,
    "command-ccat": commands.ccat,
    "command-ccat-transfer": commands.ccat_transfer,
    "command-opsdb": commands.opsdb,
    "command-ccat-operator": commands.ccat_operator,
    "command-stack": commands.stack,
    "configuration": configuration.sections,
    "failures": failures.failures,
    "life-cycles": schema.life_cycles,
    "metrics": metrics.metrics,
    "permissions": rest.permissions,
    "rest-operations": rest.operations,
    "rest-schemas": rest.schemas,
    "roles": rest.roles,
    "schema": schema.reference,
    "settings-api": settings.api,
    "settings-operator": settings.operator,
    "settings-client": settings.client,
    "settings-data-transfer": settings.data_transfer,
    "settings-ops-db": settings.ops_db,
    "waiting": waiting.reasons,
}


class Generated(SphinxDirective):
    """Puts one of the texts in its place."""

    required_arguments = 1
    option_spec: ClassVar[OptionSpec] = {"level": int}

    def run(self) -> list[nodes.Node]:
        """Return what the text parses to."""
        self.env.note_reread()
        try:
            text = TEXTS[self.arguments[0]]()
        except KeyError:
            raise self.error(f"there is no generated text {self.arguments[0]!r}") from None
        deeper = "#" * (self.options.get("level", 1) - 1)
        shifted = re.sub(r"^#+ ", lambda marks: deeper + marks[0], text, flags=re.MULTILINE)
        return self.parse_text_to_nodes(shifted, allow_section_headings=True)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directive known to Sphinx."""
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
