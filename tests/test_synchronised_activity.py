"""Synchronised activity: meetings, chance and habit as loops over pairs of accounts count them.

Who is in step, and who is not.
"""

from collections import Counter, defaultdict
from itertools import combinations, permutations

import numpy as np
import pytest
from pyspark.sql import Row, SparkSession
from rows import DAY, population, rows

from iolaus.features import account_behaviour
from iolaus.model.account_sketch import SLOTS_A_DAY
from iolaus.model.explanation_words import IN_STEP
from iolaus.model.synchronised_activity import synchronised_activity
from iolaus.model.timing import poisson_bits
from iolaus.scoring.evidence import transform as evidence
from iolaus.settings import DEFAULT, Key, Run, Scoring

Slots = dict[str, list[int]]
BASE, DAYS = 20_480 * SLOTS_A_DAY, 10
REPORTED = Scoring(synchronised_lift=0.0, synchronised_day=0.0, synchronised_share=0.0)


def at(rng: np.random.Generator, n: int) -> list[int]:
    return sorted({BASE + int(s) for s in rng.integers(0, DAYS * SLOTS_A_DAY, n)})


def kept(rng: np.random.Generator, kind: str) -> list[list[int]]:
    """The slots of a group's twelve accounts, each with some of its own besides."""
    bursts = [d * SLOTS_A_DAY + int(t) for d, t in enumerate(rng.integers(0, SLOTS_A_DAY - 2, DAYS))]
    shared = {
        "in step": [b + i for b in bursts for i in (0, 1)],
        "one day": [b + i for b in bursts[:1] for i in range(3)],
        "schedule": [d * SLOTS_A_DAY + 48 for d in range(DAYS)],
        "office": [d * SLOTS_A_DAY + t for d in range(DAYS) for t in range(54, 102)],
    }[kind]
    return [
        sorted({*at(rng, 15), *(BASE + s for s in shared if rng.random() < (0.2 if kind == "office" else 0.7))})
        for _ in range(12)
    ]


def world(seed: int) -> tuple[Slots, dict[str, list[str]]]:
    rng = np.random.default_rng(seed)
    slots = {f"other {i:03}": at(rng, 20) for i in range(300)} | {"silent": []}
    groups = {}
    for kind in ("in step", "one day", "schedule", "office"):
        members = kept(rng, kind)
        groups[kind] = [f"{kind} {i}" for i in range(len(members))]
        slots |= dict(zip(groups[kind], members, strict=True))
    groups["people"] = [f"other {i:03}" for i in range(40)]
    return slots, groups


def found(
    spark: SparkSession, slots: Slots, groups: dict[str, list[str]], settings: Scoring, partitions: int = 1
) -> dict[str, Row]:
    members = spark.createDataFrame(
        [(g, a) for g, of in groups.items() for a in of], "cluster_id string, account_id string"
    )
    profiles = rows(spark, "features.account_profiles", [{"account_id": a, "slots": s} for a, s in slots.items()])
    return {
        r.cluster_id: r for r in synchronised_activity(members, profiles.repartition(partitions), settings).collect()
    }


def reference(slots: Slots, members: list[str]) -> dict[int, tuple[int, float]]:
    """Of each day on which the group is active its meetings, and how many were expected."""
    busy: dict[int, Counter[int]] = defaultdict(Counter)
    for of in slots.values():
        for s in of:
            busy[s // SLOTS_A_DAY][s] += 1
    own = [slots[m] for m in members]
    made = {}
    for day in sorted({s // SLOTS_A_DAY for of in own for s in of}):
        here = [[s for s in of if s // SLOTS_A_DAY == day] for of in own]
        met = sum(len(set(a) & set(b)) for a, b in combinations(here, 2))
        pairs = sum(len(a) * len(b) for a, b in combinations(here, 2))
        chance = sum(n * n for n in busy[day].values()) / sum(busy[day].values()) ** 2
        apart = [
            (s - o) % SLOTS_A_DAY == 0
            for i, j in permutations(range(len(own)), 2)
            for s in here[i]
            for o in own[j]
            if o // SLOTS_A_DAY != day
        ]
        made[day] = met, pairs * max(chance, sum(apart) / len(apart) if apart else 0.0)
    return made


@pytest.mark.parametrize("partitions", [1, 4])
def test_counts_are_those_of_loops_over_pairs(spark: SparkSession, partitions: int) -> None:
    slots, groups = world(1)
    settings = Scoring()
    made = found(spark, slots, groups, REPORTED, partitions)
    assert set(made) == set(groups)
    for name, members in groups.items():
        days = reference(slots, members)
        row = made[name]
        assert (row.active_days, row.met) == (len(days), sum(m for m, _ in days.values()))
        assert row.expected == pytest.approx(sum(e for _, e in days.values()), abs=0.001 * len(days))
    strict = found(spark, slots, groups, settings, partitions)
    for name, members in groups.items():
        days = reference(slots, members)
        met, expected = (np.array(x, float) for x in zip(*days.values(), strict=True))
        often = (met >= settings.synchronised_lift * expected) & (
            poisson_bits(met, expected) >= settings.synchronised_day
        )
        shown = often.sum() * 3 >= len(days) and met.sum() >= settings.synchronised_lift * expected.sum()
        assert (name in strict) == shown
        assert not shown or strict[name].days == often.sum()


def test_who_is_in_step(spark: SparkSession) -> None:
    """Bursts at irregular times; not a schedule, an office or people; one shared day is not enough of their days."""
    slots, groups = world(2)
    assert {name: r.days for name, r in found(spark, slots, groups, Scoring()).items()} == {"in step": DAYS}
    assert {name: r.days for name, r in found(spark, slots, groups, Scoring(synchronised_share=0.1)).items()} == {
        "in step": DAYS,
        "one day": 1,
    }


def test_strangers_do_not_send_the_same_in_the_same_minutes(spark: SparkSession) -> None:
    """Twelve send one whole set: at times of their own it explains them.

    In step it does not, and they are in the case.
    """
    rng, run, others = np.random.default_rng(5), Run(DAY, DEFAULT, Key(b"k")), [f"other {i:03}" for i in range(300)]
    groups = {kind: {f"{kind} {i}": of for i, of in enumerate(kept(rng, kind))} for kind in ("in step", "schedule")}
    sent = {
        "channel": "prompt",
        "n": 2,
        "distinct_prompts": 1,
        "is_qualifying": True,
        "n_owners": 12,
        "n_qualifying_owners": 12,
    }
    active, shared_values = (
        [{"account_id": a, "slots": at(rng, 20), "n_exchanges": 10, "capability_counts": [0] * 7} for a in others],
        [],
    )
    for number, slots in enumerate(groups.values()):
        prompts = [{"channel": 20, "value_hash": 5 * number + t, "n": 2, "distinct_prompts": 1} for t in range(5)]
        counts = {"n_exchanges": 10, "n_sampled": 10, "capability_counts": [0] * 7, "fragments": prompts}
        active += [{"account_id": a, "slots": of} | counts for a, of in slots.items()]
        shared_values += [
            sent | {"account_id": a, "owner_id": a, "value_hash": prompt["value_hash"]}
            for a in slots
            for prompt in prompts
        ]
    inputs = (
        ("graph.clusters", [{"cluster_id": kind, "account_id": a} for kind, slots in groups.items() for a in slots]),
        ("features.account_values", shared_values),
        ("features.account_profiles", active),
        ("silver.accounts", [{"account_id": a["account_id"], "owner_id": a["account_id"]} for a in active]),
        ("bronze.models", []),
    )
    rows_of: dict[str, dict[str, Row]] = defaultdict(dict)
    frames = [rows(spark, name, given) for name, given in inputs]
    everybody = population(spark, [a["account_id"] for a in active])
    clusters, used, profiles, known, released = frames
    measured = account_behaviour.transform(profiles, known, everybody, used, run)
    for row in evidence(clusters, used, profiles, known, everybody, measured, released, run).collect():
        rows_of[row.cluster_id][row.channel] = row
    for kind, made in rows_of.items():
        told = kind == "in step"
        assert ("synchrony" in made, "prompt" in made, "pool_prompt" in made) == (told,) * 3
        assert made["whole_set"].fit == ("does_not_fit" if told else "fits")
        assert made["whole_set"].description.endswith(f"{IN_STEP}.") == told
        assert set(made["whole_set"].taken) == (set() if told else {"prompt", "pool_prompt"}), "what it took is told"
        assert not told or (made["synchrony"].bits, made["synchrony"].support) == (10_000, made["synchrony"].value)
    assert len(rows_of) == 2


def test_of_nobody_nothing_is_said(spark: SparkSession) -> None:
    assert found(spark, {}, {"hc": ["unknown"]}, Scoring()) == {}
