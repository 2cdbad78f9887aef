"""The registry of signals: each shared value goes from its column to a pair and a reason.

What derives from it agrees with it.
"""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from rows import DAY, rows

from iolaus.export.signal_reference import PAGE, page
from iolaus.features import account_days, account_profiles, account_values, population
from iolaus.model import explanations
from iolaus.model.bits import MILLI
from iolaus.model.evidence.ownership import identity
from iolaus.model.signals import ANY_EXPLANATION, CHANNEL, CHANNELS, CLAIMS, OTHERS, SIGNALS, TEMPLATES, VALUES, Channel
from iolaus.pairs import infrastructure, templates
from iolaus.schemas.codes import FRAGMENT_CHANNELS
from iolaus.schemas.families import FAMILIES
from iolaus.settings import DEFAULT, Key, Run

RUN = Run(DAY, DEFAULT, Key(b"test"))
TABLES = {"infrastructure": infrastructure, "content": templates}
OTHER_ACCOUNTS = 600  # so that a value of three accounts is rare in each channel


def value(channel: Channel, n: int) -> Any:
    """The n-th value of a channel, as the column of silver that holds it has it."""
    return (
        f"{n + 1:016x}{'0' * 48}"
        if channel.form == "pseudonym"
        else f"value {n}"
        if channel.form == "text"
        else n + 1_000
    )


def exchange(account: str, n: int, **columns: Any) -> dict[str, Any]:
    at = datetime.combine(DAY, datetime.min.time(), UTC) + timedelta(seconds=n)
    return {"exchange_id": f"{account} {n}", "account_id": account, "happened_on": DAY, "requested_at": at, **columns}


def planted(channel: Channel, n: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Exchanges and accounts of three owners who share one value of the channel and nothing else.

    Of a template with two prompts each.
    """
    sent, known = [], []
    fragment = f"{channel.name}_hash" if f"{channel.name}_hash" in FRAGMENT_CHANNELS else None
    for i in range(3):
        account = f"{channel.name} {i}"
        own = {channel.registered: value(channel, n)} if channel.registered and not channel.exchange else {}
        known.append({"account_id": account, "owner_id": account, **own})
        for k in range(2):
            prompt = {"prompt_hash": 1_000_000 + 1_000 * n + 10 * i + k} if fragment else {}
            said = (
                {channel.exchange: value(channel, n)}
                if channel.exchange
                else {fragment: value(channel, n)}
                if fragment
                else {}
            )
            sent.append(exchange(account, k, **prompt | said))
    return sent, known


def ring(channel: Channel) -> list[dict[str, Any]]:
    """Three accounts of which each goes on with a conversation of another, in a ring."""
    names = [f"{channel.name} {i}" for i in range(3)]
    ends = zip(names, [*names[1:], names[0]], strict=True)
    return [{"account_from": begun, "account_to": taken, "arrived_on": DAY, "n": 1} for begun, taken in ends]


@pytest.fixture(scope="module")
def found(spark: SparkSession) -> dict[str, list[Any]]:
    """What the pipeline makes of accounts that share one value a channel: pairs, and pieces of evidence, by channel."""
    made = [planted(channel, n) for n, channel in enumerate(VALUES)]
    others = [f"other {i}" for i in range(OTHER_ACCOUNTS)]
    sent = [row for exchanges, _ in made for row in exchanges] + [exchange(name, 0) for name in others]
    known = [row for _, accounts in made for row in accounts] + [
        {"account_id": name, "owner_id": name} for name in others
    ]
    accounts = rows(spark, "silver.accounts", known)
    days = account_days.transform(rows(spark, "silver.exchanges", sent), RUN)
    merged = account_profiles.transform(days, RUN).localCheckpoint()
    everybody = population.transform(merged, accounts, RUN).localCheckpoint()
    names = {r.account_key: r.account_id for r in everybody.collect()}
    handed = [pair for channel in VALUES if channel.pooled_by for pair in ring(channel)]
    hand_overs = rows(spark, "features.hand_overs", handed)
    shared = account_values.transform(merged, accounts, everybody, hand_overs, RUN).localCheckpoint()
    members = spark.createDataFrame(
        [(c.name, f"{c.name} {i}") for c in VALUES for i in range(3)], "cluster_id string, account_id string"
    )
    sizes = members.groupBy("cluster_id").count().withColumnRenamed("count", "size")
    pairs: DataFrame = infrastructure.transform(shared, everybody, RUN).unionByName(
        templates.transform(shared, everybody, RUN)
    )
    pieces = identity(members, sizes, shared, len(known), DEFAULT.scoring)
    of: dict[str, list[Any]] = {c.name: [[], []] for c in VALUES}
    for row in pairs.collect():
        one, other = names[row.key_a], names[row.key_b]
        of[one.rsplit(" ", 1)[0]][0].append((one, other, row))
    for row in pieces.collect():
        of[row.cluster_id][1].append(row)
    return of


@pytest.mark.parametrize("channel", VALUES, ids=lambda c: c.name)
def test_a_shared_value_makes_pairs_and_a_reason(found: dict[str, list[Any]], channel: Channel) -> None:
    pairs, pieces = found[channel.name]
    assert {r.channel for _, _, r in pairs} == {channel.name} == {r.channel for r in pieces}
    assert sorted((one[-1], other[-1]) for one, other, _ in pairs) == [("0", "1"), ("0", "2"), ("1", "2")]
    assert {r.sharers for _, _, r in pairs} == {3}
    limits = DEFAULT.channels[channel.name]
    assert all(limits.floor * MILLI <= r.bits <= limits.cap * MILLI for _, _, r in pairs)
    [piece] = pieces
    says = channel.says.replace("share a ", "share one ")  # all have the same one
    assert piece.description == f"All 3 accounts {says} (under 1% of {OTHERS} do)."
    assert (piece.kind, piece.part) == (channel.kind, channel.group)


def test_every_entry_is_whole() -> None:
    assert len(SIGNALS) == len({id(s) for s in SIGNALS.values()}), "one entry a name"
    assert len({c.code for c in VALUES}) == len(VALUES), "a code is stored, and stands for one channel"
    for signal in SIGNALS.values():
        assert signal.says, signal.evasion
        assert signal.evasion
        assert set(signal.explained_by) | set(signal.explained_if_few) <= set(ANY_EXPLANATION)
    assert all(
        c.family in FAMILIES and 0 < DEFAULT.channels[c.name].floor <= DEFAULT.channels[c.name].cap for c in CHANNELS
    )
    assert all("{" not in c.sentence(DEFAULT.claims) for c in CLAIMS.values())
    thresholds = {c.threshold for c in CLAIMS.values()} - {None}
    assert thresholds == {f.name for f in fields(DEFAULT.claims)} - {"night_hours", "moved"}
    assert set(TEMPLATES) <= set(CHANNEL)
    assert {explanations.PEOPLE, explanations.OWN_TEXT, explanations.WHOLE_SET} <= set(ANY_EXPLANATION)


def test_the_reference_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make dictionary writes it again"
