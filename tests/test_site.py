"""The check of the built site finds what it is for, and the site's configuration names every page."""

import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "deploy"))
from check_site import faults  # noqa: E402 - deploy/ is no package


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        (
            '<a href="b.html#there">ok</a><a href="https://example.org">ok</a><link rel="canonical" href="https://e.org">',
            "",
        ),
        ('<a href="gone.html">x</a>', "a.html: gone.html is not there"),
        ('<a href="b.html#gone">x</a>', "a.html: b.html#gone has no such heading"),
        ('<img src="gone.png">', "a.html: gone.png is not there"),
        ('<script src="https://cdn.example/x.js"></script>', "a.html: fetches https://cdn.example/x.js"),
    ],
)
def test_a_fault_is_found(tmp_path: Path, html: str, fault: str) -> None:
    (tmp_path / "a.html").write_text(html)
    (tmp_path / "b.html").write_text('<h1 id="there">b</h1>')
    assert list(faults(tmp_path)) == ([fault] if fault else [])


def test_a_folder_without_pages_is_a_fault(tmp_path: Path) -> None:
    assert len(list(faults(tmp_path))) == 1


def test_every_page_has_a_place_in_the_navigation() -> None:
    text = re.sub(r"!ENV \[.*\]", "x", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    named = re.findall(r"[\w/-]+\.md", str(yaml.safe_load(text)["nav"]))
    there = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert sorted(named) == sorted(there)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "deploy/README.md"])
def test_links_outside_the_site_lead_somewhere(name: str) -> None:
    path = ROOT / name
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert not [link for link in links if not (path.parent / link).exists()]


def test_the_code_names_pages_that_are_there() -> None:
    """Docstrings, messages and pages of the report name pages of docs/ by their paths."""
    files = [
        p for folder in ("jobs", "dags", "deploy", "benchmarks", "expectations") for p in (ROOT / folder).rglob("*")
    ]
    named = {
        (path.relative_to(ROOT).as_posix(), page)
        for path in files
        if path.suffix in {".py", ".html", ".md", ".sh", ".json"}
        for page in re.findall(r"(?<![\w/])docs/[\w/-]+\.(?:md|svg)", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 15
    assert not [each for each in named if not (ROOT / each[1]).exists()]
