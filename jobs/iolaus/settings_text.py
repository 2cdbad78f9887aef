"""Settings in words: a value as a file writes it, what a setting may be, and what differs from the defaults."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from iolaus.settings import DEFAULT, HIDDEN, About, Settings, leaves

_LONGEST = 200  # characters of a value that are shown; quality/settings has all of it


def shown(value: Any) -> str:
    """A value as it is written in TOML; a hidden one as such, and a long one cut."""
    if value == HIDDEN:
        return HIDDEN
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)} = {shown(item)}" for name, item in value.items()) + "}"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    text = json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def kind(about: About, default: Any) -> str:
    """What a setting may be: as `a whole number from 1 to 100 accounts`."""
    if isinstance(default, bool):
        return "true or false"
    if isinstance(default, tuple):
        return f"a list of texts that match {about.looks}"
    if isinstance(default, Mapping):
        return about.holds
    assert about.least is not None
    assert about.most is not None
    least, most = (str(bound) if about.unit == "year" else _number(bound) for bound in (about.least, about.most))
    if about.unit in ("share", "year"):
        return f"a {about.unit} from {least} to {most}"
    return f"a {'whole ' if isinstance(default, int) else ''}number from {least} to {most} {about.unit}".rstrip()


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


def entries(settings: Settings) -> Iterator[tuple[str, Any]]:
    """(name, value) of each setting, and of each entry of a table; a secret is hidden."""
    hidden = settings.values()["spark"]
    for name, _, value in leaves(settings):
        if isinstance(value, Mapping):
            yield from ((f"{name}.{key}", hidden[key] if name == "spark" else item) for key, item in value.items())
        else:
            yield name, value


def differing(settings: Settings) -> list[tuple[str, str, str | None]]:
    """(name, value, default) of each setting that differs from the defaults.

    An entry of a table has no default (None).
    """
    default = dict(entries(DEFAULT))
    return [
        (name, shown(value), shown(default[name]) if name in default else None)
        for name, value in entries(settings)
        if name not in default or default[name] != value
    ]
