"""features.account_days: additive sketches of what each account did on a day."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from iolaus.engine.runs import run_lengths, run_starts
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
    """One row per account and day of which exchanges arrived on the run's day, from `silver.exchanges`.

    Exchanges are sketched where they lie, the days apart. Only the sketches are shuffled and merged; an account has few
    of them if its exchanges lie together. Memory is bounded by a batch, however many exchanges one account has. Rows of
    later arrivals add up with these (`iolaus.model.account_sketch`).

    exchanges:
    | account_id | exchange_id | requested_at | turn_index | output_tokens | thinking |
    |------------|-------------|--------------|------------|---------------|----------|
    | a          | 1           | 09:00        | 0          | 500           | true     |
    | a          | 2           | 09:04        | 1          | 700           | false    |
    | b          | 3           | 11:30        | 0          | 40            | false    |

    result: both exchanges of a are in one ten-minute slot
    | account_id | n_exchanges | n_later_turns | n_thinking | output_tokens | first_at | last_at | slots     |
    |------------|-------------|---------------|------------|---------------|----------|---------|-----------|
    | a          | 2           | 1             | 1          | 1200          | 09:00    | 09:04   | [2951190] |
    | b          | 1           | 0             | 0          | 40            | 11:30    | 11:30   | [2951205] |
    """
    schema = table("features.account_days").schema
    exchanges = _without_placeholders(exchanges, run)
    parts = StructType([f for f in schema.fields if f.name != "arrived_on"])
    day, salt = run.day, salt_of(run.key.secret)

    def sketch(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for happened_on, of_day in _by_day(batches):
            for made in sketches.stream(of_day, sketches.sketch, salt):
                yield from _dated(made, happened_on=happened_on).to_batches()

    def merge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for happened_on, of_day in _by_day(batches):
            for made in sketches.stream(of_day, sketches.merge, salt):
                yield from _dated(made, happened_on=happened_on, arrived_on=day).to_batches()

    columns = exchanges.select("*", _one_of_all().alias("draw"), *_values()).drop(
        "exchange_id",
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
    by_account = sketched.repartition("account_id").sortWithinPartitions("happened_on", "account_id")
    return by_account.mapInArrow(merge, schema)


def _by_day(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[date, Iterator[pa.RecordBatch]]]:
    """The rows of batches, a day at a time, each day with its batches; a day whose rows lie apart comes again."""

    def slices() -> Iterator[tuple[date, pa.RecordBatch]]:
        for batch in batches:
            days = batch.column("happened_on")
            starts = run_starts(days.cast(pa.int32()).to_numpy())
            for start, length in zip(starts.tolist(), run_lengths(starts, len(batch)).tolist(), strict=True):
                yield days[start].as_py(), batch.slice(start, length)

    for day, of_day in groupby(slices(), key=itemgetter(0)):
        yield day, (rows for _, rows in of_day)


def _dated(made: pa.Table, **dates: date) -> pa.Table:
    """The rows with columns of one date each before the others."""
    for name, day in dates.items():
        made = made.add_column(0, name, pa.array([day] * len(made), pa.date32()))
    return made.combine_chunks()


def _without_placeholders(exchanges: DataFrame, run: Run) -> DataFrame:
    """The exchanges, of which those whose prompt is a placeholder have no text.

    A placeholder stands where a gateway left the prompt out: a few words that unrelated accounts send in most of their
    exchanges, so that strangers seem alike. Those that adapters know by their words never come here
    (`iolaus.text.markers`); this finds the others. Each account votes for the prompt of one of its exchanges, drawn by
    a hash, so that neither one account with many exchanges nor a greeting that all send once decides. A longer text is
    no placeholder: an operator may send one with every request.

        account_id  prompt_hash        account_id  prompt_hash
        a           7                  a           null          7 has the votes of `placeholder_share` of all accounts
        a           5             ->   a           5
        b           7                  b           null
    """
    settings = run.settings.ingestion
    if settings.placeholder_share >= 1:
        return exchanges
    one = F.min_by(F.struct("prompt_hash", "n_words"), _one_of_all()).alias("vote")
    short = F.when(F.col("vote.n_words") <= settings.placeholder_words, F.col("vote.prompt_hash"))
    votes = (
        exchanges.groupBy("account_id").agg(one).groupBy(short.alias("prompt_hash")).agg(F.count("*").alias("votes"))
    )
    # null for all others, which are one row
    common = F.when(F.col("votes") >= settings.placeholder_accounts, F.col("prompt_hash")).alias("prompt_hash")
    counted = {r["prompt_hash"]: r["votes"] for r in votes.groupBy(common).agg(F.sum("votes").alias("votes")).collect()}
    least = settings.placeholder_share * sum(counted.values())
    found = [prompt for prompt, n in counted.items() if prompt is not None and n >= least]
    if not found:
        return exchanges
    is_text = ~F.coalesce(F.col("prompt_hash").isin(found), F.lit(False))
    empty = {name: F.lit(_EMPTY.get(name)).cast(exchanges.schema[name].dataType) for name in _OF_TEXT}
    return exchanges.withColumns({name: F.when(is_text, F.col(name)).otherwise(value) for name, value in empty.items()})


def _one_of_all() -> Column:
    """A hash that tells an exchange from all others of its account: its id alone may be the same in all."""
    return F.xxhash64("exchange_id", "requested_at", "prompt_hash")


def _values() -> list[Column]:
    """How an exchange was sent, as 64-bit values, named as in `iolaus.model.signals.SENT`."""
    return [as_long(F.col(column), form).alias(f"{name}_value") for name, (_, column, form) in SENT.items()]
