"""gold.cluster_templates: the texts that members of a cluster share, each with a redacted exemplar."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small
from iolaus.model.asked import asked
from iolaus.model.signals import TEMPLATES
from iolaus.schemas.table import table
from iolaus.settings import Run
from iolaus.text.redaction import exemplar

_SAMPLES = 3  # texts that an exemplar is made of
_KEY = ("cluster_id", "channel", "value_hash")
_EXCHANGE = ("account_id", "exchange_id", "requested_at")  # what tells an exchange from others, with its prompt
_CHANNELS = ("system", "prompt", *TEMPLATES)


def transform(
    scored: DataFrame,
    clusters: DataFrame,
    shared_values: DataFrame,
    exchanges: DataFrame,
    arrived: DataFrame,
    previous: DataFrame,
    run: Run,
) -> DataFrame:
    """One row per listed cluster and text that several members share: the most shared of each kind.

    The exemplar is taken from the day's own exchanges (`silver.exchanges`, and their text in `bronze.exchanges`), so
    that no history is read; a text not sent on the day keeps the exemplar of an earlier run. Only texts of listed
    clusters leave bronze.

    settings: scoring.template_accounts=2

    scored:
    | cluster_id |
    |------------|
    | hc_1       |

    clusters:
    | cluster_id | account_id |
    |------------|------------|
    | hc_1       | a          |
    | hc_1       | b          |
    | hc_1       | c          |

    shared_values: two members begin different prompts with the same 4 words, as does one other owner
    | account_id | channel | value_hash | n  | n_owners |
    |------------|---------|------------|----|----------|
    | a          | head4   | 7          | 30 | 3        |
    | b          | head4   | 7          | 10 | 3        |

    exchanges:
    | account_id | exchange_id | requested_at | head4_hash |
    |------------|-------------|--------------|------------|
    | a          | 1           | 09:00        | 7          |
    | b          | 2           | 09:05        | 7          |

    arrived:
    | account_id | exchange_id | requested_at | prompt                                      |
    |------------|-------------|--------------|---------------------------------------------|
    | a          | 1           | 09:00        | Grade the answer below: ice floats on water |
    | b          | 2           | 09:05        | Grade the answer below: iron is a metal     |

    result:
    | cluster_id | kind    | channel | n_accounts | n_exchanges | n_baseline_owners | exemplar                |
    |------------|---------|---------|------------|-------------|-------------------|-------------------------|
    | hc_1       | opening | head4   | 2          | 40          | 3                 | Grade the answer below: |
    """
    members = broadcast_if_small(
        clusters.join(scored.select("cluster_id"), "cluster_id").select("cluster_id", "account_id")
    )
    shared = broadcast_if_small(_most_shared(members, shared_values, run))  # a broadcast_if_small rows a listed cluster
    samples = _samples(members, shared, exchanges)
    seen = _texts(samples, arrived).mapInArrow(
        _exemplars, "cluster_id string, channel string, value_hash long, today string"
    )
    earlier = previous.select(*_KEY, F.col("exemplar").alias("earlier"), F.col("seen_on").alias("earlier_on"))
    rows = shared.join(seen, [*_KEY], "left").join(earlier, [*_KEY], "left")
    return rows.select(
        F.lit(run.day).alias("run_date"),
        "cluster_id",
        "kind",
        "channel",
        "value_hash",
        "n_accounts",
        "n_exchanges",
        "n_baseline_owners",
        F.coalesce("today", "earlier").alias("exemplar"),
        F.when(F.col("today").isNotNull(), F.lit(run.day)).otherwise(F.col("earlier_on")).alias("seen_on"),
        F.lit(run.run_id).alias("run_id"),
    ).select(*table("gold.cluster_templates").schema.fieldNames())


def _kind(channel: Column) -> Column:
    """An affix is an opening or a closing, however many words of it were hashed."""
    return F.when(channel.startswith("head"), "opening").when(channel.startswith("tail"), "closing").otherwise(channel)


def _most_shared(members: DataFrame, shared_values: DataFrame, run: Run) -> DataFrame:
    """Of each cluster and kind, the texts that most members send; of texts that equally many send, the longest."""
    had = members.join(shared_values.where(F.col("channel").isin(*_CHANNELS)), "account_id")
    counted = had.groupBy(*_KEY).agg(
        F.count(F.lit(1)).cast("int").alias("n_accounts"),
        F.sum("n").alias("n_exchanges"),
        F.max("n_owners").alias("n_baseline_owners"),
    )
    words = F.coalesce(F.try_element_at(F.split("channel", "[a-z]+"), F.lit(2)).try_cast("int"), F.lit(0))
    order = Window.partitionBy("cluster_id", "kind").orderBy(
        F.desc(F.round(F.log2("n_accounts"))),
        F.desc(words),
        F.desc("n_accounts"),
        F.desc("n_exchanges"),
        "channel",
        "value_hash",
    )
    # Of affixes of several lengths, which are views of one template, those as long as the first.
    several = counted.where(F.col("n_accounts") >= run.settings.scoring.template_accounts).withColumn(
        "kind", _kind(F.col("channel"))
    )
    alike = several.withColumn("best", F.first("channel").over(order)).where("channel = best").drop("best")
    return (
        alike.withColumn("nth", F.row_number().over(order))
        .where(F.col("nth") <= run.settings.scoring.templates_shown)
        .drop("nth")
    )


def _samples(members: DataFrame, shared: DataFrame, exchanges: DataFrame) -> DataFrame:
    """A few exchanges of the day for each text: (cluster_id, channel, value_hash, and `_EXCHANGE`)."""
    carried = F.array(*(F.struct(F.lit(c).alias("channel"), F.col(f"{c}_hash").alias("value_hash")) for c in _CHANNELS))
    sent = exchanges.join(members, "account_id").select("cluster_id", *_EXCHANGE, F.inline(carried))
    mine = sent.join(shared.select(*_KEY), [*_KEY])
    order = Window.partitionBy(*_KEY).orderBy(F.xxhash64(*_EXCHANGE), *_EXCHANGE)
    return mine.withColumn("nth", F.row_number().over(order)).where(F.col("nth") <= _SAMPLES).drop("nth")


def _texts(samples: DataFrame, arrived: DataFrame) -> DataFrame:
    """The texts of the sampled exchanges, in one list a shared text: (cluster_id, channel, value_hash, texts)."""
    said = arrived.select(*_EXCHANGE, asked().alias("asked"), "system_instructions").join(
        F.broadcast(samples), [*_EXCHANGE]
    )
    text = F.when(F.col("channel") == "system", F.col("system_instructions")).otherwise(F.col("asked"))
    texts = F.array_sort(F.collect_set(F.substring(text, 1, 100_000)))
    return said.groupBy(*_KEY).agg(texts.alias("texts")).where(F.size("texts") > 0)


def _exemplars(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        kinds = [c[:4] for c in batch["channel"].to_pylist()]
        made = [
            exemplar({"head": "opening", "tail": "closing"}.get(kind, kind), texts)
            for kind, texts in zip(kinds, batch["texts"].to_pylist(), strict=True)
        ]
        yield pa.RecordBatch.from_arrays(
            [*(batch[name] for name in _KEY), pa.array(made, pa.string())], names=[*_KEY, "today"]
        )
