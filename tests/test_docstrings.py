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
from pyspark.sql import SparkSession
from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    TimestampType,
)
from rows import DAY, rows

from iolaus.pipeline import STAGES, Stage
from iolaus.schemas.table import table
from iolaus.settings import DEFAULT, Key, Run

SOURCES = Path(__file__).parents[1] / "jobs" / "iolaus"
RUN = Run(DAY, DEFAULT, Key(b"test"))
WITH_EXAMPLES = sorted(
    ".".join(("iolaus", *path.relative_to(SOURCES).with_suffix("").parts))
    for path in SOURCES.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)
WITHOUT_ROWS = 22  # transforms whose docstring does not show rows yet; this may only fall


def doc(made: Stage) -> str:
    return inspect.getdoc(import_module(f"iolaus.{made.table}").transform) or ""


SHOWN = [made for made in STAGES if "\nresult:" in doc(made)]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_run(name: str) -> None:
    failed, tried = doctest.testmod(import_module(name))
    assert (failed, tried > 0) == (0, True)


def test_transforms_show_rows() -> None:
    without = [made.table for made in STAGES if made not in SHOWN]
    assert len(without) <= WITHOUT_ROWS, without


CASTS = {
    BooleanType: lambda text: text == "true",
    IntegerType: int,
    LongType: int,
    DoubleType: float,
    DateType: date.fromisoformat,
    TimestampType: lambda text: datetime.combine(DAY, time.fromisoformat(text), UTC),
    StringType: str,
}


def value(text: str, kind: DataType) -> Any:
    """A cell of a docstring's table in the type of its column; blank is null, and any other type is JSON."""
    cast = CASTS.get(type(kind), lambda text: [tuple(each) for each in json.loads(text)])
    return cast(text) if text else None


def shown(text: str) -> dict[str, list[dict[str, str]]]:
    """The tables of a docstring by the name before each; `rows` in a table repeats its row."""
    found = {}
    for name, block in re.findall(r"^(\w+):[^\n]*\n((?:\|[^\n]*\n?)+)", text, re.MULTILINE):
        head, _, *body = [[cell.strip() for cell in line.strip(" |").split("|")] for line in block.strip().split("\n")]
        made = [dict(zip(head, cells, strict=False)) for cells in body]
        found[name] = [row for each in made for row in [each] * int(each.pop("rows", 1))]
    return found


@pytest.mark.parametrize("made", SHOWN, ids=lambda made: made.table)
def test_a_transform_makes_the_rows_of_its_docstring(spark: SparkSession, made: Stage) -> None:
    tables = shown(doc(made))
    expected = tables.pop("result")
    assert set(tables) <= {read.name for read in made.reads}
    inputs = {}
    for read in made.reads:
        schema = table(read.table).schema
        given = [{c: value(text, schema[c].dataType) for c, text in row.items()} for row in tables.get(read.name, [])]
        inputs[read.name] = rows(spark, read.table, given)
    schema = table(made.table).schema
    columns = list(expected[0])
    found = import_module(f"iolaus.{made.table}").transform(**inputs, run=RUN).select(*columns).collect()
    wanted = [tuple(value(row[c], schema[c].dataType) for c in columns) for row in expected]
    assert sorted(map(tuple, found)) == sorted(wanted)
