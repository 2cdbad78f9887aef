"""features.account_days: additive sketches of what each account did on a day."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from iolaus.model import account_sketch as sketches
from iolaus.schemas.codes import TRAIT_CHANNELS
from iolaus.schemas.table import table
from iolaus.settings import Run


def transform(exchanges: DataFrame, run: Run) -> DataFrame:
    """One row an account that was active on the day, of `silver.exchanges`.

    Exchanges are sketched where they lie, and the sketches, of which an account has few where its exchanges lie
    together, are shuffled and merged. However many exchanges one account has, memory is bounded by a batch.
    """
    schema = table("features.account_days").schema
    parts = StructType([f for f in schema.fields if f.name != "happened_on"])
    day = run.day

    def sketch(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for made in sketches.stream(batches, sketches.sketch):
            yield from made.combine_chunks().to_batches()

    def merge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for made in sketches.stream(batches, sketches.merge):
            dated = made.add_column(0, "happened_on", pa.array([day] * len(made), pa.date32()))
            yield from dated.combine_chunks().to_batches()

    columns = exchanges.select("*", *_tokens()).drop(
        "exchange_id", "happened_on", "arrived_on", "address", "block", "device", "key_id", "country"
    )
    sketched = columns.mapInArrow(sketch, parts)
    return sketched.repartition("account_id").sortWithinPartitions("account_id").mapInArrow(merge, schema)


def _tokens() -> list[Column]:
    """The traits of an exchange as 64-bit tokens, named as in `iolaus.schemas.sketch.TRAIT_CHANNELS`."""

    def of_pseudonym(name: str) -> Column:
        return F.conv(F.substring(name, 1, 16), 16, -10).cast("long")

    def of_text(name: str) -> Column:
        return F.when(F.col(name).isNotNull(), F.xxhash64(name))

    tokens = {
        "address": of_pseudonym("address"),
        "block": of_pseudonym("block"),
        "asn": F.col("asn").cast("long"),
        "device": of_pseudonym("device"),
        "country": of_text("country"),
        "path": of_text("access_path"),
        "system": F.col("system_hash"),
        "tools": F.col("tools_hash"),
        "limit": F.col("max_tokens"),
    }
    return [tokens[name].alias(f"{name}_token") for name in TRAIT_CHANNELS]
