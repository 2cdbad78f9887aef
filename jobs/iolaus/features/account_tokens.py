"""features.account_tokens: everything an account may share with another, counted against everybody's."""

from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.engine.exchange import by_task, dealt, whole
from iolaus.engine.plan import one_or_many, shuffled_tasks, tasks_for
from iolaus.model.population import of_background
from iolaus.model.shared_values import as_long
from iolaus.model.sharing import NAMES, SHARED, count_owners, reach_of, task_of, uses
from iolaus.model.signals import VALUES
from iolaus.schemas.table import table
from iolaus.settings import Run

USES = 2_000_000  # that a task counts in memory: half a gigabyte in a Python worker


def transform(embeddings: DataFrame, accounts: DataFrame, population: DataFrame, run: Run) -> DataFrame:
    """One row an account, channel and token, of accounts of the background that were active in the window.

    Tokens that a single owner has are dropped: there is nobody to share them with. Tokens are counted in memory. In several tasks
    there are two shuffles: by token, to count who has it, and by account, to add up whom it meets. To the first go all uses of
    all accounts, most of which nobody shares: thousands at a time, as one message, for as rows they would cost more than all
    else of the stage.
    """
    known = accounts.select("account_id", *(c.registered for c in VALUES if c.registered))
    active = of_background(embeddings.select("account_id", "traits", "phrases"), population).join(known, "account_id", "left")
    active = active.select("account_id", "account_key", "owner_id", "traits", "phrases", _own_tokens().alias("own"))
    day, schema = run.day, table("features.account_tokens").schema

    def alone(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _with_reach(count_owners(uses(batches)), day)

    def spread(active: DataFrame, tasks: int) -> DataFrame:
        messages = dealt(active, lambda used: task_of(used, tasks), uses)
        shared = by_task(messages, tasks, count_owners, SHARED).repartition(tasks, "account_id")
        return shared.mapInArrow(lambda batches: _with_reach(batches, day), schema)

    tasks = shuffled_tasks(active, tasks_for(active, F.size("traits") + F.size("phrases"), USES))
    return one_or_many(active, tasks, alone, spread, schema)


def _with_reach(batches: Iterable[pa.RecordBatch], day: date) -> Iterator[pa.RecordBatch]:
    """Rows of the table, of all shared tokens of whole accounts."""
    names = pa.array([NAMES.get(code, "") for code in range(128)], pa.string())
    counted = whole(batches)
    if counted is None:
        return
    columns = {
        **{name: counted[name] for name in counted.schema.names},
        "run_date": pa.array([day] * len(counted), pa.date32()),
        "channel": names.take(counted["channel"].cast(pa.int32())),
        "reach": pa.array(reach_of(counted)),
    }
    fields = table("features.account_tokens").schema.fieldNames()
    yield from pa.table([columns[name] for name in fields], names=fields).combine_chunks().to_batches(max_chunksize=50_000)


def _own_tokens() -> Column:
    """What the account itself was registered with, as an array of (channel, token)."""
    registered = [(c, as_long(F.col(c.registered), c.form)) for c in VALUES if c.registered]
    return F.array(*(F.struct(F.lit(c.code).cast("tinyint").alias("channel"), token.alias("token")) for c, token in registered))
