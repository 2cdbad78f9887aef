"""features.hand_overs: conversations that one account began and another went on with."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.settings import Run


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
    columns = ("account_id", "requested_at", "answer_hash", "prior_hash")
    old, new = (
        rows.select(*columns, F.lit(is_new).alias("new")) for rows, is_new in ((earlier, False), (exchanges, True))
    )
    rows = new.unionByName(old)
    one_account = (
        F.min("account_id").alias("account_from"),
        F.max("account_id").alias("last"),
        F.min("requested_at").alias("given_at"),
        F.min_by("new", "requested_at").alias("new_answer"),
    )
    given = rows.where("answer_hash is not null").groupBy("answer_hash").agg(*one_account).where("account_from = last")
    quoted = rows.where("prior_hash is not null").groupBy(F.col("prior_hash").alias("answer_hash"), "account_id")
    quoting = quoted.agg(F.min("requested_at").alias("quoted_at"), F.min_by("new", "requested_at").alias("new"))
    met = quoting.join(given, "answer_hash").where("quoted_at >= given_at")
    other = F.when(F.col("account_id") != F.col("account_from"), F.struct("account_id", "quoted_at", "new"))
    by_answer = met.groupBy("answer_hash", "account_from", "given_at", "new_answer").agg(
        F.collect_list(other).alias("others")
    )
    few = F.size("others").between(1, run.settings.pairs.answer_accounts)
    listed = by_answer.where(few).select("account_from", "given_at", "new_answer", F.inline("others"))
    moved = listed.where("new or new_answer")
    minutes = (F.unix_timestamp("quoted_at") - F.unix_timestamp("given_at")) / 60
    pairs = moved.groupBy("account_from", F.col("account_id").alias("account_to")).agg(
        F.count(F.lit(1)).cast("int").alias("n"), F.round(F.percentile(minutes, 0.5), 2).alias("minutes")
    )
    return pairs.select(F.lit(run.day).alias("arrived_on"), "account_from", "account_to", "n", "minutes")
