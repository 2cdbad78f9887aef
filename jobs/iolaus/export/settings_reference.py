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

Everything that decides a result is a setting with a default. To change one, write it into `iolaus.toml` in the folder
that holds the lake:

```toml
window_days = 14

[scoring]
unsupported_regions = ["CN", "RU"]

[channels.asn]
enabled = false

[spark]
sql.shuffle.partitions = 64
```

## Where values come from

Each place is over those before it:

1. the defaults;
2. one file: what `--settings FILE` names, else what the variable `IOLAUS_SETTINGS` names, else `iolaus.toml` in the
   folder that holds the lake. Beside a lake on an object store no file is looked for: name one;
3. environment variables: `IOLAUS__SCORING__BANNED=5`, with two underscores between the parts. Names in a table keep
   their case: `IOLAUS__PLANS__Free=20`;
4. `--set scoring.banned=5`, on any command, as often as needed.

Values of variables and of `--set` are written as in TOML or JSON; anything else is text. Spark properties are always
text.

```sh
iolaus settings --lake LAKE          # every value, and where it came from, in the form of iolaus.toml
iolaus settings --lake LAKE --diff   # only what differs from the defaults
iolaus run --landing LANDING --lake LAKE --set scoring.unsupported_regions='["CN","RU"]'
```

An unknown name, a value of the wrong type, one outside its range and two values that cannot be together end any command
with exit status 2 and one line, before Spark starts.

## What a lake was made with

Twelve hexadecimal digits, the digest, name a set of values. `quality/runs` has the digest of each run, and
`quality/settings` has the values of each digest; `iolaus settings --lake LAKE --digest D` prints them. The text of your
own suites and patterns is part of the values. A Spark property whose name says that it is secret is hidden, there and
everywhere else.

`iolaus report`, `iolaus export` and the notebooks use the settings that the run date was published with, not today's
file or environment. What the command line names is over them. The report lists each value that differs from its
default.

When you change a setting, a day that is already published keeps its old result. Run the days again for new ones; if the
setting is under `ingestion` or `capability_patterns`, make the days anew from bronze. Use one set of values for all
tasks of a day: `iolaus job` takes the same options.

## What may be in a file of its own

- `suites = "suites"` names a folder, relative to the settings file. Each file `TABLE.json` in it replaces the built-in
  suite of that table; other tables keep theirs. [gates.md](../operators/gates.md) says how to write one.
- `capability_patterns = "patterns.toml"` names a TOML file such as `coding = ["refaktor"]`. Patterns are RE2, are
  matched against text in lower case, and add to the built-in ones.
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
