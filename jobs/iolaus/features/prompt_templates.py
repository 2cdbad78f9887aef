"""features.prompt_templates: templates, wrappers and system prompts, with how many use them and how much."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.behaviour import known_exchanges
from iolaus.model.signals import WRAPPERS
from iolaus.settings import Run


def transform(tokens: DataFrame, embeddings: DataFrame, run: Run) -> DataFrame:
    """One row a template that two owners or more use, of `features.account_tokens`."""
    used = tokens.where(F.col("channel").isin(*WRAPPERS, "system"))
    rows = used.join(embeddings.select("account_id", "n_exchanges", "n_known"), "account_id")
    sums = rows.groupBy("channel", "token").agg(
        F.count(F.lit(1)).cast("int").alias("n_accounts"),
        F.max("users").alias("n_owners"),
        F.max("degree").alias("n_loyal"),
        F.sum("n").alias("carried"),
        F.sum("fillings").alias("n_fillings"),
        F.sum(known_exchanges()).alias("of"),
    )
    return sums.select(
        F.lit(run.day).alias("run_date"),
        "channel",
        "token",
        "n_accounts",
        "n_owners",
        "n_loyal",
        F.col("carried").alias("n_exchanges"),
        "n_fillings",
        F.round(F.least(F.col("carried") / F.col("of"), F.lit(1.0)), 4).alias("traffic_share"),
    )
