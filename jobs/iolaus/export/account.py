"""Everything that a lake knows of one account, read without Spark: what answers an appeal.

A figure is of the window that ends with the run date, unless it says otherwise. Identifiers are pseudonyms, as in
silver; prompts are not read.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from iolaus.errors import UsageError, one_line
from iolaus.export.account_standing import standing
from iolaus.export.decisions import Decisions, decisions
from iolaus.export.gold import Gold, age
from iolaus.export.recorded_settings import of_day
from iolaus.model.signals import CHANNEL
from iolaus.pipeline import VERDICTS

Row = dict[str, Any]
MILLI = 1000  # stored thousandths of a bit
RUNS = 30  # of the account's history, the latest
NEAREST, SHARED, PLACES = 10, 5, 8  # rows shown: accounts, shared values and places of each kind
_SEEN_FROM = {  # columns of silver.exchanges, and what they are called
    "country": "country",
    "asn": "network operator",
    "block": "network",
    "address": "address",
    "access_path": "access path",
    "device": "client",
}
_SUMS = ("n_exchanges", "input_tokens", "output_tokens", "reasoning_tokens")
OF_MEMBER = ("content", "infrastructure", "cohort", "behaviour", "timing")  # families of a member's bits
PAIRS = ("pairs.infrastructure", "pairs.templates", "pairs.content", "pairs.synchrony", "pairs.cohort")


def account(gold: Gold, account_id: str, day: date | None = None) -> Row:
    """What is known of an account as of a run date, by default the newest published, under one key a section.

    | key | holds |
    |---|---|
    | registered | its row of `silver.accounts` |
    | traffic, days, models | exchanges and tokens: sums, by day, by model |
    | seen_from | places by kind, with exchanges and first and last day |
    | history | cluster, list and rank in each of the last runs |
    | shared | values that it shares, with how many owners |
    | nearest | accounts with most evidence of a pair, and whether the pair is a link |
    | verdicts | every verdict that it is named in or was among the members of; `verdict` is the one in force |
    | standing | why it is in a cluster, or why not, in sentences |

    Raises UsageError if the lake has no published run, or has never seen the account.
    """
    runs = gold.days()
    if not runs:
        raise UsageError(f"the lake {gold.lake} has no published run; `iolaus run` writes one")
    if day is not None and day not in runs:
        raise UsageError(f"nothing was published for {day}; the newest published run is of {runs[-1]}")
    of, settings = day or runs[-1], of_day(gold, day or runs[-1])
    mine, then = ds.field("account_id") == account_id, ds.field("run_date") == pa.scalar(of)
    first = of - timedelta(days=settings.window_days - 1)
    happened = mine & in_window(first, of)
    registered = next(iter(gold.find("silver.accounts", mine & then)), {})
    days = _days(gold.find("features.account_days", happened, ("happened_on", *_SUMS, "activity")))
    history = _history(gold, account_id, [d for d in runs if d <= of][-RUNS:])
    decided = decisions(gold, of)
    verdicts = _verdicts(gold, account_id)
    if not (registered or days or history or verdicts):
        raise UsageError(
            f"the lake {gold.lake} has never seen an account {one_line(account_id, 80)!r}; give its account_id as the "
            "landing has it, upper and lower case alike"
        )
    place = next(iter(gold.find("features.population", mine & then)), {})
    now = next((h for h in history if h["run_date"] == of), None)
    known = {
        "account_id": account_id,
        "run_date": of,
        "age": age(of),
        "window_begins": first,
        "registered": registered,
        "traffic": {name: sum(d[name] or 0 for d in days) for name in _SUMS},
        "days": days,
        "models": _added(d["models"] for d in days),
        "seen_from": _seen_from(gold.find("silver.exchanges", happened, ("happened_on", *_SEEN_FROM))),
        "history": history,
        "shared": _shared(gold, mine & then, now, of),
        "nearest": _nearest(gold, place.get("account_key"), then),
        "verdict": _in_force(decided, account_id),
        "verdicts": verdicts,
    }
    return known | {"standing": standing(gold, known, place, settings)}


def in_window(first: date, last: date) -> ds.Expression:
    """The exchanges, or sketches of them, that happened from one day to another.

    Parts of the table are by arrival, and a clock may be a day ahead of it.
    """
    happened, arrived = ds.field("happened_on"), ds.field("arrived_on")
    within = (happened >= pa.scalar(first)) & (happened <= pa.scalar(last))
    return within & (arrived >= pa.scalar(first - timedelta(days=1)))


def _days(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Exchanges, tokens and models of each day, in order; what arrived of a day on several days is added up."""
    by_day: dict[date, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_day[row["happened_on"]].append(row)
    return [
        {"day": day}
        | {name: sum(r.get(name) or 0 for r in parts) for name in _SUMS}
        | {"models": _added({a["model"]: a["n"]} for r in parts for a in r["activity"])}
        for day, parts in sorted(by_day.items())
    ]


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    summed: Counter[str] = Counter()
    for of in counts:
        summed.update(of)
    return dict(summed.most_common())


def _seen_from(exchanges: Iterable[Mapping[str, Any]]) -> dict[str, Row]:
    """Of each kind of place the number of values, and those of most exchanges with their first and last day."""
    days: dict[str, dict[Any, list[date]]] = defaultdict(lambda: defaultdict(list))
    for row in exchanges:
        for column, kind in _SEEN_FROM.items():
            if row.get(column) is not None:
                days[kind][row[column]].append(row["happened_on"])
    found = {}
    for kind in _SEEN_FROM.values():
        if kind in days:
            most = sorted(days[kind].items(), key=lambda v: (-len(v[1]), str(v[0])))
            rows = [
                {"value": f"AS{v}" if kind == "network operator" else v, "n_exchanges": len(on)}
                | {"first_on": min(on), "last_on": max(on)}
                for v, on in most[:PLACES]
            ]
            found[kind] = {"n_values": len(most), "most_used": rows}
    return found


def _history(gold: Gold, account_id: str, runs: list[date]) -> list[Row]:
    """The cluster that the account was in, and its rank, in each run that has it in one."""
    of_runs = ds.field("run_date").isin(pa.array(runs, pa.date32()))
    was_in = gold.find("graph.clusters", of_runs & (ds.field("account_id") == account_id))
    listed: dict[tuple[date, str], Row] = {}
    ids = ds.field("cluster_id").isin(sorted({r["cluster_id"] for r in was_in}))
    columns = ["run_date", "cluster_id", "rank", "confidence", "case_kind", "rival", "margin_bits"]
    columns += ["n_accounts", "n_owners", "verdict", "verdict_by"]
    for table, name in (("gold.watchlist", "watchlist"), ("gold.suspect_clusters", "published")):
        for row in gold.find(table, of_runs & ids, columns) if was_in else ():
            listed[row["run_date"], row["cluster_id"]] = row | {"list": name}
    unlisted = {"list": None, "rank": None, "confidence": None}
    of_account = ("membership", "bits", *OF_MEMBER, "event", "parents")
    return [
        {"run_date": r["run_date"], "cluster_id": r["cluster_id"]}
        | listed.get((r["run_date"], r["cluster_id"]), unlisted)
        | {name: r[name] / MILLI if isinstance(r[name], int) else r[name] for name in of_account if name in r}
        for r in sorted(was_in, key=lambda r: r["run_date"])
    ]


def _shared(gold: Gold, mine: ds.Expression, now: Mapping[str, Any] | None, day: date) -> list[Row]:
    """The values that the account shares with others, of each channel those of fewest owners, the rarest first."""
    found = gold.find("features.account_values", mine)
    found.sort(key=lambda r: (not r["is_qualifying"], r["n_qualifying_owners"], r["channel"], r["value_hash"]))
    nth: Counter[str] = Counter()
    rows = []
    for r in found:
        nth[r["channel"]] += 1
        if nth[r["channel"]] <= SHARED:
            rows.append(r)
    inside: Counter[tuple[str, int]] = Counter()
    if now is not None and rows:
        then = ds.field("run_date") == pa.scalar(day)
        of_cluster = gold.find("graph.clusters", then & (ds.field("cluster_id") == now["cluster_id"]), ("account_id",))
        members = ds.field("account_id").isin([r["account_id"] for r in of_cluster])
        values = ds.field("value_hash").isin([r["value_hash"] for r in rows])
        for r in gold.find("features.account_values", then & members & values, ("channel", "value_hash")):
            inside[r["channel"], r["value_hash"]] += 1
    return [
        {
            "channel": r["channel"],
            "says": CHANNEL[r["channel"]].says if r["channel"] in CHANNEL else r["channel"],
            "value": _spelt(r["channel"], r["value_hash"]),
            "n_values": nth[r["channel"]],
            "n_owners": r["n_owners"],
            "n_in_cluster": inside[r["channel"], r["value_hash"]] if now is not None else None,
            "n_exchanges": r["n"],
            "counts": r["is_qualifying"],
        }
        for r in rows
    ]


def _spelt(channel: str, value: int) -> str:
    """A shared value as other tables have it: a network operator's number, or the head of a pseudonym or hash."""
    of = CHANNEL.get(channel)
    return f"AS{value}" if of and of.form == "number" else f"{value & 0xFFFF_FFFF_FFFF_FFFF:016x}"


def _nearest(gold: Gold, key: int | None, then: ds.Expression) -> list[Row]:
    """The accounts with most bits of evidence of a pair with this one, as `graph.links` adds them up.

    Of channels of one group the best counts; groups and families add up.
    """
    if key is None:
        return []
    ends = (ds.field("key_a") == key) | (ds.field("key_b") == key)
    pairs: dict[int, list[Row]] = defaultdict(list)
    for name in PAIRS:
        for r in gold.find(name, then & ends, ("key_a", "key_b", "channel", "bits", "sharers", "support")):
            pairs[r["key_a"] + r["key_b"] - key].append(r)
    if not pairs:
        return []
    summed = {other: _by_family(rows) for other, rows in pairs.items()}
    best = sorted(pairs, key=lambda other: (-sum(summed[other].values()), other))[:NEAREST]
    named = {
        r["account_key"]: r["account_id"]
        for r in gold.find("features.population", then & ds.field("account_key").isin(best))
    }
    links = {r["key_a"] + r["key_b"] - key: r for r in gold.find("graph.links", then & ends)}
    others = ds.field("account_id").isin(sorted(named.values()))
    clusters = {r["account_id"]: r["cluster_id"] for r in gold.find("graph.clusters", then & others)}
    return [
        {
            "account_id": named[other],
            "bits": sum(summed[other].values()) / MILLI,
            "families": {family: bits / MILLI for family, bits in summed[other].items()},
            "is_link": other in links and links[other]["verdict_id"] is None,
            "cleared_by": links[other]["verdict_id"] if other in links else None,
            "cluster_id": clusters.get(named[other]),
            "channels": [
                {"channel": r["channel"], "bits": r["bits"] / MILLI, "sharers": r["sharers"], "support": r["support"]}
                for r in sorted(pairs[other], key=lambda r: (-r["bits"], r["channel"]))
            ],
        }
        for other in best
        if other in named
    ]


def _by_family(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    groups: dict[tuple[str, str], int] = {}
    for r in rows:
        if channel := CHANNEL.get(r["channel"]):
            at = channel.family, channel.group
            groups[at] = max(groups.get(at, 0), r["bits"])
    summed: Counter[str] = Counter()
    for (family, _), bits in groups.items():
        summed[family] += bits
    return dict(summed.most_common())


def _verdicts(gold: Gold, account_id: str) -> list[Row]:
    """Every verdict on an account, or on a cluster while the account was in it, in the order in which they came."""
    given = gold.rows(VERDICTS)
    rows = [] if given is None else given.to_pylist()
    wanted = ("verdict_id", "given_at", "given_by", "verdict", "why", "cluster_id", "run_date", "known_from")
    return [
        {name: v[name] for name in wanted} | {"of": "the account" if account_id in v["named"] else "its cluster"}
        for v in sorted(rows, key=lambda v: v["given_at"])
        if account_id in (v["named"] or v["members"])
    ]


def _in_force(decided: Decisions, account_id: str) -> Row | None:
    found = decided.account(account_id)
    return None if found is None else found.columns()
