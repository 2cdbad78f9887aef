"""Values of the landing's fields: who, from where, how it ended, of whatever a gateway wrote for them."""

from typing import Any

import pytest

from iolaus.adapters import anthropic_batch, openai_batch
from iolaus.adapters.addresses import address
from iolaus.adapters.casts import count, header_digest, owner, reasons, texts
from iolaus.adapters.landing import Choice
from iolaus.adapters.statuses import status
from tests.gateway_cases import landed, payload, seen, span


@pytest.mark.parametrize(
    "nobody", ["default_user_id", "litellm_proxy_master_key", "anonymous", "None", "undefined", "-1", "", "(not set)"]
)
def test_placeholders_are_nobody(nobody: str):
    first, second, none = landed(
        "litellm",
        payload(metadata={"user_api_key_user_id": nobody, "user_api_key_hash": "key-1"}),
        payload(metadata={"user_api_key_user_id": nobody, "user_api_key_hash": "key-2"}),
        payload(metadata={"user_api_key_user_id": nobody, "user_api_key_hash": nobody}),
    )
    assert (first["account_id"], second["account_id"]) == ("key-1", "key-2")
    assert "account_id" not in none, "who is nobody is left to the quarantine, and never one account of many"
    (row,) = landed("otlp", span({"gen_ai.request.model": "m", "user.id": nobody, "gen_ai.user": "cust-3"}))
    assert row["account_id"] == "cust-3"
    assert owner(nobody) is None


@pytest.mark.parametrize(
    ("chain", "own", "client"),
    [
        ("198.51.100.4", 0, "198.51.100.4"),
        ("198.51.100.4:8443", 0, "198.51.100.4"),
        ("[2001:db8::4]:443", 0, "2001:db8::4"),
        ("2001:db8::4", 0, "2001:db8::4"),
        ("::ffff:198.51.100.4", 0, "198.51.100.4"),
        ("198.51.100.4, 10.0.0.1, 192.168.3.4", 0, "198.51.100.4"),
        ("1.2.3.4, 198.51.100.4", 0, "198.51.100.4"),  # what stands first the client may have made up
        ("198.51.100.4, 203.0.113.80", 1, "198.51.100.4"),
        ("198.51.100.4, 203.0.113.80, 10.0.0.1", 2, "198.51.100.4"),
        ("10.0.0.7", 0, "10.0.0.7"),
        ("10.0.0.7, 10.0.0.8", 0, "10.0.0.7"),
        ("198.51.100.4", 3, "198.51.100.4"),
        ('for=198.51.100.4;proto=https, for="[2001:db8::9]:80"', 1, "198.51.100.4"),
        ("unknown", 0, None),
        ("unknown, 198.51.100.4", 0, "198.51.100.4"),
        ("999.1.1.1", 0, None),
    ],
)
def test_the_clients_address_of_a_list_of_hops(chain: str, own: int, client: str | None):
    assert address(chain, own) == client
    (row,) = landed("litellm", payload(metadata__requester_ip_address=chain), choice=Choice(own_proxies=own))
    assert row.get("client_ip") == client


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"error_code": "429"}, 429),
        ({"error_code": "context_length_exceeded"}, 400),
        ({"error_code": "", "error_class": "AuthenticationError"}, 401),
        ({"error_code": "weird", "normalized_error": "503_UPSTREAM"}, 503),
        ({"error_code": None, "error_class": "litellm.RateLimitError"}, 429),
        ({"error_code": "weird"}, None),
    ],
)
def test_worded_errors_are_statuses(error: dict[str, Any], code: int | None):
    (row,) = landed("litellm", payload(status="failure", error_information=error))
    assert row.get("http_status") == code


def test_statuses_of_other_products():
    said = [
        "ThrottlingException",
        "RESOURCE_EXHAUSTED",
        "overloaded_error",
        "openai.BadRequestError",
        "AccessDeniedException",
        0,
        99,
        "200 OK",
        True,
    ]
    assert [status(one) for one in said] == [429, 429, 529, 400, 403, None, None, 200, None]


def test_lists_as_text_and_unknown_counts():
    assert [texts(v) for v in ('["stop"]', "['stop']", "('stop',)", "stop", ["stop"], "[not a list")] == [
        ["stop"]
    ] * 5 + [["[not a list"]]
    assert [count(v) for v in (-1, "-1", "7", 7.0, True)] == [None, None, 7, 7, None]
    found = span(
        {"gen_ai.request.model": "m", "gen_ai.response.finish_reasons": "['stop']", "gen_ai.usage.input_tokens": -1}
    )
    assert seen(landed("otlp", found)[0], "finish_reasons", "usage_input_tokens") == (["stop"], None)


def test_objects_in_place_of_ids():
    assert [owner(v) for v in ({"id": "c-1"}, "c-1", {"no": 1}, [])] == ["c-1", "c-1", None, None]
    record = {"request": {"body": {"conversation": {"id": "c-1"}, "input": "Hi"}}, "batch": {"created_at": 1772323200}}
    made = openai_batch.read(record)
    assert isinstance(made, dict)
    assert seen(made, "conversation_id", "request_batch") == ("c-1", True)
    anthropic = anthropic_batch.read({"request": {"params": {"messages": [], "metadata": {"user_id": "anonymous"}}}})
    assert isinstance(anthropic, dict)
    assert seen(anthropic, "account_id", "request_batch") == (None, True)


def test_headers_are_a_digest_of_their_names_in_their_order():
    assert header_digest({"Host": "a", "Accept": "b"}) == header_digest({"host": "c", "accept": "d"})
    assert header_digest({"Host": "a", "Accept": "b"}) != header_digest({"Accept": "b", "Host": "a"})
    assert header_digest([["Host", "x"], ["Accept", "y"]]) == header_digest({"host": 1, "accept": 2})
    assert header_digest({}) is header_digest(None) is None
    (row,) = landed("litellm", payload(metadata__requester_custom_headers={"x-app": "1"}))
    assert row["header_digest"] == header_digest({"X-App": ""})


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("[2001:db8::7]:443, 10.0.0.1:80", "2001:db8::7"), ("unknown, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9 10.0.0.1", "203.0.113.9"),
        ('for="[2001:db8::7]:4711";proto=https;by=203.0.113.43', "2001:db8::7"), ("for=unknown, for=_gazonk", None),
        ("2001:db8::7%eth0", "2001:db8::7"), ("203.0.113.9/32", "203.0.113.9"), ("ipv6:%5B2001:db8::7%5D:50051",
        "2001:db8::7"),
        ("tcp://203.0.113.9:443", "203.0.113.9"), ("2001:db8:0:0:0:0:0:7:443", "2001:db8::7"), ("0.0.0.0:80", None),
        ("::", None),
        ('["203.0.113.9", "10.0.0.1"]', "203.0.113.9"), ("edge.example.com", None), ("[::ffff:203.0.113.9]:80",
        "203.0.113.9"),
    ],
)  # fmt: skip
def test_hops_in_whatever_spelling(chain: str, client: str | None):
    assert address(chain) == client


def test_a_chain_that_is_a_list():
    (row,) = landed("litellm", payload(metadata__requester_ip_address=["203.0.113.9", "10.0.0.1"]))
    assert row["client_ip"] == "203.0.113.9"


@pytest.mark.parametrize(
    "nobody",
    [
        "(anonymous)",
        "<unknown>",
        "anonymousUser",
        "Guest",
        "no-user",
        "not_set",
        "00000000-0000-0000-0000-000000000000",
        " ",
        "N/A",
    ],
)
def test_placeholders_in_whatever_spelling_are_nobody(nobody: str):
    assert owner(nobody) is None
    (row,) = landed("litellm", payload(metadata__user_api_key_user_id=nobody))
    assert row["account_id"] == "key-9"


@pytest.mark.parametrize("somebody", ["anon-industries", "u0", "guestline", "12", "org_default", "default-9"])
def test_names_that_resemble_placeholders_are_somebody(somebody: str):
    assert owner(somebody) == somebody


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("litellm.RateLimitError: RateLimitError: quota", 429), ("Error code: 404 - {'error': 'x'}", 404),
        ("HTTP/1.1 502 Gone", 502),
        ("ThrottlingException: slow down", 429), ("Request timed out.", 408), ("success", 200), ("status_code=503",
        503),
        ("ProviderRateLimit", 429),
        ("a sentence of 200 words", None), ("-1", None), (0, None),
    ],
)  # fmt: skip
def test_errors_in_words_are_statuses(said: Any, code: int | None):
    assert status(said) == code


def test_fields_that_a_deployment_names_are_typed_as_the_formats_own():
    choice = Choice(
        {"client_asn": "metadata.asn", "usage_input_tokens": "metadata.n", "conversation_id": "metadata.talk"}
    )
    (row,) = landed("litellm", payload(metadata__asn=-1, metadata__n=-1, metadata__talk='{"id": "t-1"}'), choice=choice)
    assert seen(row, "client_asn", "usage_input_tokens", "conversation_id") == (None, None, "t-1")


def test_reasons_that_programs_write_as_one_text():
    assert [reasons(v) for v in ("[stop, length]", "stop,length", "None", "end_turn")] == [
        ["stop", "length"],
        ["stop", "length"],
        None,
        ["end_turn"],
    ]
    assert texts("[END]") == ["[END]"], "a stop sequence may have brackets"
