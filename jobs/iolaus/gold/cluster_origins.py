"""gold.cluster_origins: from where a cluster comes, and by which ways it comes in, beside everybody."""

from itertools import product
from string import ascii_uppercase

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from iolaus.model.population import of_background, size
from iolaus.model.signals import ATTRIBUTE_CODES
from iolaus.schemas.table import table
from iolaus.settings import Run

OTHER = "other"
_SHOWN = 10  # values of a kind
_ATTRIBUTES = {"traffic country": "country", "access path": "path"}
_REGISTERED = {"billing country": "billing_country", "phone country": "phone_country", "plan": "plan"}
_COUNTRIES = tuple("".join(pair) for pair in product(ascii_uppercase, repeat=2))


def transform(
    scored: DataFrame, clusters: DataFrame, profiles: DataFrame, accounts: DataFrame, population: DataFrame, run: Run
) -> DataFrame:
    """One row per listed cluster, kind and value that any member has.

    Sketches hold hashes of countries and access paths. Both are short lists, so the words are found again by hashing
    every pair of letters and the paths that the settings name; any other path is `other`.

    scored:
    | cluster_id |
    |------------|
    | hc_1       |

    clusters:
    | cluster_id | account_id |
    |------------|------------|
    | hc_1       | a          |
    | hc_1       | b          |

    profiles:
    | account_id |
    |------------|
    | a          |
    | b          |
    | c          |
    | d          |

    accounts:
    | account_id | billing_country |
    |------------|-----------------|
    | a          | SG              |
    | b          | SG              |
    | c          | US              |
    | d          | SG              |

    population:
    | account_id | is_background |
    |------------|---------------|
    | a          | true          |
    | b          | true          |
    | c          | true          |
    | d          | true          |

    result:
    | cluster_id | kind            | value | n_accounts | share | baseline_share |
    |------------|-----------------|-------|------------|-------|----------------|
    | hc_1       | billing country | SG    | 2          | 1.0   | 0.75           |
    """
    members = clusters.join(scored.select("cluster_id"), "cluster_id").select("cluster_id", "account_id")
    sizes = members.groupBy("cluster_id").agg(F.count(F.lit(1)).alias("size"))
    everybody = F.lit(float(size(population).accounts))
    active = of_background(profiles.select("account_id", "attributes"), population).join(
        accounts.select("account_id", *_REGISTERED.values()), "account_id", "left"
    )
    kinds = F.create_map(*(F.lit(x) for kind, name in _ATTRIBUTES.items() for x in (ATTRIBUTE_CODES[name], kind)))
    used = active.select("account_id", F.inline("attributes")).where(
        F.col("channel").isin([ATTRIBUTE_CODES[name] for name in _ATTRIBUTES.values()])
    )
    listed = profiles.sparkSession.range(1).select(
        F.explode(F.array(*(F.lit(w) for w in (*_COUNTRIES, *run.settings.ingestion.access_paths)))).alias("word")
    )
    words = listed.select(F.xxhash64("word").alias("value_hash"), "word")
    sent = used.join(F.broadcast(words), "value_hash", "left").select(
        "account_id",
        kinds[F.col("channel").cast("int")].alias("kind"),
        F.coalesce("word", F.lit(OTHER)).alias("value"),
        "n",
    )
    stated = [F.struct(F.lit(kind).alias("kind"), F.col(name).alias("value")) for kind, name in _REGISTERED.items()]
    registered = active.select("account_id", F.inline(F.array(*stated))).where("value is not null")
    having = sent.unionByName(registered.withColumn("n", F.lit(None).cast("int")))
    having = having.groupBy("account_id", "kind", "value").agg(F.sum("n").alias("n"))  # other: several paths
    baseline = having.groupBy("kind", "value").agg((F.count(F.lit(1)) / everybody).alias("baseline_share"))
    inside = having.join(members, "account_id").groupBy("cluster_id", "kind", "value")
    counted = inside.agg(F.count(F.lit(1)).cast("int").alias("n_accounts"), F.sum("n").alias("n_exchanges"))
    commonest = Window.partitionBy("cluster_id", "kind").orderBy(F.desc("n_accounts"), "value")
    rows = counted.withColumn("nth", F.row_number().over(commonest)).where(F.col("nth") <= _SHOWN)
    rows = rows.join(F.broadcast(sizes), "cluster_id").join(baseline, ["kind", "value"])
    share, rounded_baseline = F.round(F.col("n_accounts") / F.col("size"), 4), F.round("baseline_share", 4)
    made = rows.withColumn("share", share).withColumn("baseline_share", rounded_baseline)
    made = made.withColumns({"run_date": F.lit(run.day), "run_id": F.lit(run.run_id)})
    return made.select(*table("gold.cluster_origins").schema.fieldNames())
