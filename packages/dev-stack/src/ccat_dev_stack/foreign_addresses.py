"""What pages would load of third parties: nothing that we serve may.

Links that readers follow (``<a href>``) are no loading. In scripts it cannot be told what an address is for:
every host that they name has to be known to whoever checks.
"""

import re
from collections.abc import Iterator, Set
from html.parser import HTMLParser
from pathlib import Path

PARSED = (".html", ".svg", ".css", ".js", ".mjs")
FOLLOWED = {"a", "area"}
LOADING = {
    "action",
    "background",
    "data",
    "formaction",
    "href",
    "manifest",
    "poster",
    "src",
    "srcset",
    "style",
    "xlink:href",
}

_FOREIGN = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_IN_STYLE = re.compile(
    r"""url\(\s*["']?\s*((?:[a-z][a-z0-9+.-]*:)?//[^"')\s]+)|@import\s+["']((?:[a-z]+:)?//[^"']+)""",
    re.IGNORECASE,
)
_IN_SCRIPT = re.compile(
    r"""(?:(?:https?|wss?):|["'`])//([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})""", re.IGNORECASE
)


def foreign_addresses(folder: Path, known_hosts: Set[str] = frozenset()) -> list[str]:
    """Return what the files of a folder load from elsewhere, as ``file: address``, sorted.

    Parameters
    ----------
    folder
        What is served.
    known_hosts
        Hosts that scripts may name: of namespaces, and of links in texts.
    """
    found: set[str] = set()
    for path in folder.rglob("*"):
        if path.suffix in PARSED and path.is_file():
            name = path.relative_to(folder)
            text = path.read_text(encoding="utf-8")
            found.update(f"{name}: {address}" for address in _addresses(path.suffix, text, known_hosts))
    return sorted(found)


def _addresses(suffix: str, text: str, known_hosts: Set[str]) -> Iterator[str]:
    if suffix == ".css":
        yield from _of_style(text)
    elif suffix in (".js", ".mjs"):
        yield from _of_script(text, known_hosts)
    else:
        page = _Page(known_hosts)
        page.feed(text)
        page.close()
        yield from page.found


def _of_style(text: str) -> Iterator[str]:
    for found in _IN_STYLE.finditer(text):
        yield found[1] or found[2]


def _of_script(text: str, known_hosts: Set[str]) -> Iterator[str]:
    for found in _IN_SCRIPT.finditer(text):
        if found[1] not in known_hosts:
            yield found[1]


class _Page(HTMLParser):
    def __init__(self, known_hosts: Set[str]) -> None:
        super().__init__()
        self.found: list[str] = []
        self._known_hosts = known_hosts
        self._within = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._within = tag
        for name, value in attributes:
            if name == "style":
                self.found += _of_style(value or "")
            elif name in LOADING and not (name == "href" and tag in FOLLOWED):
                parts = (value or "").split(",") if name == "srcset" else [value or ""]
                self.found += [part.split()[0] for part in parts if _FOREIGN.match(part)]
            elif name.startswith("on"):
                self.found += _of_script(value or "", self._known_hosts)

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "style":
            self.found += _of_style(data)
        elif self._within == "script":
            self.found += _of_script(data, self._known_hosts)
