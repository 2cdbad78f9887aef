"""The judgement: one hand, or strangers alike? Groups that are made here are told apart by the facts alone."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from rows import DAY, population, rows

from iolaus.export.judgement_reference import PAGE, page
from iolaus.model.judgement.division import active_hours, rhythm, unevenness
from iolaus.model.judgement.facts import FACT, FACTS, FAMILIES
from iolaus.model.judgement.hypotheses import HYPOTHESES, INNOCENT, NAMES, OPERATORS
from iolaus.model.judgement.measures import ISLANDS, NO_PLACE, ONE_PLACE, ONE_POOL, Baseline, baseline_of, measured
from iolaus.model.judgement.source import Records, source, strata
from iolaus.model.judgement.weigh import Measured, finding, judge, likelihoods, shares
from iolaus.schemas.sketch import ABSENT, OPENING, OPENING_FIELDS
from iolaus.scoring.judgement import transform
from iolaus.settings import DEFAULT, Key, Run

START = datetime(2026, 2, 1, tzinfo=UTC)
# What each kind of group shows, by fact: what is not said is silent.
OPERATION = {
    "source": 0.0,
    "repetition": 0.0,
    "instruction": 1.0,
    "places": ONE_POOL,
    "people": 0.0,
    "extraction": 16.0,
    "owners": 60.0,
}
GROUPS: dict[str, tuple[dict[str, float], str]] = {
    "harvest": (OPERATION | {"creation": 2.0}, "distillation"),
    "resale": (
        {
            "source": 0.0,
            "repetition": 0.0,
            "applications": 12.0,
            "places": ONE_POOL,
            "people": 1.0,
            "extraction": 0.0,
            "owners": 60.0,
        },
        "resold_access",
    ),
    "class": (
        {"source": -0.6, "repetition": 0.9, "places": ONE_PLACE, "people": 0.5, "domain": 1.0, "creation": 1.0},
        "class",
    ),
    "seminar": (
        {
            "source": 0.0,
            "repetition": 0.0,
            "instruction": 1.0,
            "extraction": 8.0,
            "places": ONE_PLACE,
            "people": 0.6,
            "domain": 1.0,
            "creation": 1.3,
            "owners": 70.0,
        },
        "seminar",
    ),
    "event": (
        {"source": 0.0, "places": ONE_PLACE, "people": 1.0, "client": 1.0, "creation": 0.1, "span": 2.0},
        "event",
    ),
    "trade": ({"source": 1.6, "own_text": 0.9, "people": 0.0, "places": NO_PLACE, "creation": 300.0}, "one_trade"),
    "idiom": ({"source": 0.4, "instruction": 1.0, "people": 0.4, "places": NO_PLACE, "creation": 300.0}, "one_idiom"),
    "client": ({"source": 0.7, "client": 1.0, "instruction": 1.0, "people": 1.0, "places": NO_PLACE}, "client_users"),
    "platform": (
        {"source": 0.45, "client": 1.0, "people": 0.0, "places": ONE_PLACE, "creation": 200.0},
        "platform_customers",
    ),
    "carrier": (
        {"source": 0.7, "places": ONE_PLACE, "people": 1.0, "instruction": 0.0, "creation": 300.0},
        "shared_line",
    ),
    "viral": (
        {"source": -0.3, "repetition": 0.3, "people": 1.0, "places": NO_PLACE, "instruction": 0.0},
        "viral_prompt",
    ),
    "benchmark": (
        {"source": 0.0, "repetition": 0.9, "people": 0.0, "places": NO_PLACE, "owners": 8.0},
        "public_benchmark",
    ),
}


def of(values: dict[str, float]) -> dict[str, Measured]:
    return {name: Measured(value) for name, value in values.items()}


def test_the_reference_is_of_these_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make dictionary"


def test_tables_are_whole() -> None:
    for fact in FACTS:
        assert set(fact.table) == set(NAMES)
        assert len(fact.findings) == len(fact.bounds) + 1
        assert list(fact.bounds) == sorted(fact.bounds)
        for row in fact.table.values():
            assert len(row) == len(fact.findings)
            assert sum(row) == pytest.approx(1, abs=0.03)
            assert min(row) >= 0.009, "no fact decides alone"
    assert len({f.name for f in FACTS}) == len(FACTS)
    assert set(OPERATORS) | set(INNOCENT) == set(NAMES)
    assert len(FAMILIES) >= 5


def test_the_gate_knows_every_operator_s_hypothesis() -> None:
    suite = (Path(__file__).parents[1] / "expectations/scoring.judgement.json").read_text(encoding="utf-8")
    assert suite.count(f"({', '.join(map(repr, OPERATORS))})") == 2, "once for the hypothesis, once for its rival"


@pytest.mark.parametrize("name", GROUPS)
def test_each_kind_of_group_is_told(name: str) -> None:
    values, wanted = GROUPS[name]
    made = judge(of(values))
    if wanted in OPERATORS:
        assert made.operator == wanted
        assert made.margin >= DEFAULT.scoring.margin
        assert len(made.families(DEFAULT.scoring.family_speaks)) >= DEFAULT.scoring.families
    else:
        assert made.innocent == wanted
        assert made.margin < 0


COVERT = {
    "source": 0.0,
    "repetition": 0.0,
    "instruction": 1.0,
    "places": NO_PLACE,
    "client": 0.0,
    "creation": 150.0,
    "domain": 0.0,
    "people": 0.0,
    "extraction": 16.0,
    "evenness": 0.8,
    "span": 10.0,
    "owners": 60.0,
    "clock": 0.0,
    "rhythm": 0.2,
}


def test_hiding_is_paid_for_once_and_not_by_every_fact() -> None:
    made = judge(of(COVERT))
    assert made.operator == "covert_distillation"
    assert made.margin >= DEFAULT.scoring.margin
    assert len(made.families(DEFAULT.scoring.family_speaks)) >= DEFAULT.scoring.families
    shown = made.bits["covert_distillation"] - made.bits["distillation"]
    assert shown > 1, "a careless operator would have shown more"


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("one's own content", {"source": 1.5}),
        ("one client's users", {"source": 0.5, "client": 1.0, "rhythm": 0.0}),
        ("one set repeated", {"source": -0.3, "repetition": 0.8}),
        ("people with an idiom", {"source": 0.45, "people": 0.6, "rhythm": 0.0, "extraction": 0.0}),
        ("nothing in common but chance", {"source": 0.3, "instruction": 0.1, "rhythm": 0.0, "extraction": 0.0}),
    ],
)
def test_strangers_without_a_place_in_common_are_not_taken_for_a_hidden_operator(
    name: str, changed: dict[str, float]
) -> None:
    assert judge(of(COVERT | changed)).margin < 0, name


def test_a_family_speaks_against_chance_and_the_margin_against_the_best_innocent() -> None:
    made = judge(of(COVERT | {"instruction": 1.0}))
    given: dict[str, float] = {}
    for fact in (name for name in made.logs if name in FACT):
        bits = made.logs[fact][made.operator] - made.logs[fact]["strangers"]
        given[FACT[fact].family] = given.get(FACT[fact].family, 0.0) + bits
    assert made.families(1.0) == tuple(sorted(family for family, bits in given.items() if bits >= 1.0))
    assert made.families(100.0) == ()


def test_an_operation_with_content_of_its_own_on_each_account_is_not_accused_of_it() -> None:
    assert judge(of(OPERATION | {"source": 1.5, "own_text": 0.9})).margin < judge(of(OPERATION)).margin - 5


def test_the_bits_of_facts_add_up_to_the_margin() -> None:
    for values, _ in GROUPS.values():
        made = judge(of(values))
        assert sum(made.by_fact.values()) == pytest.approx(made.margin)
        assert made.bits[made.operator] - made.bits[made.innocent] == pytest.approx(made.margin)
    silent = judge({})
    assert silent.margin == max(h.prior for h in HYPOTHESES if not h.is_innocent) - max(
        h.prior for h in HYPOTHESES if h.is_innocent
    )


def test_an_error_spreads_a_value_over_its_findings() -> None:
    fact = FACT["source"]
    assert shares(fact, Measured(0.0)) == (0, 1, 0, 0)
    spread = shares(fact, Measured(fact.bounds[1], 0.05))
    assert sum(spread) == pytest.approx(1)
    assert spread[1] == pytest.approx(spread[2], abs=0.01), "on a bound, as likely on either side"
    sure, unsure = (likelihoods(fact, Measured(0.0, e)) for e in (0.0, 10.0))
    gain = [log2(at["distillation"] / at["one_trade"]) for at in (sure, unsure)]
    assert gain[0] > gain[1] + 3, "what is hardly measured hardly says anything"
    assert finding(fact, Measured(0.1)) == "all draw from one source"


def openings(prompts: Iterable[tuple[int, list[int], int]]) -> tuple[np.ndarray[Any, Any], Records]:
    """(account, records) of prompts: (account, terms, template)."""
    made = list(prompts)
    records = np.zeros(len(made), OPENING)
    for name in OPENING_FIELDS:
        records[name] = ABSENT
    records["terms"] = -1
    for i, (_, terms, template) in enumerate(made):
        records[i]["terms"][: len(terms)] = terms
        records[i]["prompt_hash"] = hash(tuple(terms)) if len(terms) else i
        records[i]["template_hash"] = template
        records[i]["conversation"] = i
    return np.array([account for account, _, _ in made]), records


def drawn(
    rng: np.random.Generator, accounts: int, each: int, own: float, template: int = ABSENT
) -> list[tuple[int, list[int], int]]:
    """Prompts of 12 terms; a share `own` of them from an account's own 60 terms, the rest from 300 that all share."""
    prompts = []
    for account in range(accounts):
        words = rng.choice(np.arange(3000, 8000), 60, replace=False)
        for _ in range(each):
            theirs = round(12 * own)
            terms = [*rng.choice(words, theirs, replace=False), *rng.choice(300, 12 - theirs, replace=False)]
            prompts.append((account, sorted(map(int, terms)), template))
    return prompts


def test_one_source_strangers_and_a_set_that_each_repeats() -> None:
    rng = np.random.default_rng(1)
    one = source(*openings(drawn(rng, 30, 12, 0.0)), seed=1)
    strangers = source(*openings(drawn(rng, 30, 12, 0.7)), seed=1)
    exercises = [sorted(map(int, rng.choice(300, 12, replace=False))) for _ in range(12)]
    repeated = source(*openings((account, terms, ABSENT) for account in range(30) for terms in exercises), seed=1)
    assert one
    assert strangers
    assert repeated
    assert abs(one.log) < 4 * one.error + 0.05
    assert strangers.log > 1
    assert repeated.log < -0.5


def test_only_openings_that_carry_the_group_s_texts_are_dealt_and_those_of_each_among_themselves() -> None:
    """Members send as much of their own beside it; and half of them work with another template and subject."""
    rng = np.random.default_rng(2)
    work = [(a, [t + 2000 * (a % 2) for t in terms], 7 + a % 2) for a, terms, _ in drawn(rng, 30, 10, 0.0)]
    own = drawn(rng, 30, 10, 0.9)
    account, records = openings(work + own)
    assert sorted(len(part) for part in strata(account, records)) == [150, 150]
    made = source(account, records, seed=1)
    assert made
    assert made.n == 300
    assert abs(made.log) < 3 * made.error < 0.3
    alone = source(*openings(own), seed=1)
    assert alone
    assert alone.log > 1


def test_a_template_of_most_members_is_dealt_however_little_of_their_traffic_it_is() -> None:
    """One opening in eleven carries it: work among much that is ordinary, or a template with texts of one's own."""
    rng = np.random.default_rng(4)
    ordinary = drawn(rng, 40, 20, 0.9)
    work, texts = drawn(rng, 40, 2, 0.0, 7), drawn(rng, 40, 2, 0.9, 7)
    one, own = source(*openings(ordinary + work), seed=1), source(*openings(ordinary + texts), seed=1)
    assert one
    assert own
    assert one.n == own.n == 80
    assert abs(one.log) < 2 * one.error
    assert own.log > 1
    few = [(a, terms, 7 if a < 16 else ABSENT) for a, terms, _ in work]
    among = source(*openings(ordinary + few), seed=1)
    assert among
    assert among.n > 800, "what two fifths of the members send now and then is not the group's work"


def test_too_little_says_nothing() -> None:
    assert source(*openings(drawn(np.random.default_rng(3), 3, 4, 0.0)), seed=1) is None


MEMBERS = pa.schema(
    [
        *((name, pa.string()) for name in ("cluster_id", "account_id", "owner_id")),
        ("created_at", pa.timestamp("us", tz="UTC")),
        ("n_exchanges", pa.int64()),
        ("n_later_turns", pa.int64()),
        ("openings", pa.binary()),
        ("activity", pa.list_(pa.struct([("hour", pa.int32()), ("n", pa.int64())]))),
        ("shared", pa.list_(pa.struct([("channel", pa.string()), ("value_hash", pa.int64())]))),
        ("handed_to", pa.list_(pa.string())),
        ("has_mail", pa.bool_()),
    ]
)


def members(shared: list[list[tuple[str, int]]], **more: Any) -> pa.Table:
    """A group in which account i has the values `shared[i]`."""
    rows = [
        {
            "cluster_id": "c",
            "account_id": f"{i:03}",
            "n_exchanges": 12,
            "n_later_turns": 0,
            "openings": b"",
            "created_at": START + timedelta(days=i),
            "activity": [{"hour": 24 * 5, "n": 8}, {"hour": 24 * (5 + i % 9), "n": 2}],
            "has_mail": True,
            "shared": [{"channel": c, "value_hash": t} for c, t in values],
        }
        | more
        for i, values in enumerate(shared)
    ]
    return pa.Table.from_pylist(rows, schema=MEMBERS)


MONTH = Baseline(source=None, rhythm=0.0, first_day=0, days=28)


@pytest.mark.parametrize(
    ("shared", "place"),
    [
        ([[("address", 1)] for _ in range(20)], ONE_PLACE),
        ([[("address", i // 4), ("card", i // 4)] for i in range(20)], ISLANDS),
        ([[("address", i), ("address", i + 1)] for i in range(20)], ONE_POOL),
        ([[("card", i // 4), ("address", i % 4)] for i in range(20)], ONE_POOL),
        ([[] for _ in range(20)], NO_PLACE),
        ([[("address", 1)] if i < 4 else [] for i in range(20)], NO_PLACE),
        ([[("asn", 1)] for _ in range(20)], NO_PLACE),
    ],
)
def test_how_places_join_members(shared: list[list[tuple[str, int]]], place: float) -> None:
    assert measured(members(shared), MONTH, 1)["places"].value == place


def test_a_household_s_line_is_one_owner_s() -> None:
    assert measured(members([[("address", 1)]] * 20, owner_id="org"), MONTH, 1)["owners"].value == 1


def test_what_is_counted_of_a_group() -> None:
    systems = [[("system", i % 4), ("system", 90 + i)] for i in range(20)]
    found = measured(members(systems), MONTH, 1)
    assert found["applications"].value == 4, "of those that three send"
    assert found["creation"].value == pytest.approx(15.2)
    assert found["span"].value == 1, "four fifths on one day"
    assert "source" not in found
    assert "span" not in measured(members(systems), replace(MONTH, days=3), 1), "a window of three days cannot tell"


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({}, True),
        ({"has_mail": None}, False),  # the platform does not say
        ({"owner_id": "org"}, False),  # of one owner nobody asks what they share
    ],
)
def test_that_no_mail_domain_is_shared_is_a_finding_where_domains_are_known(told: dict[str, Any], known: bool) -> None:
    found = measured(members([[] for _ in range(20)], **told), MONTH, 1).get("domain")
    assert found == (Measured(0.0) if known else None)


def test_cover_traffic_hides_no_harvest() -> None:
    hidden = COVERT | {"people": 1.0}  # its accounts chat beside their work, as people do
    assert judge(of(hidden)).operator == "covert_distillation"
    assert judge(of(hidden)).margin >= DEFAULT.scoring.margin
    bits = [judge(of(shown)).bits["covert_distillation"] for shown in (COVERT, hidden)]
    assert bits[0] - bits[1] < 2, "chatting is part of hiding, which the prior has paid for"
    assert judge(of(hidden | {"source": 0.6})).margin < 0, "people who each ask about things of their own"


def test_users_of_a_client_with_a_gallery_of_prompts_are_no_pool() -> None:
    gallery = {"applications": 6.0, "client": 1.0, "people": 1.0, "places": NO_PLACE, "source": 0.0, "evenness": 0.8}
    made = judge(of(gallery | {"extraction": 0.0, "repetition": 0.07, "owners": 90.0}))
    assert made.innocent == "client_users"
    assert made.margin < 0


def accounts(openings_of: list[bytes]) -> pa.Table:
    """Random accounts, without activity."""
    kind = pa.list_(pa.struct([("hour", pa.int32()), ("n", pa.int64())]))
    none: list[list[dict[str, int]]] = [[] for _ in openings_of]
    return pa.table(
        {"account_id": list(map(str, range(len(none)))), "openings": openings_of, "activity": pa.array(none, kind)}
    )


def test_a_small_platform_is_its_own_baseline_in_smaller_groups() -> None:
    account, records = openings(drawn(np.random.default_rng(5), 70, 8, 0.7))
    each = [records[account == a].tobytes() for a in range(70)]
    assert baseline_of(accounts(each), 40, 1).source
    assert baseline_of(accounts(each[:50]), 40, 1).source is None, "of three groups of sixteen nothing is said"


def test_baseline_accounts_are_like_themselves_or_nothing_is_reported() -> None:
    rng = np.random.default_rng(5)

    def sample(own: float) -> pa.Table:
        account, records = openings(drawn(rng, 160, 8, own))
        each = [records[account == a].tobytes() for a in range(160)]
        return accounts(each)

    assert baseline_of(sample(0.0), 40, 1).source is None
    found = baseline_of(sample(0.7), 40, 1).source
    assert found
    assert found > 0.5


def test_operations_among_random_accounts_do_not_silence_the_rest() -> None:
    """Half of the accounts are two operations', each with a template that its accounts share."""
    rng = np.random.default_rng(8)
    people = drawn(rng, 80, 8, 0.7)
    rings = [(80 + a, [t + 400 * (a % 2) for t in terms], 7 + a % 2) for a, terms, _ in drawn(rng, 80, 8, 0.0)]
    account, records = openings(people + rings)
    places = rng.permutation(160)
    each = [records[account == a].tobytes() for a in places]
    found = baseline_of(accounts(each), 40, 1).source
    assert found
    assert found > 0.3


def test_a_gateway_gives_its_accounts_equally_much_to_do() -> None:
    rng = np.random.default_rng(11)
    work = {
        "gateway": rng.poisson(60, 40),
        "few": rng.poisson(9, 300),
        "people": rng.lognormal(3, 0.9, 40).astype(int) + 1,
    }
    found = {name: unevenness(counts) for name, counts in work.items()}
    told = {name: finding(FACT["evenness"], Measured(of.value, of.error)) for name, of in found.items() if of}
    assert told == {"gateway": "equal shares", "few": "equal shares", "people": "some carry much more than others"}
    assert unevenness(work["gateway"][:4]) is None
    strays = unevenness(np.append(work["gateway"], [1, 900]))
    assert strays
    assert strays.value < FACT["evenness"].bounds[0], "two strays do not count"


def test_members_that_repeat_one_set_say_nothing_by_having_equally_much_to_do() -> None:
    shared: list[list[tuple[str, int]]] = [[] for _ in range(12)]
    exercises = [([7, k], ABSENT) for k in range(12)]
    account, records = openings((a, terms, template) for a in range(12) for terms, template in exercises)
    repeated = [records[account == a].tobytes() for a in range(12)]
    assert "evenness" in measured(members(shared), MONTH, 1)
    of_class = members(shared).set_column(6, "openings", pa.array(repeated, pa.binary()))
    found = measured(of_class, MONTH, 1)
    assert found["repetition"].value > 0.9
    assert "evenness" not in found


def test_one_queue_keeps_its_accounts_busy_on_the_same_days() -> None:
    """Everybody works by day: that is no rhythm of the group's; that all work on the same three days in ten is."""
    rng = np.random.default_rng(12)
    busy, hours = rng.random(28) < 0.3, np.arange(28 * 24)
    by_day = (hours % 24 >= 8) & (hours % 24 < 18)
    queue = rng.random((30, len(hours))) < 0.3 * (by_day & busy[hours // 24])
    people = rng.random((30, len(hours))) < 0.1 * by_day
    one, strangers = rhythm([queue], 1), rhythm([people], 1)
    assert one
    assert strangers
    assert one.value > 0.8
    assert abs(strangers.value) < 4 * strangers.error < 0.1
    assert rhythm([people[:, :24]], 1) is None
    activity = pa.array([[{"hour": int(h), "n": 1} for h in np.flatnonzero(row)] for row in queue])
    assert (active_hours(activity, 0, 28) == queue).all()
    found = measured(members([[] for _ in queue]).set_column(7, "activity", activity), MONTH, 1)
    assert finding(FACT["rhythm"], found["rhythm"]) == "yes"
    assert (
        measured(members([[] for _ in queue]).set_column(7, "activity", activity), replace(MONTH, rhythm=one.value), 1)[
            "rhythm"
        ].value
        < 0.01
    )


@pytest.mark.parametrize(
    ("edges", "owners", "share"),
    [
        ([(0, 1), (1, 2), (3, 2)], {}, 0.4),
        ([(0, 1), (1, 0)], {}, 0.0),
        ([(0, 1), (1, 2)], {0: "one", 1: "one"}, 0.0),
        ([], {}, 0.0),
    ],
)
def test_hand_overs_count_from_three_owners_on(
    edges: list[tuple[int, int]], owners: dict[int, str], share: float
) -> None:
    """Two accounts may be one person's two subscriptions; so may three of two owners."""
    group = members([[] for _ in range(10)])
    handed = [[f"{j:03}" for i, j in edges if i == k] or None for k in range(10)]
    group = group.set_column(9, "handed_to", pa.array(handed, pa.list_(pa.string())))
    group = group.set_column(2, "owner_id", pa.array([owners.get(i) for i in range(10)], pa.string()))
    assert measured(group, replace(MONTH, shows_hand_overs=True), 1)["hand_overs"].value == pytest.approx(share)
    silent = measured(group, MONTH, 1)
    assert ("hand_overs" in silent) == (share > 0), "without answers, a group whose failed requests stay tells nothing"


def test_a_ring_and_a_trade_side_by_side(spark: SparkSession) -> None:
    """Forty programs that fill one template from one source through one pool; forty that each have their own work."""
    rng = np.random.default_rng(6)
    crowd, ring, trade = ([f"{kind}{i:03}" for i in range(n)] for kind, n in (("o", 200), ("r", 40), ("t", 40)))
    active = []
    for names, own in ((crowd, 0.7), (ring, 0.0), (trade, 0.9)):
        account, records = openings(drawn(rng, len(names), 10, own, template=7 if own == 0 else ABSENT))
        active += [
            {
                "account_id": name,
                "n_exchanges": 10,
                "openings": records[account == i].tobytes(),
                "activity": [{"hour": 24 * 20_000 + 24 * d, "model": "m", "n": 1} for d in range(10)],
            }
            for i, name in enumerate(names)
        ]
    shared_values = [
        {"account_id": name, "channel": "address", "value_hash": i + k, "n_owners": 2, "n_qualifying_owners": 2}
        for i, name in enumerate(ring)
        for k in (0, 1)
    ]
    said = [("r", "extraction", "asks_code", 16_000, 1.0), ("r", "coordination", "head8", 8_000, 1.0)]
    said += [("r", "coordination", "mail", 4_000, 0.8)]
    said += [(c, "innocent", "people", 0, 0.0) for c in "rt"] + [
        ("t", "innocent", "own_text", 0, 0.9),
        ("r", "innocent", "own_text", 0, 0.0),
    ]
    pieces = [{"cluster_id": c, "kind": k, "channel": n, "part": n, "bits": b, "value": v} for c, k, n, b, v in said]
    everybody = [
        {"account_id": a, "owner_id": a, "created_at": START - timedelta(days=i % 300), "mail_domain": "known"}
        for i, a in enumerate([*crowd, *ring, *trade])
    ]
    given = (
        rows(spark, "graph.clusters", [{"cluster_id": a[0], "account_id": a} for a in (*ring, *trade)]),
        rows(spark, "scoring.evidence", pieces),
        rows(spark, "features.account_values", shared_values),
        rows(spark, "features.account_profiles", active),
        rows(spark, "silver.accounts", everybody),
        population(spark, [row["account_id"] for row in everybody]),
        rows(
            spark,
            "features.hand_overs",
            [
                {"account_from": "r000", "account_to": "r001", "n": 1},
                {"account_from": "r001", "account_to": "o001", "n_failed": 1},
            ],
        ),
    )
    found = transform(*given, Run(DAY, DEFAULT, Key(b"k"))).collect()
    margins = {(r.cluster_id, r.hypothesis, r.rival): r.margin_bits for r in found}
    assert len(margins) == 2
    ((_, hypothesis, _), ring_margin), ((_, _, rival), trade_margin) = sorted(margins.items())
    assert (hypothesis, rival) == ("distillation", "one_trade")
    assert ring_margin >= DEFAULT.scoring.margin > 0 > trade_margin
    for cluster in "rt":
        rows_of = [r for r in found if r.cluster_id == cluster]
        assert sum(r.bits for r in rows_of) == pytest.approx(rows_of[0].margin_bits, abs=0.02), (
            "a query gives the margin again"
        )
        assert all(set(r.log_likelihoods) == set(NAMES) for r in rows_of)
    domain = {r.cluster_id: r.value for r in found if r.fact == "domain"}
    assert domain == {"r": 0.8, "t": 0.0}, "what the evidence found; and what is so where it found nothing"
    handed = {r.cluster_id: r.value for r in found if r.fact == "hand_overs"}
    assert handed == {"r": 0.0, "t": 0.0}, "two of the ring; and one who is no member"
    assert {r.fact for r in found if r.cluster_id == "r"} >= {
        "prior",
        "source",
        "repetition",
        "places",
        "people",
        "extraction",
    }
