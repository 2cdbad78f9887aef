"""What is published: the margin that a judgement must have, and that a score rises with every piece."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pyspark.sql import Row, SparkSession
from rows import DAY, population, rows

from iolaus.features import account_behaviour
from iolaus.model.behaviour import talks
from iolaus.model.evidence.ownership import pool
from iolaus.scoring.clusters import transform
from iolaus.scoring.evidence import transform as evidence
from iolaus.settings import CAPABILITIES, DEFAULT, Key, Run

RUN = Run(DAY, DEFAULT, Key(b"k"))
Piece = tuple[str, str, float, float]  # kind, channel, bits, value
Cell = dict[str, Any]
Found = dict[tuple[str, str], Row]  # pieces of evidence by kind and channel

CARD: Piece = ("coordination", "card", 9, 0.9)
SUBJECT: Piece = ("coordination", "content", 7, 0.4)
PROGRAMS: Piece = ("automation", "one_shot", 8, 1)
DRAWN: Piece = ("extraction", "asks_grading", 8, 1)
TASK_SHARING: Piece = ("task_sharing", "task_sharing", 8, 1)
YOUNG: Piece = ("purpose_built", "young", 8, 1)
POLICY_SIGNALS: Piece = ("policy_signals", "release_adoption:atlas-4", 8, 1)

# Accounts, evidence, what each family of facts gives the operator's hypothesis, and the confidence that follows.
Case = tuple[int, list[Piece], dict[str, float], str]
CASES: dict[str, Case] = {
    "far ahead, on two families": (6, [CARD], {"content": 5, "infrastructure": 2, "prior": -2}, "high"),
    "ahead, on two families": (6, [CARD], {"content": 3, "infrastructure": 2, "prior": -2}, "medium"),
    "ahead, on one family": (6, [CARD], {"content": 8, "infrastructure": 0.5, "prior": -2}, "low"),
    "not far enough ahead": (6, [CARD], {"content": 2, "infrastructure": 1.9, "prior": -2}, "low"),
    "behind": (6, [CARD, PROGRAMS, DRAWN], {"content": -3, "infrastructure": 2, "prior": -2}, "low"),
    "too few accounts": (4, [CARD], {"content": 5, "infrastructure": 5}, "low"),
    "not judged": (20, [CARD], {}, "low"),
}


def scored(spark: SparkSession, cases: dict[str, Case], owners: int = 1000) -> dict[str, tuple[str, float, int]]:
    """Confidence, score and rank of each case, whose accounts have so many owners at most."""
    pieces, facts, members, accounts = [], [], [], []
    for name, (size, of, families, _) in cases.items():
        pieces += [
            {
                "cluster_id": name,
                "kind": k,
                "channel": c,
                "part": "subject" if c == "content" else c,
                "bits": int(b * 1000),
                "value": float(v),
            }
            for k, c, b, v in of
        ]
        margin = float(sum(families.values()))
        won: Cell = {"hypothesis": "resold_access", "rival": "event", "margin_bits": margin}
        for f, b in families.items():
            likely = {"resold_access": float(b), "event": 0.0, "strangers": 0.0}
            facts.append(
                {"cluster_id": name, "fact": f, "family": f, "bits": float(b), "log_likelihoods": likely} | won
            )
        members += [{"cluster_id": name, "account_id": f"{name} {i}"} for i in range(size)]
        accounts += [{"account_id": f"{name} {i}", "owner_id": f"{name} {i % owners}"} for i in range(size)]
    active = [{"account_id": m["account_id"], "n_exchanges": 10, "capability_counts": [0] * 7} for m in members]
    inputs = (
        ("scoring.evidence", pieces),
        ("scoring.judgement", facts),
        ("graph.clusters", members),
        ("features.account_profiles", active),
        ("silver.accounts", accounts),
    )
    empty = (rows(spark, table, []) for table in ("bronze.models", "verdicts.given"))
    made = transform(*(rows(spark, table, given) for table, given in inputs), *empty, RUN).collect()
    assert {(r.case_kind, r.rival) for r in made if r.margin_bits} <= {("resold_access", "event")}
    return {r.cluster_id: (r.confidence, r.score, r["rank"]) for r in made}


def test_what_is_published(spark: SparkSession) -> None:
    found = scored(spark, CASES)
    assert {name: of[0] for name, of in found.items()} == {name: case[-1] for name, case in CASES.items()}
    for published in (True, False):
        ranked = sorted(
            (rank, -score) for confidence, score, rank in found.values() if (confidence != "low") == published
        )
        assert [rank for rank, _ in ranked] == list(range(1, len(ranked) + 1)), "dense"
        assert [score for _, score in ranked] == sorted(score for _, score in ranked), "falls with the rank"


def test_two_owners_are_no_ring(spark: SparkSession) -> None:
    assert {confidence for confidence, _, _ in scored(spark, CASES, owners=2).values()} == {"low"}


def test_a_score_rises_with_every_piece(spark: SparkSession) -> None:
    whole = [CARD, SUBJECT, PROGRAMS, DRAWN, TASK_SHARING, YOUNG, POLICY_SIGNALS]
    found = scored(spark, {f"{i}": (6, whole[:i], {}, "") for i in range(len(whole) + 1)})
    scores = [found[f"{i}"][1] for i in range(len(whole) + 1)]
    assert scores == sorted(set(scores))


# Of forty programs each: with how common a client, whether all send one prompt, and how many go on in sixteen words of
# their own.
FILLERS: dict[str, tuple[bool, bool, int]] = {
    "alone": (True, False, 0),
    "client": (False, False, 0),
    "benchmark": (True, True, 0),
    "some with a text of their own": (True, False, 19),
    "most with a text of their own": (True, False, 20),
}


@pytest.fixture(scope="module")
def task_sharing(spark: SparkSession) -> dict[str, Found]:
    """The evidence of the groups of FILLERS, each filling a template, among 2,000 other accounts."""
    rings = {name: [f"{name} {i:02}" for i in range(40)] for name in FILLERS}
    everybody = [*(a for ring in rings.values() for a in ring), *(f"o{i:04}" for i in range(2_000))]
    sent = [
        {"channel": 20, "value_hash": 3, "n": 8, "distinct_prompts": 1},
        {"channel": 20, "value_hash": 4, "n": 2, "distinct_prompts": 1},
    ]
    active: dict[str, Cell] = {
        a: {"account_id": a, "n_exchanges": 10, "n_sampled": 10, "capability_counts": [0] * 7, "fragments": sent}
        for a in everybody
    }
    shared_values = []
    for number, (name, (common, repeated, own)) in enumerate(FILLERS.items()):
        for i, account in enumerate(rings[name]):
            text = {"channel": 24, "value_hash": 100 * number + (i if i < own else 99), "n": 6, "distinct_prompts": 6}
            active[account]["fragments"] = [
                *sent,
                {"channel": 23, "value_hash": number, "n": 10, "distinct_prompts": 10},
                text,
            ]
            had = {
                "account_id": account,
                "owner_id": account,
                "value_hash": number,
                "n": 10,
                "distinct_prompts": 10,
                "is_qualifying": True,
            }
            n_owners = {"head8": 40, "device": len(everybody) if common else 40} | ({"prompt": 40} if repeated else {})
            shared_values += [
                had | {"channel": c, "n_owners": n, "n_qualifying_owners": n, "n": 8 if c == "prompt" else 10}
                for c, n in n_owners.items()
            ]
    return pieces(
        spark, rings, shared_values, [*active.values()], [{"account_id": a, "owner_id": a} for a in everybody]
    )


def pieces(
    spark: SparkSession,
    rings: dict[str, list[str]],
    shared_values: list[Cell],
    active: list[Cell],
    accounts: list[Cell],
    models: Sequence[Cell] = (),
) -> dict[str, Found]:
    """The evidence of each cluster, by kind and channel."""
    inputs = (
        ("graph.clusters", [{"cluster_id": name, "account_id": a} for name, ring in rings.items() for a in ring]),
        ("features.account_values", shared_values),
        ("features.account_profiles", active),
        ("silver.accounts", accounts),
        ("bronze.models", models),
    )
    found: dict[str, Found] = defaultdict(dict)
    frames = [rows(spark, table, given) for table, given in inputs]
    everybody = population(spark, [a["account_id"] for a in active], {a["account_id"]: a["owner_id"] for a in accounts})
    clusters, used, profiles, known, released = frames
    measured = account_behaviour.transform(profiles, known, everybody, used, RUN)
    for row in evidence(clusters, used, profiles, known, everybody, measured, released, RUN).collect():
        found[row.cluster_id][row.kind, row.channel] = row
    return found


def test_a_day_without_accounts_has_no_evidence(spark: SparkSession) -> None:
    assert pieces(spark, {}, [], [], []) == {}
    assert scored(spark, {}) == {}


@pytest.mark.parametrize("case", FILLERS)
def test_task_sharing_counts_only_where_nothing_innocent_explains_it(task_sharing: dict[str, Found], case: str) -> None:
    """Forty fill one template: with everyday clients; all with one client that nobody else runs.

    All with the same prompts.
    """
    found, (common, repeated, own) = task_sharing[case], FILLERS[case]
    assert ("task_sharing" in {kind for kind, _ in found}) == (common and not repeated and own < 20)
    explained = repeated or own >= 20
    assert (("coordination", "head8") in found) == (not explained), "strangers share a set's template, or an idiom"
    assert found["innocent", "own_text"].support == own
    assert found["innocent", "whole_set"].value == pytest.approx(0.8 if repeated else 0)


def test_one_subject_does_not_bind_a_few_who_have_texts_of_their_own(spark: SparkSession) -> None:
    """Programs that ask about the same things, among people who do not.

    Few of them, each with a text of its own, may be of one trade.
    """
    rng, sizes = np.random.default_rng(3), {"few": 19, "many": 20, "few with one text": 19}
    rings = {name: [f"{name} {i:02}" for i in range(size)] for name, size in sizes.items()}
    near = [rng.standard_normal(128) + 0.1 * rng.standard_normal((size, 128)) for size in sizes.values()]
    vectors = np.concatenate([*near, rng.standard_normal((600, 128))])
    everybody = [*(a for ring in rings.values() for a in ring), *(f"o{i:03}" for i in range(600))]
    active: list[Cell] = []
    for i, (account, vector) in enumerate(
        zip(everybody, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), strict=True)
    ):
        text = {"channel": 24, "value_hash": 1 if "one text" in account else 1_000 + i, "n": 9, "distinct_prompts": 9}
        sent = [{"channel": 20, "value_hash": i, "n": 9, "distinct_prompts": 1}, text]
        cells = {"vector": vector.tolist(), "prompt_words": 500, "capability_counts": [0] * 7}
        active.append({"account_id": account, "n_exchanges": 10, "n_sampled": 9, "fragments": sent} | cells)
    made = pieces(spark, rings, [], active, [{"account_id": a, "owner_id": a} for a in everybody])
    assert {name: found["innocent", "own_text"].support for name, found in made.items()} == {
        "few": 19,
        "many": 20,
        "few with one text": 0,
    }
    assert {name for name, found in made.items() if ("coordination", "content") in found} == {
        "many",
        "few with one text",
    }


def test_the_life_of_a_cluster(spark: SparkSession) -> None:
    """Thirty successors began after ten bans, all moved to the released model, and all outdo their plan.

    The others did none of it.
    """
    release = datetime.combine(DAY, datetime.min.time(), UTC) - timedelta(days=4)
    at = int(release.timestamp() // 3600)
    ring, others = [f"r{i:02}" for i in range(40)], [f"o{i:03}" for i in range(400)]

    def active(account: str, began: datetime, n: int, model: str) -> Cell:
        days = [{"hour": at - 30, "model": "old", "n": 1}, {"hour": at + 5, "model": model, "n": n - 1}]
        return {
            "account_id": account,
            "n_exchanges": n,
            "activity": days,
            "first_at": began,
            "capability_counts": [0] * 7,
        }

    profiles = [active(a, release + timedelta(days=2 if i >= 10 else -5), 65, "new") for i, a in enumerate(ring)]
    profiles += [active(a, release - timedelta(days=5), 65 if i < 150 else 5, "old") for i, a in enumerate(others)]
    accounts: list[Cell] = [{"account_id": a, "owner_id": a, "plan": "pro"} for a in (*ring, *others)]
    for row in accounts[:10]:
        row["banned_at"] = release + timedelta(days=1)
    found = pieces(spark, {"hc": ring}, [], profiles, accounts, [{"model": "new", "released_at": release}])["hc"]
    assert found["policy_signals", "succession"].support == 30
    assert found["policy_signals", "release_adoption:new"].value == 1
    assert found["policy_signals", "release_adoption:new"].background < 0.6
    assert found["innocent", "one_owner"].description == "One organisation? No: 40 accounts have 40 owners."
    assert ("policy_signals", "heavy_for_plan") not in found, "as many others of their volume outdo the plan too"


def test_what_a_large_operation_does_is_held_against_all_others(spark: SparkSession) -> None:
    """A ring that is most accounts of its volume asks for code, which a tenth of the others do.

    It is not its own background.
    """
    ring, others = [f"r{i:03}" for i in range(300)], [f"o{i:03}" for i in range(100)]
    code = CAPABILITIES.index("coding")

    def active(account: str, *, asks: bool) -> Cell:
        counts = [9 if asks and i == code else 0 for i in range(len(CAPABILITIES))]
        return {"account_id": account, "n_exchanges": 20, "capability_counts": counts}

    profiles = [active(a, asks=i % 3 > 0) for i, a in enumerate(ring)] + [
        active(a, asks=i % 10 == 0) for i, a in enumerate(others)
    ]
    accounts = [{"account_id": a, "owner_id": a} for a in (*ring, *others)]
    found = pieces(spark, {"hc": ring}, [], profiles, accounts)["hc"]["extraction", "asks_coding"]
    assert (found.support, found.value, found.bits) == (200, pytest.approx(2 / 3), 8_000)
    assert found.background == pytest.approx(0.1)


def test_some_sleepless_accounts_are_no_programs(spark: SparkSession) -> None:
    """Four of ten, or five, who do not sleep, among people who do: what some of a group are, the group is not."""
    rings = {str(n): [f"{n} {i}" for i in range(10)] for n in (4, 5)}
    others = [f"o{i:03}" for i in range(200)]
    sleepless = {a for n, ring in rings.items() for a in ring[: int(n)]}
    profiles: list[Cell] = []
    for account in [*(a for ring in rings.values() for a in ring), *others]:
        counts = {"n_exchanges": 40, "n_sampled": 40, "n_later_turns": 9, "capability_counts": [0] * 7}
        profiles.append({"account_id": account, "night": 0.2 if account in sleepless else 0.05} | counts)
    found = pieces(
        spark, rings, [], profiles, [{"account_id": p["account_id"], "owner_id": p["account_id"]} for p in profiles]
    )
    assert [name for name, of in found.items() if ("automation", "round_the_clock") in of] == ["5"]


def test_release_adoption_of_a_cluster_beside_everybody(spark: SparkSession) -> None:
    """Hours to half, and the share in 48 hours: a ring that moves in three hours among people who take four days."""
    release = datetime.combine(DAY, datetime.min.time(), UTC) - timedelta(days=6)
    at = int(release.timestamp() // 3600)

    def hours(after: int) -> list[Cell]:
        return [{"hour": at + h, "model": "new" if h >= after else "old", "n": 10} for h in range(-24, 120)]

    profiles = [
        {"account_id": f"r{i}", "n_exchanges": 1440, "activity": hours(3), "capability_counts": [0] * 7}
        for i in range(5)
    ]
    profiles += [
        {"account_id": f"o{i}", "n_exchanges": 1440, "activity": hours(96), "capability_counts": [0] * 7}
        for i in range(50)
    ]
    inputs = (
        ("scoring.evidence", []),
        ("scoring.judgement", []),
        ("graph.clusters", [{"cluster_id": "hc", "account_id": f"r{i}"} for i in range(5)]),
        ("features.account_profiles", profiles),
        ("silver.accounts", []),
        ("bronze.models", [{"model": "new", "released_at": release}]),
        ("verdicts.given", []),
    )
    row = transform(*(rows(spark, table, given) for table, given in inputs), RUN).collect()[0]
    (release_adoption,) = row.release_adoption
    assert (release_adoption.model, release_adoption.released_at) == ("new", release.replace(tzinfo=None))
    assert release_adoption.share == pytest.approx(45 / 48, abs=1e-3)
    assert release_adoption.hours_to_half == 0, "half of the six hours from the release on"
    assert release_adoption.baseline_share == pytest.approx(5 * 45 / (55 * 48), abs=1e-3)
    assert 80 < release_adoption.baseline_hours_to_half <= 96


@pytest.mark.parametrize(
    ("later", "calling", "own_template_share", "people"),
    [
        (0, 0, None, False),
        (6, 0, 0.0, True),
        (9, 9, 0.0, False),
        (9, 6, None, True),
        (0, 5, None, False),
        (6, 0, 1.0, False),
        (6, 0, 0.5, True),
    ],
    ids=[
        "single requests",
        "conversations",
        "an agent's loop",
        "a person with an agent",
        "calls that nobody answers",
        "turns that all fill a text",
        "a person who uses a text too",
    ],
)
def test_neither_a_tool_s_result_nor_a_filled_text_is_a_person_s_turn(
    spark: SparkSession, later: int, calling: int, own_template_share: float | None, people: bool
) -> None:
    account = {
        "account_id": "a",
        "n_exchanges": 10,
        "n_later_turns": later,
        "n_calling": calling,
        "own_template_share": own_template_share,
    }
    row = rows(spark, "features.account_profiles", [account]).select(talks(DEFAULT.graph)).first()
    assert row is not None
    assert row[0] == people


def test_a_value_of_half_a_large_platform_is_counted_whole(spark: SparkSession) -> None:
    """60,000 owners have it: their pairs are more than an int holds."""
    names = [f"a{i:02}" for i in range(12)]
    used = [{"account_id": n, "owner_id": n, "channel": "address", "value_hash": 1, "n_owners": 60_000} for n in names]
    used += [
        {"account_id": n, "owner_id": n, "channel": "block", "value_hash": t, "n_owners": 12}
        for n in names
        for t in (2, 3)
    ]
    members = spark.createDataFrame([("c", n) for n in names], "cluster_id string, account_id string")
    sizes = spark.createDataFrame([("c", 12)], "cluster_id string, size long")
    made = pool(members, sizes, rows(spark, "features.account_values", used), 140_000, DEFAULT.scoring).collect()
    found = {r.channel: (r.support, r.value, r.background) for r in made}
    assert found == {
        "pool_address": (66, 66.0, pytest.approx(66 * 60_000 * 59_999 / (140_000 * 139_999))),
        "pool_block": (132, 132.0, 1e-6),
    }
