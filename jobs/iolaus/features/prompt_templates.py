"""features.prompt_templates: templates and system prompts, with how many use them and how much."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.behaviour import sampled_exchanges
from iolaus.model.signals import TEMPLATES
from iolaus.settings import Run


def transform(shared_values: DataFrame, profiles: DataFrame, run: Run) -> DataFrame:
    """One row per template that two owners or more use, from `features.account_values`.

    shared_values:
    | account_id | channel  | value_hash | n  | distinct_prompts | n_owners | n_qualifying_owners |
    |------------|----------|------------|----|------------------|----------|---------------------|
    | a          | template | 7          | 30 | 30               | 2        | 2                   |
    | b          | template | 7          | 10 | 9                | 2        | 2                   |

    profiles:
    | account_id | n_exchanges | n_sampled |
    |------------|-------------|-----------|
    | a          | 40          | 40        |
    | b          | 40          | 40        |

    result: it is in half of their traffic
    | channel  | value_hash | n_accounts | n_owners | n_exchanges | n_distinct_prompts | traffic_share |
    |----------|------------|------------|----------|-------------|--------------------|---------------|
    | template | 7          | 2          | 2        | 40          | 39                 | 0.5           |
    """
    used = shared_values.where(F.col("channel").isin(*TEMPLATES, "system"))
    rows = used.join(profiles.select("account_id", "n_exchanges", "n_sampled"), "account_id")
    sums = rows.groupBy("channel", "value_hash").agg(
        F.count(F.lit(1)).cast("int").alias("n_accounts"),
        F.max("n_owners").alias("n_owners"),
        F.max("n_qualifying_owners").alias("n_loyal"),
        F.sum("n").alias("carried"),
        F.sum("distinct_prompts").alias("n_distinct_prompts"),
        F.sum(sampled_exchanges()).alias("of"),
    )
    return sums.select(
        F.lit(run.day).alias("run_date"),
        "channel",
        "value_hash",
        "n_accounts",
        "n_owners",
        "n_loyal",
        F.col("carried").alias("n_exchanges"),
        "n_distinct_prompts",
        F.round(F.least(F.col("carried") / F.col("of"), F.lit(1.0)), 4).alias("traffic_share"),
    )
