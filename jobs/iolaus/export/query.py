"""A question in SQL over the published tables, and its answer as a table, CSV or JSON."""

import csv
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import IO, Any

import duckdb
from rich.cells import cell_len

from iolaus.errors import RunError, UsageError
from iolaus.export.gold import LAYER, TABLES, Gold, connect, mixture
from iolaus.export.inert import cell, escaped, inert

_BATCH = 1_000  # rows fetched at a time
_LISTING = {"show", "information_schema"}  # words of a question about the tables themselves
_WRITERS = {"verdicts.given": "verdict", "verdicts.cases": "case"}  # commands that write what no run does
_NAME = 60  # characters of a column's name that are shown


@dataclass(frozen=True)
class Answer:
    """The columns of an answer and its rows, read as they are used."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def ask(gold: Gold, sql: str) -> Answer:
    """The answer to one SQL statement that only reads.

    Raises UsageError if it is wrong, RunError if it fails on the data, or tables that it names are of several runs.
    """
    words = set(re.findall(r"\w+", sql.lower()))
    named = [name for name in TABLES if name.split(".")[1] in words or words & _LISTING]
    database = connect(gold, named)
    if asks_for_latest(sql):
        database.execute(f"CREATE MACRO latest() AS DATE '{_newest(gold)}'")
    _must_be_of_one_run(database, [name for name in named if gold.tells_run(name)])
    try:
        statements = database.extract_statements(sql)
        if len(statements) != 1:
            raise UsageError("give one statement; put the SQL between quotes")
        if statements[0].type != duckdb.StatementType.SELECT:
            raise UsageError(f"{statements[0].type.name} is no question; begin with SELECT, FROM, SHOW or DESCRIBE")
        found = database.execute(statements[0])
        columns = tuple(name for name, *_ in found.description or ())
    except duckdb.CatalogException as error:
        raise UsageError(_of_tables(gold, str(error), named)) from error
    except (
        duckdb.ParserException,
        duckdb.BinderException,
        duckdb.PermissionException,
        duckdb.InvalidInputException,
    ) as error:
        raise UsageError(_one_line(str(error))) from error
    except duckdb.Error as error:
        raise RunError(_one_line(str(error))) from error
    return Answer(columns, _fetched(found))


def _must_be_of_one_run(database: duckdb.DuckDBPyConnection, named: Sequence[str]) -> None:
    """Raise RunError if a run date of the gold tables that a question joins is of several runs.

    One table alone is replaced in one commit, and is of one.
    """
    if len(named) < 2:
        return
    runs = " UNION ".join(f"SELECT run_date, run_id FROM {name} WHERE run_id IS NOT NULL" for name in named)  # noqa: S608
    mixed = f"SELECT run_date FROM ({runs}) GROUP BY run_date HAVING count(*) > 1 ORDER BY run_date LIMIT 1"  # noqa: S608
    if found := database.execute(mixed).fetchone():
        raise RunError(mixture(found[0]))


def asks_for_latest(sql: str) -> bool:
    """Whether a question names `latest()`, the newest published run date."""
    return re.search(r"\blatest\s*\(\s*\)", sql, re.IGNORECASE) is not None


def _newest(gold: Gold) -> date:
    days = gold.days()
    if not days:
        raise UsageError(f"the lake {gold.lake} has no published run; `iolaus run` writes one")
    return days[-1]


def _fetched(found: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    try:
        while batch := found.fetchmany(_BATCH):
            yield from batch
    except duckdb.Error as error:
        raise RunError(_one_line(str(error))) from error


def _of_tables(gold: Gold, message: str, named: Sequence[str]) -> str:
    absent = [name for name in named if gold.table(name) is None]
    if absent:
        return f"the lake {gold.lake} has no {', '.join(absent)}; `iolaus {_WRITERS.get(absent[0], 'run')}` writes it"
    there = [name for name in TABLES if gold.table(name) is not None]
    listed = ", ".join(name.removeprefix(f"{LAYER}.") for name in there)
    return f"{_one_line(message)} The tables of this lake are: {listed or 'none; `iolaus run` writes them'}."


def _one_line(message: str) -> str:
    """DuckDB's message without its picture of the place, in one line."""
    said = message.split("\n\nLINE ", maxsplit=1)[0]
    return inert(" ".join(said.split()), 500).replace("Candidate bindings:", "Near it are:")


def write_csv(answer: Answer, out: IO[str]) -> None:
    """CSV with a header; text that a spreadsheet would take for a formula is behind an apostrophe."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(cell(name) for name in answer.columns)
    writer.writerows([cell(_flat(value)) for value in row] for row in answer.rows)


def write_json(answer: Answer, out: IO[str]) -> None:
    """An array of one JSON object a row; what is not a number is null.

    Characters that could act on a terminal, or hide, are escaped as JSON escapes them.
    """
    before = "[\n"
    for row in answer.rows:
        values = dict(zip(answer.columns, map(_plain, row), strict=True))
        out.write(before + escaped(json.dumps(values, ensure_ascii=False, allow_nan=False)))
        before = ",\n"
    out.write("[]\n" if before == "[\n" else "\n]\n")


def write_table(answer: Answer, out: IO[str], width: int, most: int) -> None:
    """At most `most` rows for a reader: a grid, or one record per row if the grid is wider than `width`."""
    rows = list(islice(answer.rows, most))
    cut = next(answer.rows, None) is not None
    texts = [[inert(_flat(value)) for value in row] for row in rows]
    numeric = [all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(answer.columns))]
    names = [inert(name, _NAME) for name in answer.columns]
    widths = [max([cell_len(name), *(cell_len(row[i]) for row in texts)]) for i, name in enumerate(names)]
    if sum(widths) + 2 * len(widths) <= width:
        lines = [names, ["─" * w for w in widths], *texts]
        padded = (
            [_pad(text, w, right=right) for text, w, right in zip(line, widths, numeric, strict=True)] for line in lines
        )
        out.writelines("  ".join(line).rstrip() + "\n" for line in padded)
    else:
        longest = max(map(cell_len, names))
        for number, row in enumerate(texts, 1):
            out.write(f"── row {number}\n")
            out.writelines(
                f"{_pad(name, longest, right=True)}  {text}\n" for name, text in zip(names, row, strict=True)
            )
    out.write(
        f"({len(rows)} row{'' if len(rows) == 1 else 's'}"
        f"{'; there are more, see --rows and --format' if cut else ''})\n"
    )


def _flat(value: Any) -> Any:
    """A value in one cell: nested ones as JSON, lists of text as text."""
    made = _plain(value)
    if isinstance(made, list) and all(isinstance(x, str) for x in made):
        return "; ".join(made)
    return json.dumps(made, ensure_ascii=False) if isinstance(made, dict | list) else "" if made is None else made


def _plain(value: Any) -> Any:
    """A value in the types of JSON: times in ISO 8601, UTC."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").replace("+00:00", "Z")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _pad(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - cell_len(text))
    return space + text if right else text + space
