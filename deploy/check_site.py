"""Check the built site of docs/: every link and picture leads somewhere, and no page fetches anything from a network.

`python deploy/check_site.py FOLDER` (the standard library alone). Exit status 1, and a line for each fault.
"""

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "link": "href"}
SILENT = {"canonical", "prev", "next", "alternate"}  # links that a browser does not follow by itself


class Page(HTMLParser):
    """What a page links to, what a browser fetches for it, and the anchors that it has."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102 - the parser's own
        of = {name: value or "" for name, value in attrs}
        self.anchors |= {of[name] for name in ("id", "name") if name in of}
        if tag == "a" and "href" in of:
            self.links.append(of["href"])
        if FETCHED.get(tag, "") in of and of.get("rel") not in SILENT:
            self.fetched.append(of[FETCHED[tag]])


def faults(site: Path) -> Iterator[str]:
    """A line for each link that leads nowhere and each thing that would come from a network."""
    pages = {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}
    if not pages:
        yield f"{site} has no pages; build it with: make docs"
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        if name.name == "404.html":  # it is served for any path, so its links are absolute
            continue
        for link in page.links + page.fetched:
            address = urlsplit(link)
            if address.scheme or address.netloc:
                if link in page.fetched and address.scheme != "data":
                    yield f"{name}: fetches {link}"
                continue
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            if not target.exists():
                yield f"{name}: {link} is not there"
            elif address.fragment and target in pages and unquote(address.fragment) not in pages[target].anchors:
                yield f"{name}: {link} has no such heading"


if __name__ == "__main__":
    found = list(faults(Path(sys.argv[1])))
    print("\n".join(found) or f"{sys.argv[1]}: all links lead somewhere, and nothing is fetched from a network")
    sys.exit(bool(found))
