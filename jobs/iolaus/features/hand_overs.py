"""features.hand_overs: conversations that one account began and another went on with."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.settings import Run


def transform(exchanges: DataFrame, run: Run) -> DataFrame:
    """One row a pair of accounts of which the second went on with answers that were given to the first, on one day.

    The platform made the answers, so whoever quotes one has it from the account that it was given to. What many are
    given, or many quote, is no conversation: a refusal in fixed words, an example that a tutorial shows. A conversation
    that goes on after midnight is not seen.

    | exchange       | account | answer | quotes |    | account_from | account_to | n | minutes |
    |----------------|---------|--------|--------|    |--------------|------------|---|---------|
    | e1, at 9:00    | a       | x      |        |    | a            | b          | 1 | 4.0     |
    | e2, at 9:04    | b       | y      | x      |
    """
    one_account = (
        F.min("account_id").alias("account_from"),
        F.max("account_id").alias("last"),
        F.min("requested_at").alias("given_at"),
    )
    given = (
        exchanges.where("answer_hash is not null").groupBy("answer_hash").agg(*one_account).where("account_from = last")
    )
    quoted = exchanges.where("prior_hash is not null").groupBy(F.col("prior_hash").alias("answer_hash"), "account_id")
    quoting = quoted.agg(F.min("requested_at").alias("quoted_at"))
    met = quoting.join(given, "answer_hash").where("quoted_at >= given_at")
    other = F.when(F.col("account_id") != F.col("account_from"), F.struct("account_id", "quoted_at"))
    by_answer = met.groupBy("answer_hash", "account_from", "given_at").agg(F.collect_list(other).alias("others"))
    few = F.size("others").between(1, run.settings.pairs.answer_accounts)
    moved = by_answer.where(few).select("account_from", "given_at", F.inline("others"))
    minutes = (F.unix_timestamp("quoted_at") - F.unix_timestamp("given_at")) / 60
    pairs = moved.groupBy("account_from", F.col("account_id").alias("account_to")).agg(
        F.count(F.lit(1)).cast("int").alias("n"), F.round(F.percentile(minutes, 0.5), 2).alias("minutes")
    )
    return pairs.select(F.lit(run.day).alias("happened_on"), "account_from", "account_to", "n", "minutes")
