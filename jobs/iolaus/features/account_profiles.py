"""features.account_profiles: an account's window: vector, text fragments, attributes, timing, behaviour."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from iolaus.engine.records import unpacked
from iolaus.engine.runs import run_lengths, run_starts
from iolaus.model import account_sketch as sketches
from iolaus.model import sketch_columns
from iolaus.model.sampling import salt_of
from iolaus.model.signals import TEXTS
from iolaus.schemas.codes import FRAGMENT_CHANNELS
from iolaus.schemas.sketch import ABSENT, ATTRIBUTE, PROMPT
from iolaus.schemas.table import BINARY, LONG, column, struct_of, table
from iolaus.settings import DEFAULT, Run
from iolaus.text import embedding
from iolaus.text.fingerprints import TERM_BUCKETS


def transform(account_days: DataFrame, run: Run) -> DataFrame:
    """One row per account, merged from its rows of `features.account_days` in the window.

    Two passes over the window's sketches: one counts terms (8,192 numbers come to the driver), one merges
    sketches and embeds. Neither reads an exchange.

    account_days:
    | account_id | happened_on | n_exchanges | output_tokens | last_at          | slots              |
    |------------|-------------|-------------|---------------|------------------|--------------------|
    | a          | 2026-02-09  | 2           | 1200          | 2026-02-09 09:04 | [2951046]          |
    | a          | 2026-02-10  | 3           | 900           | 2026-02-10 09:00 | [2951184, 2951190] |

    result: counts add up, and sets unite
    | account_id | n_exchanges | output_tokens | last_at          | slots                       |
    |------------|-------------|---------------|------------------|-----------------------------|
    | a          | 5           | 2100          | 2026-02-10 09:00 | [2951046, 2951184, 2951190] |
    """
    schema, salt = table("features.account_profiles").schema, salt_of(run.key.secret)
    quiet = run.settings.claims.night_hours
    day, fewest, weights = run.day, run.settings.graph.programs_exchanges, _rarity(account_days)

    def merge(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for part in sketches.stream(batches, sketches.merge, salt):
            merged = part.combine_chunks()
            fragments = _fragments(merged["prompts"].combine_chunks())
            known, own_template_share = _known(fragments, fewest)
            made = (
                merged.append_column("fragments", fragments)
                .append_column("n_sampled", known)
                .append_column("own_template_share", own_template_share)
            )
            made = made.append_column("night", pa.array(night(merged["activity"].combine_chunks(), quiet)))
            made = made.set_column(
                made.schema.get_field_index("attributes"),
                "attributes",
                _attributes(merged["attributes"].combine_chunks()),
            )
            made = made.append_column("vector", embedding.embed(merged["terms"].combine_chunks(), weights))
            made = made.add_column(0, "run_date", pa.array([day] * len(made), pa.date32()))
            yield from made.select(schema.fieldNames()).combine_chunks().to_batches()

    rows = account_days.drop("arrived_on", "happened_on").repartition("account_id").sortWithinPartitions("account_id")
    return rows.mapInArrow(merge, schema)


def _rarity(account_days: DataFrame) -> embedding.Floats:
    """Weights of terms, from how many account-days have each."""

    def count(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows, frequencies = 0, np.zeros(TERM_BUCKETS, np.int64)
        for batch in batches:
            rows += batch.num_rows
            frequencies += embedding.document_frequencies(batch.column("terms"))
        yield pa.RecordBatch.from_arrays(
            [pa.array([rows]), pa.array([frequencies.tobytes()])], names=["rows", "frequencies"]
        )

    schema = struct_of(column("rows", LONG, "account-days"), column("frequencies", BINARY, "int64 counts"))
    parts = account_days.select("terms").mapInArrow(count, schema).collect()  # one row per partition
    total = sum((np.frombuffer(p.frequencies, np.int64) for p in parts), np.zeros(TERM_BUCKETS, np.int64))
    return embedding.rarity(total, sum(p.rows for p in parts))


def _attributes(attributes: pa.BinaryArray) -> pa.ListArray:
    """Records of attributes as lists of structs."""
    lengths, items = unpacked(attributes, ATTRIBUTE)
    values = pa.StructArray.from_arrays(
        [pa.array(items[name].copy()) for name in ATTRIBUTE.names or ()], names=ATTRIBUTE.names
    )
    return sketch_columns.lists(lengths, values)


def _fragments(prompts: pa.BinaryArray) -> pa.ListArray:
    """Counted prompts, templates and affixes of each row's distinct prompts."""
    lengths, items = unpacked(prompts, PROMPT)
    row, n = np.repeat(np.arange(len(prompts)), lengths), items["n"]
    rows, channels, value_hashes, counts = [], [], [], []
    for name, code in FRAGMENT_CHANNELS.items():
        values = items[name].astype(np.int64)
        there = values != ABSENT
        rows.append(row[there])
        channels.append(np.full(there.sum(), code, np.int8))
        value_hashes.append(values[there])
        counts.append(n[there])
    at, channel, value_hash, n = (np.concatenate(x) for x in (rows, channels, value_hashes, counts))
    order = np.lexsort([value_hash, channel, at])
    at, channel, value_hash, n = at[order], channel[order], value_hash[order], n[order]
    first = run_starts(at, channel, value_hash)
    distinct_prompts = run_lengths(first, len(at))
    total = np.add.reduceat(n, first) if len(first) else n
    values = pa.StructArray.from_arrays(
        [
            pa.array(channel[first], pa.int8()),
            pa.array(value_hash[first]),
            pa.array(total.astype(np.int32)),
            pa.array(distinct_prompts.astype(np.int32)),
        ],
        names=["channel", "value_hash", "n", "distinct_prompts"],
    )
    return sketch_columns.lists(np.bincount(at[first], minlength=len(prompts)), values)


def night(activity: pa.ListArray, quiet: int = DEFAULT.claims.night_hours) -> npt.NDArray[np.float64]:
    """Of each row's exchanges, the share in the `quiet` hours on end of the day that have least; 0 of none.

    An even day has a quarter in six of them, and a person sleeps. Distinct hours with traffic would count with the
    window: in four weeks nearly everybody is seen in each.
    """
    items, lengths = activity.flatten(), pc.list_value_length(activity).to_numpy()
    at = np.repeat(np.arange(len(activity)), lengths) * 24 + items.field("hour").to_numpy() % 24
    by_hour = np.bincount(at, weights=items.field("n").to_numpy(), minlength=24 * len(activity)).reshape(-1, 24)
    on_end = sum(np.roll(by_hour, -shift, axis=1) for shift in range(quiet))
    share: npt.NDArray[np.float64] = np.min(on_end, axis=1) / np.maximum(by_hour.sum(axis=1), 1)
    return share


def _known(fragments: pa.ListArray, fewest: int) -> tuple[pa.Array, pa.Array]:
    """For each row: exchanges of known prompts, and the share whose template the row also uses with other prompts.

    Channels are views of one text; the one that covers most counts. Null if fewer than `fewest` exchanges are known.
    """
    items, lengths = fragments.flatten(), pc.list_value_length(fragments).to_numpy()
    row, channel = np.repeat(np.arange(len(fragments)), lengths), items.field("channel").to_numpy()
    n, again = items.field("n").to_numpy(), items.field("distinct_prompts").to_numpy() >= 2

    def exchanges(of: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        return np.bincount(row[of], weights=n[of], minlength=len(fragments)).astype(np.int64)

    known = exchanges(channel == FRAGMENT_CHANNELS["prompt_hash"])
    most = np.max([exchanges(again & (channel == code)) for code in TEXTS], axis=0)
    return pa.array(known), pa.array(most / np.maximum(known, 1), mask=known < fewest)
