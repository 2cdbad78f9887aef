"""The settings as pydantic checks them: the types of the tree, with the ranges that it states."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, get_type_hints

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, create_model

from iolaus.settings import About


@cache
def model_of(section: type) -> type[BaseModel]:
    """The model of a section of the settings, with the sections in it. Each value is required, and none is converted.

    Lists, as TOML and JSON have them, become tuples. Other values of Spark properties become text.
    """
    types = get_type_hints(section)
    made = {each.name: (_typed(types[each.name], each.metadata.get("about")), ...) for each in fields(section)}
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)
    model: type[BaseModel] = create_model(section.__name__, __config__=config, **made)  # type: ignore[call-overload]
    return model


def _typed(type_: Any, about: About | None) -> Any:
    if is_dataclass(type_):
        return model_of(type_)  # type: ignore[arg-type]
    assert about is not None
    if about.looks:
        return _tuple_of(Annotated[str, StringConstraints(pattern=f"^(?:{about.looks})$")])
    if about.least is not None:
        return Annotated[type_, Field(ge=about.least, le=about.most)]
    return _TABLES.get(type_, type_)


def _tuple_of(item: Any) -> Any:
    return Annotated[tuple[item, ...], Field(strict=False)]


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _pattern(text: str) -> str:
    """A pattern that RE2 can use, and that says something. Raises ValueError for another."""
    if pc.match_substring_regex(pa.array([""]), text)[0].as_py():  # its own error is a ValueError too
        raise ValueError("the pattern matches every text")
    return text


_TABLES: dict[Any, Any] = {
    Mapping[str, float]: dict[str, Annotated[float, Field(gt=0)]],
    Mapping[str, str]: dict[str, Annotated[str, BeforeValidator(_as_text)]],
    Mapping[str, tuple[str, ...]]: dict[str, _tuple_of(Annotated[str, AfterValidator(_pattern)])],  # type: ignore[misc]
}
