"""Features: days merged over the window are one sketch of everything; values are counted as loops would count them."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rows import DAY, rows
from rows import population as active_population

from iolaus.features import (
    account_behaviour,
    account_days,
    account_profiles,
    account_values,
    hand_overs,
    population,
    prompt_templates,
)
from iolaus.model import account_sketch as sketches
from iolaus.model.population import size
from iolaus.model.sampling import salt_of
from iolaus.model.signals import ATTRIBUTE_CODES, CHANNEL, TEMPLATES
from iolaus.schemas.codes import FRAGMENT_CHANNELS
from iolaus.schemas.sketch import ATTRIBUTE
from iolaus.schemas.table import table
from iolaus.settings import DEFAULT, Key, Run
from iolaus.text import embedding
from iolaus.text.fingerprints import fingerprint
from iolaus.text.pseudonyms import pseudonym, value_hash

Row = dict[str, Any]
RUN = Run(DAY, DEFAULT, Key(b"test"))
YESTERDAY = Run(DAY - timedelta(days=1), DEFAULT, Key(b"test"))
TEMPLATE = "Judge the following answer and say why it falls short of the best that you could give:"
PROMPTS = (
    "",
    "hello",
    "translate order 12",
    "translate order 13",
    *(f"{TEMPLATE} {'abcdefgh'[i] * 3} pays" for i in range(8)),
)


def check_columns(made: DataFrame, name: str) -> None:
    assert [(f.name, f.dataType) for f in made.schema] == [(f.name, f.dataType) for f in table(name).schema]


def silver_exchanges(seed: int, count: int) -> list[Row]:
    """Exchanges of seven accounts on two days, with a fifth of the optional fields missing."""
    rng = np.random.default_rng(seed)
    prints = fingerprint(pa.array(PROMPTS))
    of_prompt = [{name: column[i].as_py() for name, column in prints.items()} for i in range(len(PROMPTS))]
    out = []
    for number in range(count):
        day = int(rng.integers(2))
        at = (
            datetime.combine(DAY, datetime.min.time(), UTC)
            - timedelta(days=day)
            + timedelta(seconds=int(rng.integers(86_400)))
        )
        optional = {
            "turn_index": int(rng.integers(3)),
            "temperature": float(rng.choice([0.0, 1.0])),
            "thinking": bool(rng.integers(2)),
            "output_tokens": int(rng.integers(5000)),
            "http_status": int(rng.choice([200, 429])),
            "address": pseudonym(b"k", "address", str(rng.integers(9))),
            "block": pseudonym(b"k", "block", str(rng.integers(3))),
            "device": pseudonym(b"k", "device", str(rng.integers(3))),
            "asn": int(rng.integers(64_500, 64_504)),
            "country": str(rng.choice(["DE", "FR"])),
            "access_path": str(rng.choice(["api", "console"])),
            "system_hash": int(rng.integers(-3, 3)),
            "tools_hash": int(rng.integers(-3, 3)),
            "max_tokens": int(rng.choice([256, 4096])),
        }
        kept = {name: value for name, value in optional.items() if rng.random() < 0.8}
        base = {
            "exchange_id": f"e{number}",
            "account_id": f"account {rng.integers(7)}",
            "happened_on": at.date(),
            "requested_at": at,
        }
        out.append(
            base
            | kept
            | {"request_model": str(rng.choice(["m", "n"])), "capabilities": int(rng.integers(128))}
            | of_prompt[rng.integers(len(PROMPTS))]
        )
    return out


def withheld(accounts: int, senders: int, each: int) -> list[Row]:
    """Exchanges of accounts that say things of their own.

    Of which `senders` send one text in `each` of their four exchanges.
    """
    texts = [
        "kept back at the gate by order of the house",
        *(f"{'abcdefghijklmnopqrstuvwxyz'[n % 26] * (n // 26 + 3)} is mine" for n in range(400)),
    ]
    prints = fingerprint(pa.array(texts))
    of_text = [{name: column[i].as_py() for name, column in prints.items()} for i in range(len(texts))]
    at = datetime.combine(DAY, datetime.min.time(), UTC)
    base = {"happened_on": DAY, "requested_at": at, "request_model": "m", "capabilities": 0}
    return [
        base
        | {"exchange_id": f"e{account}-{n}", "account_id": f"account {account}"}
        | of_text[0 if account < senders and n < each else 1 + account * 4 + n]
        for account in range(accounts)
        for n in range(4)
    ]


@pytest.mark.parametrize(
    ("senders", "each", "is_placeholder"), [(60, 4, True), (60, 3, True), (60, 1, False), (8, 4, False)]
)
def test_a_prompt_of_many_unrelated_accounts_is_no_text(
    spark: SparkSession, senders: int, each: int, is_placeholder: bool
):
    """One that all send once, or few send always, stays."""
    every = withheld(100, senders, each)
    settings = replace(DEFAULT, ingestion=replace(DEFAULT.ingestion, placeholder_share=0.3))
    made = account_days.transform(rows(spark, "silver.exchanges", every), Run(DAY, settings, RUN.key))
    check_columns(made, "features.account_days")
    found = {row.account_id: row for row in made.collect()}
    assert len(found) == 100
    said = [found[f"account {n}"].n_with_prompt for n in range(senders)]
    assert said == [4 - each if is_placeholder else 4] * senders
    assert found["account 99"].n_with_prompt == 4
    longer = replace(settings, ingestion=replace(settings.ingestion, placeholder_words=5))
    as_long = account_days.transform(rows(spark, "silver.exchanges", every), Run(DAY, longer, RUN.key))
    assert {row.n_with_prompt for row in as_long.collect()} == {4}, "a text of ten words is one"
    if is_placeholder and each == 4:
        assert (found["account 0"].terms, found["account 0"].prompts, found["account 0"].signature) == (b"", b"", None)
    kept = replace(DEFAULT, ingestion=replace(DEFAULT.ingestion, placeholder_share=1.0))
    as_sent = account_days.transform(rows(spark, "silver.exchanges", every), Run(DAY, kept, RUN.key)).where(
        "account_id = 'account 0'"
    )
    assert [row.n_with_prompt for row in as_sent.collect()] == [4]


@pytest.fixture(scope="module")
def window(spark: SparkSession) -> tuple[list[Row], DataFrame, DataFrame]:
    """The exchanges of two days, what each day was made into, and what the window was made into."""
    every = silver_exchanges(3, 250)
    silver = rows(spark, "silver.exchanges", every)
    is_late = (F.col("happened_on") == F.lit(YESTERDAY.day)) & (F.abs(F.hash("exchange_id")) % 10 == 0)
    arrived = F.when(is_late, F.lit(DAY)).otherwise(F.col("happened_on"))
    silver = silver.withColumn("arrived_on", arrived)
    days = [
        account_days.transform(silver.where(F.col("arrived_on") == F.lit(run.day)), run) for run in (YESTERDAY, RUN)
    ]
    both = days[0].unionByName(days[1]).cache()
    both.count()
    return every, both, account_profiles.transform(both, RUN)


def with_values(spark: SparkSession, every: list[Row]) -> pa.Table:
    """Exchanges as `sketches.sketch` reads them, their values made here and not by the stage."""
    words = sorted({row[name] for row in every for name in ("country", "access_path") if row.get(name)})
    hashed = dict(spark.createDataFrame([(w,) for w in words], "w string").select("w", F.xxhash64("w")).collect())

    def head(value: str | None) -> int | None:
        return None if value is None else int(value_hash(pa.array([value]))[0])

    told_by = [(row["exchange_id"], row["requested_at"], row.get("prompt_hash")) for row in every]
    sent = spark.createDataFrame(told_by, "id string, at timestamp, prompt long")
    draws = dict(sent.select("id", F.xxhash64("id", "at", "prompt")).collect())
    made = []
    for row in every:
        shared_values = {name: head(row.get(name)) for name in ("address", "block", "device")}
        shared_values |= {"country": hashed.get(row.get("country")), "path": hashed.get(row.get("access_path"))}
        shared_values |= {
            "asn": row.get("asn"),
            "system": row.get("system_hash"),
            "tools": row.get("tools_hash"),
            "limit": row.get("max_tokens"),
        }
        shared_values |= {"request": row.get("request_hash")}
        drawn = {"draw": draws[row["exchange_id"]], "conversation_hash": row.get("conversation_hash")}
        made.append(row | drawn | {f"{name}_value": value for name, value in shared_values.items()})
    kinds = {"terms": pa.binary(), "signature": pa.binary(), "requested_at": pa.timestamp("us", tz="UTC")}
    silver = ("stream", "truncated", "image_count", "tool_call_count", "input_tokens", "reasoning_tokens")
    columns = {name: [row.get(name) for row in made] for name in (*made[0], *optional_names(made), *silver)}
    return pa.table({name: pa.array(values, kinds.get(name) or kind(name)) for name, values in columns.items()})


def optional_names(made: list[Row]) -> set[str]:
    return {name for row in made for name in row}


def kind(name: str) -> pa.DataType | None:
    flags = {"stream": pa.bool_(), "truncated": pa.bool_(), "thinking": pa.bool_()}
    numbers = ("image_count", "tool_call_count", "input_tokens", "reasoning_tokens")
    return flags.get(name) or (pa.int64() if name in numbers or name.endswith(("_value", "_hash", "draw")) else None)


def as_rows(made: pa.Table) -> dict[str, Row]:
    found = made.to_pylist()
    assert len({r["account_id"] for r in found}) == len(found)
    return {r["account_id"]: r for r in found}


def test_two_days_merged_are_one_sketch_of_everything(
    spark: SparkSession, window: tuple[list[Row], DataFrame, DataFrame]
) -> None:
    every, days, profiles = window
    check_columns(days, "features.account_days")
    check_columns(profiles, "features.account_profiles")
    whole = sketches.sketch(with_values(spark, every), salt_of(RUN.key.secret))
    found, daily, expected = as_rows(profiles.toArrow()), days.toArrow(), as_rows(whole)
    merged = [name for name in sketches.SKETCH.names if name not in ("attributes", "prompts", "terms")]
    assert {a: {name: row[name] for name in merged} for a, row in found.items()} == {
        a: {n: row[n] for n in merged} for a, row in expected.items()
    }
    for account, row in found.items():
        records = np.frombuffer(expected[account]["attributes"], ATTRIBUTE).tolist()
        assert [(t["channel"], t["value_hash"], t["n"]) for t in row["attributes"]] == records
    assert {row["run_date"] for row in found.values()} == {DAY}
    assert Counter(daily["happened_on"].to_pylist()).keys() == {DAY, YESTERDAY.day}
    assert sum(daily["n_exchanges"].to_pylist()) == len(every)
    assert (
        as_rows(sketches.merge(daily.select(sketches.SKETCH.names).cast(sketches.SKETCH), salt_of(RUN.key.secret)))
        == expected
    )
    terms = daily["terms"].combine_chunks()
    weights = embedding.rarity(embedding.document_frequencies(terms), len(daily))
    vectors = dict(zip(expected, embedding.embed(whole["terms"].combine_chunks(), weights).to_pylist(), strict=True))
    assert {account: row["vector"] for account, row in found.items()} == vectors


def test_fragments_count_exchanges_and_distinct_prompts(window: tuple[list[Row], DataFrame, DataFrame]) -> None:
    every, _, profiles = window
    carried: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
    filled: dict[tuple[str, int, int], set[int]] = defaultdict(set)
    for row in every:
        for name, code in FRAGMENT_CHANNELS.items():
            if row[name] is not None:
                carried[row["account_id"]][code, row[name]] += 1
                filled[row["account_id"], code, row[name]].add(row["prompt_hash"])
    for account, row in as_rows(profiles.toArrow()).items():
        expected = {(c, t): (n, len(filled[account, c, t])) for (c, t), n in carried[account].items()}
        assert {(p["channel"], p["value_hash"]): (p["n"], p["distinct_prompts"]) for p in row["fragments"]} == expected
        assert len(row["fragments"]) == len(expected)
        texts = [FRAGMENT_CHANNELS[f"{name}_hash"] for name in ("template", "head8", "head16", "tail8", "tail16")]
        covered = [sum(n for (c, _), (n, again) in expected.items() if c == code and again > 1) for code in texts]
        known = sum(n for (c, _), (n, _) in expected.items() if c == FRAGMENT_CHANNELS["prompt_hash"])
        assert row["n_sampled"] == known
        assert row["own_template_share"] == (
            max(covered) / known if known >= DEFAULT.graph.programs_exchanges else None
        )
    assert {row["own_template_share"] for row in as_rows(profiles.toArrow()).values()} - {None, 0.0}, "some fill a text"
    assert max(len(f) for (_, code, _), f in filled.items() if code == FRAGMENT_CHANNELS["head16_hash"]) > 2


def active_accounts(seed: int) -> tuple[list[Row], list[Row]]:
    """Profiles and accounts: shared owners, agreements, an unknown account, sign-up addresses used again."""
    rng = np.random.default_rng(seed)
    profiles, accounts = [], []
    for number in range(40):
        name = f"account {number:02}"
        attributes = {
            (int(rng.choice(list(ATTRIBUTE_CODES.values()))), int(rng.integers(-6, 6))) for _ in range(rng.integers(12))
        }
        fragments = {
            (int(rng.choice(list(FRAGMENT_CHANNELS.values()))), int(rng.integers(-6, 6)))
            for _ in range(rng.integers(12))
        }
        made = [
            {"channel": c, "value_hash": t, "n": int(rng.integers(1, 9)), "distinct_prompts": int(rng.integers(1, 4))}
            for c, t in fragments
        ]
        profiles.append(
            {
                "account_id": name,
                "attributes": [{"channel": c, "value_hash": t, "n": int(rng.integers(1, 9))} for c, t in attributes],
                "fragments": made,
            }
        )
        own = {
            "card": f"{int(rng.integers(6)) - 3 & (1 << 64) - 1:016x}{'0' * 16}",
            "mail_domain": f"{int(rng.integers(4)):016x}{'0' * 16}",
            "signup_address": f"{int(rng.integers(-6, 6)) & (1 << 64) - 1:016x}{'f' * 16}",
            "signup_block": None,
            "signup_asn": int(rng.integers(6)),
        }
        kept = {name: value for name, value in own.items() if rng.random() < 0.7}
        owner = f"org:{number % 7}" if number % 2 else name
        agreement = "reseller" if number % 11 == 10 else None
        if number != 5:
            accounts.append({"account_id": name, "owner_id": owner, "agreement": agreement} | kept)
    return profiles, accounts


def uses_of(profiles: list[Row], known: dict[str, Row]) -> dict[tuple[str, str, int], Row]:
    """What each account has, from its traffic and from its sign-up."""
    names = {code: name.removesuffix("_hash") for name, code in (ATTRIBUTE_CODES | FRAGMENT_CHANNELS).items()}
    uses: dict[tuple[str, str, int], Row] = {}

    def use(account: str, channel: str, value: int, n: int, distinct_prompts: int) -> None:
        if channel in CHANNEL:
            row = uses.setdefault((account, channel, value), {"n": 0, "distinct_prompts": 0})
            row["n"], row["distinct_prompts"] = row["n"] + n, max(row["distinct_prompts"], distinct_prompts)

    def head(pseudonym_: str) -> int:
        return int.from_bytes(bytes.fromhex(pseudonym_[:16]), "big", signed=True)

    for e in profiles:
        name = e["account_id"]
        about = known.get(name, {})
        if about.get("agreement"):
            continue
        for t in e["attributes"]:
            use(name, names[t["channel"]], t["value_hash"], t["n"], 1)
        for p in e["fragments"]:
            use(name, names[p["channel"]], p["value_hash"], p["n"], p["distinct_prompts"])
        own = {"card": "card", "mail": "mail_domain", "address": "signup_address"}
        for channel, column in own.items():
            if about.get(column):
                use(name, channel, head(about[column]), 1, 1)
        if about.get("signup_asn") is not None:
            use(name, "asn", about["signup_asn"], 1, 1)
    return uses


def counted(profiles: list[Row], accounts: list[Row]) -> dict[tuple[str, str, int], Row]:
    """`features.account_values` by loops."""
    known = {a["account_id"]: a for a in accounts}
    uses = uses_of(profiles, known)
    for (account, channel, _), row in uses.items():
        row["owner_id"] = known.get(account, {}).get("owner_id", account)
        row["is_qualifying"] = channel not in TEMPLATES or row["distinct_prompts"] >= 2
    for (_, channel, value), row in uses.items():
        same = [r for (_, c, v), r in uses.items() if (c, v) == (channel, value)]
        row["n_owners"] = len({r["owner_id"] for r in same})
        row["n_qualifying_owners"] = len({r["owner_id"] for r in same if r["is_qualifying"]})
    shared = {key: row for key, row in uses.items() if row["n_owners"] >= 2}
    for (account, channel, _), row in shared.items():
        mine = [r for (a, c, _), r in shared.items() if (a, c) == (account, channel)]
        row["n_contacts"] = sum(
            max(r["n_qualifying_owners"] - 1, 0)
            for r in mine
            if r["is_qualifying"] and r["n_qualifying_owners"] <= row["n_qualifying_owners"]
        )
    return shared


@pytest.mark.parametrize("held", [account_values.USES, 50])
def test_values_have_the_owners_and_contacts_of_a_loop(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    """In one task, and in several of which each holds few."""
    monkeypatch.setattr(account_values, "USES", held)
    profiles, accounts = active_accounts(7)
    frames = rows(spark, "features.account_profiles", profiles), rows(spark, "silver.accounts", accounts)
    everybody = population.transform(*frames, RUN).localCheckpoint()
    check_columns(everybody, "features.population")
    made = account_values.transform(*frames, everybody, rows(spark, "features.hand_overs", []), RUN)
    check_columns(made, "features.account_values")
    collected = [r.asDict() for r in made.collect()]
    keys = {r.account_id: r.account_key for r in everybody.collect()}
    assert all(r.pop("account_key") == keys[r["account_id"]] for r in collected)
    found = {(r.pop("account_id"), r.pop("channel"), r.pop("value_hash")): r for r in collected}
    assert len(found) == len(collected), "one row an account, channel and value"
    assert {r.pop("run_date") for r in collected} == {DAY}
    expected = counted(profiles, accounts)
    assert found == expected
    licensed = {a["account_id"] for a in accounts if a["agreement"]}
    assert not licensed & {account for account, _, _ in found}
    assert any(account == "account 05" for account, _, _ in found), "an account that is not known answers for itself"
    assert {channel for _, channel, _ in found} == set(CHANNEL) - {"content", "synchrony", "cohort", "conversation"}
    assert {row["is_qualifying"] for row in found.values()} == {True, False}


@pytest.mark.parametrize("partitions", [1, 5])
def test_the_population_is_keyed_in_order_and_leaves_licensed_customers_out(
    spark: SparkSession, partitions: int
) -> None:
    profiles, accounts = active_accounts(7)
    frames = (
        rows(spark, "features.account_profiles", profiles).repartition(partitions),
        rows(spark, "silver.accounts", accounts),
    )
    made = sorted(population.transform(*frames, RUN).collect(), key=lambda r: r.account_key)
    names = [r.account_id for r in made]
    assert names == sorted(e["account_id"] for e in profiles), "every active account once, in the order of its key"
    assert len({r.account_key for r in made}) == len(names)
    known = {a["account_id"]: a for a in accounts}
    licensed = {name for name in names if known.get(name, {}).get("agreement")}
    assert licensed
    assert {r.account_id for r in made if not r.is_background} == licensed
    assert all(r.owner_id == known.get(r.account_id, {}).get("owner_id", r.account_id) for r in made)
    owners = {r.owner_id for r in made if r.is_background}
    counted = size(population.transform(*frames, RUN))
    assert (counted.accounts, counted.owners) == (len(names) - len(licensed), len(owners))
    assert len([r for r in made if r.is_first_of_owner]) == len(owners) < counted.accounts


def test_templates_add_up_their_accounts(spark: SparkSession) -> None:
    wide = {
        "channel": "head8",
        "value_hash": 1,
        "n_owners": 3,
        "n_qualifying_owners": 2,
        "is_qualifying": True,
        "n_contacts": 1,
    }
    uses = [
        wide | {"account_id": a, "owner_id": a, "n": n, "distinct_prompts": f}
        for a, n, f in (("a", 30, 20), ("b", 5, 5), ("c", 1, 1))
    ]
    other = wide | {"channel": "card", "account_id": "a", "owner_id": "a", "n": 1, "distinct_prompts": 1}
    sent = [("a", 4_000, 40), ("b", 50, 50), ("c", 10, 10), ("d", 99, 99)]  # of most that a sent no prompt is kept
    profiles = [{"account_id": a, "n_exchanges": n, "n_sampled": known} for a, n, known in sent]
    made = prompt_templates.transform(
        rows(spark, "features.account_values", [*uses, other]), rows(spark, "features.account_profiles", profiles), RUN
    )
    check_columns(made, "features.prompt_templates")
    counts = {
        "n_accounts": 3,
        "n_owners": 3,
        "n_loyal": 2,
        "n_exchanges": 36,
        "n_distinct_prompts": 26,
        "traffic_share": 0.36,
    }
    assert [r.asDict() for r in made.collect()] == [{"run_date": DAY, "channel": "head8", "value_hash": 1} | counts]


@pytest.mark.parametrize("days", [2, 28])
def test_who_sleeps_is_told_from_who_does_not_however_long_one_looks(days: int) -> None:
    """A person with a bad night or two in a fortnight sleeps all the same.

    In four weeks that person is seen in every hour of the day.
    """
    person = [(24 * day + hour, 3) for day in range(days) for hour in range(7, 23)]
    restless = person + [(24 * day + (5 * day) % 24, 1) for day in range(days)]
    across = [((hour + 20) % (24 * days), n) for hour, n in person]  # whose night is another part of the day
    habits = [
        person,
        restless,
        across,
        [(hour, 2) for hour in range(24 * days)],
        [(hour, 8) for hour in range(24) if hour != 4],
        [],
    ]
    kind = pa.list_(pa.struct([("hour", pa.int32()), ("model", pa.string()), ("n", pa.int32())]))
    activity = pa.array([[{"hour": hour, "model": "m", "n": n} for hour, n in of] for of in habits], kind)
    sleeps, restless_, across_, program, one_hour_off, silent = account_profiles.night(activity).tolist()
    assert (sleeps, across_, silent) == (0, 0, 0)
    assert 0 <= restless_ < 0.03
    assert (program, one_hour_off) == (1 / 4, 5 / 23)


def test_measures_of_an_account_are_shares_of_its_exchanges(spark: SparkSession) -> None:
    """Of programs, of people, and of accounts of which a field is silent; against loops where a rule is behind it."""
    made = datetime.combine(DAY, datetime.min.time(), UTC)
    fragments = [
        {"channel": TEMPLATES["head8"], "value_hash": 7, "n": 30, "distinct_prompts": 9},
        {"channel": TEMPLATES["head4"], "value_hash": 8, "n": 40, "distinct_prompts": 1},
    ]
    active = [
        {
            "account_id": "a",
            "n_exchanges": 100,
            "n_sampled": 60,
            "n_later_turns": 60,
            "own_template_share": 0.9,
            "fragments": fragments,
            "first_at": made,
        },
        {
            "account_id": "b",
            "n_exchanges": 8,
            "n_sampled": 8,
            "n_later_turns": 4,
            "n_calling": 4,
            "n_thinking": 2,
            "output_tokens": 800,
        },
        {
            "account_id": "c",
            "n_exchanges": 9,
            "n_sampled": 9,
            "n_later_turns": 4,
            "night": 0.25,
            "capability_counts": [3, *[0] * 6],
        },
        {"account_id": "licensed", "n_exchanges": 9_000, "n_sampled": 9},
    ]
    active = [{"capability_counts": [0] * 7} | account for account in active]
    known = [{"account_id": "a", "created_at": made - timedelta(days=3), "plan": "p", "billing_country": "KP"}]
    known += [{"account_id": name, "plan": "p"} for name in "bc"]
    used = {
        "channel": "head8",
        "value_hash": 7,
        "n": 30,
        "distinct_prompts": 9,
        "is_qualifying": True,
        "n_owners": 6,
        "n_qualifying_owners": 6,
    }
    frames = rows(spark, "features.account_profiles", active), rows(spark, "silver.accounts", known)
    everybody = active_population(spark, [a["account_id"] for a in active], licensed=["licensed"])
    shared_values = rows(spark, "features.account_values", [used | {"account_id": "a", "owner_id": "a"}])
    table_of = account_behaviour.transform(*frames, everybody, shared_values, RUN)
    check_columns(table_of, "features.account_behaviour")
    of = {r.account_id: r for r in table_of.collect()}
    assert sorted(of) == ["a", "b", "c"], "a licensed customer is no background"
    assert {name: (r.talks, r.volume_class, r.plan_excess) for name, r in of.items()} == {
        "a": (True, 6, 3),
        "b": (False, 3, 0),
        "c": (True, 3, 0),
    }
    assert [of[name].later_turn_share for name in "ab"] == [pytest.approx(0.1), 0.5], (
        "a turn that fills its own text is no person's"
    )
    assert (of["a"].templated_share, of["b"].templated_share) == (0.5, 0.0), (
        "of known exchanges, with several distinct prompts"
    )
    assert (of["b"].thinking_share, of["b"].mean_output_tokens, of["c"].night_share) == (0.25, 100.0, 0.25)
    assert (of["c"].asks_reasoning_share, of["a"].asks_reasoning_share) == (pytest.approx(1 / 3), 0)
    assert (of["a"].age_at_first_use, of["a"].unsupported, of["b"].unsupported) == (3.0, 1, 0)
    assert [of[name].uses_shared_template for name in "abc"] == [1, 0, 0]


def test_conversations_that_move_between_accounts_are_counted(spark: SparkSession) -> None:
    """`x` is given to a and quoted by b twice; the others move nothing, each for a reason of its own."""
    sent = [
        ("a", 0, 1, None), ("b", 4, 2, 1), ("b", 9, 3, 1), ("a", 20, 4, None), ("b", 26, 5, 4),
        ("c", 0, 10, None), ("c", 5, 11, 10),  # its own
        ("d", 0, 20, None), ("e", 1, 20, None), ("f", 5, 21, 20),  # a refusal in fixed words
        ("g", 9, 30, None), ("h", 5, 31, 30),  # quoted before it was given: a copy of what nobody here was told
        ("i", 0, 40, None), *((f"many {k}", 5, 50 + k, 40) for k in range(4)),  # an example that goes round
        ("j", 5, 60, 70),  # from elsewhere
    ]  # fmt: skip
    made = [
        {
            "account_id": account,
            "requested_at": datetime(2026, 2, 10, 12, minute, tzinfo=UTC),
            "answer_hash": answer,
            "prior_hash": prior,
        }
        for account, minute, answer, prior in sent
    ]
    exchanges = rows(spark, "silver.exchanges", [{"exchange_id": str(i)} | row for i, row in enumerate(made)])
    found = hand_overs.transform(exchanges.repartition(3), exchanges.limit(0), RUN)
    check_columns(found, "features.hand_overs")
    assert [(r["account_from"], r["account_to"], r["n"], r["minutes"]) for r in found.collect()] == [("a", "b", 2, 5.0)]
    yesterday = exchanges.withColumn("happened_on", F.lit(YESTERDAY.day))
    for late in ("answer_hash <=> 1", "prior_hash <=> 1"):  # the answer, or what quotes it
        split = hand_overs.transform(yesterday.where(late), yesterday.where(f"not ({late})"), RUN).collect()
        assert [(r["account_from"], r["account_to"], r["n"]) for r in split] == [("a", "b", 1)]
    silent = exchanges.withColumns({name: F.lit(None).cast("long") for name in ("answer_hash", "prior_hash")})
    nobody = hand_overs.transform(silent, exchanges, RUN)
    check_columns(nobody, "features.hand_overs")
    assert nobody.isEmpty()


def test_failed_requests_that_move_between_accounts_are_counted(spark: SparkSession) -> None:
    """a's failed requests go on at b twice; the others move nothing, each for a reason of its own."""
    sent = [
        ("a", 0, 429, 1, 20), ("b", 5, 200, 1, 20), ("a", 100, 503, 2, 20), ("b", 130, 200, 2, 20),
        ("c", 0, 429, 3, 20), ("c", 9, 200, 3, 20), ("d", 12, 200, 3, 20),  # c sent it again itself
        ("e", 0, 200, 4, 20), ("f", 9, 200, 4, 20),  # nothing failed
        ("g", 0, 429, 5, 20), ("h", 61, 200, 5, 20),  # too late
        ("i", 9, 429, 6, 20), ("j", 0, 200, 6, 20),  # sent before it failed
        ("k", 0, 429, 7, 20), *((f"many {n}", 9, 200, 7, 20) for n in range(4)),  # an exercise
        ("l", 0, 429, 8, 7), ("m", 9, 200, 8, 7),  # few words
        ("n", 0, None, 9, 20), ("o", 9, None, 9, 20),  # it is not known what became of it
        ("p", 0, 429, 10, 20), ("p", 0, 200, 10, 20), ("q", 9, 200, 10, 20),  # p sent it again in that second
        ("r", 0, 503, 11, 20), ("s", 0, 503, 11, 20),  # an outage for both
        ("t", 0, 429, 12, 20), ("u", 0, 200, 12, 20),  # taken over in that second
    ]  # fmt: skip
    noon = datetime(2026, 2, 10, 12, tzinfo=UTC)
    made = [
        {
            "exchange_id": str(i),
            "account_id": account,
            "requested_at": noon + timedelta(seconds=second),
            "http_status": status,
            "content_hash": content,
            "n_words": n_words,
        }
        for i, (account, second, status, content, n_words) in enumerate(sent)
    ]
    exchanges = rows(spark, "silver.exchanges", made)
    found = hand_overs.transform(exchanges.repartition(3), exchanges.limit(0), RUN)
    check_columns(found, "features.hand_overs")
    assert sorted(r[1:] for r in found.collect()) == [("a", "b", 0, 2, 0.29), ("t", "u", 0, 1, 0.0)]
    both = rows(spark, "silver.exchanges", [
        made[0] | {"answer_hash": 10}, made[1] | {"answer_hash": 11, "prior_hash": 10}, made[2], made[3]
    ])  # fmt: skip
    assert [r[1:5] for r in hand_overs.transform(both, exchanges.limit(0), RUN).collect()] == [("a", "b", 1, 2)]
