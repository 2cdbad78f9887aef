"""What accounts took from the platform: tokens, models, and their cost by the prices in the settings."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.settings import ANY_MODEL, Settings

MILLIONTHS = 1_000_000  # costs are summed as whole millionths, so that sums do not depend on their order
TAKEN = {  # columns of gold, and those of `features.account_profiles` that they sum
    "n_input_tokens": "input_tokens",
    "n_output_tokens": "output_tokens",
    "n_reasoning_tokens": "reasoning_tokens",
}


def with_models(sums: DataFrame, rows: DataFrame, of: str) -> DataFrame:
    """`sums` with `models`: of each value of its column `of`, exchanges by model, from the `activity` of `rows`."""
    counted = rows.select(of, F.inline("activity")).groupBy(of, "model").agg(F.sum("n").cast("long").alias("n"))
    entries = F.array_sort(F.collect_list(F.struct("model", "n")))
    models = counted.groupBy(of).agg(F.map_from_entries(entries).alias("models"))
    none = F.create_map().cast("map<string,bigint>")
    return sums.join(models, of, "left").withColumn("models", F.coalesce("models", none))


def cost(settings: Settings) -> Column:
    """What an account's tokens cost, in whole millionths of the prices' currency; null where no price is set.

    Over rows of `features.account_profiles`. Sketches do not know the tokens of each model, so an account's tokens are
    divided among its models as its exchanges are. A model without a price costs nothing.

    | input tokens | output tokens | models      | prices a million: in, out | cost |
    |--------------|---------------|-------------|---------------------------|------|
    | 2,000,000    | 1,000,000     | a: 3, b: 1  | a: 4, 8; b: 0, 0          | 12   |
    """
    if not settings.input_prices and not settings.output_prices:
        return F.lit(None).cast("long")
    paid = [
        F.col(count) * _mean_price(prices)
        for count, prices in (("input_tokens", settings.input_prices), ("output_tokens", settings.output_prices))
    ]
    return F.round(paid[0] + paid[1]).cast("long")  # tokens x price a million: millionths


def _mean_price(prices: Mapping[str, float]) -> Column:
    """The price of the account's models, each by its share of the exchanges."""
    other = F.lit(float(prices.get(ANY_MODEL, 0.0)))
    named = {model: price for model, price in prices.items() if model != ANY_MODEL}
    table = F.create_map(*(F.lit(x) for model, price in named.items() for x in (model, float(price))))

    def price(model: Column) -> Column:
        return F.coalesce(F.try_element_at(table, model), other) if named else other

    summed = F.aggregate("activity", F.lit(0.0), lambda total, a: total + a["n"] * price(a["model"]))
    return summed / F.col("n_exchanges")
