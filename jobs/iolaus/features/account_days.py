"""features.account_days: additive sketches of what each account did on a day."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from iolaus.model import account_sketch as sketches
from iolaus.model.sampling import salt_of
from iolaus.model.shared_values import as_long
from iolaus.model.signals import SENT
from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(exchanges: DataFrame, run: Run) -> DataFrame:
    """One row an account that was active on the day, of `silver.exchanges`.

    Exchanges are sketched where they lie, and the sketches, of which an account has few where its exchanges lie
    together, are shuffled and merged. However many exchanges one account has, memory is bounded by a batch.
    """
    schema = table("features.account_days").schema
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


def _values() -> list[Column]:
    """How an exchange was sent, as 64-bit values, named as in `iolaus.model.signals.SENT`."""
    return [as_long(F.col(column), form).alias(f"{name}_value") for name, (_, column, form) in SENT.items()]
