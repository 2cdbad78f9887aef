"""Silver: one row an exchange whatever arrived, without text or identifiers; accounts as known on the day."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from rows import DAY, rows

from iolaus.engine.measured import reported
from iolaus.schemas.table import table
from iolaus.settings import DEFAULT, Key, Run
from iolaus.silver import accounts, exchanges
from iolaus.text.fingerprints import fingerprint
from iolaus.text.intents import BIT
from iolaus.text.pseudonyms import block, pseudonym

KEY = Key(b"a-key-of-these-rows")
RUN = Run(DAY, DEFAULT, KEY)
NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)
LATER = DAY + timedelta(days=1)

SECRETS = {  # each planted in the column of its name; none may be found again, in any case
    "prompt": "Zanzibarine prompt about quagmires, order 4711",
    "system_instructions": "Xylophonic instructions",
    "response": "Wobbling response",
    "client_ip": "198.51.100.23",
    "user_agent": "planted-agent/9.9",
    "tls_fingerprint": "t13d1516h2_planted",
    "conversation_id": "conversation-planted",
    "api_key_id": "key-planted",
}
PLANTED = {
    **SECRETS,
    "tool_names": ["planted_tool", "other_tool"],
    "finish_reasons": ["length"],
    "extra": {"note": "planted extra"},
}


def exchange(exchange_id: str, **changes: Any) -> dict[str, Any]:
    return {"exchange_id": exchange_id, "requested_at": NOON, "prompt": "hello there"} | changes


def silver(
    spark: SparkSession,
    overrides: list[dict[str, Any]],
    partitions: int | None = None,
    earlier: list[dict[str, Any]] | None = None,
    run: Run = RUN,
) -> list[dict[str, Any]]:
    bronze = rows(spark, "bronze.exchanges", overrides)
    before = rows(spark, "silver.exchanges", earlier or [])
    made = exchanges.transform(bronze.repartition(partitions) if partitions else bronze, before, run)
    check_columns(made, "silver.exchanges")
    found = sorted((r.asDict() for r in made.collect()), key=lambda r: (r["exchange_id"], str(r)))
    told = sum(r["n_copies"] for r in found) + (reported(made)["arrived_before"] or 0)
    assert told == len(overrides), "each row that arrived is counted"
    return found


def check_columns(made: DataFrame, name: str) -> None:
    assert [(f.name, f.dataType) for f in made.schema] == [(f.name, f.dataType) for f in table(name).schema]


ARRIVALS = [
    exchange("twice a day", prompt="the same"),
    exchange("twice a day", prompt="the same"),
    *(exchange("in its numbers", prompt=f"solve problem {i}") for i in range(3)),
    *(exchange("in conflict", account_id=f"account {5 - i}", prompt="one two three") for i in range(5)),
    *(exchange("in conflict", requested_at=NOON + timedelta(hours=i), prompt="one two three") for i in range(4)),
    *(exchange("in one field", usage_output_tokens=i) for i in range(4)),
    exchange("alone"),
    exchange("answered at last", http_status=500),
    exchange("answered at last", http_status=200, usage_output_tokens=7),
]


def test_one_row_an_exchange_whatever_its_id_and_the_same_in_any_order(spark: SparkSession) -> None:
    shuffled = random.Random(1).sample(ARRIVALS, len(ARRIVALS))
    found = silver(spark, ARRIVALS)
    assert found == silver(spark, shuffled, partitions=5)
    copies = Counter[str]()
    for row in found:
        copies[row["exchange_id"]] += row["n_copies"]
    assert copies == Counter(r["exchange_id"] for r in ARRIVALS), "each row that arrived is counted in one exchange"
    number = Counter(r["exchange_id"] for r in found)
    assert number == {
        "twice a day": 1,
        "in conflict": 9,
        "in its numbers": 3,
        "in one field": 1,
        "alone": 1,
        "answered at last": 1,
    }
    (answered,) = (r for r in found if r["exchange_id"] == "answered at last")
    assert (answered["http_status"], answered["output_tokens"], answered["n_copies"]) == (200, 7, 2)


def test_a_copy_counts_where_it_first_arrived(spark: SparkSession) -> None:
    """Whether it was late, or its clock ahead of the first arrival; what differs in one of its parts is new."""
    tomorrow = NOON + timedelta(days=1)
    sent = [exchange("late"), exchange("ahead", requested_at=tomorrow), exchange("failed", http_status=500)]
    first = silver(spark, [row | {"happened_on": row["requested_at"].date()} for row in sent])
    again = [
        exchange("late"),
        exchange("late"),
        exchange("late", prompt="another"),
        exchange("late", account_id="another"),
        exchange("late", requested_at=NOON + timedelta(hours=1)),
        exchange("ahead", requested_at=tomorrow),
        exchange("failed", http_status=200),
        exchange("new", requested_at=tomorrow),
    ]
    dated = [row | {"arrived_on": LATER, "happened_on": row["requested_at"].date()} for row in again]
    found = silver(spark, dated, earlier=first, run=Run(LATER, DEFAULT, RUN.key))
    assert Counter(r["exchange_id"] for r in found) == {"late": 3, "new": 1}
    assert {r["n_copies"] for r in found} == {1}


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [s for v in value.values() for s in strings(v)]
    if isinstance(value, list | tuple):
        return [s for v in value for s in strings(v)]
    return [value] if isinstance(value, str) else []


def leaks(found: list[dict[str, Any]], secrets: list[str]) -> list[str]:
    """Planted words, of four letters or more, that are in any string of the rows."""
    everything = "\n".join(s.lower() for row in found for s in strings(row))
    pieces = {piece for secret in secrets for piece in [secret, *secret.split()] if len(piece) >= 4}
    return sorted(piece for piece in pieces if piece.lower() in everything or piece.encode().hex() in everything)


@pytest.fixture(scope="module")
def reduced(spark: SparkSession) -> dict[str, dict[str, Any]]:
    overrides = [
        exchange(
            "full", **PLANTED, image_count=2, access_path="API", client_country="de", turn_index=3, http_status=200
        ),
        exchange(
            "mapped",
            client_ip="::ffff:198.51.100.23",
            user_agent="planted-agent/9.9",
            tool_names=["other_tool", "planted_tool", "other_tool"],
        ),
        exchange(
            "neighbour", client_ip="198.51.100.99", tls_fingerprint="planted-agent/9.9", prompt="Write it step by step"
        ),
        exchange("bare", prompt=""),
        exchange(
            "empty",
            prompt="?!",
            client_ip="",
            user_agent="",
            tls_fingerprint="",
            system_instructions="",
            tool_names=[],
            finish_reasons=["stop"],
        ),
    ]
    return {row["exchange_id"]: row for row in silver(spark, overrides)}


def test_no_text_and_no_identifier_is_in_any_column(reduced: dict[str, dict[str, Any]]) -> None:
    secrets = [*SECRETS.values(), *PLANTED["tool_names"], "planted extra", "198.51.100", "::ffff", KEY.secret.decode()]
    assert leaks([{"x": [f"from {SECRETS['client_ip']}"]}], secrets) == ["198.51.100", "198.51.100.23"], (
        "what is planted would be found"
    )
    assert leaks(list(reduced.values()), secrets) == []


def test_identifiers_become_pseudonyms_under_the_named_key(reduced: dict[str, dict[str, Any]]) -> None:
    planted, secret = reduced["full"], KEY.secret
    assert planted["address"] == pseudonym(secret, "address", SECRETS["client_ip"]) == reduced["mapped"]["address"]
    assert (
        planted["block"]
        == pseudonym(secret, "block", str(block(SECRETS["client_ip"])))
        == reduced["neighbour"]["block"]
    )
    assert planted["address"] != reduced["neighbour"]["address"]
    assert planted["device"] == pseudonym(secret, "device", f"{SECRETS['user_agent']}\0{SECRETS['tls_fingerprint']}")
    assert len({reduced[name]["device"] for name in ("full", "mapped", "neighbour")}) == 3
    assert {row["key_id"] for row in reduced.values()} == {KEY.key_id}


def test_a_text_becomes_the_fingerprints_of_its_batch(reduced: dict[str, dict[str, Any]]) -> None:
    expected = {name: column[0].as_py() for name, column in fingerprint(pa.array([SECRETS["prompt"]])).items()}
    assert {name: reduced["full"][name] for name in expected} == expected
    assert reduced["full"]["system_hash"] is not None


def test_fields_and_texts_say_what_a_request_is_after(reduced: dict[str, dict[str, Any]]) -> None:
    masks = {name: row["capabilities"] for name, row in reduced.items()}
    assert masks == {
        "full": BIT["vision"] | BIT["tools"],
        "mapped": BIT["tools"],
        "neighbour": BIT["reasoning"],
        "bare": 0,
        "empty": 0,
    }
    assert reduced["full"]["tools_hash"] == reduced["mapped"]["tools_hash"], "a set of tools, in any order"
    assert (reduced["full"]["access_path"], reduced["full"]["country"]) == ("api", "DE")
    assert [reduced[name]["truncated"] for name in ("full", "empty", "bare")] == [True, False, None]


def test_what_is_missing_or_empty_is_null(reduced: dict[str, dict[str, Any]]) -> None:
    optional = {f.name for f in table("silver.exchanges").schema if f.nullable} - {"n_copies", "content_hash"}
    assert {name for name in optional if reduced["bare"][name] is not None} == set()
    assert {name for name in optional - {"truncated"} if reduced["empty"][name] is not None} == set()
    assert [(reduced[name]["terms"], reduced[name]["n_words"]) for name in ("bare", "empty")] == [(b"", 0)] * 2


def account(account_id: str, **changes: Any) -> dict[str, Any]:
    return {"account_id": account_id, "created_at": NOON - timedelta(days=30), "status": "active"} | changes


@pytest.fixture(scope="module")
def known(spark: SparkSession) -> dict[str, dict[str, Any]]:
    midnight = datetime.combine(LATER, datetime.min.time(), UTC)
    overrides = [
        account("banned today", status="banned", banned_at=midnight - timedelta(microseconds=1)),
        account("banned tomorrow", status="banned", banned_at=midnight),
        account("suspended", status="suspended"),
        account("made today", created_at=midnight - timedelta(microseconds=1)),
        account("made tomorrow", created_at=midnight),
        account("seat 1", org_id="acme", verified_as="enterprise"),
        account("seat 2", org_id="acme", verified_as="enterprise"),
        account("claims acme", org_id="acme"),
        account("licensed", org_id="labels inc", verified_as="enterprise"),
        account("claims a licence", org_id="labels inc"),
        account("claims another", org_id="both", verified_as=" "),
        account("two licences", org_id="both", verified_as="enterprise"),
        account("licensed soon", org_id="patience", verified_as="enterprise"),
        account("verified alone", verified_as="education"),
        account(
            "same card",
            payment_fingerprint="card-planted",
            email_domain="Planted.Example",
            phone_country="de",
            billing_country="Fr",
        ),
        account(
            "other",
            payment_fingerprint="card-planted",
            email_domain="planted.example",
            signup_ip="2001:DB8::1",
            signup_asn=64500,
        ),
        account("empty", payment_fingerprint="", email_domain="", signup_ip=""),
    ]
    agreements = [
        {"org_id": "labels inc", "kind": "synthetic_data", "since": DAY},
        {"org_id": "both", "kind": "synthetic_data", "since": date(2025, 1, 1)},
        {"org_id": "both", "kind": "reseller", "since": date(2025, 1, 1)},
        {"org_id": "patience", "kind": "reseller", "since": LATER},
    ]
    made = accounts.transform(
        rows(spark, "bronze.accounts", overrides), rows(spark, "bronze.agreements", agreements), RUN
    )
    check_columns(made, "silver.accounts")
    found = [r.asDict() for r in made.collect()]
    assert not [name for name, n in Counter(r["account_id"] for r in found).items() if n > 1]
    return {r["account_id"]: r for r in found}


def test_a_ban_after_the_day_is_not_known(known: dict[str, dict[str, Any]]) -> None:
    assert known["banned today"]["status"] == "banned"
    assert known["banned today"]["banned_at"] is not None
    assert (known["banned tomorrow"]["status"], known["banned tomorrow"]["banned_at"]) == ("active", None)
    assert known["suspended"]["status"] == "suspended"


def test_an_account_made_after_the_day_is_absent(known: dict[str, dict[str, Any]]) -> None:
    assert "made today" in known
    assert "made tomorrow" not in known


def test_agreements_count_from_their_first_day(known: dict[str, dict[str, Any]]) -> None:
    found = {name: known[name]["agreement"] for name in ("licensed", "two licences", "licensed soon", "seat 1")}
    assert found == {"licensed": "synthetic_data", "two licences": "reseller", "licensed soon": None, "seat 1": None}


def test_a_stated_organisation_has_no_agreement(known: dict[str, dict[str, Any]]) -> None:
    for name in ("claims a licence", "claims another", "claims acme"):
        assert (known[name]["agreement"], known[name]["owner_id"]) == (None, name)


def test_seats_of_a_verified_or_licensed_organisation_have_one_owner(known: dict[str, dict[str, Any]]) -> None:
    found = {name: row["owner_id"] for name, row in known.items()}
    assert found["seat 1"] == found["seat 2"] == "org:acme"
    assert (found["licensed"], found["two licences"]) == ("org:labels inc", "org:both")
    assert found["licensed soon"] == "org:patience"
    alone = set(known) - {"seat 1", "seat 2", "licensed", "two licences", "licensed soon"}
    assert {name: found[name] for name in alone} == {name: name for name in alone}, "what nobody verified owns nothing"


def test_accounts_show_pseudonyms_and_no_identifier(known: dict[str, dict[str, Any]]) -> None:
    one, other, empty = known["same card"], known["other"], known["empty"]
    assert one["card"] == other["card"] == pseudonym(KEY.secret, "card", "card-planted")
    assert one["mail_domain"] == other["mail_domain"] == pseudonym(KEY.secret, "mail_domain", "planted.example")
    assert other["signup_address"] == pseudonym(KEY.secret, "address", "2001:db8::1")
    assert other["signup_block"] == pseudonym(KEY.secret, "block", "2001:db8::/48")
    assert (one["phone_country"], one["billing_country"], other["signup_asn"]) == ("DE", "FR", 64500)
    assert {empty[name] for name in ("card", "mail_domain", "signup_address", "signup_block")} == {None}
    assert leaks(list(known.values()), ["card-planted", "planted.example", "2001:db8::1", KEY.secret.decode()]) == []
    assert {row["key_id"] for row in known.values()} == {KEY.key_id}
    assert {row["run_date"] for row in known.values()} == {DAY}


LONG = "The capital of that country is a city of the north, on a river; "


def test_answers_are_known_again_whatever_their_case_and_white_space(spark: SparkSession) -> None:
    told = [
        exchange("given", response=LONG + "ask me more."),
        exchange("quoted", prior_response="  " + LONG.upper().replace(" ", "\n ") + "ask me  more."),
        exchange("another", prior_response=LONG + "ask me less."),
        exchange("short", response="Yes, of course.", prior_response=" "),
        exchange("none"),
    ]
    made = {r["exchange_id"]: (r["answer_hash"], r["prior_hash"]) for r in silver(spark, told)}
    assert made["given"][0] == made["quoted"][1] is not None
    assert made["another"][1] not in (None, made["given"][0])
    assert made["short"] == made["none"] == (None, None)


def test_a_made_up_history_does_not_hide_the_task(spark: SparkSession) -> None:
    """Attack: "Yes, go on." behind an invented conversation, with every request."""
    told = [
        exchange("open", prompt=LONG),
        exchange("hidden", prompt="Yes, go on.", prior_prompt=LONG, turn_index=1),
        exchange("thanks", prompt="Yes, go on.", turn_index=1),
        exchange("shorter", prompt="Yes, go on.", prior_prompt=" Hi. ", turn_index=1),
        exchange("further", prompt=LONG + "ask me more.", prior_prompt=LONG + LONG, turn_index=1),
    ]
    made = {r["exchange_id"]: r for r in silver(spark, told)}
    assert made["hidden"]["prompt_hash"] == made["open"]["prompt_hash"] != made["thanks"]["prompt_hash"]
    assert made["hidden"]["n_words"] == made["open"]["n_words"] > 3
    assert made["shorter"]["prompt_hash"] == made["thanks"]["prompt_hash"]
    assert made["further"]["n_words"] == made["open"]["n_words"] + 3
    assert made["hidden"]["turn_index"] == 1


def test_tasks_behind_one_id_time_and_prompt_are_exchanges_of_their_own(spark: SparkSession) -> None:
    """Two attacks at once: the same id and "Yes, go on." with every request, and the task in a made-up history."""
    told = [exchange("one", prompt="Yes, go on.", prior_prompt=LONG + task, turn_index=1) for task in ("a", "b", "b")]
    made = silver(spark, told)
    assert sorted(r["n_copies"] for r in made) == [1, 2]
    assert len({r["prompt_hash"] for r in made}) == 2


def test_a_request_s_form_is_one_value(spark: SparkSession) -> None:
    form = {
        "request_temperature": 0.3,
        "request_top_p": 0.9,
        "request_stop": ["END", "###"],
        "request_seed": 7,
        "header_digest": "abc",
    }
    told = [
        exchange("one", **form),
        exchange("other order and seed", **form | {"request_stop": ["###", "END"], "request_seed": 8}),
        exchange("other limit", **form | {"request_max_tokens": 100}),
        exchange("no seed", **{k: v for k, v in form.items() if k != "request_seed"}),
        exchange("unknown"),
    ]
    made = {r["exchange_id"]: r["request_hash"] for r in silver(spark, told)}
    assert made["one"] == made["other order and seed"]
    assert len(set(made.values())) == 4
    assert made["unknown"] is None
