"""What is published: which kinds of evidence must agree, and that a score rises with every piece."""

import pytest
from pyspark.sql import SparkSession
from rows import DAY, rows

from jobs.scoring.clusters import transform
from jobs.scoring.evidence import transform as evidence
from jobs.settings import DEFAULT, Key, Run

RUN = Run(DAY, DEFAULT, Key(b"k"))
Piece = tuple[str, str, float, float]  # kind, channel, bits, value

CARD: Piece = ("coordination", "card", 9, 0.9)
WRAPPER: Piece = ("coordination", "head8", 8, 0.9)
FEW_SHARE: Piece = ("coordination", "head8", 8, 0.2)
SUBJECT: Piece = ("coordination", "content", 7, 0.4)
PROGRAMS: Piece = ("automation", "one_shot", 8, 1)
DRAWN: Piece = ("extraction", "asks_grading", 8, 1)
LABOUR: Piece = ("labour", "labour", 8, 1)
YOUNG: Piece = ("purpose", "young", 8, 1)

CASES: dict[str, tuple[int, list[Piece], str]] = {
    "all kinds, two families": (6, [CARD, WRAPPER, PROGRAMS, DRAWN, YOUNG], "high"),
    "all kinds, one family": (6, [CARD, PROGRAMS, DRAWN, YOUNG], "medium"),
    "extraction and purpose, by people": (6, [CARD, WRAPPER, DRAWN, YOUNG], "medium"),
    "programs that divide one work": (6, [WRAPPER, PROGRAMS, LABOUR], "medium"),
    "people who fill one wrapper": (6, [WRAPPER, LABOUR, YOUNG], "low"),
    "programs of one subject": (20, [SUBJECT, PROGRAMS, ("labour", "divided", 7, 0.4)], "medium"),
    "a fleet made for it": (20, [CARD, WRAPPER, PROGRAMS, YOUNG], "medium"),
    "a young firm's programs": (6, [CARD, WRAPPER, PROGRAMS, YOUNG], "low"),
    "a firm": (20, [CARD, WRAPPER], "low"),
    "nothing that most share": (20, [FEW_SHARE, PROGRAMS, DRAWN, YOUNG], "low"),
    "too few accounts": (4, [CARD, WRAPPER, PROGRAMS, DRAWN, YOUNG], "low"),
    "one family and nothing else": (20, [], "low"),
}


def scored(spark: SparkSession, cases: dict[str, tuple[int, list[Piece], str]], owners: int = 1000) -> dict[str, tuple[str, float, int]]:
    """Confidence, score and rank of each case, whose accounts have so many owners at most."""
    pieces, members, accounts = [], [], []
    for name, (size, of, _) in cases.items():
        pieces += [{"cluster_id": name, "kind": k, "channel": c, "bits": int(b * 1000), "value": float(v)} for k, c, b, v in of]
        members += [{"cluster_id": name, "account_id": f"{name} {i}"} for i in range(size)]
        accounts += [{"account_id": f"{name} {i}", "owner_id": f"{name} {i % owners}"} for i in range(size)]
    active = [{"account_id": m["account_id"], "n_exchanges": 10, "capability_counts": [0] * 7} for m in members]
    inputs = (
        ("scoring.evidence", pieces),
        ("graph.clusters", members),
        ("features.account_embeddings", active),
        ("silver.accounts", accounts),
    )
    made = transform(*(rows(spark, table, given) for table, given in inputs), RUN).collect()
    return {r.cluster_id: (r.confidence, r.score, r["rank"]) for r in made}


def test_what_is_published(spark: SparkSession) -> None:
    found = scored(spark, CASES)
    assert {name: of[0] for name, of in found.items()} == {name: confidence for name, (_, _, confidence) in CASES.items()}
    for published in (True, False):
        ranked = sorted((rank, -score) for confidence, score, rank in found.values() if (confidence != "low") == published)
        assert [rank for rank, _ in ranked] == list(range(1, len(ranked) + 1)), "dense"
        assert [score for _, score in ranked] == sorted(score for _, score in ranked), "falls with the rank"


def test_two_owners_are_no_ring(spark: SparkSession) -> None:
    assert {confidence for confidence, _, _ in scored(spark, CASES, owners=2).values()} == {"low"}


def test_a_score_rises_with_every_piece(spark: SparkSession) -> None:
    whole = [CARD, SUBJECT, PROGRAMS, DRAWN, LABOUR, YOUNG]
    found = scored(spark, {f"{i}": (6, whole[:i], "") for i in range(len(whole) + 1)})
    scores = [found[f"{i}"][1] for i in range(len(whole) + 1)]
    assert scores == sorted(set(scores))


def labour(spark: SparkSession, *, device_users: int, repeated: bool) -> set[str]:
    """Kinds of evidence of forty programs that fill one wrapper, among 400 other accounts."""
    ring, everybody = [f"r{i:02}" for i in range(40)], [f"r{i:02}" for i in range(40)] + [f"o{i:03}" for i in range(400)]
    active = [{"account_id": a, "n_exchanges": 10, "n_with_prompt": 10, "capability_counts": [0] * 7, "phrases": []} for a in everybody]
    wrapper = {"channel": "head8", "token": 1, "n": 10, "fillings": 10, "counts": True, "users": 40, "degree": 40}
    device = {"channel": "device", "token": 2, "n": 10, "fillings": 1, "counts": True, "users": device_users, "degree": device_users}
    prompts = {"channel": "prompt", "token": 3, "n": 8, "fillings": 1, "counts": True, "users": 40, "degree": 40}
    each = [wrapper, device, *([prompts] if repeated else [])]
    tokens = [t | {"account_id": a, "owner_id": a} for a in ring for t in each]
    members = rows(spark, "graph.clusters", [{"cluster_id": "hc", "account_id": a} for a in ring])
    accounts = rows(spark, "silver.accounts", [{"account_id": a, "owner_id": a} for a in everybody])
    made = evidence(
        members, rows(spark, "features.account_tokens", tokens), rows(spark, "features.account_embeddings", active), accounts, RUN
    )
    return {r.kind for r in made.collect()}


@pytest.mark.parametrize(
    ("device_users", "repeated", "counts"),
    [(440, False, True), (40, False, False), (440, True, False)],
    ids=["alone", "client", "benchmark"],
)
def test_labour_counts_only_where_nothing_innocent_explains_it(
    spark: SparkSession, device_users: int, repeated: bool, counts: bool
) -> None:
    """Forty fill one wrapper: with everyday clients; all with one client that nobody else runs; all with the same prompts."""
    assert ("labour" in labour(spark, device_users=device_users, repeated=repeated)) == counts
