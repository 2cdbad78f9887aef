"""Upkeep of the lake: files compacted and sorted, replaced files removed, text forgotten, accounts dropped.

None of it changes what a stage reads, but for rows that are meant to go: every action may be repeated, be cut off at
any point and be run again. `iolaus maintain` holds the lock of the lake, so that it waits for a run or a stage that is
at work, and they wait for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pkgutil import iter_modules
from secrets import token_hex

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from iolaus import schemas
from iolaus.errors import UsageError
from iolaus.pipeline import VERDICTS, Span
from iolaus.runtime.gates.gate import rejected_path
from iolaus.runtime.lake import Lake
from iolaus.runtime.spark import delta, delta_log
from iolaus.runtime.spark.jobs import parallelism
from iolaus.schemas.table import Table, table
from iolaus.settings import Retention

# a row with the account here is about it
ACCOUNT_COLUMNS = ("account_id", "account_a", "account_b", "account_from", "account_to")
# An account may also give its name to a group of others, whose rows stay: the column, and the account in it.
LABELS = {
    "graph.components": ("component", "t.component"),
    "graph.communities": ("community", "substring(t.community, instr(t.community, ':') + 1)"),
}
RETAINED_HOURS = 168  # Delta's own least


@dataclass(frozen=True)
class Done:
    """What an action did to a table, in words for the log."""

    table: str
    what: str


def compact(lake: Lake, day: date, days: int, keep: Retention) -> Iterator[Done]:
    """Rewrite each of the `days` days up to `day` that lies in too many files, sorted by the table's order.

    Too many: more than its size needs.

    A day that is compact is not touched, so that repeating it costs a reading of the logs. The driver holds one row a
    day.
    """
    for name in tables(lake):
        spec = table(name)
        for one, many, size in files(lake, spec):
            if many <= max(1, -(-size // keep.file_bytes)) or (one and not day - timedelta(days=days) < one <= day):
                continue
            where = f"{spec.date} = DATE'{one.isoformat()}'" if one is not None else None
            made = delta.compact(lake.spark, lake.path(name), where, spec.order)
            yield Done(name, f"{one or 'all rows'}: {made.numFilesRemoved} files became {made.numFilesAdded}")


def requested(spark: SparkSession, uri: str) -> DataFrame:
    """The accounts to drop: one `account_id` per line of the text at `uri`. Blank lines are skipped.

    Raises UsageError if it cannot be read.
    """
    try:
        lines = spark.read.text(uri)
    except AnalysisException as error:
        raise UsageError(
            f"no list of accounts at {uri}; name a text file, or a folder of them, with one account_id a line"
        ) from error
    return lines.select(F.trim("value").alias("account_id")).where("account_id <> ''")


def forget(lake: Lake, accounts: DataFrame) -> Iterator[Done]:
    """Drop all rows of the accounts in the column `account_id` from every table. Their files go with `vacuum`.

    Counts of published clusters stay as they were counted. Where an account gave its name to a group of others, the
    group gets a name that says nothing; so does the account in a verdict on others too. Of quarantined lines those go
    whose `account_id` it is, in whatever way that is written, and those without one that have the id in quotes.
    """
    wanted = accounts.select("account_id").distinct().persist()
    salt = F.lit(token_hex(8))  # kept nowhere: nobody can tell which account a name stood for
    is_account = F.col("s.account_id")
    try:
        for name in tables(lake):
            columns = table(name).schema.fieldNames()
            conditions = [F.col(f"t.{c}") == is_account for c in ACCOUNT_COLUMNS if c in columns]
            if name == "quality.quarantine":
                conditions = [_is_line_of(is_account)]
            paths = _paths(lake, name)
            gone = sum(_merged(lake, path, wanted, condition) for condition in conditions for path in paths)
            if name in LABELS:
                label, account = LABELS[name]
                _merged(
                    lake,
                    lake.path(name),
                    wanted,
                    F.expr(account) == is_account,
                    {label: _nameless(salt, F.col(f"t.{label}"))},
                )
            if gone:
                yield Done(name, f"{gone} rows dropped")
        yield from _forget_in_verdicts(lake, wanted, salt)
    finally:
        wanted.unpersist()


def _is_line_of(account: Column) -> Column:
    """Whether a quarantined line is an account's: as JSON, or, where it is broken, by what stands after the field."""
    line = F.coalesce(F.col("t.row"), F.col("t.row_bytes").cast("string"))
    after = F.regexp_extract(line, r'"account_id"\s*:\s*"?([^",}]*)', 1)
    told = F.trim(F.coalesce(F.get_json_object(line, "$.account_id"), F.nullif(after, F.lit(""))))
    quoted = F.contains(line, F.concat(F.lit('"'), account, F.lit('"')))
    return F.coalesce(told == F.trim(account), quoted)


def _nameless(salt: Column, name: Column) -> Column:
    """A name for a dropped account that only the same action gives it again."""
    return F.concat(F.lit("dropped-"), F.hex(F.xxhash64(salt, name)))


def _forget_in_verdicts(lake: Lake, wanted: DataFrame, salt: Column) -> Iterator[Done]:
    """Drop verdicts on accounts that are all dropped. In other verdicts these accounts get a name that says nothing.

    The reason's text gets it, too. A verdict on a whole cluster, or on other accounts, stays.
    """
    if not lake.exists(VERDICTS):
        return
    given = lake.read(VERDICTS, Span.ALL, date.max)
    met = given.select("verdict_id", F.explode("members").alias("account_id")).join(wanted, "account_id")
    dropped = met.groupBy("verdict_id").agg(F.collect_set("account_id").alias("dropped")).persist()
    try:
        count = dropped.count()
        if not count:
            return
        members, named = (
            F.transform(c, lambda a: F.when(F.array_contains("dropped", a), _nameless(salt, a)).otherwise(a)).alias(c)
            for c in ("members", "named")
        )
        why = F.aggregate("dropped", F.col("why"), lambda text, a: F.regexp_replace(text, _word(a), _nameless(salt, a)))
        alone = (F.size("named") > 0) & (F.size(F.array_except("named", "dropped")) == 0)
        rows = given.join(dropped, "verdict_id").select(
            "verdict_id", alone.alias("alone"), why.alias("why"), members, named
        )
        # `iolaus verdict` makes the table for appending alone, which Delta then holds everybody to.
        _append_only(lake, VERDICTS, "false")
        target = delta.merged(lake.spark, lake.path(VERDICTS), rows, "t.verdict_id = s.verdict_id")
        changed: dict[str, str | Column] = {name: F.col(f"s.{name}") for name in ("why", "members", "named")}
        target.whenMatchedDelete("s.alone").whenMatchedUpdate(set=changed).execute()
        yield Done(VERDICTS, f"{count} verdicts on the accounts dropped, or kept for others without their names")
    finally:
        dropped.unpersist()
        _append_only(lake, VERDICTS, "true")


def _word(account: Column) -> Column:
    """A pattern for the account's id where it stands alone and not within another."""
    quoted = F.concat(F.lit(r"\Q"), F.replace(account, F.lit(r"\E"), F.lit(r"\E\\E\Q")), F.lit(r"\E"))
    return F.concat(F.lit(r"(?<![\w-])"), quoted, F.lit(r"(?![\w-])"))


def _append_only(lake: Lake, name: str, value: str) -> None:
    """Set whether a table takes appended rows alone, unless it is set so already."""
    if delta.properties_of(lake.spark, lake.path(name)).get("delta.appendOnly", "false") != value:
        lake.spark.sql(f"ALTER TABLE delta.`{lake.path(name)}` SET TBLPROPERTIES ('delta.appendOnly' = '{value}')")


def vacuum(lake: Lake, keep: Retention) -> Iterator[Done]:
    """Remove files that no version of the last `file_hours` hours needs. Raises UsageError below Delta's week."""
    if keep.file_hours < RETAINED_HOURS:
        raise UsageError(
            f"{keep.file_hours} hours is less than the {RETAINED_HOURS} for which Delta keeps replaced files for "
            f"readers and writers at work; give {RETAINED_HOURS} or more"
        )
    conf, listings = lake.spark.conf, "spark.sql.sources.parallelPartitionDiscovery.parallelism"
    usual = conf.get(listings)
    try:
        # Delta lists folders in this many tasks. Its default, 10,000, takes a minute per table on two cores.
        conf.set(listings, str(4 * parallelism(lake.spark)))
        for name in tables(lake):
            for path in _paths(lake, name):
                delta.vacuum(lake.spark, path, keep.file_hours)
            yield Done(name, f"files replaced over {keep.file_hours} hours ago are removed")
    finally:
        conf.set(listings, str(usual))


def tables(lake: Lake) -> list[str]:
    """All tables that the lake has, made by a stage or not."""
    names = [module.name.replace("_", ".", 1) for module in iter_modules(schemas.__path__) if "_" in module.name]
    found = [name for name in names if lake.exists(name)]
    if not found:
        raise UsageError(f"the lake {lake.uri} has no table; name the folder that iolaus run wrote")
    return found


def _paths(lake: Lake, name: str) -> list[str]:
    """Where rows of a table lie: of gold, also those that its gate kept aside."""
    aside = rejected_path(lake, name)
    kept = name.startswith("gold.") and delta.is_table(lake.spark, aside)
    return [lake.path(name), aside] if kept else [lake.path(name)]


def files(lake: Lake, spec: Table) -> list[tuple[date | None, int, int]]:
    """(day, files, bytes) for each day of a table; None for an undated one."""
    return delta_log.files(lake.spark, lake.path(spec.name), spec.date)


def _merged(
    lake: Lake, path: str, accounts: DataFrame, condition: Column, update: dict[str, Column] | None = None
) -> int:
    """Delete, or update, the rows of the table (`t`) at a path that match an account (`s`); how many there were."""
    merge = delta.merged(lake.spark, path, accounts, condition)
    done = (merge.whenMatchedUpdate(set=dict(update)) if update else merge.whenMatchedDelete()).execute().first()
    return int(done[0]) if done else 0
