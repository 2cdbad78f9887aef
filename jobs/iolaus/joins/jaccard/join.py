"""All pairs of sets with a Jaccard similarity, plain or weighted, of at least t: exactly, unless every prefix is hot.

    pairs = jaccard_join(sets, 0.8)                   # (id string, tokens array) -> (a, b, similarity), a < b
    figures = pairs.schema["similarity"].metadata     # how many sets and candidates, which way, what recall

The similarity of sets x and y is |x and y| / |x or y|; with weights, the sum of the lesser weight of every token by the
sum of the greater. Sets are dealt by keys (`jaccard_keys`) to tasks; those that share a key are candidates; sizes, then
bitmaps, then the tokens themselves decide. Work: the tokens, once; the keys, about (1 - t) n + 1 a set of n tokens, and
the set's bytes for each; and the candidates, whose number is estimated before any is made: about 50 ns each, and 100 ns
a token where size and bitmap leave it open. A task holds about 200,000 keys with their sets.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, IntegralType

from iolaus.joins.jaccard.keys import BUCKETS, Bands, Keys, Prefix, bands_for, bucket, occurrences, pairs_of
from iolaus.joins.jaccard.sets import Ints, Sets, pack_sets, unpacked_sets
from iolaus.joins.jaccard.tasks import SetPlan, deal_sets, keyed, task_set_pairs
from iolaus.joins.tasks import pairs_by_task, summed

MOST_CANDIDATES = 1_000_000_000  # about a minute of one core
_BAND_ROWS = (2, 4, 8, 12, 16, 24)  # minima in a band; more where hot tokens make fewer too common
_TASK_KEYS = 200_000
_TASK_CANDIDATES = 50_000_000
_ESTIMATE_BUCKETS = 1 << 14
_LOG = logging.getLogger(__name__)


def jaccard_join(
    sets: DataFrame,
    threshold: float,
    *,
    target: float = 0.99,
    most_candidates: int = MOST_CANDIDATES,
    identical: int = 32,
    seed: int = 7,
) -> DataFrame:
    """(a, b, similarity) with a < b and similarity >= threshold, of (id string, tokens array[, weights array<double>]).

    Ids are distinct. Tokens are integers, or anything that casts to a string and is then compared by a 64-bit hash.
    Null tokens are left out, and a set without tokens has no pairs. Weights, one for each token, must not be negative;
    a set where they are null is plain, a set where they do not fit has no pairs. Of more than `identical` sets that
    are the same, the one of least id stands for all: the rest have one row each, with it, of similarity 1.

    Candidates are counted by prefixes, which lose nothing. If they are more than `most_candidates`, and no set has
    weights, MinHash bands are planned whose chance to find a pair just at the threshold is `target`, from few minima a
    band to many, until their candidates are few enough. Metadata: sets, without_tokens, way ("prefix" or "bands"),
    candidates, tasks, recall (the least expected of a pair), bands and band_rows.

    Raises ValueError if the threshold is not in (0, 1], or if the candidates are too many either way.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold of {threshold}; give one above 0 and at most 1")
    packed = _packed(sets, seed)
    count, without, weighed = (n or 0 for n in packed.agg(F.sum("n"), F.sum("without"), F.max("weighed")).first() or (0, 0, 0))
    keys, candidates, entries = _planned(packed, threshold, target, most_candidates, bool(weighed), seed)
    tasks = max(1, -(-entries // _TASK_KEYS), -(-candidates // _TASK_CANDIDATES))
    plan = SetPlan(threshold, keys, int(tasks), identical)
    figures: dict[str, Any] = {"sets": count, "without_tokens": without, "candidates": candidates, "tasks": plan.tasks}
    if isinstance(keys, Bands):
        figures |= {"way": "bands", "bands": keys.bands, "band_rows": keys.rows, "recall": keys.recall(threshold)}
    else:
        figures |= {"way": "prefix", "recall": 1.0}
    pairs = pairs_by_task(
        packed, plan.tasks, lambda batches: deal_sets(unpacked_sets(batches), plan), lambda table: task_set_pairs(table, plan)
    )
    return pairs.withColumn("similarity", F.col("similarity").alias("similarity", metadata=figures))


def _packed(sets: DataFrame, seed: int) -> DataFrame:
    """(n, without, weighed, message): sets by the batch, computed once."""
    kind = sets.schema["tokens"].dataType
    whole = isinstance(kind, ArrayType) and isinstance(kind.elementType, IntegralType)
    hashed = F.transform(F.col("tokens").cast("array<string>"), lambda t: F.when(t.isNotNull(), F.xxhash64(t)))
    tokens = F.col("tokens").cast("array<long>") if whole else hashed
    weights = F.col("weights").cast("array<double>") if "weights" in sets.columns else F.lit(None).cast("array<double>")

    def packs(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            made = pack_sets(batch, seed)
            columns = [[len(made)], [batch.num_rows - len(made)], [int(not made.plain())], [made.message()]]
            yield pa.RecordBatch.from_arrays([pa.array(c) for c in columns], names=["n", "without", "weighed", "message"])

    given = sets.select(F.col("id").cast("string").alias("id"), tokens.alias("tokens"), weights.alias("weights"))
    return given.mapInArrow(packs, "n long, without long, weighed long, message binary").localCheckpoint()


def _planned(packed: DataFrame, threshold: float, target: float, most: int, weighed: bool, seed: int) -> tuple[Keys, int, int]:
    """The keys, the candidates that they make, and how many keys there are."""
    ways: list[Keys] = [Prefix(threshold, _counted(packed, lambda s: np.bincount(bucket(s.tokens.values), minlength=BUCKETS), BUCKETS))]
    if not weighed:
        ways += [bands for rows in _BAND_ROWS if (bands := bands_for(threshold, rows, target, seed))]
    fewest = None
    for keys in ways:
        counts = _counted(packed, _Occurrences(keys), _ESTIMATE_BUCKETS)
        candidates, entries = pairs_of(counts), int(counts.sum())
        _LOG.info("%s: about %d candidate pairs of %d keys", type(keys).__name__, candidates, entries)
        if candidates <= most:
            return keys, candidates, entries
        fewest = candidates if fewest is None else min(fewest, candidates)
    raise ValueError(f"about {fewest} candidate pairs, over the {most} allowed; raise the threshold or most_candidates")


def _counted(packed: DataFrame, count: Callable[[Sets], Ints], buckets: int) -> Ints:
    """The sum over all sets of what `count` says of some: (buckets,)."""
    return summed(packed, lambda batches: map(count, unpacked_sets(batches)), buckets)


class _Occurrences:
    """How many keys of distinct sets fall into each bucket: more than a few that are the same are not compared."""

    def __init__(self, keys: Keys):
        self._keys = keys

    def __call__(self, sets: Sets) -> Ints:
        _, first = np.unique(sets.marks[:, 0], return_index=True)
        return occurrences(keyed(sets.take(first), self._keys).keys, _ESTIMATE_BUCKETS)
