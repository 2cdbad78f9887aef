"""The metrics by which a table's day is judged: a few dozen numbers, from one aggregation and its trailing days.

A metric has a name. `rows`, `duplicate_keys` (rows beyond the first of each key) and `null_<column>` (share of
rows in which it is null) are known of every table; all others are declared, in Spark SQL, by the suite of the table.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.runtime.gates.duplicates import DUPLICATES, count_duplicates, duplicates
from iolaus.schemas.table import Table
from iolaus.settings import Quality

ROWS, NULL = "rows", "null_"


@dataclass(frozen=True)
class Declared:
    """What a suite declares: from the name of a metric to how it is got.

    rows_where: rows for which a predicate holds. share_where: their share of all rows. aggregates: an SQL
    aggregate; in it and in predicates `:day` is the day judged and `:oldest` the first day of the window that ends with
    it. repeats: rows beyond the first of each value of some columns. histograms: `bin`, an expression from 0 to
    `bins` - 1; its counts are the metrics `name.0`, `name.1`, and so on. against: another `table` that the stage reads,
    its rows `where` a predicate holds, and what is counted: rows of this table `without` or `with` a partner there, by
    pairs of columns; rows there that are `missing` here; or, with none of the three, the rows there. reported: in
    words, a number that the transform measured while it made the rows, and that nothing in them shows. derived:
    arithmetic on the metrics so far; what it divides by zero is null. trailing: `ratio` (a metric to its median of
    the trailing days), `change` (how far it is from that median) or `psi` (how far a histogram is from their sum).
    """

    rows_where: Mapping[str, str] = field(default_factory=dict)
    share_where: Mapping[str, str] = field(default_factory=dict)
    aggregates: Mapping[str, str] = field(default_factory=dict)
    repeats: Mapping[str, Sequence[str]] = field(default_factory=dict)
    histograms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    against: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reported: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    trailing: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def summary(
    frame: DataFrame,
    spec: Table | None,
    declared: Declared,
    wanted: Sequence[str],
    inputs: Mapping[str, DataFrame],
    of: date,
    *,
    many: bool = False,
) -> DataFrame:
    """(metric string, value double), one row per metric: `rows`, the declared, and of the others those `wanted`.

    One job reads `frame` once, and once more, its key alone, where duplicates are
    wanted of `many` rows; each metric `against` one of `inputs` reads both once. A metric of nothing (a mean of no
    rows) is null.
    """
    day = f"DATE'{of}'"
    own = measures(frame.columns, declared, wanted, day)
    parts = []
    for name, keyed in counted(spec, declared, wanted).items():
        if many:
            parts.append(_listed(count_duplicates(frame, keyed, name)))
        else:
            own.append(duplicates(keyed, name))
    if declared.histograms:
        parts.append(_counted(frame, declared, day))
    for name, how in declared.against.items():
        other = inputs[how["table"]]
        dated = {**how, "where": how["where"].replace(":day", day)} if "where" in how else how
        parts.append(_listed(matched(frame, dated, other).agg(F.count(F.lit(1)).alias(name))))
    return reduce(DataFrame.unionByName, parts, _listed(frame.agg(*own)))


def counted(spec: Table | None, declared: Declared, wanted: Sequence[str]) -> dict[str, Table]:
    """The metrics that count rows beyond the first of each key, each with the table as if it had that key."""
    if spec is None:
        return {}
    keys = {name: tuple(columns) for name, columns in declared.repeats.items()}
    keys |= {DUPLICATES: spec.key} if DUPLICATES in wanted else {}
    return {name: replace(spec, key=key) for name, key in keys.items()}


def _counted(frame: DataFrame, declared: Declared, day: str) -> DataFrame:
    """The bins of all histograms that have rows, as rows (metric, value)."""
    places = {name: _expression(how["bin"], day).cast("int") for name, how in declared.histograms.items()}
    bins = F.array(*(F.struct(F.lit(name).alias("name"), place.alias("bin")) for name, place in places.items()))
    counts = frame.select(F.inline(bins)).where("bin is not null").groupBy("name", "bin").count()
    metric = F.concat_ws(".", "name", F.col("bin").cast("string"))
    return counts.select(metric.alias("metric"), F.col("count").cast("double").alias("value"))


def _listed(row: DataFrame) -> DataFrame:
    """The columns of one row as rows (metric, value)."""
    cells = (
        F.struct(F.lit(name).alias("metric"), F.col(f"`{name}`").cast("double").alias("value")) for name in row.columns
    )
    return row.select(F.inline(F.array(*cells)))


def measures(known: Sequence[str], declared: Declared, wanted: Sequence[str], day: str) -> list[Column]:
    """The metrics of a table's own rows but for histograms, as aggregates; `known` are its columns, `day` is SQL."""
    columns = [F.count(F.lit(1)).alias(ROWS)]
    columns += [_expression(f"count_if({sql})", day).alias(name) for name, sql in declared.rows_where.items()]
    columns += [_expression(f"avg(if({sql}, 1D, 0D))", day).alias(name) for name, sql in declared.share_where.items()]
    columns += [_expression(sql, day).alias(name) for name, sql in declared.aggregates.items()]
    nulls = [n for n in wanted if n.startswith(NULL) and n.removeprefix(NULL) in known]
    return columns + [F.avg(F.when(F.col(n.removeprefix(NULL)).isNull(), 1.0).otherwise(0.0)).alias(n) for n in nulls]


def in_window(sql: str, days: int) -> str:
    """SQL in which `:oldest` is told by `:day`, for a window of so many days."""
    return sql.replace(":oldest", f"date_sub(:day, {days - 1})")


def windowed(declared: Declared, days: int) -> Declared:
    """What a suite declares, for a window of so many days."""
    rows, shares = (
        {name: in_window(sql, days) for name, sql in of.items()} for of in (declared.rows_where, declared.share_where)
    )
    return replace(declared, rows_where=rows, share_where=shares)


def _expression(sql: str, day: str) -> Column:
    return F.expr(sql.replace(":day", day))


def matched(frame: DataFrame, how: Mapping[str, Any], other: DataFrame) -> DataFrame:
    """The rows that a metric `against` another table counts."""
    if "where" in how:
        other = other.where(how["where"])
    for kind, join in (("without", "left_anti"), ("with", "left_semi"), ("missing", "left_anti")):
        if kind in how:
            rows, partners = (other, frame) if kind == "missing" else (frame, other)
            keys = partners.select(*(F.col(theirs).alias(ours) for ours, theirs in how[kind].items()))
            return rows.join(keys, [*how[kind]], join)
    return other


def derived(metrics: Mapping[str, float | None], declared: Declared) -> dict[str, float | None]:
    """The metrics `derived` from those that were measured."""
    if not declared.derived:
        return {}
    row = pd.DataFrame([metrics], dtype="float64")
    found = {
        name: float(np.asarray(row.eval(arithmetic, engine="python"))[0])
        for name, arithmetic in declared.derived.items()
    }
    return {name: value if math.isfinite(value) else None for name, value in found.items()}


def compared(
    metrics: Mapping[str, float | None],
    history: Sequence[Mapping[str, float | None]],
    declared: Declared,
    settings: Quality,
) -> dict[str, float | None]:
    """The metrics `trailing`: today's against those of the trailing days. Null if too few days, or rows, are known."""
    found: dict[str, float | None] = {}
    for name, how in declared.trailing.items():
        ((kind, base),) = how.items()
        if kind == "psi":
            bins = [f"{base}.{i}" for i in range(declared.histograms[base]["bins"])]
            today, *before = ([float(day.get(b) or 0.0) for b in bins] for day in (metrics, *history))
            known = sum(1 for day in before if sum(day) > 0)
            enough = known >= settings.fewest_days and sum(today) >= settings.drift_rows
            found[name] = population_stability(today, np.sum(before, axis=0)) if enough else None
            continue
        now, past = metrics.get(base), [value for day in history if (value := day.get(base)) is not None]
        if now is None or len(past) < settings.fewest_days:
            found[name] = None
        elif kind == "ratio":
            middle = float(np.median(past))
            found[name] = now / middle if middle else None
        else:
            found[name] = abs(now - float(np.median(past)))
    return found


def population_stability(now: Sequence[float], before: Sequence[float]) -> float:
    """Population stability index of two histograms: the sum over bins of (p - q) ln(p / q).

    Half a count is added to each bin. 0 for equal shares. By the usual reading, over 0.1 is a shift and over 0.25 a
    large one. Source: Siddiqi, Credit Risk Scorecards, 2006.
    """
    p, q = (np.asarray(x, float) + 0.5 for x in (now, before))
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum((p - q) * np.log(p / q)))
