"""pairs.hot_keys: shared values that too many accounts have to be paired, with what was left out."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.bits import by_channel
from iolaus.model.population import size
from iolaus.model.signals import VALUE_FAMILIES
from iolaus.settings import Run


def transform(shared_values: DataFrame, population: DataFrame, run: Run) -> DataFrame:
    """One row per value of `features.account_values` that is over the cap, or too common for its channel's floor.

    These are counted before anything is paired. Groups (`graph.communities`) and profiles (`graph.clusters`) still use
    them, because there a value costs one row per account and not one per pair.

    shared_values:
    | account_id | channel | value_hash | n_qualifying_owners |
    |------------|---------|------------|---------------------|
    | a          | card    | 1          | 700                 |
    | b          | card    | 2          | 100                 |
    | c          | card    | 3          | 4                   |

    population:
    | rows | is_first_of_owner |
    |------|-------------------|
    | 800  | true              |

    result: a card of 100 among 800 owners gives less than its floor of 3 bits; one of 4 owners is paired
    | channel | value_hash | sharers | pairs_not_made | why        |
    |---------|------------|---------|----------------|------------|
    | card    | 1          | 700     | 244650         | over_cap   |
    | card    | 2          | 100     | 4950           | too_common |
    """
    cap, owners = run.settings.pairs.most_sharers, size(population).owners
    names = tuple(c for family in VALUE_FAMILIES.values() for c in family)
    most = F.lit(float(owners)) * by_channel({name: 2.0 ** -(run.settings.channels[name].floor + 1) for name in names})
    values = (
        shared_values.where(F.col("channel").isin(*names))
        .select("channel", "value_hash", "n_qualifying_owners")
        .distinct()
    )
    hot = values.where(
        (F.col("n_qualifying_owners") > cap)
        | ((F.col("n_qualifying_owners") > most) & (F.col("n_qualifying_owners") >= 2))
    )
    why = F.when(F.col("n_qualifying_owners") > cap, "over_cap").otherwise("too_common")
    pairs = (F.col("n_qualifying_owners").cast("long") * (F.col("n_qualifying_owners").cast("long") - 1) / 2).cast(
        "long"
    )
    return hot.select(
        F.lit(run.day).alias("run_date"),
        "channel",
        "value_hash",
        F.col("n_qualifying_owners").alias("sharers"),
        pairs.alias("pairs_not_made"),
        why.alias("why"),
    )
