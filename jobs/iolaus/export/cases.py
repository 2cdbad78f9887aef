"""A cluster as others may see it.

Identifiers by pseudonym, and in clear only the kinds that were asked for and may leave.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from iolaus.engine.scan import scanned
from iolaus.errors import UsageError
from iolaus.export.decisions import decisions
from iolaus.export.gold import Gold
from iolaus.export.recorded_settings import of_day
from iolaus.export.report_cases import JUDGEMENT
from iolaus.settings import Key
from iolaus.text.pseudonyms import block, canonical_address, pseudonym, value_hash

TLP = ("clear", "green", "amber", "amber+strict", "red")
# Kinds of identifiers, and the most open marking under which each may leave in clear. Who is told an account is told of
# a customer, so it stays within the organisation that is told; an address may be a person's line.
OPENEST = {"template": "green", "asn": "green", "address": "amber", "account": "amber+strict"}
NETWORK = ("address", "block", "asn")
INFRASTRUCTURE = ("card", *NETWORK)
PROMPTS = ("system", "template")  # channels of which a fingerprint is the hash of a text
MOST = 200  # shared values told of a cluster: what many members share comes first
_READ = 100_000  # account ids of one filter: more are read in turns


@dataclass(frozen=True)
class Shared:
    """A value that two or more members share.

    Its channel, its pseudonym, how many have it, and itself where that may leave.
    """

    channel: str
    name: str
    accounts: int
    clear: str | None = None


@dataclass(frozen=True)
class Case:
    """A listed cluster: its rows of gold, under the name by which others know it."""

    name: str
    cluster: dict[str, Any]
    evidence: list[dict[str, Any]]
    members: list[dict[str, Any]]  # `account_id` by pseudonym unless it may leave, and what gold has of the account
    shared: list[Shared]
    left_out: int = 0  # accounts that were cleared, and so stay at home


@dataclass(frozen=True)
class Disclosure:
    """What may leave: the marking, and the kinds of identifiers named to leave in clear."""

    tlp: str = "amber+strict"
    kinds: frozenset[str] = frozenset()


def disclosure(tlp: str, kinds: Sequence[str]) -> Disclosure:
    """The marking and the kinds, checked. Raises UsageError for a kind that the marking does not let out."""
    for kind in kinds:
        if TLP.index(tlp) < TLP.index(OPENEST[kind]):
            raise UsageError(
                f"TLP:{tlp.upper()} does not let {kind}s out in clear; mark it TLP:{OPENEST[kind].upper()}, or leave "
                f"{kind} out"
            )
    return Disclosure(tlp, frozenset(kinds))


def cases(
    gold: Gold,
    day: date,
    key: Key,
    allowed: Disclosure,
    cluster_id: str | None = None,
    *,
    include_cleared: bool = False,
) -> Iterator[Case]:
    """The published clusters of a run, worst first, or one cluster, published or on the watchlist.

    Clusters and accounts that an analyst cleared, by now, stay at home unless `include_cleared`.
    Raises UsageError if nothing is left, or if the lake's pseudonyms were made under another key.
    """
    same_key(gold, day, key)
    listed = _rows(gold, "gold.suspect_clusters", day)
    if cluster_id is not None:
        listed = [c for c in [*listed, *_rows(gold, "gold.watchlist", day)] if c["cluster_id"] == cluster_id]
    if not listed:
        raise UsageError(
            f"the run of {day} has no cluster {cluster_id or ''}".rstrip()
            + "; gold.suspect_clusters lists those there are"
        )
    decided, n_left = decisions(gold, day), 0
    for cluster in sorted(listed, key=lambda c: (c["confidence"] == "low", c["rank"])):
        of = ds.field("cluster_id") == cluster["cluster_id"]
        # Of a cluster on the watchlist gold has no members: they are known by their membership alone.
        table = "graph.clusters" if cluster["confidence"] == "low" else "gold.suspect_cluster_members"
        members = sorted(_rows(gold, table, day, of), key=lambda m: (-m["membership"], m["account_id"]))
        row = decided.cluster(cluster, [m["account_id"] for m in members])
        if row["cleared"] and not include_cleared:
            continue
        n_left += 1
        told = [m for m in members if include_cleared or not decided.is_cleared(m)]
        left_out, members = len(members) - len(told), [decided.member(m) for m in told]
        shared = _shared(gold, day, [m["account_id"] for m in members], key, allowed)
        if "account" not in allowed.kinds:
            members = [m | {"account_id": account_name(key, m["account_id"])} for m in members]
        evidence = sorted(
            (p for p in _rows(gold, "gold.cluster_evidence", day, of) if p["kind"] != JUDGEMENT),
            key=lambda p: (-p["bits"], p["channel"]),
        )
        yield Case(cluster_name(key, cluster["cluster_id"]), row, evidence, members, shared, left_out)
    if not n_left:
        raise UsageError(
            f"of the run of {day} nothing is exported: {cluster_id or 'every published cluster'} was cleared by an "
            "analyst; to export it all the same, give --include-cleared"
        )


def account_name(key: Key, account_id: str) -> str:
    """The pseudonym by which others know an account."""
    return pseudonym(key.secret, "account", account_id)


def cluster_name(key: Key, cluster_id: str) -> str:
    """The name by which others know a cluster: its id is a plain hash of an account's, which could be guessed."""
    return f"hc_{pseudonym(key.secret, 'cluster', cluster_id)[:12]}"


def same_key(gold: Gold, day: date, key: Key) -> None:
    """Raise UsageError unless the pseudonyms of that run were made under this key.

    Exports of two days would not match otherwise.
    """
    opened = _dataset(gold, "silver.accounts")
    if opened is None:
        return
    found = opened.head(1, columns=["key_id"], filter=ds.field("run_date") == pa.scalar(day))["key_id"].to_pylist()
    if found and found[0] != key.key_id:
        raise UsageError(
            f"the run of {day} was made under the key {found[0]}, and this is {key.key_id}; set the key that the "
            "lake was made with"
        )


def _rows(gold: Gold, name: str, day: date, of: ds.Expression | None = None) -> list[dict[str, Any]]:
    opened = _dataset(gold, name)
    if opened is None:
        raise UsageError(
            f"the lake {gold.lake} has no table {name}; name with --lake a lake that `iolaus run` has written"
        )
    then = ds.field("run_date") == pa.scalar(day)
    rows: list[dict[str, Any]] = scanned(opened, of=then if of is None else then & of).to_pylist()
    return rows


def _shared(gold: Gold, day: date, accounts: list[str], key: Key, allowed: Disclosure) -> list[Shared]:
    """Cards, addresses, networks and network operators that members share, those of most members first."""
    kinds = (*INFRASTRUCTURE, *(PROMPTS if "template" in allowed.kinds else ()))
    rows = values_of_several(gold, day, accounts, ds.field("channel").isin(kinds))[:MOST]
    wanted = {(r["channel"], r["value_hash"]) for r in rows}
    clear = clear_addresses(gold, day, accounts, wanted, key) if "address" in allowed.kinds else {}
    return [_value(row, clear, key, allowed) for row in rows]


def values_of_several(gold: Gold, day: date, accounts: Sequence[str], of: ds.Expression) -> list[dict[str, Any]]:
    """(channel, value_hash, accounts, n_owners): values that two or more of the accounts have, most first.

    of: which rows of `features.account_values` are looked at.
    """
    opened = _dataset(gold, "features.account_values")
    if opened is None or not accounts:
        return []
    then = (ds.field("run_date") == pa.scalar(day)) & of
    columns = ["channel", "value_hash", "n_owners"]
    parts = [scanned(opened, columns, then & ds.field("account_id").isin(some)) for some in _in_turns(accounts)]
    counted = (
        pa.concat_tables(parts).group_by(["channel", "value_hash"]).aggregate([([], "count_all"), ("n_owners", "max")])
    )
    counted = counted.rename_columns({"count_all": "accounts", "n_owners_max": "n_owners"}).filter(
        pc.field("accounts") >= 2
    )
    rows: list[dict[str, Any]] = counted.to_pylist()
    return sorted(rows, key=lambda r: (-r["accounts"], r["channel"], r["value_hash"]))


def _value(row: dict[str, Any], clear: dict[tuple[str, int], str], key: Key, allowed: Disclosure) -> Shared:
    channel, value = row["channel"], row["value_hash"]
    name = f"{value & 0xFFFF_FFFF_FFFF_FFFF:016x}"  # the head of the pseudonym that silver has
    plain = clear.get((channel, value))
    if channel == "asn":  # a number in the lake: few enough to be guessed, so not hashed without the key
        name, plain = pseudonym(key.secret, "asn", str(value))[:16], str(value) if "asn" in allowed.kinds else None
    if channel in PROMPTS:
        plain = name
    return Shared(channel, name, row["accounts"], plain)


def clear_addresses(
    gold: Gold, day: date, accounts: list[str], wanted: Container[tuple[str, int]], key: Key
) -> dict[tuple[str, int], str]:
    """Addresses and networks in clear, by (channel, value_hash), from bronze: as far back as exchanges are retained.

    wanted: those (channel, value_hash) that are looked for. Raises UsageError if the lake keeps no exchanges.
    """
    opened = _dataset(gold, "bronze.exchanges")
    if opened is None:
        raise UsageError("the lake has no bronze.exchanges, and only there are addresses in clear; leave address out")
    first = day - timedelta(days=of_day(gold, day).window_days - 1)
    then = (ds.field("happened_on") >= pa.scalar(first)) & (ds.field("happened_on") <= pa.scalar(day))
    found: dict[tuple[str, int], str] = {}
    for some in _in_turns(accounts):
        known = ds.field("account_id").isin(some) & ds.field("client_ip").is_valid()
        sent = scanned(opened, ["client_ip"], then & known)
        for address in sent["client_ip"].unique().to_pylist():
            for channel, spelt in (("address", canonical_address(address)), ("block", block(address))):
                if spelt:
                    at = channel, int(value_hash(pa.array([pseudonym(key.secret, channel, spelt)]))[0])
                    if at in wanted:
                        found[at] = spelt
    return found


def _dataset(gold: Gold, name: str) -> ds.Dataset | None:
    opened = gold.table(name)
    return None if opened is None else opened.to_pyarrow_dataset()


def _in_turns(accounts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(accounts), _READ):
        yield accounts[start : start + _READ]
