"""The simulator's only reading and writing: a landing folder on any Hadoop file system, and the truth beside it."""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from iolaus.errors import UsageError
from iolaus.runtime.files import Files
from iolaus.schemas.landing import ACCOUNT
from iolaus.simulate.people import account_rows, organisation_ids, people
from iolaus.simulate.plan import START, Plan, plan
from iolaus.simulate.scenario import MINI, NEW, OLD, Campaign, LookAlike
from iolaus.simulate.traffic import exchanges

ACCOUNT_SCHEMA = StructType([*ACCOUNT, *StructType().add("campaign", "string").add("kind", "string").fields])
_FILE_ROWS = 100_000  # exchanges a file: some 10 MB compressed
_DAYS_AT_ONCE = 3
_ACCOUNT_CELL = 20_000  # accounts made at once
_JSON = {
    "compression": "gzip",
    "zlib.compress.level": "BEST_SPEED",
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "timeZone": "UTC",
}


@dataclass(frozen=True)
class Summary:
    """What was written: exchanges (each counted once), lines (with repeated ones), accounts, fraudulent ones."""

    out: str
    truth: str
    first_day: date
    last_day: date
    exchanges: int
    lines: int
    accounts: int
    fraudulent: int
    campaigns: tuple[str, ...]


def simulate(
    spark: SparkSession,
    out: str,
    scenario: str = "february",
    scale: float = 0.01,
    seed: int = 1,
    *,
    days: int | None = None,
    start: date = START,
    partitions: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Write a landing folder of a scenario to `out`, and `<out>.truth.jsonl` beside it.

    The same scenario, scale, seed, days and start give the same rows, whatever the `partitions` (files
    a day; None: one for each 100,000 exchanges). `progress`, if given, is called with the days done and
    their number. Raises UsageError if `out` holds anything already, or if a size is out of bounds.
    """
    made = plan(scenario, scale, seed, days, start)
    out = out.rstrip("/")
    files = Files(spark, out)
    if files.any(out):
        raise UsageError(f"{out} is not empty; give another folder to --out, or remove that one")
    numbers = partitions or max(1, math.ceil(made.exchanges_a_day / _FILE_ROWS))
    lines = copies = 0
    with ThreadPoolExecutor(_DAYS_AT_ONCE) as pool:  # a small day has one task: others fill the other cores
        written = pool.map(lambda day: _write_day(spark, made, day, out, files, numbers), range(made.days))
        for done, (all_lines, second) in enumerate(written, 1):
            lines, copies = lines + all_lines, copies + second
            if progress:
                progress(done, made.days)
    _write_accounts(spark, made, out, files)
    files.text(f"{out}/models.jsonl", _json_lines(_models(made)))
    files.text(f"{out}/agreements.jsonl", _json_lines(_agreements(made)))
    campaigns = [i for i, g in enumerate(made.scenario.groups) if isinstance(g, Campaign)]
    return Summary(
        out=out,
        truth=f"{out}.truth.jsonl",
        first_day=made.start,
        last_day=made.day(made.days - 1),
        exchanges=lines - copies,
        lines=lines,
        accounts=sum(s.accounts for s in made.sizes),
        fraudulent=sum(made.sizes[i].accounts for i in campaigns),
        campaigns=tuple(made.scenario.groups[i].name for i in campaigns),
    )


def _write_day(spark: SparkSession, made: Plan, day: int, out: str, files: Files, numbers: int) -> tuple[int, int]:
    """Write one day of arrival. Gives its lines, and how many of them arrived before."""
    observed = Observation()
    target = f"{out}/exchanges/dt={made.day(day)}"
    rows = exchanges(spark, made, day, numbers).observe(
        observed, F.count(F.lit(1)).alias("lines"), F.sum("copy").alias("copies")
    )
    rows.drop("copy").write.options(**_JSON).json(target)
    _number(files, target)
    return observed.get["lines"], observed.get["copies"] or 0


def accounts(spark: SparkSession, made: Plan) -> DataFrame:
    """One row per account: the contract's columns, `campaign` (null: none) and `kind`."""
    count = len(_account_cells(made))
    return spark.range(0, count, 1, min(count, 64)).mapInArrow(_account_maker(made), ACCOUNT_SCHEMA)


def _account_cells(made: Plan) -> list[tuple[int, int, int]]:
    sizes = enumerate(s.accounts for s in made.sizes)
    return [(number, low, min(n, low + _ACCOUNT_CELL)) for number, n in sizes for low in range(0, n, _ACCOUNT_CELL)]


def _account_maker(made: Plan) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def make(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        every = _account_cells(made)
        for batch in batches:
            for cell in batch.column(0).to_pylist():
                number, low, high = every[cell]
                group = made.scenario.groups[number]
                columns = account_rows(made, number, people(made, number, np.arange(low, high)))
                planted = isinstance(group, Campaign)
                columns["campaign"] = pa.array([group.name if planted else None] * (high - low), pa.string())
                columns["kind"] = pa.array(["operator" if planted else group.name] * (high - low), pa.string())
                yield pa.RecordBatch.from_pydict({name: columns[name] for name in ACCOUNT_SCHEMA.names})

    return make


def _write_accounts(spark: SparkSession, made: Plan, out: str, files: Files) -> None:
    every = accounts(spark, made)
    few = max(1, sum(s.accounts for s in made.sizes) // 200_000)
    every.drop("campaign", "kind").coalesce(few).write.options(**_JSON).json(f"{out}/accounts")
    _number(files, f"{out}/accounts")
    truth = every.select("account_id", "campaign", "kind").coalesce(1)
    truth.write.options(ignoreNullFields=False).mode("overwrite").json(f"{out}.truth.jsonl.parts")
    (only,) = files.children(f"{out}.truth.jsonl.parts", "part-")
    files.move(f"{out}.truth.jsonl.parts/{only}", f"{out}.truth.jsonl")
    files.remove(f"{out}.truth.jsonl.parts")


def _models(made: Plan) -> list[dict[str, str]]:
    old = {OLD: 140, MINI: 90}
    released = [(model, f"{made.start - timedelta(days=ago)}T17:00:00Z") for model, ago in old.items()]
    day = made.day(int(made.scenario.release * made.days))
    return [{"model": model, "released_at": at} for model, at in [*released, (NEW, f"{day}T17:00:00Z")]]


def _agreements(made: Plan) -> list[dict[str, str]]:
    """One object an organisation with an agreement; its accounts are one unit."""
    found = []
    for number, group in enumerate(made.scenario.groups):
        if isinstance(group, LookAlike) and group.agreement:
            organisation = organisation_ids(people(made, number, np.arange(1)))[0].as_py()
            found.append(
                {"org_id": organisation, "kind": group.agreement, "since": str(made.start - timedelta(days=60))}
            )
    return found


def _number(files: Files, folder: str) -> None:
    """Number the files that Spark wrote, `part-00000.jsonl.gz` and so on, and remove its marker."""
    for name in files.children(folder, "part-"):
        part = "-".join(name.split("-")[:2])
        files.move(f"{folder}/{name}", f"{folder}/{part}.jsonl.gz")
    files.remove(f"{folder}/_SUCCESS")


def _json_lines(objects: list[dict[str, str]]) -> str:
    return "".join(json.dumps(o) + "\n" for o in objects)
