"""The settings of a command: the defaults, over them a file, over it the environment, over it the command line.

A file is TOML, laid out as `iolaus.settings.Settings`. An environment variable is `IOLAUS__SCORING__BANNED=3`; an
argument is `--set scoring.banned=3`. Values of both are TOML, or plain text. pydantic checks types and ranges; whatever
is wrong is one line that names the setting, what it may be, and where it was given.
"""

import json
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from iolaus.errors import UsageError, one_line
from iolaus.pipeline import RECORDS, STAGES, Grain
from iolaus.settings import DEFAULT, About, Settings, flat, leaves, restored
from iolaus.settings_text import kind, shown

FILE_NAME = "iolaus.toml"
NAMES_FILE = "IOLAUS_SETTINGS"  # the environment variable that names another
PREFIX = "IOLAUS__"  # of variables that hold a setting each
DEFAULTED = "default"

_ABOUT: dict[str, tuple[About, Any]] = {name: (about, default) for name, about, default in leaves()}
_TABLES = tuple(name for name, (_, default) in _ABOUT.items() if isinstance(default, Mapping))


@dataclass(frozen=True)
class Effective:
    """Settings, and where each value that is no default came from: a file's path, a variable, or `--set`.

    `sources` is by the name of a setting, and `TABLE.NAME` for each entry of a table. `explicit` are the layers that
    the command line named: a command that reads a lake puts them over the settings which that lake was made with.
    """

    settings: Settings = DEFAULT
    sources: Mapping[str, str] = field(default_factory=dict)
    explicit: tuple["Layer", ...] = ()

    def over(self, base: Settings) -> Settings:
        """The settings of a lake, with what the command line names instead. Raises UsageError as `read` does."""
        return combined(self.explicit, base)[0] if self.explicit else base


@dataclass(frozen=True)
class Layer:
    """Values from one place: (name of the setting, name in its table or None) to (value, place in words)."""

    values: Mapping[tuple[str, str | None], tuple[Any, str]]


def read(lake: str | None, file: str | None, sets: Sequence[str], environ: Mapping[str, str] = os.environ) -> Effective:
    """The effective settings. `lake`: where `iolaus.toml` is looked for, in the folder that holds the lake.

    `file` is what `--settings` names (None or empty: nothing), `sets` are `KEY=VALUE`. Raises UsageError, in one line,
    for a file that cannot be read, a setting that there is not, and a value that it cannot have.
    """
    explicit = [_from_file(Path(file))] if file else []
    explicit += [_from_arguments(sets)] if sets else []
    layers = [] if file else _found_files(lake, environ)
    layers += [*explicit[: bool(file)], _from_environment(environ), *explicit[bool(file) :]]
    if not any(layer.values for layer in layers):
        return Effective()
    settings, sources = combined(layers)
    return Effective(settings, sources, tuple(explicit))


def combined(layers: Iterable[Layer], base: Settings = DEFAULT) -> tuple[Settings, dict[str, str]]:
    """Layers over a base, checked, and where each value that they give came from."""
    found = flat(base.values()) | {name: dict(getattr(base, name)) for name in _TABLES}
    sources: dict[str, str] = {}
    for layer in layers:
        for (name, key), (value, place) in layer.values.items():
            if key is None:
                found[name] = value
            else:
                found[name] = {**found[name], key: value}
            sources[name if key is None else f"{name}.{key}"] = place
    settings = restored(_checked(found, sources))
    if wrong := _contradiction(settings):
        names, text = wrong
        place = next((sources[name] for name in names if name in sources), DEFAULTED)
        raise UsageError(f"{place}: {text}")
    return settings, sources


def _found_files(lake: str | None, environ: Mapping[str, str]) -> list[Layer]:
    """The file that the environment names, else the one beside a lake on a file system; none is fine."""
    if named := environ.get(NAMES_FILE):
        return [_from_file(Path(named))]
    if not lake or ("://" in lake and not lake.startswith("file://")):
        return []
    beside = Path(lake.removeprefix("file://")).absolute().parent / FILE_NAME
    return [_from_file(beside)] if beside.is_file() else []


def _from_file(path: Path) -> Layer:
    try:
        text = path.read_text(encoding="utf-8")
        tree = tomllib.loads(text)
    except OSError as error:
        raise UsageError(
            f"the settings file {path} cannot be read ({error.strerror}); name another with --settings"
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"the settings file {path} is not TOML: {one_line(error)}") from error
    values: dict[tuple[str, str | None], tuple[Any, str]] = {}
    for parts, value in _spread(tree):
        name, key = _named(parts, str(path))
        values |= {
            entry: (item, str(path)) for entry, item in _entries(name, key, value, path.absolute().parent, str(path))
        }
    return Layer(values)


def _spread(tree: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Any]]:
    """Each leaf value of nested tables, with the names above it. A section without entries gives nothing."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _spread(value, (*above, name))
        else:
            yield (*above, name), value


def _from_environment(environ: Mapping[str, str]) -> Layer:
    values: dict[tuple[str, str | None], tuple[Any, str]] = {}
    for variable in sorted(environ):
        if variable.startswith(PREFIX):
            given = tuple(variable.removeprefix(PREFIX).split("__"))
            parts = (given[0].lower(), *(part if given[0].lower() in _TABLES else part.lower() for part in given[1:]))
            name, key = _named(parts, variable)
            values |= {
                e: (item, variable)
                for e, item in _entries(name, key, _parsed(environ[variable], name), Path(), variable)
            }
    return Layer(values)


def _from_arguments(sets: Sequence[str]) -> Layer:
    values: dict[tuple[str, str | None], tuple[Any, str]] = {}
    for argument in sets:
        given, equals, text = argument.partition("=")
        if not equals:
            raise UsageError(f"--set {argument}: write KEY=VALUE, as --set scoring.banned=3")
        name, key = _named(tuple(given.strip().split(".")), "--set")
        values |= {entry: (item, "--set") for entry, item in _entries(name, key, _parsed(text, name), Path(), "--set")}
    return Layer(values)


def _parsed(text: str, name: str) -> Any:
    """A value as TOML writes it, else as JSON (which has other escapes), else the text itself.

    Every Spark property is text.
    """
    if name in ("spark", "suites") and not text.lstrip().startswith("{"):
        return text
    for parse in (lambda t: tomllib.loads(f"value = {t}")["value"], json.loads):
        try:
            return parse(text)
        except ValueError:  # of both parsers
            continue
    return text


def _named(parts: Sequence[str], place: str) -> tuple[str, str | None]:
    """The setting that the parts of a name stand for, and the name in its table.

    Raises UsageError, with the nearest name, if there is none.
    """
    whole = ".".join(parts)
    if whole in _ABOUT:
        return whole, None
    if parts[0] in _TABLES and len(parts) > 1:
        name, key = parts[0], ".".join(parts[1:])
        keys = _keys(name)
        if keys and key not in keys:
            raise UsageError(f"{place}: {name} has no {key}; {_nearest(key, keys)}it may have: {', '.join(keys)}")
        return name, key.removeprefix("spark.") if name == "spark" else key
    inside = [name for name in _ABOUT if name.startswith(f"{whole}.")]
    if inside:
        raise UsageError(f"{place}: {whole} is a section; set one of its values, as {inside[0]}")
    raise UsageError(
        f"{place}: there is no setting {one_line(whole, 80)}; {_nearest(whole, tuple(_ABOUT))}all of them: iolaus "
        "settings"
    )


def _keys(name: str) -> tuple[str, ...]:
    """The names that a table of settings may have; () for any."""
    if name == "suites":
        landing = {read.table for made in STAGES for read in made.reads if read.table.startswith("landing.")}
        return (*sorted(landing), *(made.table for made in STAGES))
    if name == "keep_days":
        dated = (made.table for made in STAGES if made.grain is not Grain.SNAPSHOT)
        return (*dated, *(name for name in RECORDS if name != "quality.settings"))
    return _ABOUT[name][0].keys


def _nearest(given: str, names: Sequence[str]) -> str:
    """`did you mean …? `, or nothing where no name is near. A name without its section is near too."""
    by_last = {name.rpartition(".")[2]: name for name in reversed(names)}
    near = get_close_matches(given, names, 1) or [
        by_last[n] for n in get_close_matches(given.rpartition(".")[2], by_last, 1)
    ]
    return f"did you mean {near[0]}? " if near else ""


def _entries(
    name: str, key: str | None, value: Any, folder: Path, place: str
) -> Iterable[tuple[tuple[str, str | None], Any]]:
    """The values that one given value stands for: itself, or the entries of a table, as a file may hold them."""
    if name not in _TABLES or key is not None:
        return [((name, key), value)]
    if isinstance(value, str) and _ABOUT[name][0].is_file:
        path = folder / Path(value).expanduser()
        try:
            value = _suites(path, place) if name == "suites" else tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"{place}: {name} names {path}, which cannot be read ({error.strerror})") from error
        except ValueError as error:  # no TOML, no JSON, no UTF-8
            raise UsageError(f"{place}: {name} names {path}, which cannot be used: {one_line(error)}") from error
    if not isinstance(value, Mapping):
        raise UsageError(f"{place}: {name} is a table of names and values; write it as {name}.NAME")
    return [(_named((name, *part), place), item) for part, item in _spread(value)]


def _suites(folder: Path, place: str) -> dict[str, str]:
    """The suites of a folder, by table."""
    found = {
        path.name.removesuffix(".json"): path.read_text(encoding="utf-8")
        for path in sorted(folder.iterdir())
        if path.suffix == ".json"
    }
    if not found:
        raise UsageError(f"{place}: suites names {folder}, which has no file TABLE.json")
    return found


def _checked(found: dict[str, Any], sources: Mapping[str, str]) -> dict[str, Any]:
    """The values, nested as the settings are. Raises UsageError for the first that its setting cannot have."""
    from pydantic import ValidationError  # noqa: PLC0415 - where there is nothing to check, nobody waits for its import

    from iolaus.settings_model import model_of  # noqa: PLC0415

    tree: dict[str, Any] = {}
    for name, value in found.items():
        *above, last = name.split(".")
        at = tree
        for part in above:
            at = at.setdefault(part, {})
        at[last] = value
    try:
        return model_of(Settings).model_validate(tree).model_dump()
    except ValidationError as error:
        raise UsageError(_said(error.errors(), found, sources)) from error


def _said(errors: Sequence[Any], found: Mapping[str, Any], sources: Mapping[str, str]) -> str:
    """The first error of a value, in a line."""
    parts = [str(part) for part in errors[0]["loc"]]
    name = next(".".join(parts[:n]) for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in _ABOUT)
    rest = parts[len(name.split(".")) :]
    key = rest[0] if name in _TABLES and rest else None
    value = found[name][key] if key is not None else found[name]
    whole = name if key is None else f"{name}.{key}"
    place = sources.get(whole, sources.get(name, DEFAULTED))
    about, default = _ABOUT[name]
    what = kind(about, default) + ("" if name in _TABLES else f" (default {shown(default)})")
    problem = errors[0]["msg"].removeprefix("Value error, ")
    return one_line(f"{place}: {whole} = {one_line(shown(value), 120)} cannot be used: {problem}; give {what}", 1_000)


def _contradiction(settings: Settings) -> tuple[tuple[str, ...], str] | None:
    """Values that cannot be together: their settings, and what is wrong; None if all can."""
    for name in settings.channels.names():
        limits, path = settings.channels[name], f"channels.{name}"
        if limits.floor > limits.cap:
            text = (
                f"{path}.floor = {shown(limits.floor)} is above {path}.cap = {shown(limits.cap)}: the channel "
                "could never make a pair"
            )
            return (f"{path}.floor", f"{path}.cap"), f"{text}; to switch it off: {path}.enabled = false"
    if settings.retention.text_days <= settings.window_days:
        text = (
            f"retention.text_days = {settings.retention.text_days} must be more than window_days = "
            f"{settings.window_days}"
        )
        return (
            "retention.text_days",
            "window_days",
        ), f"{text}: an arrival of the window that is loaded again is made from its prompts"
    return _bad_suite(settings)


def _bad_suite(settings: Settings) -> tuple[tuple[str, ...], str] | None:
    """The first suite that is no suite, as `_contradiction` says it."""
    for name, text in settings.suites.items():
        try:
            suite = json.loads(text)
            fits = isinstance(suite["meta"]["metrics"], dict) and isinstance(suite["expectations"], list)
        except (ValueError, LookupError, TypeError):
            fits = False
        if not fits:
            return (
                f"suites.{name}",
                "suites",
            ), f"the suite of {name} is not JSON with expectations and meta.metrics; see docs/operators/gates.md"
    return None
