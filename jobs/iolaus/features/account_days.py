"""features.account_days: additive sketches of what each account did on a day."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from iolaus.model import account_sketch as sketches
from iolaus.model.sampling import salt_of
from iolaus.model.shared_values import as_long
from iolaus.model.signals import SENT
from iolaus.schemas.sketch import PROMPT_FIELDS
from iolaus.schemas.table import table
from iolaus.settings import Run

_OF_TEXT = (*PROMPT_FIELDS, "n_words", "terms", "signature")  # what an exchange has of its prompt
_EMPTY = {"n_words": "0", "terms": ""}


def transform(exchanges: DataFrame, run: Run) -> DataFrame:
    """One row an account that was active on the day, of `silver.exchanges`.

    Exchanges are sketched where they lie, and the sketches, of which an account has few where its exchanges lie
    together, are shuffled and merged. However many exchanges one account has, memory is bounded by a batch.
    """
    schema = table("features.account_days").schema
    exchanges = _without_placeholders(exchanges, run)
    parts = StructType([f for f in schema.fields if f.name != "happened_on"])
    day, salt = run.day, salt_of(run.key.secret)

    def sketch(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for made in sketches.stream(batches, sketches.sketch, salt):
            yield from made.combine_chunks().to_batches()

    def merge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for made in sketches.stream(batches, sketches.merge, salt):
            dated = made.add_column(0, "happened_on", pa.array([day] * len(made), pa.date32()))
            yield from dated.combine_chunks().to_batches()

    columns = exchanges.select("*", F.xxhash64("exchange_id").alias("draw"), *_values()).drop(
        "exchange_id",
        "happened_on",
        "arrived_on",
        "address",
        "block",
        "device",
        "key_id",
        "country",
        "request_hash",
        "answer_hash",
        "prior_hash",
    )
    sketched = columns.mapInArrow(sketch, parts)
    return sketched.repartition("account_id").sortWithinPartitions("account_id").mapInArrow(merge, schema)


def _without_placeholders(exchanges: DataFrame, run: Run) -> DataFrame:
    """The exchanges, of which those whose prompt is a placeholder have no text.

    A placeholder stands where a gateway left the prompt out: unrelated accounts send it in most of their exchanges, so
    that it makes strangers alike. Those that adapters know by their words never come here (`iolaus.text.markers`); this
    finds the others. Each account votes for the prompt of one of its exchanges, drawn by a hash, so that neither one
    account with many exchanges nor a greeting that all send once decides. What is removed is all that the text gave:
    its hashes, terms and signature.

        account_id  prompt_hash        account_id  prompt_hash
        a           7                  a           null          7 has the votes of `placeholder_share` of all accounts
        a           5             ->   a           5
        b           7                  b           null
    """
    settings = run.settings.ingestion
    if settings.placeholder_share >= 1:
        return exchanges
    votes = exchanges.groupBy("account_id").agg(F.min_by("prompt_hash", F.xxhash64("exchange_id")).alias("prompt_hash"))
    counted = votes.groupBy("prompt_hash").agg(F.count(F.lit(1)).alias("votes"))
    # null for all others, which are one row
    common = F.when(F.col("votes") >= settings.placeholder_accounts, F.col("prompt_hash"))
    few = counted.groupBy(common.alias("prompt_hash")).agg(F.sum("votes").alias("votes"))
    share = F.col("votes") / F.sum("votes").over(Window.partitionBy(F.lit(0)))
    found = few.withColumn("share", share).where(
        F.col("prompt_hash").isNotNull() & (F.col("share") >= settings.placeholder_share)
    )
    found = found.select("prompt_hash", F.lit(True).alias("is_placeholder"))
    joined = exchanges.join(F.broadcast(found), "prompt_hash", "left")
    cleared = {name: F.lit(_EMPTY.get(name)).cast(exchanges.schema[name].dataType) for name in _OF_TEXT}
    kept = {name: F.when(F.col("is_placeholder"), value).otherwise(F.col(name)) for name, value in cleared.items()}
    return joined.withColumns(kept).select(exchanges.columns)


def _values() -> list[Column]:
    """How an exchange was sent, as 64-bit values, named as in `iolaus.model.signals.SENT`."""
    return [as_long(F.col(column), form).alias(f"{name}_value") for name, (_, column, form) in SENT.items()]
