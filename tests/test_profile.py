"""Re-assignment by profile: the same rows, column by column, as loops over every account and group.

And what it is for.
"""

import math
from collections import Counter, defaultdict
from statistics import quantiles
from types import SimpleNamespace as Group
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rows import rows

from iolaus.graph.clusters import _without_strays
from iolaus.model.account_bins import BINNED, BINS, bins
from iolaus.model.membership import families
from iolaus.model.membership import judge as profile
from iolaus.model.membership.candidates import PARTS, Candidates
from iolaus.model.membership.group import Groups
from iolaus.model.membership.judge import FAMILIES, assign
from iolaus.model.membership.reunion import one_group, renamed
from iolaus.model.membership.typical import packed_values as pack_values
from iolaus.model.population import Background, Size, background
from iolaus.model.signals import CHANNEL
from iolaus.settings import DEFAULT, Profile
from iolaus.text.embedding import DIMENSIONS

Row = dict[str, Any]
Key = tuple[str, int]  # channel, value
Binned = dict[str, tuple[list[int | None], float | None, list[int]]]  # bins, place and hours of every account
NAMES = [f"r{i}" for i in range(10)]
SIZES, TORN = {"a": 4, "b": 8, "c": 8, "d": 4, "e": 8, "f": 8}, ("ab", "cd", "ef")
DAYS = DEFAULT.window_days
HOURS = 24 * DAYS
CHANNELS = ("card", "address", "block", "head8", "system", "device")
TIGHT = Profile(typical_values=1, lift=2.0, content_cap=6.0, infrastructure_cap=9.0, missing_cap=2.5, posterior=5.0)
Planted = tuple["World", dict[str, Row]]
MIXED = Profile(fewest=1, missing_cap=3.0)


class World(NamedTuple):
    members: list[tuple[str, str]]
    shared_values: list[Row]
    binned: Binned
    linked: list[tuple[str, str]] = []  # noqa: RUF012 - of groups that links found; of who shares a value it says nothing


def populated(seed: int, groups: tuple[str, ...]) -> World:
    """Active accounts, most of a group in turn, among accounts without values.

    Some are listed in a wrong group or in two.
    """
    rng = np.random.default_rng(seed)
    names = [f"account {i:03} é" for i in range(60)]
    chance = {
        (g, c, t): rng.uniform(0.2, 1.1)
        for g in range(len(groups))
        for c in CHANNELS
        for t in range(rng.integers(1, 4))
    }
    quiet = {
        f"quiet {i:03}": ([int(b) for b in rng.integers(5, size=len(BINNED))], float(rng.random()), hours(rng))
        for i in range(300)
    }
    made = World([], [], quiet, [])
    bursts = [hours(rng) for _ in range(len(groups) + 2)]
    owners: dict[Key, set[int]] = defaultdict(set)
    for i, name in enumerate(names):
        of = i % (len(groups) + 2)
        listed = {of} if of < len(groups) and rng.random() < 0.8 else set()
        listed |= {int(rng.integers(len(groups)))} if rng.random() < 0.15 else set()
        made.members.extend((groups[g], name) for g in listed)
        held = {(c, 100 * g + t) for (g, c, t), p in chance.items() if rng.random() < (p if g == of else 0.08)}
        held |= {(c, -int(rng.integers(1, 40))) for c in CHANNELS for _ in range(rng.integers(3))}
        for key in sorted(held):
            owners[key].add(i - (i % 5 == 1))
            made.shared_values.append(
                {
                    "account_id": name,
                    "channel": key[0],
                    "value_hash": key[1],
                    "is_qualifying": bool(rng.random() < 0.85),
                }
            )
        usual = [of if rng.random() < 0.7 else int(rng.integers(5)) for _ in BINNED]
        place = 0.2 * of + 0.1 * rng.random() if rng.random() < 0.8 else rng.random()
        active = sorted({*hours(rng), *(h for h in bursts[of] if rng.random() < 0.6)})
        made.binned[name] = (
            [None if rng.random() < 0.1 else b for b in usual],
            None if rng.random() < 0.1 else float(place),
            active,
        )
    for row in made.shared_values:
        row["n_owners"] = len(owners[row["channel"], row["value_hash"]])
    made.members.extend([(groups[0], "quiet 000"), (groups[0], "quiet 001"), ("a few", names[0]), ("a few", names[1])])
    # the first group was found by links
    made.linked.extend(m for i, m in enumerate(made.members) if m[0] == groups[0] and i % 4)
    return made


def hours(rng: np.random.Generator) -> list[int]:
    """Up to six hours of the window, most of them by day; of some accounts none."""
    days, times = rng.integers(28, size=6), np.clip(rng.normal(14, 3, size=6), 0, 23).astype(int)
    return sorted({int(d) * 24 + int(t) for d, t in zip(days, times, strict=True)})[: rng.integers(7)]


def histograms(accounts: list[list[int | None]]) -> list[Counter[int]]:
    return [Counter(of[m] for of in accounts if of[m] is not None) for m in range(len(BINNED))]  # type: ignore[misc]


def describe(world: World, of: set[str], s: Profile) -> Group:
    uses = [t for t in world.shared_values if t["is_qualifying"] and t["account_id"] in of]
    having = Counter((t["channel"], t["value_hash"]) for t in uses)
    n_owners = {(t["channel"], t["value_hash"]): t["n_owners"] for t in uses}
    others = len(world.binned) - len(of)

    def elsewhere(key: Key, n: int) -> int:
        return max(n_owners[key] - n, 0) + 1

    unusual = [k for k, n in having.items() if n >= s.fewest and n / len(of) >= s.lift * elsewhere(k, n) / others]
    ranked = sorted(unusual, key=lambda k: (-having[k], n_owners[k], k[1]))
    typical = [k for c in CHANNELS for k in [k for k in ranked if k[0] == c][: s.typical_values]]
    usual = {
        k: having[k] / len(of) for k in typical if CHANNEL[k[0]].family == "content" and having[k] >= s.usual * len(of)
    }
    missing = round(1000 * max(math.log2(1 - min(max(usual.values(), default=0), 0.95)), -s.missing_cap))
    places = [p for a in of if (p := world.binned[a][1]) is not None]
    low, high = quantiles(places, n=10, method="inclusive")[::8]
    active = Counter(h for a in of for h in world.binned[a][2])
    known = {
        "having": {k: having[k] for k in typical},
        "bins": histograms([world.binned[a][0] for a in of]),
        "hours": active,
    }
    return Group(of=of, n_owners=n_owners, usual=usual, missing=missing, low=low, high=high, **known)


def behaviour(of: list[int | None], member: bool, group: Group, baseline: list[Counter[int]]) -> int:
    bits = 0
    for at, inside, everybody in zip(of, group.bins, baseline, strict=True):
        outside = everybody - inside
        if at is not None and sum(inside.values()) > member:
            p = (inside[at] - member + 0.5) / (sum(inside.values()) - member + 2)
            bits += round(1000 * min(max(math.log2(p * (sum(outside.values()) + 2) / (outside[at] + 0.5)), -2), 2))
    return min(max(bits, -6000), 6000)


def timing(of: list[int], member: bool, group: Group, baseline: Counter[int]) -> int:
    total, bits = sum(group.hours.values()), 0
    days, times = Counter[int](), Counter[int]()
    for hour, n in group.hours.items():
        days[hour // 24] += n
        times[hour % 24] += n
    outside = baseline - group.hours
    for hour in of:
        usual = days[hour // 24] * times[hour % 24] / max(total, 1) ** 2
        expected = max(usual, (outside[hour] + 0.5) / (sum(outside.values()) + 0.5 * HOURS))
        share = (group.hours[hour] - member) / max(total - member * len(of), 1)
        bits += round(1000 * math.log2(0.5 * share / expected + 0.5))
    return min(max(bits, 0), 5000)


def judge(
    account: str, held: dict[Key, bool], group: Group, world: World, baseline: list[Counter[int]], s: Profile
) -> Row | None:
    """The account's bits in a group that explains it, else None."""
    size, population, member = len(group.of), len(world.binned), account in group.of
    parts: dict[tuple[str, str], tuple[int, str]] = {}
    for key in held.keys() & group.having.keys():
        channel, having = CHANNEL[key[0]], group.having[key]
        share = max((having - (member and held[key])) / (size - member), 1e-9)
        outside = (max(group.n_owners[key] - having, 0) + 1) / (population - size)
        bits = round(1000 * min(1.5 * math.log2(share) - math.log2(outside), DEFAULT.channels[channel.name].cap))
        parts[channel.family, channel.group] = max(
            parts.get((channel.family, channel.group), (0, "")), (bits, channel.name)
        )
    of = {f: sum(bits for (family, _), (bits, _) in parts.items() if family == f) for f in FAMILIES}
    if max(of.values()) < 1000 * s.candidate_bits:
        return None
    row: Row = {
        "content": min(of["content"], 1000 * s.content_cap) + (0 if held.keys() & group.usual.keys() else group.missing)
    }
    row["infrastructure"] = min(of["infrastructure"], 1000 * s.infrastructure_cap)
    of_account, place, active = world.binned[account]
    width = max(group.high - group.low, 0.002)
    inside = place is not None and group.low - 0.1 * width <= place <= group.high + 0.1 * width
    cohort = math.log2(0.85 / min(1.2 * width, 0.85) if inside else 0.15 / max(1 - 1.2 * width, 0.15))
    row["cohort"] = 0 if place is None else round(1000 * min(max(cohort, -3), 5))
    row["behaviour"] = behaviour(of_account, member, group, baseline)
    row["timing"] = timing(active, member, group, Counter(h for of in world.binned.values() for h in of[2]))
    agreeing = sum(row[f] >= 1000 * s.family_floor for f in FAMILIES)
    alone = row["content"] >= 1000 * s.content_alone and all(row[f] >= 0 for f in FAMILIES)
    row["bits"] = sum(row[f] for f in FAMILIES) + round(1000 * math.log2(size / (population - size)))
    row["reasons"] = [channel for bits, channel in sorted(parts.values(), reverse=True) if bits > 0]
    return row if (alone or agreeing >= 2) and row["bits"] >= 1000 * s.posterior else None


def reference(world: World, s: Profile) -> dict[str, Row]:
    """Every account against every group, by the module's definitions."""
    listed = {c: {a for of, a in world.members if of == c} for c, _ in world.members}
    groups = {name: describe(world, of, s) for name, of in listed.items() if len(of) >= s.fewest}
    baseline = histograms([of for of, _, _ in world.binned.values()])
    held: dict[str, dict[Key, bool]] = defaultdict(dict)
    for t in world.shared_values:
        held[t["account_id"]][t["channel"], t["value_hash"]] = t["is_qualifying"]
    out = {}
    for account, of in held.items():
        made = [(judge(account, of, group, world, baseline, s), name) for name, group in groups.items()]
        if explained := [row | {"community": name} for row, name in made if row]:
            out[account] = min(
                explained, key=lambda row: (-row["bits"], -len(groups[row["community"]].of), row["community"])
            )
    return out


def run(spark: SparkSession, world: World, s: Profile, partitions: int = 1) -> dict[str, Row]:
    """`assign`, of accounts of which nobody knows what they ask about."""
    members, linked = (
        spark.createDataFrame(of, "community string, account_id string") for of in (world.members, world.linked)
    )
    shared_values = rows(spark, "features.account_values", world.shared_values)
    kind = "account_id string, bins array<int>, place double, hours array<int>, vector array<float>"
    binned = spark.createDataFrame([(a, *of, None) for a, of in world.binned.items()], kind).repartition(partitions)
    accounts = binned.join(pack_values(shared_values), "account_id", "left")
    counted = np.array([[of[b] for b in range(BINS)] for of in histograms([of for of, _, _ in world.binned.values()])])
    active = np.bincount([h for of in world.binned.values() for h in of[2]], minlength=HOURS)
    baseline = Background(counted, np.zeros((0, DIMENSIONS)), active) if partitions == 1 else background(binned, DAYS)
    assert (baseline.bins.tolist(), baseline.hours.tolist()) == (counted.tolist(), active.tolist())
    made = [
        r.asDict()
        for r in assign(members, linked, accounts, baseline, Size(len(world.binned), len(world.binned)), s).collect()
    ]
    found = {r.pop("account_id"): {name: value for name, value in r.items() if name != "rivals"} for r in made}
    assert len(found) == len(made), "one row an account"
    return found


@pytest.mark.parametrize(("seed", "groups", "s"), [(1, ("a", "b"), Profile()), (2, ("é", "z", "Z"), TIGHT)])
def test_rows_are_those_of_loops(spark: SparkSession, seed: int, groups: tuple[str, ...], s: Profile) -> None:
    world = populated(seed, groups)
    found = run(spark, world, s)
    assert found == reference(world, s)
    assert {r["community"] for r in found.values()} == set(groups)
    joined = {(r["community"], account) for account, r in found.items()}
    assert len(joined & set(world.members)) > 10
    assert joined - set(world.members), "accounts are found"
    assert {m for m in world.members if m[1] not in found}, "members are dropped"


def test_rows_do_not_depend_on_order_partitions_or_batches(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "PAIRS", 6)  # three accounts at once
    world = populated(1, ("a", "b"))
    before = spark.conf.get(batch := "spark.sql.execution.arrow.maxRecordsPerBatch")
    spark.conf.set(batch, "7")
    try:
        found = run(
            spark, world._replace(members=world.members[::-1], shared_values=world.shared_values[::-1]), Profile(), 5
        )
    finally:
        spark.conf.set(batch, str(before))
    assert found == reference(world, Profile()), "as of one partition, above"


@pytest.mark.parametrize("empty", ["no members", "only groups below the fewest", "no values"])
def test_nothing_to_assign(spark: SparkSession, empty: str) -> None:
    members, shared_values, binned, _ = populated(1, ("a", "b"))
    members = {"no members": [], "only groups below the fewest": [m for m in members if m[0] == "a few"]}.get(
        empty, members
    )
    assert run(spark, World(members, [] if empty == "no values" else shared_values, binned), Profile()) == {}


@pytest.fixture(scope="module")
def planted(spark: SparkSession) -> Planted:
    """Groups of one hour and one behaviour that nobody else shows, each with values of its own.

    And what is made of them.
    """
    ring, own = [("card", 1), ("head8", 2)], [("card", 5), ("address", 6), ("device", 7), ("system", 8)]
    held = dict.fromkeys([*NAMES, "outsider"], ring) | {
        "lone": own,
        "twin": own,
        "silent": [],
        "stranger": [("card", 9), ("head8", 9)],
    }
    groups = {"ring": [*NAMES, "stranger", "silent", "lone"]}
    for n in (10, 8, 6):  # members of ten that send the head
        groups[str(n)] = [f"{n} {i}" for i in range(10)]
        for i, name in enumerate([*groups[str(n)], f"{n} without"]):
            held[name] = [("card", 10 * n), ("address", 10 * n)] + [("head8", 10 * n)] * (i < n)
        held[f"{n} with"] = [("card", 10 * n), ("head8", 10 * n)]
    for g, size in SIZES.items():
        groups[g] = [f"{g}{i}" for i in range(size)]
        held |= {a: [("card", 1000 + ord(g)), ("head8", 1000 + ord(g))] for a in groups[g]}
    held |= {torn: held[f"{torn[0]}0"] + held[f"{torn[1]}0"] for torn in TORN}
    n_owners = Counter(key for of in [*held.values(), ring[:1]] for key in of)
    for g, size in SIZES.items():  # a card half as rare, in a group twice as large
        n_owners["card", 1000 + ord(g)], n_owners["head8", 1000 + ord(g)] = size + size // 2 - 1, size + 1
    rng = np.random.default_rng(0)
    binned: Binned = {a: ([9] * len(BINNED), 0.5, []) for a in held}
    binned |= {
        a: ([int(b) for b in rng.integers(5, size=len(BINNED))], 0.9, []) for a in ("passer-by", *map(str, range(700)))
    }
    held["passer-by"] = ring[:1]
    shared_values = [
        {"account_id": a, "channel": k[0], "value_hash": k[1], "is_qualifying": True, "n_owners": n_owners[k]}
        for a, of in held.items()
        for k in of
    ]
    world = World([(g, a) for g, of in groups.items() for a in of], shared_values, binned)
    return world, run(spark, world, MIXED)


def test_a_member_that_shares_nothing_is_dropped_and_an_outsider_that_fits_is_found(planted: Planted) -> None:
    world, found = planted
    assert found == reference(world, MIXED)
    assert found.keys() & {*NAMES, "outsider", "stranger", "silent", "passer-by"} == {*NAMES, "outsider"}
    assert (sorted(found["outsider"]["reasons"]), found["outsider"]["behaviour"]) == (["card", "head8"], 6000)


def test_a_group_does_not_vouch_for_a_member_by_the_member_alone(planted: Planted) -> None:
    assert planted[1].keys() & {"lone", "twin"} == {"twin"}, "an outsider with all that is the lone member's own"


def test_a_group_that_is_a_good_part_of_everybody_is_not_its_own_background(spark: SparkSession) -> None:
    """A third of all accounts are a ring with a template.

    A group of them and as many people, who share an idiom, is the ring.
    """
    ring, people, idiom = [f"r{i:02}" for i in range(40)], [f"p{i:02}" for i in range(80)], ("tail4", 2)
    held = {a: [("head8", 1), ("card", 3), idiom] for a in ring} | {a: [idiom] for a in people[:40]}
    n_owners = Counter(key for of in held.values() for key in of)
    rng = np.random.default_rng(9)
    binned: Binned = {a: ([9] * len(BINNED), 0.5, []) for a in ring}
    binned |= {a: ([int(b) for b in rng.integers(5, size=len(BINNED))], float(rng.random()), []) for a in people}
    shared_values = [
        {"account_id": a, "channel": k[0], "value_hash": k[1], "is_qualifying": True, "n_owners": n_owners[k]}
        for a, of in held.items()
        for k in of
    ]
    world = World([("group", a) for a in [*ring, *people[:40]]], shared_values, binned)
    assert sorted(run(spark, world, Profile())) == ring


def test_lacking_what_nearly_all_members_send_costs_up_to_the_cap(planted: Planted) -> None:
    content = {n: planted[1][f"{n} without"]["content"] for n in (10, 8, 6)}
    assert content == {10: -3000, 8: round(1000 * math.log2(0.2)), 6: 0}
    assert all(planted[1][f"{n} with"]["content"] > 3000 for n in content)


def test_ties_go_to_the_larger_group_then_by_name(planted: Planted) -> None:
    world, found = planted
    assert [found[torn]["community"] for torn in TORN] == ["b", "c", "e"]
    for torn in TORN:
        alone = [
            reference(world._replace(members=[m for m in world.members if m[0] == g]), MIXED)[torn]["bits"]
            for g in torn
        ]
        assert alone == [found[torn]["bits"]] * 2, "a tie"


def test_bins_are_cut_at_fixed_points(spark: SparkSession) -> None:
    percents = ((4, 0), (5, 1), (39, 1), (40, 2), (79, 2), (80, 3), (100, 3))
    shares = (
        "later_turn_share",
        "thinking_share",
        "zero_temperature_share",
        "tools_share",
        "stream_share",
        "templated_share",
    )
    cases: list[tuple[str, float, int]] = [(name, n / 100, b) for name in shares for n, b in percents]
    cases += [("volume", float(n), b) for n, b in ((1, 0), (2, 0), (3, 1), (14, 1), (15, 2), (1023, 5), (2**40, 15))]
    cases += [("mean_output_tokens", float(n), b) for n, b in ((0, 0), (1, 1), (510, 8), (511, 9), (2**20, 15))]
    cases += [("night_share", share, b) for share, b in ((0.0, 0), (0.09, 0), (0.1, 1), (0.2, 2), (0.25, 2))]
    made = [{"account_id": f"{i:02}", column: value} for i, (column, value, _) in enumerate(cases)]
    places = spark.createDataFrame([("00", 0.25)], "account_id string, place double")
    frames = (
        rows(spark, "features.account_behaviour", made),
        rows(spark, "features.account_profiles", [{"account_id": r["account_id"]} for r in made]),
    )
    found = sorted(bins(*frames, places, DAYS).collect(), key=lambda r: str(r["account_id"]))
    assert [(case, r["bins"][BINNED.index(case[0])]) for case, r in zip(cases, found, strict=True)] == [
        (case, case[2]) for case in cases
    ]
    assert [r["place"] for r in found] == [0.25] + [None] * (len(cases) - 1)
    assert found[0]["bins"][BINNED.index("thinking_share")] is None, "a silent measure has no bin"


@pytest.mark.parametrize(("origin", "joins"), [("template", False), ("links", False), ("links, and a value", True)])
def test_who_asks_about_the_same_things_is_found_without_a_shared_value(
    spark: SparkSession, origin: str, joins: bool
) -> None:
    """A ring around one direction stays.

    One that behaves alike and asks about other things goes, and nobody joins on resemblance.

    An outsider like them joins where he shares a value with them.
    """
    rng = np.random.default_rng(4)
    scattered = rng.normal(size=(400, DIMENSIONS))
    scattered[:14] = 3 * rng.normal(size=DIMENSIONS) + rng.normal(size=(14, DIMENSIONS))
    scattered /= np.linalg.norm(scattered, axis=1)[:, None]
    alike, other = [5] * len(BINNED), [1] * len(BINNED)
    everybody = [(f"{i:03}", alike if i < 15 else other, i / 400, [], scattered[i].tolist()) for i in range(400)]
    kind = "account_id string, bins array<int>, place double, hours array<int>, vector array<float>"
    binned = spark.createDataFrame(everybody, kind)
    members = [("ring", f"{i:03}") for i in (*range(13), 14)]
    shared_values = [
        {"account_id": f"{i:03}", "channel": "card", "value_hash": 1, "is_qualifying": True, "n_owners": 9}
        for i in (*range(8), 13)
    ]
    held = rows(spark, "features.account_values", shared_values if origin == "links, and a value" else [])
    accounts = binned.join(pack_values(held), "account_id", "left")
    listed = spark.createDataFrame(members, "community string, account_id string")
    linked = listed.where(F.lit(origin.startswith("links")) & (F.col("account_id") != "014"))
    made = assign(listed, linked, accounts, background(binned, DAYS), Size(400, 400), Profile(unlinked=20.0)).collect()
    assert {r["account_id"] for r in made} == {f"{i:03}" for i in range(14 if joins else 13)}, (
        "not the fifteenth, though it was listed"
    )
    assert all("content" in r["reasons"] and r["content"] >= 3000 for r in made)


@pytest.mark.parametrize(("channel", "is_enough"), [("conversation", True), ("address", False)])
def test_conversations_alone_are_enough_for_a_member(spark: SparkSession, channel: str, is_enough: bool) -> None:
    """Twelve accounts share one value and nothing else: what nobody has by resemblance, or one line of a proxy."""
    rng = np.random.default_rng(6)
    names = [f"{i:04}" for i in range(3_000)]
    world = World(
        [("pool", name) for name in names[:12]],
        [
            {"account_id": name, "channel": channel, "value_hash": 1, "is_qualifying": True, "n_owners": 12}
            for name in names[:12]
        ],
        {name: ([int(b) for b in rng.integers(5, size=len(BINNED))], float(rng.random()), []) for name in names},
    )
    found = run(spark, world, Profile(behaviour_cap=0.0, cohort_least=0.0, cohort_most=0.0))
    assert set(found) == (set(names[:12]) if is_enough else set())


def test_hours_weigh_the_same_in_any_number_of_pieces() -> None:
    rng = np.random.default_rng(7)
    counted = 9 * (rng.random((2, HOURS)) < 0.1)  # each group has hours of its own
    theirs = [rng.choice(np.flatnonzero(counted[i % 2]), i, replace=False) for i in range(9)]
    hours = pa.array([sorted(of.tolist()) for of in theirs], pa.list_(pa.int32()))
    account, group = rng.integers(0, 9, 60), rng.integers(0, 2, 60)
    member = (group == account % 2) & (rng.random(60) < 0.5)
    size, places, vectors = np.array([9, 9]), np.zeros(2), np.zeros((2, DIMENSIONS))
    groups, baseline = (
        Groups(["a", "b"], size, places, places, np.zeros((2, 1, 1), np.int64), vectors, [], counted),
        np.full(HOURS, 900),
    )
    none = np.zeros((60, len(PARTS)), np.int64)
    every = Candidates(account, group, member, none, none, member, member)
    whole = families.timing(every, hours, groups, baseline, Profile())
    assert (families.timing(every, hours, groups, baseline, Profile(), at_once=7) == whole).all()
    assert len(set(whole.tolist())) > 3


@pytest.mark.parametrize(("kept", "agrees"), [("bursts", True), ("office", False)])
def test_hours_count_where_no_habit_explains_them(spark: SparkSession, kept: str, agrees: bool) -> None:
    """Accounts with one card, that behave like others.

    In the same irregular hours they are a group, in office hours not.
    """
    rng = np.random.default_rng(8)
    bursts = [int(d) * 24 + int(t) for d, t in zip(range(0, 28, 2), rng.integers(24, size=14), strict=True)]
    office = [d * 24 + t for d in range(28) for t in (9, 10, 11)]
    of = bursts if kept == "bursts" else office
    active = {f"r{i:02}": sorted(int(h) for h in rng.choice(of, 8, replace=False)) for i in range(20)}
    others = {f"o{i:03}": hours(rng) for i in range(400)}
    binned: Binned = {a: ([1] * len(BINNED), None, h) for a, h in (active | others).items()}
    shared_values = [
        {"account_id": a, "channel": "card", "value_hash": 1, "is_qualifying": True, "n_owners": 20} for a in active
    ]
    found = run(spark, World([("ring", a) for a in active], shared_values, binned), Profile())
    assert bool(found) == agrees
    assert all(r["timing"] == 5000 for r in found.values())


def batches(spark: SparkSession) -> DataFrame:
    """Members of two batches of one ring, made at the ends of a year, and of another ring with its cards alone."""
    rng = np.random.default_rng(5)
    groups = {g: [f"{g}{i:02}" for i in range(12)] for g in ("early", "late", "other")}
    template = {"early": 1, "late": 1, "other": 2}
    held = {a: [("head8", template[g]), ("system", template[g]), ("card", 5)] for g, of in groups.items() for a in of}
    n_owners = Counter(key for of in held.values() for key in of)
    place = {"early": 0.1, "late": 0.9, "other": 0.5}
    binned: Binned = {
        a: ([9] * len(BINNED), place[g] + 0.001 * i, []) for g, of in groups.items() for i, a in enumerate(of)
    }
    binned |= {
        str(i): ([int(b) for b in rng.integers(5, size=len(BINNED))], float(rng.random()), []) for i in range(700)
    }
    shared_values = [
        {"account_id": a, "channel": k[0], "value_hash": k[1], "is_qualifying": True, "n_owners": n_owners[k]}
        for a, of in held.items()
        for k in of
    ]
    members = spark.createDataFrame(
        [(g, a) for g, of in groups.items() for a in of], "community string, account_id string"
    )
    kind = "account_id string, bins array<int>, place double, hours array<int>, vector array<float>"
    everybody = spark.createDataFrame([(a, *of, None) for a, of in binned.items()], kind)
    accounts = everybody.join(pack_values(rows(spark, "features.account_values", shared_values)), "account_id", "left")
    return assign(members, members, accounts, background(everybody, DAYS), Size(736, 736), Profile())


def test_groups_of_one_ring_made_in_batches_are_one(spark: SparkSession) -> None:
    made = batches(spark).localCheckpoint()
    rivals = {(r["community"], rival) for r in made.collect() for rival in r["rivals"]}
    assert rivals == {("early", "late"), ("late", "early")}, (
        "the other ring pays with the same cards and asks something else"
    )
    names = one_group(made, share=0.5, driver_edges=1000)
    assert sorted(map(tuple, names.collect())) == [("early", "early"), ("late", "early"), ("other", "other")]
    assert Counter(r["community"] for r in renamed(made, names).collect()) == {"early": 24, "other": 12}


def test_a_group_within_another_is_not_it(spark: SparkSession) -> None:
    """Most of b share as much with a, and few of a with b: an operator whose questions another operator asks too."""
    few, most = [["b"], *([[]] * 7)], [["a"]] * 5 + [[]]
    made = spark.createDataFrame(
        [("a", rivals) for rivals in few] + [("b", rivals) for rivals in most], "community string, rivals array<string>"
    )
    assert sorted(map(tuple, one_group(made, share=0.5, driver_edges=1000).collect())) == [("a", "a"), ("b", "b")]


def test_strays_are_no_members(spark: SparkSession) -> None:
    bits = [("a", f"{i}", 20_000 + i) for i in range(9)] + [
        ("a", "stray", 9_999),
        ("b", "small", 3_100),
        ("b", "smaller", 3_000),
        *(("c", f"shows more {i}", 30_000) for i in range(5)),
        *(("c", f"shows less {i}", 13_000) for i in range(4)),
        ("c", "another stray", 6_000),
    ]
    kept = _without_strays(spark.createDataFrame(bits, "community string, account_id string, bits int"), 0.5)
    names = {r["account_id"] for r in kept.collect()}
    assert names == {name for _, name, _ in bits if "stray" not in name}
