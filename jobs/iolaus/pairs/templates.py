"""pairs.templates: pairs of accounts that share prompts, templates or system prompts."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.model.population import size
from iolaus.model.shared_values import shared_value_pairs
from iolaus.model.signals import VALUE_FAMILIES
from iolaus.settings import Run


def transform(shared_values: DataFrame, population: DataFrame, run: Run) -> DataFrame:
    """One row per pair and channel, from `features.account_values`.

    shared_values: two of 16 owners who begin different prompts with the same 8 words
    | account_id | account_key | owner_id | channel | value_hash | is_qualifying | n_qualifying_owners | n_contacts |
    |------------|-------------|----------|---------|------------|---------------|---------------------|------------|
    | a          | 1           | a        | head8   | 7          | true          | 16                  | 15         |
    | b          | 2           | b        | head8   | 7          | true          | 16                  | 15         |

    population:
    | rows | is_first_of_owner |
    |------|-------------------|
    | 800  | true              |

    result: -log2((15 + 15) / 800) bits, in thousandths
    | key_a | key_b | channel | value_hash | sharers | support | bits | similarity |
    |-------|-------|---------|------------|---------|---------|------|------------|
    | 1     | 2     | head8   | 7          | 16      | 1       | 4737 | 1.0        |
    """
    settings = run.settings.pairs
    pairs = shared_value_pairs(
        shared_values,
        VALUE_FAMILIES["content"],
        size(population).owners,
        settings.most_sharers,
        run.settings.channels,
        partners=settings.partners,
    )
    return pairs.select(F.lit(run.day).alias("run_date"), "*")
