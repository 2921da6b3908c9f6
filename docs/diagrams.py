"""The directive ``mermaid``: a diagram that is drawn when the documentation is built, as two SVG files.

One is for light pages, one for dark ones; the theme's classes ``only-light`` and ``only-dark`` choose. Each
leads to itself, in its full size. Code forges draw the same text themselves.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any, ClassVar

import mmdr
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata, OptionSpec
from sphinx.writers.html5 import HTML5Translator

THEMES = {"light": "neutral", "dark": "dark"}
FONTS = "arial, sans-serif"


class Diagram(nodes.General, nodes.Element):
    """A diagram: the attributes ``text`` and ``alternative``."""


class Mermaid(SphinxDirective):
    """Puts a diagram in its place."""

    has_content = True
    option_spec: ClassVar[OptionSpec] = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the diagram, and refuse text that cannot be drawn."""
        text = "\n".join(self.content)
        try:
            draw(text, THEMES["light"])
        except Exception as error:
            raise self.error(f"this diagram cannot be drawn: {error}") from None
        return [Diagram(text=text, alternative=self.options.get("alt", "Diagram"))]


def draw(text: str, theme: str) -> str:
    """Return a Mermaid text as SVG.

    Raises
    ------
    Exception
        Of the library, if the text is no diagram.
    """
    options = {
        "theme": theme,
        "layout": "dagre",
        "look": "classic",
        "fontFamily": FONTS,
        "themeVariables": {"fontFamily": FONTS},
    }
    return mmdr.render(f"%%{{init: {json.dumps(options)}}}%%\n{text}").svg()


def visit_diagram(translator: HTML5Translator, node: Diagram) -> None:
    """Write both drawings, and what shows them."""
    builder: Any = translator.builder
    folder = Path(builder.outdir, builder.imagedir)
    folder.mkdir(parents=True, exist_ok=True)
    alternative = translator.attval(node["alternative"])
    for appearance, theme in THEMES.items():
        drawing = draw(node["text"], theme)
        name = f"diagram-{hashlib.sha256(drawing.encode()).hexdigest()[:16]}.svg"
        (folder / name).write_text(drawing, encoding="utf-8")
        width, height = _size(drawing)
        translator.body.append(
            f'<a class="only-{appearance}" href="{builder.imgpath}/{name}"><img class="diagram"'
            f' src="{builder.imgpath}/{name}" alt="{alternative}" width="{width}" height="{height}"></a>\n'
        )
    raise nodes.SkipNode


def _size(drawing: str) -> tuple[int, int]:
    found = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', drawing)
    assert found, "a drawing without a size"
    return round(float(found[1])), round(float(found[2]))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Make the directive known to Sphinx."""
    app.add_node(Diagram, html=(visit_diagram, None))
    app.add_directive("mermaid", Mermaid)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
