"""graph.links: pairs on which independent families of evidence agree, and which close triangles."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from iolaus.engine.exchange import by_task, partitioned, whole
from iolaus.engine.plan import tasks_for
from iolaus.graphs.triangles import truss
from iolaus.model.account_keys import with_names
from iolaus.model.bits import MILLI
from iolaus.model.pair_evidence import ROWS, by_pair, evidence, task_of
from iolaus.model.population import size
from iolaus.model.signals import CHANNEL
from iolaus.model.verdicts import cleared_pairs, in_force
from iolaus.schemas.families import FAMILIES
from iolaus.settings import Run


def transform(
    infrastructure: DataFrame,
    templates: DataFrame,
    content: DataFrame,
    synchrony: DataFrame,
    cohort: DataFrame,
    population: DataFrame,
    verdicts: DataFrame,
    run: Run,
) -> DataFrame:
    """One row per linked pair, with its bits by family.

    Channels of one group are views of one fact, so the best counts; groups of a family add up. A link
    needs two families and more bits than chance would give any pair among so many accounts; and it must
    close triangles with other links, which links by chance do not. A pair that an analyst judged innocent is kept, with
    the verdict, and counts for nothing.

    settings: graph.triangles=1

    templates: thousandths of a bit
    | key_a | key_b | channel | bits |
    |-------|-------|---------|------|
    | 1     | 2     | head8   | 7000 |
    | 1     | 3     | head8   | 7000 |
    | 2     | 3     | head8   | 7000 |
    | 3     | 4     | head8   | 9000 |

    infrastructure: the address is a view of the network, so the better of the two counts
    | key_a | key_b | channel | bits |
    |-------|-------|---------|------|
    | 1     | 2     | card    | 8000 |
    | 1     | 3     | address | 6000 |
    | 1     | 3     | block   | 4000 |
    | 2     | 3     | card    | 8000 |

    population: 128 accounts, so a link needs log2(128) + 1 = 8 bits
    | rows | account_id | account_key | is_background |
    |------|------------|-------------|---------------|
    | 1    | a          | 1           | true          |
    | 1    | b          | 2           | true          |
    | 1    | c          | 3           | true          |
    | 1    | d          | 4           | true          |
    | 124  | others     | 5           | true          |

    result: c and d agree in one family alone
    | account_a | account_b | content | infrastructure | bits  | triangles |
    |-----------|-----------|---------|----------------|-------|-----------|
    | a         | b         | 7000    | 8000           | 15000 | 1         |
    | a         | c         | 7000    | 6000           | 13000 | 1         |
    | b         | c         | 7000    | 8000           | 15000 | 1         |
    """
    settings = run.settings.graph
    rows = evidence((infrastructure, templates, content, synchrony, cohort), "channel", "bits")
    tasks, floor = tasks_for(rows, F.lit(1), ROWS), int(settings.family_floor * MILLI)
    enough = (np.log2(max(size(population).accounts, 2)) + settings.chance_links) * MILLI

    def weigh(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for pairs in _by_family(batches):
            agreeing = sum((pairs[family].to_numpy() >= floor).astype(int) for family in FAMILIES)
            yield pairs.filter(pa.array((agreeing >= settings.families) & (pairs["bits"].to_numpy() >= enough)))

    together = by_task(partitioned(rows, lambda batch: task_of(batch, tasks)), tasks, weigh, _PAIR)
    strong = with_names(together.withColumnsRenamed({"a": "key_a", "b": "key_b"}), population).localCheckpoint()
    ends = ["account_a", "account_b"]
    marked = strong.withColumn("verdict_id", F.lit(None).cast("string"))
    if not verdicts.isEmpty():
        marked = strong.join(cleared_pairs(strong, in_force(verdicts, run)), ends, "left").localCheckpoint()
    counted = marked.where("verdict_id is null").select(F.col("account_a").alias("a"), F.col("account_b").alias("b"))
    closed = truss(counted, driver_edges=settings.driver_edges).where(F.col("triangles") >= settings.triangles)
    kept = marked.join(closed.select(F.col("a").alias("account_a"), F.col("b").alias("account_b"), "triangles"), ends)
    kept = kept.unionByName(marked.where("verdict_id is not null").withColumn("triangles", F.lit(0).cast("long")))
    triangles = F.col("triangles").cast("int").alias("triangles")
    return kept.select(
        F.lit(run.day).alias("run_date"), *ends, "key_a", "key_b", *FAMILIES, "bits", triangles, "verdict_id"
    )


_PAIR = ", ".join(["a long", "b long", *(f"{family} int" for family in FAMILIES), "bits int"])
# of one family they stand together
_GROUPS = sorted({(FAMILIES.index(channel.family), channel.group) for channel in CHANNEL.values()})


def _by_family(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """(a, b, each of FAMILIES, bits) of all rows of a task, one row a pair.

    Of a group the best channel, of a family the sum of groups.
    """
    rows = whole(batches)
    if rows is None:
        return
    a, b, bits = (rows[name].to_numpy() for name in ("a", "b", "bits"))
    order, run_starts = by_pair(a, b)
    names = rows["channel"].combine_chunks().dictionary_encode()
    of = [
        _GROUPS.index((FAMILIES.index(CHANNEL[name].family), CHANNEL[name].group))
        for name in names.dictionary.to_pylist()
    ]
    group, bits = np.array(of)[names.indices.to_numpy()][order], bits[order]
    summed = {family: np.zeros(len(run_starts), np.int32) for family in FAMILIES}
    for number, (family, _) in enumerate(_GROUPS):
        summed[FAMILIES[family]] += np.maximum.reduceat(np.where(group == number, bits, 0), run_starts)
    first = order[run_starts]
    columns = [a[first], b[first], *summed.values(), sum(summed.values())]
    yield pa.RecordBatch.from_arrays([pa.array(column) for column in columns], names=["a", "b", *FAMILIES, "bits"])
