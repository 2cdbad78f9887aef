"""features.hand_overs: conversations that one account began and another went on with."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small
from iolaus.schemas.table import table
from iolaus.settings import Run

_COLUMNS = ("account_id", "requested_at", "answer_hash", "prior_hash")


def transform(exchanges: DataFrame, earlier: DataFrame, run: Run) -> DataFrame:
    """One row per pair of accounts in which the second continued answers that were given to the first.

    The answer or the request that quotes it arrived on the day; the other may have arrived with `earlier` exchanges of
    the same days. The platform made the answers, so an account that quotes one has it from the account that received
    it. An answer that many receive, or many quote, is not a conversation: a refusal in fixed words, an example from a
    tutorial. A conversation that continues after midnight is not seen.

    exchanges:
    | account_id | requested_at | answer_hash | prior_hash |
    |------------|--------------|-------------|------------|
    | a          | 09:00        | 10          |            |
    | b          | 09:04        | 11          | 10         |
    | c          | 09:30        | 12          | 99         |

    result: b continued a's conversation; nobody here was given the answer 99
    | account_from | account_to | n | minutes |
    |--------------|------------|---|---------|
    | a            | b          | 1 | 4.0     |
    """
    known = exchanges.where("answer_hash is not null or prior_hash is not null")
    answers, quotations = (
        known.select(*_COLUMNS, F.lit(True).alias("new")).where(F.col(name).isNotNull())
        for name in ("answer_hash", "prior_hash")
    )
    if not known.where(_is_late(run)).isEmpty():  # what arrived before matters where it meets what arrived late
        looked_for = _late_hashes(known, run)
        old = earlier.select(*_COLUMNS, F.lit(False).alias("new"))
        answers, quotations = (
            rows.unionByName(old.join(looked_for.withColumnRenamed("hash", name), name, "left_semi"))
            for rows, name in ((answers, "answer_hash"), (quotations, "prior_hash"))
        )
    elif quotations.isEmpty():  # a platform whose logs have no answers
        return exchanges.sparkSession.createDataFrame([], table("features.hand_overs").schema)
    given = answers.groupBy("answer_hash").agg(
        F.min("account_id").alias("account_from"), F.max("account_id").alias("last"), _first().alias("given")
    )
    quoted = quotations.groupBy(F.col("prior_hash").alias("answer_hash"), "account_id").agg(_first().alias("quoted"))
    met = quoted.join(given.where("account_from = last"), "answer_hash").where(
        "quoted.requested_at >= given.requested_at"
    )
    other = F.when(F.col("account_id") != F.col("account_from"), F.struct("account_id", "quoted"))
    by_answer = met.groupBy("answer_hash", "account_from", "given").agg(F.collect_list(other).alias("others"))
    few = F.size("others").between(1, run.settings.pairs.answer_accounts)
    moved = by_answer.where(few).select("account_from", "given", F.inline("others")).where("given.new or quoted.new")
    minutes = (F.unix_timestamp("quoted.requested_at") - F.unix_timestamp("given.requested_at")) / 60
    pairs = moved.groupBy("account_from", F.col("account_id").alias("account_to")).agg(
        F.count(F.lit(1)).cast("int").alias("n"), F.round(F.percentile(minutes, 0.5), 2).alias("minutes")
    )
    return pairs.select(F.lit(run.day).alias("arrived_on"), "account_from", "account_to", "n", "minutes")


def _late_hashes(exchanges: DataFrame, run: Run) -> DataFrame:
    """(hash): of answers that were given, or quoted, on an earlier day and arrived on this one."""
    late = exchanges.where(_is_late(run))
    hashes = late.select(F.explode(F.array("answer_hash", "prior_hash")).alias("hash"))
    return broadcast_if_small(hashes.where("hash is not null").distinct())


def _is_late(run: Run) -> Column:
    return F.col("happened_on") < F.lit(run.day)


def _first() -> Column:
    """When it was first, and whether the exchange that it was arrived on the day."""
    return F.min(F.struct("requested_at", "new"))
