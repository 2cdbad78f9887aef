"""pairs.infrastructure: pairs of accounts that share cards, addresses, networks, mail domains or devices."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.population import size
from iolaus.model.shared_values import shared_value_pairs
from iolaus.model.signals import VALUE_FAMILIES
from iolaus.settings import Run


def transform(shared_values: DataFrame, population: DataFrame, run: Run) -> DataFrame:
    """One row per pair and channel, from `features.account_values`.

    shared_values: a and b share a card
    | account_id | account_key | owner_id | channel | value_hash | is_qualifying | n_qualifying_owners | n_contacts |
    |------------|-------------|----------|---------|------------|---------------|---------------------|------------|
    | a          | 1           | a        | card    | 7          | true          | 2                   | 1          |
    | b          | 2           | b        | card    | 7          | true          | 2                   | 1          |

    population:
    | rows | is_first_of_owner |
    |------|-------------------|
    | 800  | true              |

    result: -log2((1 + 1) / 800) bits, in thousandths
    | key_a | key_b | channel | value_hash | sharers | support | bits | similarity |
    |-------|-------|---------|------------|---------|---------|------|------------|
    | 1     | 2     | card    | 7          | 2       | 1       | 8644 | 1.0        |
    """
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
