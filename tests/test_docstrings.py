"""The examples in docstrings are true: doctests, and the rows before and after a transform."""

import doctest
import inspect
import json
import re
from datetime import UTC, date, datetime, time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DateType,
    MapType,
    StringType,
    StructType,
    TimestampType,
)
from rows import DAY, rows

from iolaus.pipeline import STAGES, Read, Stage, is_landing
from iolaus.schemas.table import table
from iolaus.settings import DEFAULT, Key, Run
from iolaus.settings_file import read as settings_of

SOURCES = Path(__file__).parents[1] / "jobs" / "iolaus"
RUN = Run(DAY, DEFAULT, Key(b"test"))
WITH_EXAMPLES = sorted(
    ".".join(("iolaus", *path.relative_to(SOURCES).with_suffix("").parts))
    for path in SOURCES.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


def doc(made: Stage) -> str:
    return inspect.getdoc(import_module(f"iolaus.{made.table}").transform) or ""


SHOWN = [made for made in STAGES if "\nresult:" in doc(made)]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_run(name: str) -> None:
    failed, tried = doctest.testmod(import_module(name))
    assert (failed, tried > 0) == (0, True)


def test_every_transform_shows_rows() -> None:
    assert not [made.table for made in STAGES if made not in SHOWN]


def moment(text: str) -> datetime:
    """A time of the tests' day, as 09:15, or of another, as 2026-02-09 09:15."""
    day, _, clock = text.rpartition(" ")
    return datetime.combine(date.fromisoformat(day) if day else DAY, time.fromisoformat(clock), UTC)


CASTS = {DateType: date.fromisoformat, TimestampType: moment, StringType: str}


def value(text: str, kind: DataType) -> Any:
    """A cell of a docstring's table in the type of its column; blank is null, and any other type is JSON."""
    cast = CASTS.get(type(kind), lambda text: nested(json.loads(text), kind))
    return cast(text) if text else None


def nested(given: Any, kind: DataType) -> Any:
    """JSON as Spark has it: a struct is a list of its fields."""
    if isinstance(kind, ArrayType):
        return [nested(each, kind.elementType) for each in given]
    if isinstance(kind, MapType):
        return {key: nested(each, kind.valueType) for key, each in given.items()}
    if isinstance(kind, StructType):
        return tuple(nested(each, f.dataType) for each, f in zip(given, kind.fields, strict=True))
    return given


def shown(text: str) -> dict[str, list[dict[str, str]]]:
    """The tables of a docstring by the name before each; `rows` in a table repeats its row."""
    found = {}
    for name, block in re.findall(r"^(\w+):[^\n]*\n((?:\|[^\n]*\n?)+)", text, re.MULTILINE):
        head, _, *body = [[cell.strip() for cell in line.strip(" |").split("|")] for line in block.strip().split("\n")]
        made = [dict(zip(head, cells, strict=False)) for cells in body]
        found[name] = [row for each in made for row in [each] * int(each.pop("rows", 1))]
    return found


WHOLE = {"output_histogram": [0] * 16, "capability_counts": [0] * 7}  # of a sketch: lists that have one length


def given(spark: SparkSession, read: Read, found: list[dict[str, str]]) -> DataFrame:
    """The rows of one input: of a table of the lake, or lines of the landing, each of its own file if none is named."""
    if is_landing(read.table):
        lines = [
            (row.get("source_file", "part-0.jsonl"), row["line"].encode(), position, None)
            for position, row in enumerate(found)
        ]
        return spark.createDataFrame(lines, "source_file string, line binary, position long, unreadable string")
    schema = table(read.table).schema
    whole = {name: none for name, none in WHOLE.items() if name in schema.names}
    made = [{c: value(text, schema[c].dataType) for c, text in row.items()} for row in found]
    return rows(spark, read.table, [whole | row for row in made])


def run_of(text: str) -> Run:
    """The tests' run, under what a line `settings: a.b=1, c.d=2` of a docstring sets."""
    said = re.search(r"^settings: (.*)$", text, re.MULTILINE)
    return Run(DAY, settings_of(None, None, said[1].split(", "), {}).settings, RUN.key) if said else RUN


def order(row: tuple[Any, ...]) -> str:
    """A row as text: rows with nulls and lists sort by it, and Spark's times have no zone."""
    return json.dumps(row, default=lambda x: str(x.replace(tzinfo=None)) if isinstance(x, datetime) else str(x))


@pytest.mark.parametrize("made", SHOWN, ids=lambda made: made.table)
def test_a_transform_makes_the_rows_of_its_docstring(spark: SparkSession, made: Stage) -> None:
    tables = shown(doc(made))
    expected = tables.pop("result")
    assert set(tables) <= {read.name for read in made.reads}
    inputs = {read.name: given(spark, read, tables.get(read.name, [])) for read in made.reads}
    schema = table(made.table).schema
    columns = list(expected[0])
    transform = import_module(f"iolaus.{made.table}").transform
    of = re.search(r"^result: where (.*)$", doc(made), re.MULTILINE)
    kept = transform(**inputs, run=run_of(doc(made))).where(of[1] if of else "true")
    found = map(tuple, kept.select(*columns).collect())
    wanted = [tuple(value(row[c], schema[c].dataType) for c in columns) for row in expected]
    assert sorted(map(order, found)) == sorted(map(order, wanted))
