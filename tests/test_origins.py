"""gold.cluster_origins: hashes of countries and paths are words again, beside everybody's."""

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rows import DAY, population, rows

from iolaus.gold.cluster_origins import transform
from iolaus.model.signals import ATTRIBUTE_CODES
from iolaus.settings import DEFAULT, Key, Run


def test_origins_beside_everybody(spark: SparkSession) -> None:
    words = ("KZ", "DE", "reseller", "home-made", "cloud9")
    hashed = dict(zip(words, spark.range(1).select(*(F.xxhash64(F.lit(w)) for w in words)).head() or (), strict=True))

    def attributes(country: str, *paths: str) -> list[tuple[int, int, int]]:
        return [
            (ATTRIBUTE_CODES["country"], hashed[country], 5),
            *((ATTRIBUTE_CODES["path"], hashed[p], 2) for p in paths),
        ]

    active = [
        {"account_id": "a", "attributes": attributes("KZ", "reseller")},
        {"account_id": "b", "attributes": attributes("KZ", "home-made", "cloud9")},
        {"account_id": "c", "attributes": attributes("DE", "reseller")},
        {"account_id": "unknown", "attributes": [(ATTRIBUTE_CODES["address"], hashed["KZ"], 1)]},
    ]
    made = transform(
        rows(spark, "scoring.clusters", [{"cluster_id": "hc_1"}]),
        rows(
            spark,
            "graph.clusters",
            [{"cluster_id": "hc_1", "account_id": a} for a in "ab"] + [{"cluster_id": "hc_2", "account_id": "c"}],
        ),
        rows(spark, "features.account_profiles", active),
        rows(
            spark,
            "silver.accounts",
            [{"account_id": "a", "plan": "api", "billing_country": "KZ"}, {"account_id": "c", "plan": "api"}],
        ),
        population(spark, [a["account_id"] for a in active]),
        Run(DAY, DEFAULT, Key(b"k")),
    )
    found = {
        (r.cluster_id, r.kind, r.value): (r.n_accounts, r.n_exchanges, r.share, r.baseline_share)
        for r in made.collect()
    }
    assert found == {
        ("hc_1", "traffic country", "KZ"): (2, 10, 1.0, 0.5),
        ("hc_1", "access path", "reseller"): (1, 2, 0.5, 0.5),
        ("hc_1", "access path", "other"): (1, 4, 0.5, 0.25),
        ("hc_1", "plan", "api"): (1, None, 0.5, 0.5),
        ("hc_1", "billing country", "KZ"): (1, None, 0.5, 0.25),
    }
