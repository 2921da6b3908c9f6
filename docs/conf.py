"""How Sphinx builds this documentation: ``make docs``, into ``build/docs/html``; warnings are errors."""

import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from ccat_dev_stack.foreign_addresses import foreign_addresses

DOCS = Path(__file__).parent

sys.path.insert(0, str(DOCS))

project = "CCAT data centre"
project_copyright = "CCAT observatory"
version = release = "0.1.0"

extensions = [
    "diagrams",
    "generated_text",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["generated_text"]

# Namespaces, and links in comments.
HOSTS_IN_SCRIPTS = {"developer.mozilla.org", "snowballstem.org", "www.w3.org"}

# In our docstrings `name` is code, wherever it leads.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
python_maximum_signature_line_length = 88

# Diagrams are written so that code forges draw them too.
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]

html_theme = "furo"
html_title = "CCAT data centre"
html_static_path = ["_static"]
html_css_files = ["data-centre.css"]
html_copy_source = False
html_show_sphinx = False


def setup(app: Sphinx) -> None:
    """Leave out what named tuples say of their own fields, and refuse pages that need the internet."""
    app.connect("autodoc-skip-member", _is_alias_of_field)
    app.connect("build-finished", _load_nothing_from_elsewhere)


def _is_alias_of_field(
    app: Sphinx, kind: str, name: str, member: object, skip: bool, options: object
) -> bool | None:
    return True if str(member.__doc__).startswith("Alias for field number") else None


def _load_nothing_from_elsewhere(app: Sphinx, exception: Exception | None) -> None:
    found = foreign_addresses(Path(app.outdir), HOSTS_IN_SCRIPTS) if exception is None else []
    if found:
        raise ExtensionError("pages would load what is not ours: " + "; ".join(found))
