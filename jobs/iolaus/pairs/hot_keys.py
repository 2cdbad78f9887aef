"""pairs.hot_keys: shared values that too many accounts have to be paired, with what was left out."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.bits import by_channel
from iolaus.model.population import size
from iolaus.model.signals import CHANNEL, TOKEN_FAMILIES
from iolaus.settings import Run


def transform(tokens: DataFrame, population: DataFrame, run: Run) -> DataFrame:
    """One row a value of `features.account_tokens` over the cap, or too common for its channel's floor.

    They are counted before anything is paired; groups (`graph.communities`) and profiles
    (`graph.clusters`) use such values still, for those cost one row an account and not one a pair.
    """
    cap, owners = run.settings.pairs.most_sharers, size(population).owners
    names = tuple(c for family in TOKEN_FAMILIES.values() for c in family)
    most = F.lit(float(owners)) * by_channel({name: 2.0 ** -(CHANNEL[name].floor + 1) for name in names})
    values = tokens.where(F.col("channel").isin(*names)).select("channel", "token", "degree").distinct()
    hot = values.where((F.col("degree") > cap) | ((F.col("degree") > most) & (F.col("degree") >= 2)))
    why = F.when(F.col("degree") > cap, "over_cap").otherwise("too_common")
    pairs = (F.col("degree").cast("long") * (F.col("degree").cast("long") - 1) / 2).cast("long")
    return hot.select(
        F.lit(run.day).alias("run_date"),
        "channel",
        "token",
        F.col("degree").alias("sharers"),
        pairs.alias("pairs_not_made"),
        why.alias("why"),
    )
