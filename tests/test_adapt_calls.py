"""What is a call, under which id and in which document.

Nothing that a gateway logged is taken for no call, or dropped.
"""

import base64
import gzip
import json
from typing import Any

import pyarrow as pa
import pytest

from iolaus.adapters import documents, litellm, otlp
from iolaus.runtime.logs import is_json_name
from tests.gateway_cases import BEGUN, Row, landed, payload, seen, span

MESSAGES = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "How deep is the lake?"}]}])


@pytest.mark.parametrize(
    "name", ["acompletion", "aresponses", "anthropic_messages", "agenerate_content", "chat", "Chat", "ask_the_oracle"]
)
def test_names_of_operations_of_real_software_are_calls(name: str):
    (row,) = landed(
        "otlp", span({"gen_ai.operation.name": name, "gen_ai.request.model": "m", "gen_ai.input.messages": MESSAGES})
    )
    assert row["prompt"] == "How deep is the lake?"


@pytest.mark.parametrize(
    "said",
    [
        {"gen_ai.operation.name": "aembedding"},
        {"gen_ai.operation.name": "invoke_agent"},
        {"llm.request.type": "rerank"},
        {"openinference.span.kind": "EMBEDDING"},
        {"ai.operationId": "ai.generateText"},  # the AI SDK's span around its own call
        {"gen_ai.request.model": "text-embedding-9"},
    ],
)
def test_what_generates_no_text_is_left_out(said: Row):
    found = landed("otlp", span({"gen_ai.request.model": "m", "gen_ai.prompt.0.content": "a text", **said}))
    assert found == [{"reason": otlp.OTHER_SPAN}]


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (
            {
                "model": "claude-y",
                "max_tokens": 7,
                "system": "Be kind.",
                "messages": [{"role": "user", "content": "Why is rain wet?"}],
            },
            ("Why is rain wet?", "Be kind.", 7),
        ),
        (
            {
                "contents": [{"parts": [{"text": "Why is rain wet?"}]}],
                "systemInstruction": {"parts": [{"text": "Be kind."}]},
                "generationConfig": {"maxOutputTokens": 7},
            },
            ("Why is rain wet?", "Be kind.", 7),
        ),
    ],
)
def test_the_body_of_a_call_that_is_passed_through_is_read(body: Row, asked: tuple[Any, ...]):
    (row,) = landed(
        "litellm", payload(call_type="pass_through_endpoint", messages=[{"role": "user", "content": json.dumps(body)}])
    )
    assert seen(row, "prompt", "system_instructions", "request_max_tokens") == asked
    (plain,) = landed("litellm", payload(messages=[{"role": "user", "content": '{"colour": "blue"}'}]))
    assert plain["prompt"] == '{"colour": "blue"}', "JSON that a person sent is a prompt"


@pytest.mark.parametrize(
    ("call", "text"),
    [("aanthropic_messages", True), ("_aresponses_websocket", True), ("arerank", False), ("add_message", False)],
)
def test_types_of_calls_of_litellm(call: str, text: bool):
    assert litellm.is_text(call) is text


def test_attempts_of_one_call_have_ids_of_their_own_and_the_answered_one_keeps_the_calls():
    failed = {"status": "failure", "response": {}, "error_information": {"error_code": "503"}}
    found = landed(
        "litellm",
        payload(**failed),
        payload(**failed, startTime=BEGUN + 1),
        payload(startTime=BEGUN + 2),
        payload(**failed),
    )
    ids = [row["exchange_id"] for row in found]
    assert ids[2] == "call-9"
    assert len(set(ids)) == 3
    assert ids[0] == ids[3], "the same attempt, delivered twice, is one exchange"
    assert [row["http_status"] for row in found] == [503, 503, 200, 503]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("2026-11-21/chatcmpl-7", True),
        ("logs/0a1b.2c3d-9", True),
        ("a/part.JSONL", True),
        ("a/stream-1-2026-11-21-00-uuid.gz", True),
        ("a/B.Json.GZ", False),
        ("a/b.json.gz", True),
        ("a/table.csv", False),
        ("a/readme.md", False),
        ("a/export.zip", False),
        ("x.parquet", False),
    ],
)
def test_objects_are_told_by_their_names(name: str, read: bool):
    """`.GZ` is no suffix that Hadoop unpacks."""
    assert is_json_name(name) is read


def read_lines(*lines: bytes, files: str = "") -> list[tuple[str, int | str]]:
    """For each record its bytes and how many objects it has, or why none."""
    rows = [{"record": line, "source_file": files[n] if files else "a", "reason": None} for n, line in enumerate(lines)]
    batches = (
        [pa.RecordBatch.from_pylist(rows[:2]), pa.RecordBatch.from_pylist(rows[2:])]
        if len(rows) > 2
        else [pa.RecordBatch.from_pylist(rows)]
    )
    return [
        (row["record"].decode(), found if isinstance(found, str) else len(found))
        for several in documents.records(batches)
        for row, found in several
    ]


def test_a_document_over_many_lines_is_one_record():
    pretty = json.dumps([{"id": 1, "s": "a ] { b"}, {"id": 2, "deep": {"list": []}}], indent=2).encode()
    found = read_lines(b'{"before": 1}', *pretty.split(b"\n"), b'{"after": 1}')
    assert [n for _, n in found] == [1, 2, 1]
    assert json.loads(found[1][0]) == json.loads(pretty)
    one_a_line = b'[\n{"id": 1},\n{"id": 2}\n]'
    assert [n for _, n in read_lines(*one_a_line.split(b"\n"))] == [2]


def test_a_document_that_breaks_off_takes_no_other_with_it():
    broken = read_lines(
        b'{"half": ',
        b'{"whole": 1}',
        b'{"messages": [{"a": 1},',
        b'{"whole": 2}',
        b'{"whole": 3}',
        b'{"cut": "a',
        b"[1",
    )
    assert [n for _, n in broken] == [
        documents.NOT_JSON,
        1,
        documents.NOT_JSON,
        1,
        1,
        documents.NOT_JSON,
        documents.NOT_JSON,
    ]
    assert [n for _, n in read_lines(b"{", b"}", files="ab")] == [documents.NOT_JSON] * 2, "a document lies in one file"


def test_objects_that_follow_one_another_are_told_apart():
    assert [one["n"] for one in documents.objects(b'{"n": 1}{"n": 2} {"n": 3}')] == [1, 2, 3]
    assert [one["n"] for one in documents.objects(b'2026-11-21T23:01:52.000Z {"n": 4}')] == [4]
    with pytest.raises(ValueError, match=documents.NOT_JSON):
        documents.objects(b'{"n": 1}{"n": ')
    with pytest.raises(ValueError, match="rename"):
        documents.objects(gzip.compress(b'{"n": 1}'))


@pytest.mark.parametrize(
    ("envelope", "inner"),
    [
        (
            {
                "messageType": "DATA_MESSAGE",
                "logGroup": "/g",
                "logEvents": [
                    {"id": "7", "timestamp": 1, "message": '{"n": 1}'},
                    {"id": "8", "timestamp": 2, "message": '{"n": 2}'},
                ],
            },
            [1, 2],
        ),
        ({"events": [{"logStreamName": "s", "message": '{"n": 3}'}]}, [3]),
        ({"records": [{"n": 4}, {"n": 5}]}, [4, 5]),
        ({"insertId": "i", "jsonPayload": {"n": 6}}, [6]),
        ({"@timestamp": "t", "@message": '{"n": 7}'}, [7]),
        ({"messageType": "CONTROL_MESSAGE", "logEvents": []}, []),
        ({"n": 8, "events": [{"name": "no envelope"}]}, [8]),
    ],
)
def test_envelopes_of_delivery_services_are_opened(envelope: Row, inner: list[int]):
    assert [one["n"] for one in documents.objects(json.dumps(envelope).encode())] == inner


def test_a_line_that_is_no_text_is_kept_as_it_came():
    (found,) = landed("litellm", b"\xff\xfe{}")
    assert found == {"reason": documents.NOT_JSON}
    assert base64.b64encode(b"\xff") == b"/w=="
