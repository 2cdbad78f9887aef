"""silver.exchanges: one row an exchange, its identifiers pseudonymised, its text reduced to fingerprints."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from iolaus.engine.broadcast import broadcast_if_at_most
from iolaus.engine.measured import reporting
from iolaus.model.asked import asked
from iolaus.model.failed import failed
from iolaus.schemas.table import table
from iolaus.settings import Run
from iolaus.text.fingerprints import as_long, fingerprint, normalise, sequence_hash, words
from iolaus.text.intents import BIT, text_capabilities
from iolaus.text.pseudonyms import addresses, pseudonyms

Patterns = Mapping[str, tuple[str, ...]]
_FINGERPRINTED = (
    "prompt",
    "system_instructions",
    "client_ip",
    "user_agent",
    "tls_fingerprint",
    "image_count",
    "tools_hash",
)
ANSWER_READ, ANSWER_LEAST = 2_000, 40  # characters of an answer that are read, and those that make it one of a kind
_MADE = ("address", "block", "device", "key_id", "system_hash", "capabilities")


def transform(exchanges: DataFrame, earlier: DataFrame, run: Run) -> DataFrame:
    """One row an exchange that first arrived on the day, of the rows of `bronze.exchanges` that arrived on it.

    Ids come from clients, who may repeat them: rows are copies of one exchange only if account, id, time and prompt are
    the same, and `n_copies` says how many they are. Rows that share an id and differ in any of these are exchanges of
    their own. What arrived before, on an `earlier` day, stands there and not here; the gate is told how many rows that
    leaves out. Of copies that arrive together, one that was answered is kept before one that failed; after that the one
    that sorts first, so that the result depends on the data alone. One shuffle, by account, which is also how the table
    lies: what arrives late costs what arrives late.

    exchanges: four rows under one id, and two of them are copies
    | account_id | exchange_id | requested_at     | prompt           |
    |------------|-------------|------------------|------------------|
    | a          | x           | 12:00            | Why is ice cold? |
    | a          | x           | 12:00            | Why is ice cold? |
    | a          | x           | 12:00            | Explain it       |
    | b          | x           | 12:00            | Why is ice cold? |

    result:
    | account_id | exchange_id | requested_at | n_words | n_copies |
    |------------|-------------|--------------|---------|----------|
    | a          | x           | 12:00        | 4       | 2        |
    | a          | x           | 12:00        | 2       | 1        |
    | b          | x           | 12:00        | 4       | 1        |
    """
    schema = table("silver.exchanges").schema
    prepared = exchanges.select(
        "happened_on",
        "exchange_id",
        "account_id",
        "requested_at",
        "arrived_on",
        "request_model",
        F.lower("access_path").alias("access_path"),
        F.when(F.col("conversation_id").isNotNull(), F.xxhash64("conversation_id")).alias("conversation_hash"),
        "turn_index",
        F.col("request_temperature").alias("temperature"),
        F.col("request_max_tokens").alias("max_tokens"),
        F.col("usage_input_tokens").alias("input_tokens"),
        F.col("usage_output_tokens").alias("output_tokens"),
        F.col("usage_cache_read_tokens").alias("cache_read_tokens"),
        F.col("usage_reasoning_tokens").alias("reasoning_tokens"),
        F.col("request_stream").alias("stream"),
        F.col("request_thinking").alias("thinking"),
        F.exists("finish_reasons", lambda reason: reason.isin("max_tokens", "length")).alias("truncated"),
        F.when(
            F.size("tool_names") > 0, F.xxhash64(F.array_join(F.array_sort(F.array_distinct("tool_names")), "\n"))
        ).alias("tools_hash"),
        "tool_call_count",
        "image_count",
        "http_status",
        F.col("client_asn").alias("asn"),
        F.upper("client_country").alias("country"),
        # letter by letter: `prompt_hash` is the same whatever the numbers in a prompt
        F.xxhash64("prompt", "prior_prompt", "system_instructions", "image_count").alias("content_hash"),
        _form().alias("request_hash"),
        answer_hash("response").alias("answer_hash"),
        answer_hash("prior_response").alias("prior_hash"),
        asked().alias("prompt"),
        *(name for name in _FINGERPRINTED if name not in ("prompt", "image_count", "tools_hash")),
    )
    known = _known(exchanges, earlier, run)
    n_known = known.count()
    if n_known:
        known = broadcast_if_at_most(known, n_known)
        n_known = prepared.join(known, [*_IDENTITY], "left_semi").count()
        prepared = prepared.join(known, [*_IDENTITY], "left_anti")
    secret, key_id, patterns = run.key.secret, run.key.key_id, run.settings.capability_patterns
    names = [name for name in schema.fieldNames() if name != "n_copies"]

    def reduce_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield _reduce(batch, secret, key_id, patterns, names)

    reduced = prepared.mapInArrow(reduce_batches, StructType([schema[name] for name in names]))
    # The window's order begins as the table's does, so rows are sorted once.
    copies = Window.partitionBy(*table("silver.exchanges").order, "exchange_id", "content_hash")
    best_first = copies.orderBy(failed(), F.hash(*reduced.columns))
    all_of_them = best_first.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    nth, number = F.row_number().over(best_first), F.count(F.lit(1)).over(all_of_them).cast("int")
    counted = reduced.repartition("account_id").withColumns({"_nth": nth, "n_copies": number})
    once = counted.where("_nth = 1").select(*schema.fieldNames())
    return reporting(once, "n_copies", {"arrived_before": float(n_known)})


_IDENTITY = table("silver.exchanges").key  # what copies of an exchange have alike; the last is made of texts


def _known(exchanges: DataFrame, earlier: DataFrame, run: Run) -> DataFrame:
    """The `_IDENTITY` of exchanges that arrived before and may arrive again here: computed once.

    Of the day's own those whose clocks were ahead; of older ones those that meet an id among the late, for which no
    text is read.
    """
    late = exchanges.where(F.col("happened_on") < F.lit(run.day)).select(*_IDENTITY[:-1])
    own = F.col("happened_on") >= F.lit(run.day)
    ahead, older = (earlier.where(of).select(*_IDENTITY) for of in (own, ~own))
    return ahead.unionByName(older.join(late, [*_IDENTITY[:-1]], "left_semi")).localCheckpoint()


# What a program sends with every request and a person never sees; of a seed, which may be drawn again each time, that
# there is one.
_PARAMETERS = (
    "request_temperature",
    "request_top_p",
    "request_max_tokens",
    "request_n",
    "request_logprobs",
    "request_prefill",
)


def _form() -> Column:
    """Hash of a request's parameters, stop sequences and headers, as one; null of a request of which none is known."""
    stops = F.when(F.size("request_stop") > 0, F.array_join(F.array_sort("request_stop"), "\n"))
    seeded = F.when(F.col("request_seed").isNotNull(), F.lit("seed"))
    parts = [*(F.col(name).cast("string") for name in _PARAMETERS), stops, seeded, F.col("header_digest")]
    known = F.coalesce(*parts).isNotNull()
    return F.when(known, F.xxhash64(*(F.coalesce(part, F.lit("")) for part in parts)))


def answer_hash(text: str) -> Column:
    """Hash of an answer, whatever its case and white space.

    Null of one that is short enough to be given twice by chance.
    """
    said = F.lower(F.trim(F.regexp_replace(F.substring(text, 1, ANSWER_READ), r"\s+", " ")))
    return F.when(F.length(said) >= ANSWER_LEAST, F.xxhash64(said))


def _reduce(
    batch: pa.RecordBatch, secret: bytes, key_id: str, patterns: Patterns, names: Sequence[str]
) -> pa.RecordBatch:
    """A batch with texts and identifiers replaced by fingerprints and pseudonyms."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    prompts, system = columns["prompt"], columns["system_instructions"]
    columns |= fingerprint(prompts)
    columns["system_hash"], system_bits = _system(system, patterns)
    columns["address"], columns["block"] = addresses(secret, columns["client_ip"])
    agent, tls = (pc.fill_null(columns[name].cast(pa.string()), "") for name in ("user_agent", "tls_fingerprint"))
    device = pc.binary_join_element_wise(agent, tls, "\0")
    columns["device"] = pseudonyms(secret, "device", pc.if_else(pc.equal(device, "\0"), "", device))
    columns["key_id"] = pa.array([key_id] * batch.num_rows, pa.string())
    coded = prompts.dictionary_encode()
    mask = text_capabilities(normalise(coded.dictionary), patterns)[coded.indices.to_numpy()] | system_bits
    mask[pc.fill_null(pc.greater(columns["image_count"], 0), False).to_numpy(zero_copy_only=False)] |= BIT["vision"]
    mask[pc.is_valid(columns["tools_hash"]).to_numpy(zero_copy_only=False)] |= BIT["tools"]
    columns["capabilities"] = pa.array(mask)
    return pa.RecordBatch.from_arrays([columns[name] for name in names], names=list(names))


def _system(texts: pa.Array, patterns: Patterns) -> tuple[pa.Array, "np.ndarray[tuple[int], np.dtype[np.int16]]"]:
    """Hash of each system prompt (null for none) and the capabilities it asks for."""
    coded = pc.fill_null(texts.cast(pa.string()), "").dictionary_encode()
    distinct = normalise(coded.dictionary)
    hashes, filled = sequence_hash(words(distinct), 3)
    bits = text_capabilities(distinct, patterns)
    return as_long(hashes, filled).take(coded.indices), bits[coded.indices.to_numpy()]
