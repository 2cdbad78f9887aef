"""The settings name themselves; the key does not show itself."""

import pickle
import traceback
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import date
from typing import Any

import pytest

from iolaus.settings import DEFAULT, Key, Run, Settings

SECRET = b"a-secret-of-the-tests"


def leaves(settings: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of all values in nested settings, as ("ingestion", "prompt_bytes")."""
    found: list[tuple[str, ...]] = []
    for field in fields(settings):
        value = getattr(settings, field.name)
        found += leaves(value, (*path, field.name)) if is_dataclass(value) else [(*path, field.name)]
    return found


def changed(settings: Any, path: tuple[str, ...]) -> Any:
    """The settings with the value at `path` made another."""
    name, *rest = path
    value = getattr(settings, name)
    return replace(settings, **{name: changed(value, tuple(rest)) if rest else another(value)})


def another(value: Any) -> Any:
    """A value of the same type that is not this one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, tuple):
        return (*value, *value[:1]) if value else ("x",)
    if isinstance(value, dict):
        return {**value, "x": 1}
    raise TypeError(f"no other value known for {value!r}")


def test_equal_settings_have_one_digest():
    assert Settings().digest == DEFAULT.digest
    assert len(DEFAULT.digest) == 12
    int(DEFAULT.digest, 16)


@pytest.mark.parametrize("path", leaves(DEFAULT), ids=".".join)
def test_every_value_is_in_the_digest(path):
    assert changed(DEFAULT, path).digest != DEFAULT.digest


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        DEFAULT.window_days = 1  # type: ignore[misc]


def test_a_key_does_not_show_its_secret():
    key = Key(SECRET)
    shown = [repr(key), str(key), f"{key}", f"{key!r}", repr(Run(date(2026, 3, 2), DEFAULT, key)), repr({"key": [key]})]
    try:
        raise ValueError(key)
    except ValueError:
        shown.append(traceback.format_exc())
    for text in shown:
        assert SECRET.decode() not in text
        assert SECRET.hex() not in text


def test_a_key_id_names_the_key_alone():
    assert Key(SECRET).key_id == Key(bytes(SECRET)).key_id
    assert Key(SECRET).key_id != Key(SECRET + b"2").key_id
    assert len(Key(SECRET).key_id) == 8


def test_a_key_reaches_a_worker():
    assert pickle.loads(pickle.dumps(Key(SECRET))).secret == SECRET  # noqa: S301
