"""features.hand_overs: conversations that one account began and another went on with, and requests that moved."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small
from iolaus.model.failed import failed
from iolaus.schemas.table import table
from iolaus.settings import Run

_COLUMNS = ("account_id", "requested_at", "answer_hash", "prior_hash")
FEWEST_WORDS = 8  # of a prompt that two accounts hardly send within a minute by chance


def transform(exchanges: DataFrame, earlier: DataFrame, run: Run) -> DataFrame:
    """One row per pair of accounts in which the second went on with what the first had begun.

    It continued answers that the first was given, or sent a request again that had failed there. See `_continued` and
    `_sent_again`, which say when. Platforms whose logs have neither answers nor failures have no rows.

    exchanges:
    | account_id | requested_at | answer_hash | prior_hash | http_status | content_hash | n_words |
    |------------|--------------|-------------|------------|-------------|--------------|---------|
    | a          | 09:00        | 10          |            | 200         | 1            | 12      |
    | b          | 09:04        | 11          | 10         | 200         | 2            | 12      |
    | c          | 09:30        | 12          | 99         | 429         | 3            | 12      |
    | a          | 09:30        | 13          |            | 200         | 3            | 12      |

    result: b continued a's conversation, nobody here was given the answer 99, and a sent what had failed for c
    | account_from | account_to | n | n_failed | minutes |
    |--------------|------------|---|----------|---------|
    | a            | b          | 1 | 0        | 4.0     |
    | c            | a          | 0 | 1        | 0.0     |
    """
    late = F.coalesce("answer_hash", "prior_hash").isNotNull() & _is_late(run)
    asked = {"late": late, "quoted": F.col("prior_hash").isNotNull(), "failed": failed()}
    (seen,) = exchanges.agg(*(F.bool_or(of).alias(name) for name, of in asked.items())).collect()
    moved = []
    if seen.late or seen.quoted:
        moved.append(_continued(exchanges, earlier, run, late=bool(seen.late)))
    if seen.failed:
        moved.append(_sent_again(exchanges, run))
    if not moved:
        return exchanges.sparkSession.createDataFrame([], table("features.hand_overs").schema)
    minutes = (F.unix_timestamp("taken_at") - F.unix_timestamp("begun_at")) / 60
    pairs = (
        reduce(DataFrame.unionByName, moved)
        .groupBy("account_from", "account_to")
        .agg(
            F.count_if(~F.col("failed")).cast("int").alias("n"),
            F.count_if("failed").cast("int").alias("n_failed"),
            F.round(F.percentile(minutes, 0.5), 2).alias("minutes"),
        )
    )
    return pairs.select(F.lit(run.day).alias("arrived_on"), "account_from", "account_to", "n", "n_failed", "minutes")


def _continued(exchanges: DataFrame, earlier: DataFrame, run: Run, *, late: bool) -> DataFrame:
    """(account_from, begun_at, account_to, taken_at, failed) of answers that another account quotes.

    The answer or the request that quotes it arrived on the day; the other may have arrived with `earlier` exchanges of
    the same days. The platform made the answers, so an account that quotes one has it from the account that received
    it. An answer that many receive, or many quote, is not a conversation: a refusal in fixed words, an example from a
    tutorial. A conversation that continues after midnight is not seen.
    """
    known = exchanges.where("answer_hash is not null or prior_hash is not null")
    answers, quotations = (
        known.select(*_COLUMNS, F.lit(True).alias("new")).where(F.col(name).isNotNull())
        for name in ("answer_hash", "prior_hash")
    )
    if late:  # what arrived before matters where it meets what arrived late
        looked_for = _late_hashes(known, run)
        old = earlier.select(*_COLUMNS, F.lit(False).alias("new"))
        answers, quotations = (
            rows.unionByName(old.join(looked_for.withColumnRenamed("hash", name), name, "left_semi"))
            for rows, name in ((answers, "answer_hash"), (quotations, "prior_hash"))
        )
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
    return moved.select(
        "account_from",
        F.col("given.requested_at").alias("begun_at"),
        F.col("account_id").alias("account_to"),
        F.col("quoted.requested_at").alias("taken_at"),
        F.lit(False).alias("failed"),
    )


def _sent_again(exchanges: DataFrame, run: Run) -> DataFrame:
    """(account_from, begun_at, account_to, taken_at, failed) of failed requests that another account took over.

    It first sent the same request, letter by letter, within `pairs.failure_seconds` of the failure, and the account on
    which it failed did not send it again. A request that many accounts send is an exercise, a benchmark or a viral
    prompt, and one of few words may be anybody's. Two accounts on which it fails in the same second, as in an outage,
    took nothing over from each other. Only exchanges that arrived on the day are looked at.
    """
    at, has_failed = F.col("requested_at"), failed()
    long = exchanges.where(F.col("n_words") >= FEWEST_WORDS)
    failures = broadcast_if_small(long.where(has_failed).select("content_hash").distinct())
    sent = (
        long.join(failures, "content_hash", "left_semi")
        .groupBy("content_hash", "account_id")
        .agg(
            F.min(at).alias("taken_at"),
            F.min(F.when(has_failed, at)).alias("first_failed_at"),
            F.max(F.when(has_failed, at)).alias("failed_at"),
            F.max(F.when(~has_failed, at)).alias("answered_at"),
        )
    )
    by_few = (
        sent.groupBy("content_hash")
        .agg(F.count(F.lit(1)).alias("n"))
        .where(F.col("n").between(2, 1 + run.settings.pairs.answer_accounts))
    )
    sent = sent.join(by_few.select("content_hash"), "content_hash", "left_semi")
    given_up = sent.where("failed_at is not null and (answered_at is null or answered_at < failed_at)").select(
        "content_hash", F.col("account_id").alias("account_from"), F.col("failed_at").alias("begun_at")
    )
    taken = sent.select("content_hash", F.col("account_id").alias("account_to"), "taken_at", "first_failed_at")
    within = F.make_dt_interval(secs=F.lit(run.settings.pairs.failure_seconds))
    soon = F.col("taken_at").between(F.col("begun_at"), F.col("begun_at") + within)
    together = F.expr("taken_at = begun_at and first_failed_at <=> taken_at")
    moved = given_up.join(taken, "content_hash").where(
        soon & ~together & (F.col("account_from") != F.col("account_to"))
    )
    return moved.select("account_from", "begun_at", "account_to", "taken_at", F.lit(True).alias("failed"))


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
