"""Formats that a table of paths describes: a mapping file of one's own, and those that are shipped."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from iolaus.adapters import azure, mapping
from iolaus.adapters.formats import FORMATS
from iolaus.commands.adapt import _format
from iolaus.errors import UsageError
from tests.gateway_cases import Row, landed, seen

FILE = """
[fields]
exchange_id = "id"
account_id = ["tenant.id", "key.owner"]
requested_at = { path = "ts", unit = "ms" }
request_model = "http.body.model"
usage_input_tokens = { path = "kilotokens", scale = 1000 }
usage_output_tokens = "log.1.n"
provider_name = { value = "acme" }
http_status = "outcome"
client_ip = "peer"
[bodies]
request = "http.body"
response = "http.answer"
headers = "http.headers"
[only]
type = ["chat", "completion"]
"""
RECORD: Row = {
    "id": 7,
    "type": "chat",
    "tenant": {"id": "default"},
    "key": '{"owner": "acc-5"}',
    "ts": "1795302112500",
    "kilotokens": 0.09,
    "log": [{"n": 1}, {"n": 12}],
    "outcome": "rate_limit_exceeded",
    "peer": "198.51.100.4:99, 10.0.0.1",
    "http": {
        "body": json.dumps(
            {"model": "m-1", "messages": [{"role": "user", "content": "Is it late?"}], "temperature": 0.4}
        ),
        "answer": {"choices": [{"message": {"content": "Rather."}}]},
        "headers": {"Host": "x", "Accept": "y"},
    },
    "own": "kept",
}


def mapped(tmp_path: Path, said: str, *records: Row) -> list[Row]:
    file = tmp_path / "my.toml"
    file.write_text(said)
    return landed("map", *records, known=_format(Namespace(kind="map", mapping=str(file))))


def test_a_mapping_file_says_where_each_field_is(tmp_path: Path):
    row, other = mapped(tmp_path, FILE, RECORD, RECORD | {"type": "embedding"})
    expected = {
        "exchange_id": "7",
        "account_id": "acc-5",
        "requested_at": "2026-11-21T23:01:52.500000Z",
        "request_model": "m-1",
        "prompt": "Is it late?",
        "request_temperature": 0.4,
        "response": "Rather.",
        "usage_input_tokens": 90,
        "usage_output_tokens": 12,
        "provider_name": "acme",
        "http_status": 429,
        "client_ip": "198.51.100.4",
    }
    assert {name: row.get(name) for name in expected} == expected
    assert len(row["header_digest"]) == 32
    assert row["map"]["own"] == "kept"
    assert "Is it late?" not in json.dumps(row["map"])
    assert other == {"reason": mapping.OTHER_RECORD}


def test_messages_and_text_alone_are_enough(tmp_path: Path):
    said = (
        '[fields]\nrequested_at = "t"\n[bodies]\nmessages = "talk"\nsystem = "rules"\nanswers = "out"\nparameters '
        '= "opts"\n'
    )
    talk = [
        {"author": "x", "role": "user", "text": "One?"},
        {"role": "bot", "text": "Yes."},
        {"role": "human", "text": "Two?"},
    ]
    record = {
        "t": "2026-03-01T10:00:00Z",
        "talk": talk,
        "rules": "Be brief.",
        "out": "No.",
        "opts": '{"top_p": 0.5, "stop": ["x"]}',
    }
    row, plain = mapped(tmp_path, said, record, record | {"talk": "Three?"})
    assert seen(row, "prompt", "prior_response", "turn_index", "system_instructions", "response") == (
        "Two?",
        "Yes.",
        1,
        "Be brief.",
        "No.",
    )
    assert seen(row, "request_top_p", "request_stop") == (0.5, ["x"])
    assert plain["prompt"] == "Three?"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b", 1),
        ("a.c.d", 2),
        ("list.0", 3),
        ("list.-1.x", 4),
        ("text.y", 5),
        ("a.b.none", None),
        ("list.9", None),
        ("dotted.name", 6),
        ("text.z.1", 8),
    ],
)
def test_paths(path: str, value: Any):
    record = {"a": {"b": 1, "c": {"d": 2}}, "list": [3, {"x": 4}], "text": '{"y": 5, "z": [7, 8]}', "dotted.name": 6}
    assert mapping.reach(record, path) == value


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("[fields]\nprompt = 'p'", "requested_at"),
        ("[fields]\nrequested_at = 't'\nnonsense = 'p'", "nonsense"),
        ("[fields]\nrequested_at = { path = 't', unit = 'h' }", "unit of time"),
        ("[fields]\nrequested_at = 7", "is no path"),
        ("[tables]\n", "no table tables"),
        ("[bodies]\nprompt = 'p'", "prompt"),
        ("[fields\n", "cannot be read"),
    ],
)
def test_what_a_mapping_cannot_say_is_said_so(tmp_path: Path, said: str, told: str):
    with pytest.raises(UsageError, match=told):
        mapped(tmp_path, said)
    for kind, file in (("map", str(tmp_path / "nothing.toml")), ("map", None), ("kong", "my.toml")):
        with pytest.raises(UsageError, match=r"cannot be read|--mapping"):
            _format(Namespace(kind=kind, mapping=file))


def test_kong_of_both_versions():
    said = {
        "meta": {"request_model": "m", "provider_name": "openai"},
        "usage": {"prompt_tokens": 5},
        "payload": {"request": json.dumps({"messages": [{"role": "user", "content": "Hi"}]})},
    }
    about = {
        "started_at": 1795302112500,
        "client_ip": "198.51.100.4",
        "consumer": {"id": "c-1"},
        "request": {"id": "r-1", "headers": {"host": "x"}},
    }
    for holder in ({"proxy": said}, {"ai-proxy": said}):
        (row,) = landed("kong", {**about, "ai": holder})
        assert seen(row, "exchange_id", "account_id", "prompt", "usage_input_tokens", "client_ip") == (
            "r-1",
            "c-1",
            "Hi",
            5,
            "198.51.100.4",
        )


def test_vertex_and_databricks():
    asked = {
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "generationConfig": {"temperature": 0.2, "seed": 3},
    }
    said = {
        "candidates": [{"content": {"parts": [{"text": "Hello."}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 4},
    }
    (row,) = landed(
        "vertex",
        {
            "logging_time": "2026-03-01 10:00:00 UTC".removesuffix(" UTC"),
            "request_id": 9,
            "model": "gemini",
            "full_request": asked,
            "full_response": json.dumps(said),
        },
    )
    names = ("exchange_id", "prompt", "response", "request_seed", "usage_input_tokens", "finish_reasons")
    assert seen(row, *names) == ("9", "Hi", "Hello.", 3, 4, ["STOP"])
    pieces = ({"delta": {"content": "Hel"}}, {"delta": {"content": "lo."}, "finish_reason": "stop"})
    stream = "".join(f"data: {json.dumps({'choices': [piece]})}\n\n" for piece in pieces)
    (row,) = landed(
        "databricks",
        {
            "databricks_request_id": "d",
            "requester": "a@x.example",
            "timestamp_ms": 1795302112500,
            "status_code": 429,
            "request": json.dumps({"messages": [{"role": "user", "content": "Hi"}]}),
            "response": stream,
        },
    )
    assert seen(row, "account_id", "prompt", "response", "http_status", "requested_at") == (
        "a@x.example",
        "Hi",
        "Hello.",
        429,
        "2026-11-21T23:01:52.500000Z",
    )


def test_a_call_that_api_management_logged_in_pieces():
    talk = json.dumps([{"role": "user", "content": "Hi"}])
    entries = [
        {"CorrelationId": "c", "RequestMessages": talk[15:], "SequenceNumber": 2},
        {
            "correlationId": "c",
            "category": "GatewayLlmLogs",
            "time": "2026-03-01T10:00:00Z",
            "properties": {"sequenceNumber": 1, "requestMessages": talk[:15], "modelName": "gpt-x", "promptTokens": 3},
        },
        {
            "correlationId": "c",
            "category": "GatewayLogs",
            "time": "2026-03-01T10:00:00Z",
            "callerIpAddress": "198.51.100.4",
            "properties": {"responseCode": 200, "apimSubscriptionId": "sub-4"},
        },
    ]
    parts = [{part: value} for entry in entries for part, _, value in azure.parts(entry)]
    (row,) = landed("azure-apim", {"parts": parts})
    assert seen(row, "account_id", "prompt", "request_model", "usage_input_tokens", "client_ip", "http_status") == (
        "sub-4",
        "Hi",
        "gpt-x",
        3,
        "198.51.100.4",
        200,
    )
    assert landed("azure-apim", {"parts": parts[2:]}) == [{"reason": azure.NO_CALL}]


def test_langfuse_in_both_spellings():
    about = {"id": "o-1", "input": [{"role": "user", "content": "Hi"}], "output": "Hello.", "model": "m"}
    camel = {
        **about,
        "type": "GENERATION",
        "startTime": "2026-03-01T10:00:00.000Z",
        "userId": "u-1",
        "usageDetails": {"input": 3},
    }
    snake = {
        **about,
        "type": "GENERATION",
        "start_time": "2026-03-01 10:00:00.000000",
        "user_id": "u-1",
        "usage_details": '{"input": 3}',
    }
    for record in (camel, snake):
        (row,) = landed("langfuse", record)
        assert seen(row, "account_id", "prompt", "response", "usage_input_tokens", "requested_at") == (
            "u-1",
            "Hi",
            "Hello.",
            3,
            "2026-03-01T10:00:00.000000Z",
        )
    assert landed("langfuse", camel | {"type": "SPAN"}) == [{"reason": mapping.OTHER_RECORD}]
    assert FORMATS["langfuse"].title.startswith("Langfuse")
