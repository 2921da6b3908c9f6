"""What pages would load of third parties is found; what their readers may follow is left alone."""

from pathlib import Path

import pytest

from ccat_dev_stack.checkout import interface_folder
from ccat_dev_stack.foreign_addresses import foreign_addresses

# Namespaces, and links in messages of errors.
HOSTS_IN_THE_INTERFACE = {"base-ui.com", "react.dev", "www.w3.org"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", '<script src="https://cdn.example.org/a.js"></script>'),
        ("a.html", '<script type="module">import a from "https://cdn.example.org/a.mjs"</script>'),
        ("a.html", "<script>fetch('//cdn.example.org/a')</script>"),
        ("a.html", '<link rel="stylesheet" href="//cdn.example.org/a.css">'),
        ("a.html", '<img src="HTTPS://cdn.example.org/a.png">'),
        ("a.html", '<img srcset="own.png 1x, https://cdn.example.org/a.png 2x">'),
        ("a.html", '<iframe src=" https://cdn.example.org/"></iframe>'),
        ("a.html", '<form action="https://cdn.example.org/"></form>'),
        ("a.html", "<p style=\"background: url('https://cdn.example.org/a.png')\">"),
        ("a.html", "<style>@import 'https://cdn.example.org/a.css';</style>"),
        ("a.html", """<p onclick="fetch('https://cdn.example.org/')">"""),
        ("a.html", '<object data="https://cdn.example.org/a.svg"></object>'),
        ("a.svg", '<svg><image xlink:href="https://cdn.example.org/a.png"/></svg>'),
        ("a.svg", "<svg><style>@import url(https://cdn.example.org/css2?family=Inter);</style></svg>"),
        ("a.css", "@font-face { src: url( 'https://cdn.example.org/a.woff2') }"),
        ("a.js", "new WebSocket('wss://cdn.example.org/feed')"),
        ("below/a.js", "const at = `https://cdn.example.org/${name}`"),
    ],
)
def test_what_is_loaded_from_elsewhere_is_found(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    [found] = foreign_addresses(tmp_path)
    assert found.startswith(f"{name}: ")
    assert "cdn.example.org" in found


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", '<a href="https://example.org/">read on</a> https://example.org'),
        ("a.html", '<img src="_images/a.svg"><link rel="icon" href="data:,"><script src="a.js"></script>'),
        ("a.html", "<code>&lt;script src=&quot;https://example.org&quot;&gt;</code>"),
        ("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"><use href="#arrow"/></svg>'),
        ("a.css", "p { background: url('data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\"/>') }"),
        ("a.js", 'document.createElementNS("http://known.example.org/2000/svg", "g")  // a.b.c'),
    ],
)
def test_what_is_our_own_or_only_followed_is_not(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert foreign_addresses(tmp_path, {"known.example.org"}) == []


def test_the_built_interface_loads_nothing_from_elsewhere() -> None:
    built = interface_folder()
    assert built, "the interface is not built: `make test` and `make dev-up` build it"
    assert foreign_addresses(built, HOSTS_IN_THE_INTERFACE) == []
