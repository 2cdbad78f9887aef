"""The published tables, read without Spark: what an analyst's machine needs is the lake alone."""

import os
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.fs import DeltaStorageHandler

from iolaus import lake_format
from iolaus.engine.scan import scanned
from iolaus.errors import RunError, UsageError
from iolaus.pipeline import STAGES
from iolaus.schemas.codes import AS_MEANT, WRITTEN

LAYER = "gold"
# What a case or a query may need beside gold, where a lake has it.
BESIDE = (
    "quality.results",
    "quality.runs",
    "quality.settings",
    "quality.summaries",
    "quality.quarantine",
    "quality.calibration",
    "verdicts.given",
    "verdicts.cases",
)
UNSEEN = {"quality.quarantine": ("row", "row_bytes")}  # columns that no query shows: they hold prompts
TABLES = (*(s.table for s in STAGES if s.layer == LAYER), *BESIDE)
LISTS = ("gold.suspect_clusters", "gold.watchlist")
_CREDENTIALS = ("AWS_", "AZURE_", "GOOGLE_")  # what delta-rs understands of an object store's settings


def age(day: date, today: date | None = None) -> str:
    """How old the ranking of a run date is, in words, counted in UTC days."""
    days = ((today or datetime.now(UTC).date()) - day).days
    if days < 0:
        return f"dated {-days:,} day{'s' if days < -1 else ''} in the future"
    return "of today" if days == 0 else f"{days:,} day{'s' if days > 1 else ''} old"


def mixture(day: date) -> str:
    """What is wrong where the tables of a run date are of several runs, and what to do."""
    return (
        f"the gold tables of {day} are of several runs: one ended before it had written all of them, or is writing "
        f"them now; run the date again, with iolaus run --date {day} as before, and then repeat this"
    )


def is_local(uri: str) -> bool:
    """Whether a lake lies on a file system of this machine."""
    return uri.startswith("file:") or not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:", uri)


def local_path(uri: str) -> Path:
    """The folder of a local lake."""
    return Path(re.sub(r"^file:(//)?", "", uri)).absolute()


def found_in(rows: ds.Dataset, of: ds.Expression, columns: Sequence[str] | None) -> pa.Table:
    """The rows for which a condition holds, in those of the columns that there are."""
    return scanned(rows, None if columns is None else [c for c in columns if c in rows.schema.names], of)


class Gold:
    """The gold tables of one lake. Credentials of an object store come from the environment (AWS_…, AZURE_…, GOOGLE_…).

    Raises UsageError if there is no lake, or another version made it.
    """

    def __init__(self, lake: str):
        self.lake = str(local_path(lake)) if is_local(lake) else lake.rstrip("/").replace("s3a://", "s3://", 1)
        if is_local(lake) and not Path(self.lake).is_dir():
            raise UsageError(f"there is no lake at {lake}; name the folder that `iolaus run` wrote with --lake")
        self.options = {} if is_local(lake) else {k: v for k, v in os.environ.items() if k.startswith(_CREDENTIALS)}
        self._open: dict[str, DeltaTable | None] = {}
        lake_format.check(
            self.lake, self._marker(), lambda: any(self.table(name) is not None for name in lake_format.TELLING)
        )

    def _marker(self) -> str | None:
        """The text of the lake's marker; None if it has none."""
        files = pyarrow.fs.PyFileSystem(DeltaStorageHandler(self.lake, self.options or None))
        try:
            with files.open_input_stream(lake_format.MARKER) as marker:
                return str(marker.read().decode())
        except FileNotFoundError:
            return None
        except OSError as error:
            first = next(iter(str(error).splitlines()), type(error).__name__)
            raise RunError(
                f"{self.lake} cannot be read: {first}; is the lake's address right, and are its credentials set?"
            ) from error

    def table(self, name: str) -> DeltaTable | None:
        """A table, opened and not yet read; None if the lake does not have it. Raises RunError if it cannot be read."""
        if name not in self._open:
            try:
                self._open[name] = DeltaTable(
                    f"{self.lake}/{name.replace('.', '/')}", storage_options=self.options or None
                )
            except TableNotFoundError:
                self._open[name] = None
            except (DeltaError, OSError) as error:
                first = next(iter(str(error).splitlines()), type(error).__name__)
                raise RunError(
                    f"{name} cannot be read: {first}; is the lake's address right, and are its credentials set?"
                ) from error
        return self._open[name]

    def rows(self, name: str, day: date | None = None, columns: list[str] | None = None) -> pa.Table | None:
        """The rows of one run date, or of all; None if the lake does not have the table."""
        opened = self.table(name)
        if opened is None:
            return None
        then = None if day is None else ds.field("run_date") == pa.scalar(day)
        return scanned(opened.to_pyarrow_dataset(), columns, then)

    def tells_run(self, name: str) -> bool:
        """Whether the lake has a table of gold whose rows say of which run they are."""
        opened = self.table(name) if name.startswith(f"{LAYER}.") else None
        return opened is not None and any(field.name == "run_id" for field in opened.schema().fields)

    def must_be_of_one_run(self, day: date) -> None:
        """Raise RunError if the tables of a run date are of several runs.

        Each table is replaced in one commit, the ranking last; a run that ends between two of them leaves a ranking
        beside members and evidence of another. A table without rows tells no run, but what is listed has evidence.
        """
        told = {name: self.rows(name, day, columns=["run_id"]) for name in TABLES if self.tells_run(name)}
        runs = {run for rows in told.values() if rows is not None for run in rows["run_id"].unique().to_pylist() if run}
        listed = any(rows is not None and len(rows) for rows in map(told.get, LISTS))
        evidence = told.get(f"{LAYER}.cluster_evidence")
        if len(runs) > 1 or (evidence is not None and listed != bool(len(evidence))):
            raise RunError(mixture(day))

    def find(self, name: str, of: ds.Expression, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """What `scan` finds, as dicts; none if the lake does not have the table."""
        found = self.scan(name, of, columns)
        rows: list[dict[str, Any]] = [] if found is None else found.to_pylist()
        return rows

    def scan(self, name: str, of: ds.Expression, columns: Sequence[str] | None = None) -> pa.Table | None:
        """The rows for which a condition holds; None if the lake does not have the table.

        Only files and row groups that may have such a row are read. A column that an older lake lacks is absent.
        """
        opened = self.table(name)
        return None if opened is None else found_in(opened.to_pyarrow_dataset(), of, columns)

    def days(self) -> list[date]:
        """The run dates that were published, in order: those for which anything is listed, or whose run is recorded.

        The last is what "latest" means everywhere. A date that was taken back (`iolaus drop-day`) is none of them.
        None where the lake has no ranking at all: a copy without it would pass for one that found nothing.
        """
        if self.table("gold.suspect_clusters") is None:
            return []
        found: set[date] = set()
        for name in LISTS:
            rows = self.rows(name, columns=["run_date"])
            found |= set(rows["run_date"].unique().to_pylist()) if rows is not None else set()
        runs = self.rows("quality.runs", columns=["run_date", "table_name", "status", "began_at"])
        last: dict[date, str] = {}
        for run in sorted(runs.to_pylist() if runs is not None else (), key=lambda r: r["began_at"]):
            if run["table_name"] == "gold.suspect_clusters" and run["status"] in AS_MEANT:
                last[run["run_date"]] = run["status"]
        return sorted(found | {day for day, status in last.items() if status == WRITTEN})


def connect(gold: Gold, wanted: Iterable[str] = TABLES) -> duckdb.DuckDBPyConnection:
    """An in-memory database with a view for each table of the lake, under its name with and without its layer.

    It can read nothing but the files of these tables: no other file of the lake, as those with prompts, none outside
    it, no network, no variable of this process. Of a lake on a file system DuckDB reads the files itself, and those
    alone that a query needs; of an object store, for which it would need an extension from the network, the tables that
    a query names are read whole.
    """
    there = {name: opened for name in wanted if (opened := gold.table(name)) is not None}
    files = {name: _files(opened, gold) for name, opened in there.items()}
    database = duckdb.connect()
    database.execute("SET allowed_paths = $1", [[file for of in files.values() for file in of]])
    database.execute("SET enable_external_access = false; SET python_enable_replacements = false; SET TimeZone = 'UTC'")
    layers = [LAYER, *sorted({name.split(".")[0] for name in TABLES} - {LAYER})]
    for layer in layers:
        database.execute(f'CREATE SCHEMA "{layer}"')
    for name, opened in there.items():
        _view(database, name, opened, files[name], gold)
    database.execute(f"SET search_path = '{','.join([*layers, 'main'])}'")
    database.execute("SET lock_configuration = true")
    return database


def _files(opened: DeltaTable, gold: Gold) -> list[str]:
    """The files of a table that DuckDB can read itself; none if it is to be given the rows."""
    own = Path(gold.lake).is_dir() and opened.protocol().min_reader_version == 1
    return [unquote(file) for file in opened.file_uris()] if own else []


def _view(database: duckdb.DuckDBPyConnection, name: str, opened: DeltaTable, files: Sequence[str], gold: Gold) -> None:
    layer, table = name.split(".")
    shown = [field.name for field in opened.schema().fields if field.name not in UNSEEN.get(name, ())]
    if files:
        dates = {
            field.name: "DATE" for field in opened.schema().fields if field.name in opened.metadata().partition_columns
        }
        listed = ", ".join(map(_quoted, files))
        types = ", ".join(f"{_quoted(column)}: {kind}" for column, kind in dates.items())
        hive = f", hive_partitioning = true, hive_types = {{{types}}}" if dates else ""
        columns = ", ".join('"' + column.replace('"', '""') + '"' for column in shown)
        source = f"(SELECT {columns} FROM read_parquet([{listed}], union_by_name = true{hive}))"  # noqa: S608 - its parts are quoted
    else:
        database.register(f"_{layer}_{table}", gold.rows(name, columns=shown))
        source = f'"_{layer}_{table}"'
    database.execute(f'CREATE VIEW "{layer}"."{table}" AS SELECT * FROM {source}')  # noqa: S608


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
