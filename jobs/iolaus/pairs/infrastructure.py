"""pairs.infrastructure: pairs of accounts that share cards, addresses, networks, mail domains or devices."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.population import size
from iolaus.model.shared_values import shared_value_pairs
from iolaus.model.signals import VALUE_FAMILIES
from iolaus.settings import Run


def transform(shared_values: DataFrame, population: DataFrame, run: Run) -> DataFrame:
    """One row per pair and channel, of `features.account_values`."""
    settings = run.settings.pairs
    pairs = shared_value_pairs(
        shared_values,
        VALUE_FAMILIES["infrastructure"],
        size(population).owners,
        settings.most_sharers,
        run.settings.channels,
        partners=settings.partners,
    )
    return pairs.select(F.lit(run.day).alias("run_date"), "*")
