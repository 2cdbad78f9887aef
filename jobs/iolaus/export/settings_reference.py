"""The reference of settings: `docs/reference/settings.md`, made from the tree. `make dictionary` writes it."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from iolaus.settings import DEFAULT, About, Limits, leaves
from iolaus.settings_text import kind, shown

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"

_HEAD = """# Settings

Made from `jobs/iolaus/settings.py` by `make dictionary`; change a setting there, not here.

Every setting has a default; [Configure](../operators/configure.md) says how to change one, and where values come
from. A name with dots is a section and a name in it: `scoring.margin` is `margin` under `[scoring]` in `iolaus.toml`.
"""


def page() -> str:
    """The whole page, in Markdown."""
    sections = [(each.name, getattr(DEFAULT, each.name)) for each in fields(DEFAULT)]
    plain = [(name, value) for name, value in sections if not is_dataclass(value)]
    names = {name for name, _ in plain}
    top = [(name, about, value) for name, about, value in leaves() if name in names]
    parts = [_HEAD, "## Top level\n", _table(top)]
    for name, section in ((n, s) for n, s in sections if is_dataclass(s)):
        parts += [f"## {name}\n", f"{type(section).__doc__}\n"]
        parts.append(_channels(section) if name == "channels" else _table(leaves(section, f"{name}.")))
    return "\n".join(parts)


def _table(rows: Iterator[tuple[str, About, Any]] | list[tuple[str, About, Any]]) -> str:
    lines = [
        f"| `{name}` | `{shown(value)}` | {_cell(kind(about, value))} | {about.reason} |" for name, about, value in rows
    ]
    return "\n".join(["| setting | default | may be | why |", "|---|---|---|---|", *lines]) + "\n"


def _channels(section: Any) -> str:
    """The defaults of each channel, under what is common to all."""
    about = [f"- `channels.NAME.{name}`: {kind(said, value)}. {said.reason}" for name, said, value in leaves(Limits())]
    names = [each.name for each in fields(Limits)]
    lines = [
        f"| `{channel}` | {' | '.join(f'`{shown(getattr(section[channel], n))}`' for n in names)} |"
        for channel in section.names()
    ]
    head = [f"| NAME | {' | '.join(names)} |", "|---" * (1 + len(names)) + "|"]
    return "\n".join([*about, "", *head, *lines]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
