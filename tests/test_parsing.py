"""Each fault of a line gives just its reasons, and a good line keeps its values."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import Row, SparkSession

import tests.lines
from iolaus.schemas.landing import ACCOUNT, AGREEMENT, EXCHANGE
from iolaus.settings import Ingestion

DAY = date(2026, 2, 10)
LIMITS = Ingestion(prompt_bytes=1000)
BASE = {
    "exchange_id": "e",
    "account_id": "a",
    "requested_at": "2026-02-10T08:00:00Z",
    "request_model": "m",
    "prompt": "hello",
}
ABSENT = object()


def line(**changes: Any) -> str:
    """The base exchange as JSON, with changes."""
    return json.dumps({k: v for k, v in (BASE | changes).items() if v is not ABSENT})


def appended(text: str) -> str:
    """The base exchange with raw JSON put before its closing brace."""
    return line()[:-1] + ", " + text + "}"


GOOD = {
    "base": line(),
    "empty prompt": line(prompt=""),
    "all optional fields null": line(**{f.name: None for f in EXCHANGE if f.nullable}),
    "text that looks like a number": line(user_agent="5", account_id="12345"),
    "text that looks like JSON": line(prompt='{"a": [1]}', system_instructions="[1, 2]", response="true"),
    "code in the prompt": line(prompt='f = {"a": {"b": 1}}, {"c": 2}'),
    "nested unknown field": line(meta={"a": {"b": 1}}),
    "whole number for a double": line(request_temperature=1),
    "long": line(request_max_tokens=2**40),
    "empty list": line(tool_names=[]),
    "spaces around": f"  {line()}\t",
    "key twice, the last is right": appended('"turn_index": "no", "turn_index": 7'),
    "last moment": line(requested_at="2026-02-11T23:59:59.999999Z"),
    "first moment": line(requested_at="2015-01-01T00:00:00Z"),
    "offset": line(requested_at="2026-02-10 08:00:00.5+05:30"),
    "small letters": line(requested_at="2026-02-10t08:00:00z"),
    "lone surrogate": line(prompt="a\ud800b"),
    "emoji cut in half": line(prompt="a\U0001f600")[:-8] + '"}',
    "null character": line(prompt="a\0b"),
    "nanoseconds": line(requested_at="2026-02-10T08:00:00.123456789Z"),
    "numbers of any size, unknown": appended(f'"x": 1e400, "y": [{2**64}, {"9" * 5000}]'),
    "whole number beyond 64 bits for a double": appended(f'"request_temperature": {10**30}'),
    "no zone": line(requested_at="2026-02-10T08:00:00"),
    "no zone, nor leading zeros": line(requested_at="2026-2-9 08:00:00.5"),
    "zone without a colon": line(requested_at="2026-02-10T08:00:00+0100"),
    "zone of hours": line(requested_at="2026-02-10 08:00:00 -01"),
    "zone by name": line(requested_at="2026-02-10 08:00:00 UTC"),
    "empty text for a number": line(turn_index="", tool_names="", request_stream=""),
    "sentinels of what is unknown": line(turn_index=-1, http_status=0, usage_output_tokens=-1),
    "whole double for an int": line(turn_index=5.0, usage_input_tokens=2e3),
    "nested deep": appended('"x": ' + "[" * 250 + "]" * 250),
}
BAD = {
    "no JSON": ("hello", ["broken_json"]),
    "cut": (line()[:-5], ["broken_json"]),
    "single quotes": ("{'exchange_id': 'e'}", ["broken_json"]),
    "not a number": (line(request_temperature=float("nan")), ["broken_json"]),
    "two objects": (line() + line(), ["broken_json"]),
    "two objects and a comma": (line() + "," + line(), ["broken_json"]),
    "another envelope": (line() + ',"r":{}', ["broken_json"]),
    "a brace too many": (line() + "}", ["broken_json"]),
    "a bracket too many": (line() + "] {}", ["broken_json"]),
    "something after it": (line() + " x", ["broken_json"]),
    "nested too deep": (appended('"x": ' + "[" * 2000 + "]" * 2000), ["broken_json"]),
    "nested too deep to be written": (appended('"x": ' + "[" * 300 + "]" * 300), ["broken_json"]),
    "too many values to hold": (appended('"x": [' + "[]," * (2**22) + "0]"), ["broken_json"]),
    "array": (f"[{line()}]", ["not_an_object"]),
    "null": ("null", ["not_an_object"]),
    "number": ("5", ["not_an_object"]),
    "text": ('"x"', ["not_an_object"]),
    "empty object": ("{}", [f"missing: {f.name}" for f in EXCHANGE if not f.nullable]),
    "explicit null": (line(prompt=None), ["missing: prompt"]),
    "empty id": (
        line(exchange_id="", account_id="", request_model=""),
        ["missing: exchange_id", "missing: account_id", "missing: request_model"],
    ),
    "key twice, the last is wrong": (appended('"prompt": 5'), ["wrong_type: prompt"]),
    "seconds since 1970": (line(requested_at=1770710400), ["wrong_type: requested_at"]),
    "empty time": (line(requested_at=""), ["missing: requested_at"]),
    "date alone": (line(requested_at="2026-02-10"), ["wrong_type: requested_at"]),
    "no such day": (line(requested_at="2026-02-30T08:00:00Z"), ["wrong_type: requested_at"]),
    "leap second": (line(requested_at="2026-02-10T23:59:60Z"), ["wrong_type: requested_at"]),
    "newline after a time": (line(requested_at="2026-02-10T08:00:00Z\n"), ["wrong_type: requested_at"]),
    "offset too large": (line(requested_at="2026-02-10T08:00:00+18:01"), ["wrong_type: requested_at"]),
    "too early": (line(requested_at="2014-12-31T23:59:59Z"), ["impossible_time: requested_at"]),
    "too late": (line(requested_at="2026-02-12T00:00:00Z"), ["impossible_time: requested_at"]),
    "oversized, in bytes": (line(prompt="é" * 501), ["oversized_prompt"]),
    "several": (
        line(account_id=5, requested_at="1999-01-01T00:00:00Z", request_model=ABSENT, http_status="200"),
        [
            "wrong_type: account_id",
            "missing: request_model",
            "impossible_time: requested_at",
        ],
    ),
}
# Optional fields that cannot be read, as raw JSON after their names: each costs itself alone.
ODD = {
    "list with a null": ("tool_names", '["a",null]'),
    "list with a number": ("finish_reasons", '["a",1]'),
    "text for a list": ("tool_names", '"a"'),
    "fraction for an int": ("turn_index", "5.5"),
    "below zero": ("turn_index", "-2"),
    "int too large": ("turn_index", str(2**31)),
    "count too large": ("usage_output_tokens", str(2**40)),
    "long too large": ("usage_input_tokens", str(2**63)),
    "no status": ("http_status", "99"),
    "double too large": ("request_temperature", "1e400"),
    "double of too many digits": ("request_temperature", "9" * 4000),
    "NaN in text": ("request_temperature", '"NaN"'),
    "number for a boolean": ("request_stream", "1"),
    "boolean for an int": ("http_status", "true"),
    "number for a text": ("user_agent", "5"),
    "object for a text": ("client_ip", '{"v4":"198.51.100.7"}'),
}
WRONG = {f.name: ({"k": 1} if f.dataType.typeName() == "string" else {"k": "v"}) for f in EXCHANGE}
PLAIN = {f.name: (5 if f.dataType.typeName() in ("string", "timestamp", "array") else "text") for f in EXCHANGE}


def parsed(
    spark: SparkSession, lines: Sequence[str | bytes], arrived_on: date | None = DAY, **options: Any
) -> list[Row]:
    """The lines parsed, as exchanges unless other fields are given."""
    return tests.lines.parsed(spark, lines, LIMITS, arrived_on, **options)


@pytest.fixture(scope="module")
def results(spark: SparkSession) -> dict[str, Row]:
    """Every line above, parsed in one job."""
    lines = GOOD | {name: text for name, (text, _) in BAD.items()}
    lines |= {name: appended(f'"{field}": {raw}') for name, (field, raw) in ODD.items()}
    lines |= {f"wrong {n}": line(**{n: v}) for n, v in WRONG.items()} | {
        f"plain {n}": line(**{n: v}) for n, v in PLAIN.items()
    }
    return dict(zip(lines, parsed(spark, list(lines.values())), strict=True))


@pytest.mark.parametrize("name", GOOD)
def test_a_good_line_has_no_reasons(results: dict[str, Row], name: str):
    assert results[name]["reasons"] == []


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_has_just_its_reasons(results: dict[str, Row], name: str):
    assert results[name]["reasons"] == BAD[name][1]


@pytest.mark.parametrize("field", [f.name for f in EXCHANGE])
def test_a_field_of_another_type_costs_the_row_only_if_it_is_required(results: dict[str, Row], field: str):
    required = field in BASE
    for row, value in ((results[f"wrong {field}"], WRONG[field]), (results[f"plain {field}"], PLAIN[field])):
        assert row["reasons"] == ([f"wrong_type: {field}"] if required else [])
        if not required:
            assert row[field] is None
            assert {name: json.loads(text) for name, text in row["extra"].items()} == {field: value}


@pytest.mark.parametrize("name", ODD)
def test_an_optional_field_that_cannot_be_costs_itself_alone(results: dict[str, Row], name: str):
    (field, raw), row = ODD[name], results[name]
    assert (row["reasons"], row[field]) == ([], None)
    assert {key: json.loads(text) for key, text in row["extra"].items()} == {field: json.loads(raw)}
    assert (row["account_id"], row["prompt"]) == ("a", "hello"), "the rest stays"


def test_values_are_typed(results: dict[str, Row]):
    assert results["offset"]["requested_at"].astimezone(UTC) == datetime(2026, 2, 10, 2, 30, 0, 500000, UTC)
    assert results["key twice, the last is right"]["turn_index"] == 7
    assert results["whole number for a double"]["request_temperature"] == 1.0
    assert results["empty list"]["tool_names"] == []
    plain = results["whole double for an int"]
    assert (plain["turn_index"], plain["usage_input_tokens"], plain["extra"]) == (5, 2000, None)
    unknown = results["sentinels of what is unknown"]
    assert [unknown[name] for name in ("turn_index", "http_status", "usage_output_tokens", "extra")] == [None] * 4
    empty = results["empty text for a number"]
    assert [empty[name] for name in ("turn_index", "tool_names", "request_stream", "extra")] == [None] * 4
    said = {
        "no zone": datetime(2026, 2, 10, 8, tzinfo=UTC),
        "no zone, nor leading zeros": datetime(2026, 2, 9, 8, 0, 0, 500000, UTC),
        "zone without a colon": datetime(2026, 2, 10, 7, tzinfo=UTC),
        "zone of hours": datetime(2026, 2, 10, 9, tzinfo=UTC),
        "zone by name": datetime(2026, 2, 10, 8, tzinfo=UTC),
    }
    assert {name: results[name]["requested_at"].astimezone(UTC) for name in said} == said
    assert results["null character"]["prompt"] == "a\0b"
    assert results["nanoseconds"]["requested_at"].astimezone(UTC) == datetime(2026, 2, 10, 8, 0, 0, 123456, UTC)
    assert results["whole number beyond 64 bits for a double"]["request_temperature"] == 1e30
    assert results["lone surrogate"]["prompt"] == "a\ufffdb"
    assert results["emoji cut in half"]["prompt"] == "a\ufffd"


def test_unknown_fields_are_kept_as_json(spark: SparkSession):
    lines = [
        line(),
        line(zz={"k": [1, None]}, yy="s", xx=None),
        appended('"q": {"k": 1, "k": 2}, "zz": 1, "zz": 2'),  # an object with a key twice, and a key twice
        line(Prompt="P"),  # names are case-sensitive
        appended(f'"n": {{"k": {2**70}}}, "m": -{"8" * 40}, "f": 1E5, "g": 1.50, "h": 1e20, "e": 1e999'),
        appended('"s": "\\\\ud83d \\ud83d \\ud83d\\ude00", "\\udc00": 1'),
    ]
    extra = [r["extra"] for r in parsed(spark, lines)]
    assert extra[:4] == [
        None,
        {"zz": '{"k":[1,null]}', "yy": '"s"', "xx": "null"},
        {"q": '{"k":2}', "zz": "2"},
        {"Prompt": '"P"'},
    ]
    numbers = {"n": f'{{"k":{2**70}}}', "m": "-" + "8" * 40, "f": "100000.0", "g": "1.5", "h": "1e+20", "e": "1e999"}
    assert extra[4:] == [numbers, {"s": '"\\\\ud83d \ufffd \U0001f600"', "\ufffd": "1"}]


def test_bytes_that_are_no_utf8_are_named_beside_the_rest(spark: SparkSession):
    lines = [
        line(prompt="PP").encode().replace(b"PP", b"\xff"),
        b"\xff",
        line(account_id=5, prompt="PP").encode().replace(b"PP", b"\xc3("),
    ]
    reasons = [r["reasons"] for r in parsed(spark, lines)]
    assert reasons == [["invalid_utf8"], ["invalid_utf8", "broken_json"], ["invalid_utf8", "wrong_type: account_id"]]


def test_an_account_keeps_its_organisation_whatever_else_is_odd(spark: SparkSession):
    made = {"account_id": "a", "created_at": "2099-01-01T00:00:00Z", "org_id": "acme"}
    lines = [
        json.dumps(made | changes)
        for changes in (
            {},
            {"banned_at": "1066-10-14T00:00:00Z"},
            {"banned_at": "soon", "signup_asn": "1"},
            {"banned_at": "", "signup_asn": 64500.0},
            {"created_at": "2009-3-1"},
            {"created_at": "2012-03-01 07:00:00"},
            {"created_at": "1066-10-14T00:00:00Z"},
            {"created_at": ""},
        )
    ]
    found = parsed(spark, lines, fields=ACCOUNT, arrived_on=None)
    assert [r["reasons"] for r in found] == [
        *([] for _ in range(6)),
        ["impossible_time: created_at"],
        ["missing: created_at"],
    ]
    assert {r["org_id"] for r in found[:6]} == {"acme"}
    assert [r["extra"] for r in found[:6]] == [
        None,
        {"banned_at": '"1066-10-14T00:00:00Z"'},
        {"signup_asn": '"1"', "banned_at": '"soon"'},
        None,
        None,
        None,
    ]
    assert {r["banned_at"] for r in found} == {None}
    assert [r["signup_asn"] for r in found[:4]] == [None, None, None, 64500]
    assert found[4]["created_at"].astimezone(UTC) == datetime(2009, 3, 1, tzinfo=UTC)


def test_an_agreement_begins_on_a_date_or_at_a_time(spark: SparkSession):
    since = ["2025-03-04", "2025-03-04T23:00:00-02:00", "2025-3-4", 20250304, "2025-02-30", None]
    lines = [json.dumps({"org_id": "o", "kind": "reseller", "since": s}) for s in since]
    found = parsed(spark, lines, fields=AGREEMENT, arrived_on=None)
    assert [r["since"] for r in found[:3]] == [date(2025, 3, 4), date(2025, 3, 5), date(2025, 3, 4)]
    assert [r["reasons"] for r in found] == [[], [], [], *[["wrong_type: since"]] * 2, ["missing: since"]]


TIMES = st.integers(0, 350_000_000_000_000).map(
    lambda micros: datetime(2015, 1, 2, tzinfo=UTC) + timedelta(microseconds=micros)
)
VALUES = st.fixed_dictionaries(
    {
        "exchange_id": st.text(min_size=1),
        "account_id": st.text(min_size=1),
        "request_model": st.text(min_size=1),
        "prompt": st.text(max_size=200),
    },
    optional={
        "turn_index": st.integers(0, 10**9),
        "request_seed": st.integers(-(2**63), 2**63 - 1),
        "request_temperature": st.floats(allow_nan=False, allow_infinity=False),
        "request_stream": st.booleans(),
        "tool_names": st.lists(st.text(), max_size=3),
    },
)


@settings(derandomize=True, max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(VALUES, TIMES), min_size=30, max_size=60), st.integers(-18 * 60, 18 * 60), st.booleans())
def test_what_is_written_is_read(
    spark: SparkSession, written: list[tuple[dict[str, Any], datetime]], offset: int, ascii_only: bool
):
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    lines = []
    for values, at in written:
        local = (at + timedelta(minutes=offset)).replace(tzinfo=None).isoformat()
        stamp = f"{local}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
        lines.append(json.dumps(values | {"requested_at": stamp}, ensure_ascii=ascii_only))
    for row, (values, at) in zip(parsed(spark, lines), written, strict=True):
        assert row["reasons"] == []
        assert {name: row[name] for name in values} == values
        assert row["requested_at"].astimezone(UTC) == at
