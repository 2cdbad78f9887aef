"""features.account_values: everything an account may share with another, counted against everybody's."""

from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from iolaus.engine.broadcast import broadcast_if_small
from iolaus.engine.exchange import by_task, partitioned, whole
from iolaus.engine.plan import one_or_many, shuffled_tasks, tasks_for
from iolaus.model.conversations import pools
from iolaus.model.population import of_background
from iolaus.model.shared_values import as_long
from iolaus.model.sharing import NAMES, SHARED, contacts_of, count_owners, task_of, uses
from iolaus.model.signals import CHANNEL, VALUES, Channel
from iolaus.schemas.table import table
from iolaus.settings import Run

CONVERSATION = CHANNEL["conversation"]
USES = 2_000_000  # that a task counts in memory: half a gigabyte in a Python worker


def transform(
    profiles: DataFrame, accounts: DataFrame, population: DataFrame, hand_overs: DataFrame, run: Run
) -> DataFrame:
    """One row per account, channel and value, for background accounts that were active in the window.

    The value of the channel `conversation` is the pool in which accounts go on with each other's work.

    Values of a single owner are dropped: there is nobody to share them with. Values are counted in memory. With several
    tasks there are two shuffles: by value, to count its owners, and by account, to add up its contacts. Most uses in
    the first are shared by nobody. They travel thousands at a time in Arrow batches; as rows they would cost more than
    everything else in the stage.

    profiles:
    | account_id |
    |------------|
    | a          |
    | b          |
    | c          |

    accounts: the heads of the cards' pseudonyms
    | account_id | card                             |
    |------------|----------------------------------|
    | a          | 00000000000000070000000000000000 |
    | b          | 00000000000000070000000000000000 |
    | c          | 00000000000000090000000000000000 |

    population:
    | account_id | account_key | owner_id | is_background |
    |------------|-------------|----------|---------------|
    | a          | 1           | a        | true          |
    | b          | 2           | b        | true          |
    | c          | 3           | c        | true          |

    result: c's card has one owner
    | account_id | channel | value_hash | n_owners | n_qualifying_owners | n_contacts |
    |------------|---------|------------|----------|---------------------|------------|
    | a          | card    | 7          | 2        | 2                   | 1          |
    | b          | card    | 7          | 2        | 2                   | 1          |
    """
    known = accounts.select("account_id", *(c.registered for c in VALUES if c.registered))
    active = of_background(profiles.select("account_id", "attributes", "fragments"), population).join(
        known, "account_id", "left"
    )
    own = _own_values()
    if CONVERSATION.name in run.settings.channels.enabled() and not hand_overs.isEmpty():
        owners = active.select("account_id", "owner_id")
        pooled = pools(hand_overs, owners, driver_edges=run.settings.graph.driver_edges)
        active = active.join(broadcast_if_small(pooled), "account_id", "left")
        own = F.concat(own, F.array(_value(CONVERSATION, F.col("pool"))))
    active = active.select("account_id", "account_key", "owner_id", "attributes", "fragments", own.alias("own"))
    day, schema = run.day, table("features.account_values").schema

    def alone(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _with_contacts(count_owners(uses(batches)), day)

    def spread(active: DataFrame, tasks: int) -> DataFrame:
        arrow_batches = partitioned(active, lambda used: task_of(used, tasks), uses)
        shared = by_task(arrow_batches, tasks, count_owners, SHARED).repartition(tasks, "account_id")
        return shared.mapInArrow(lambda batches: _with_contacts(batches, day), schema)

    tasks = shuffled_tasks(active, tasks_for(active, F.size("attributes") + F.size("fragments"), USES))
    made = one_or_many(active, tasks, alone, spread, schema)
    off = [name for name in run.settings.channels.names() if not run.settings.channels[name].enabled]
    # so that no reader of the table sees them
    return made.where(~F.col("channel").isin(*off)) if off else made


def _with_contacts(batches: Iterable[pa.RecordBatch], day: date) -> Iterator[pa.RecordBatch]:
    """Rows of the table, of all shared values of whole accounts."""
    names = pa.array([NAMES.get(code, "") for code in range(128)], pa.string())
    counted = whole(batches)
    if counted is None:
        return
    columns = {
        **{name: counted[name] for name in counted.schema.names},
        "run_date": pa.array([day] * len(counted), pa.date32()),
        "channel": names.take(counted["channel"].cast(pa.int32())),
        "n_contacts": pa.array(contacts_of(counted)),
    }
    fields = table("features.account_values").schema.fieldNames()
    yield from (
        pa.table([columns[name] for name in fields], names=fields).combine_chunks().to_batches(max_chunksize=50_000)
    )


def _own_values() -> Column:
    """What the account itself was registered with, as an array of (channel, value_hash)."""
    registered = [(c, as_long(F.col(c.registered), c.form)) for c in VALUES if c.registered]
    return F.array(*(_value(c, value_hash) for c, value_hash in registered))


def _value(channel: Channel, value_hash: Column) -> Column:
    return F.struct(F.lit(channel.code).cast("tinyint").alias("channel"), value_hash.alias("value_hash"))
