"""pairs.templates: pairs of accounts that share prompts, templates, wrappers or system prompts."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.population import size
from iolaus.model.shared_values import shared_tokens
from iolaus.model.signals import TOKEN_FAMILIES
from iolaus.settings import Run


def transform(tokens: DataFrame, population: DataFrame, run: Run) -> DataFrame:
    """One row a pair and channel, of `features.account_tokens`."""
    pairs = shared_tokens(tokens, TOKEN_FAMILIES["content"], size(population).owners, run.settings.pairs.most_sharers)
    return pairs.select(F.lit(run.day).alias("run_date"), "*")
