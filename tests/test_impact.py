"""What accounts took: tokens by model, and their cost by the prices in the settings."""

from dataclasses import replace

import pytest
from pyspark.sql import SparkSession
from rows import rows

from iolaus.cli import main
from iolaus.model.impact import cost, with_models
from iolaus.settings import DEFAULT, Settings

ACTIVE = {
    "account_id": "a",
    "n_exchanges": 4,
    "input_tokens": 2_000_000,
    "output_tokens": 1_000_000,
    "activity": [
        {"hour": 1, "model": "x", "n": 2},
        {"hour": 2, "model": "y", "n": 1},
        {"hour": 3, "model": "x", "n": 1},
    ],
}


def costs(spark: SparkSession, settings: Settings) -> float | None:
    row = rows(spark, "features.account_profiles", [ACTIVE]).select(cost(settings).alias("cost")).first()
    assert row is not None
    return None if row.cost is None else row.cost / 1_000_000


@pytest.mark.parametrize(
    ("inputs", "outputs", "expected"),
    [
        ({}, {}, None),
        ({"x": 4.0}, {"x": 8.0}, 12.0),  # three quarters of 2 x 4 + 1 x 8
        ({"x": 4.0, "*": 1.0}, {}, 6.5),
        ({}, {"*": 8.0}, 8.0),
        ({"z": 4.0}, {}, 0.0),  # a model without a price costs nothing
    ],
)
def test_tokens_are_divided_among_models_as_exchanges_are(
    spark: SparkSession, inputs: dict[str, float], outputs: dict[str, float], expected: float | None
) -> None:
    assert costs(spark, replace(DEFAULT, input_prices=inputs, output_prices=outputs)) == expected


def test_models_are_counted_over_all_hours(spark: SparkSession) -> None:
    other = ACTIVE | {"account_id": "b", "activity": [{"hour": 1, "model": "y", "n": 5}]}
    everybody = spark.createDataFrame([("a",), ("b",), ("idle",)], "account_id string")
    made = with_models(everybody, rows(spark, "features.account_profiles", [ACTIVE, other]), "account_id")
    assert {r.account_id: r.models for r in made.collect()} == {"a": {"x": 3, "y": 1}, "b": {"y": 5}, "idle": {}}


def test_a_price_is_above_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--set", "input_prices.atlas-4=0"]) == 2
    assert "input_prices.atlas-4" in capsys.readouterr().err
    assert main(["settings", "--set", "input_prices.atlas-4=3", "--diff"]) == 0
    assert "input_prices" in capsys.readouterr().out
