"""What is a call, under which id and in which document.

Nothing that a gateway logged is taken for no call, or dropped.
"""

import base64
import gzip
import json
from typing import Any

import pyarrow as pa
import pytest

from iolaus.adapters import documents, envelopes, operations, otlp
from iolaus.runtime.logs import is_json_name
from tests.gateway_cases import BEGUN, Row, invocation, landed, payload, seen, span

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
    [
        ("aanthropic_messages", True), ("_aresponses_websocket", True), ("ChatCompletion", None), ("ask_the_oracle",
        None),
        ("arerank", False), ("add_message", False), ("openai.embeddings", False), ("batchEmbedContents", False),
        ("_arealtime", False),
        ("call_mcp_tool", False), ("create_batch", False), ("batch_completion", None), ("chat_with_tools", None),
        ("run_inference", None), ("avector_store_search", False), ("image_edit", False), ("ai.embedMany.doEmbed",
        False),
    ],
)  # fmt: skip
def test_names_of_calls_say_whether_they_generate_text(call: str, text: bool | None):
    assert operations.says_text(call) is text


@pytest.mark.parametrize(
    "model", ["acme/bge-small", "voyage-9", "rerank-v9", "whisper-x", "amazon.titan-embed-text-v9", "gpt-image-9"]
)
def test_models_that_generate_no_text_are_told_by_their_names_in_every_format(model: str):
    named = {"model": model, "model_group": model, "call_type": None}
    exported = {
        "id": "o",
        "type": "GENERATION",
        "startTime": "2026-01-02T03:04:05Z",
        "model": model,
        "input": "some words",
    }
    batch = {
        "request": {"custom_id": "1", "body": {"model": model, "input": "some words"}},
        "batch": {"id": "b", "created_at": 1774437191},
    }
    logs: list[tuple[str, Row]] = [
        ("litellm", payload(**named)), ("bedrock", invocation({"inputText": "some words"}, {}, modelId=model)),
        ("langfuse", exported), ("openai-batch", batch),
        ("azure-apim", {"parts": [{"model": {"CorrelationId": "c", "ModelName": model,
        "RequestMessages": "some words"}}]}),
    ]  # fmt: skip
    for kind, log in logs:
        assert landed(kind, log) == [{"reason": operations.NO_TEXT_MODEL}], kind
    assert all(map(operations.generates_text, ("acme-writer-large", "llama-embedded-7b", "voyager-1")))


def test_an_answer_of_vectors_is_one_of_no_text_whatever_the_model_is_called():
    for answer in ({"embedding": [0.5]}, {"data": [{"embedding": [0.5]}]}, {"embeddings": [[0.5]]}):
        assert landed("bedrock", invocation({"inputText": "some words"}, answer)) == [
            {"reason": operations.NO_TEXT_MODEL}
        ]


BODY = {
    "model": "y",
    "max_tokens": 7,
    "system": "Be kind.",
    "messages": [{"role": "user", "content": "Why is rain wet?"}],
}


@pytest.mark.parametrize(
    "held",
    [
        json.dumps(BODY), BODY, [{"role": "user", "content": BODY}], [{"role": "user", "content": json.dumps(BODY)}],
        [{"role": "user", "content": [{"type": "text", "text": json.dumps(BODY)}]}],
        {"message": "Why is rain wet?", "preamble": "Be kind.", "max_tokens": 7},
        {"instances": [{"prompt": "Why is rain wet?"}], "parameters": {"maxOutputTokens": 7},
        "instructions": "Be kind."},
        {"inputs": "Why is rain wet?", "parameters": {"max_new_tokens": 7}, "system": "Be kind."},
    ],
)  # fmt: skip
@pytest.mark.parametrize("call", ["pass_through_endpoint", "allm_passthrough_route"])
def test_a_body_that_is_passed_through_is_read_in_whatever_form_it_lies(held: Any, call: str):
    (row,) = landed("litellm", payload(call_type=call, messages=held))
    assert seen(row, "prompt", "system_instructions", "request_max_tokens") == ("Why is rain wet?", "Be kind.", 7)


@pytest.mark.parametrize(
    "answer",
    [
        {"response": json.dumps({"content": [{"type": "text", "text": "It is water."}]})},
        {
            "response": "".join(
                f'data: {{"choices": [{{"delta": {{"content": "{said}"}}}}]}}\n\n' for said in ("It is ", "water.")
            )
        },
        json.dumps({"choices": [{"message": {"content": "It is water."}}]}),
        "It is water.",
    ],
)
def test_an_answer_that_is_passed_through_is_read_as_text_or_events(answer: Any):
    (row,) = landed("litellm", payload(call_type="pass_through_endpoint", response=answer))
    assert row["response"] == "It is water."


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
        envelopes.NOT_JSON,
        1,
        envelopes.NOT_JSON,
        1,
        1,
        envelopes.NOT_JSON,
        envelopes.NOT_JSON,
    ]
    assert [n for _, n in read_lines(b"{", b"}", files="ab")] == [envelopes.NOT_JSON] * 2, "a document lies in one file"


def test_objects_that_follow_one_another_are_told_apart():
    assert [one["n"] for one in envelopes.objects(b'{"n": 1}{"n": 2} {"n": 3}')] == [1, 2, 3]
    assert [one["n"] for one in envelopes.objects(b'2026-11-21T23:01:52.000Z {"n": 4}')] == [4]
    with pytest.raises(ValueError, match=envelopes.NOT_JSON):
        envelopes.objects(b'{"n": 1}{"n": ')
    with pytest.raises(ValueError, match="rename"):
        envelopes.objects(gzip.compress(b'{"n": 1}'))


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
    assert [one["n"] for one in envelopes.objects(json.dumps(envelope).encode())] == inner


INNER = json.dumps({"n": 1})


@pytest.mark.parametrize(
    "envelope",
    [
        {"log": INNER + "\n", "stream": "stdout", "time": "t"},
        {"@timestamp": "t", "message": INNER, "host": "h"},
        {"Records": [{"messageId": "m", "body": INNER}]},
        {"Records": [{"messageId": "m", "body": json.dumps({"Type": "Notification", "Message": INNER})}]},
        {"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": base64.b64encode(INNER.encode()).decode()}}]},
        {"version": "0", "detail-type": "call", "detail": {"n": 1}},
        {"insertId": "i", "jsonPayload": {"message": INNER}},
        {"insertId": "i", "textPayload": INNER},
        {"_index": "i", "_source": {"n": 1}},
        {"took": 1, "hits": {"hits": [{"_index": "i", "_source": {"n": 1}}]}},
        {"time": 1, "host": "h", "event": {"n": 1}},
        {"status": "Complete", "results": [[{"field": "@message", "value": INNER}]]},
        {"tables": [{"name": "PrimaryResult", "columns": [{"name": "n"}], "rows": [[1]]}]},
        {"data": [{"n": 1}], "meta": {}},
        {"value": [{"n": 1}]},
        [[{"n": 1}]],
        [INNER],
        INNER,
    ],
)
def test_what_delivery_services_and_queries_put_around_entries_is_opened(envelope: Any):
    assert [one["n"] for one in envelopes.objects(json.dumps(envelope).encode())] == [1]


@pytest.mark.parametrize(
    "before",
    [b"\xef\xbb\xbf", b"\x1e", b"data: ", b"<13>Nov 21 10:00:00 host app: ", b"2026-11-21T23:01:52.000Z stdout F "],
)
def test_what_stands_before_an_object_is_passed_over(before: bytes):
    assert [one["n"] for one in envelopes.objects(before + INNER.encode())] == [1]


def test_a_mark_of_the_order_of_bytes_before_a_document_over_many_lines():
    assert [n for _, n in read_lines(b"\xef\xbb\xbf{", b'"n": 1', b"}")] == [1]


def test_a_record_that_has_a_word_of_an_envelope_is_none():
    for one in (
        {"message": "Hi", "model": "m"},
        {"data": [], "n": 1},
        {"event": "call", "n": 1},
        {"log": INNER, "n": 1},
        {"value": 7},
    ):
        assert envelopes.objects(json.dumps(one).encode()) == [one]


def test_a_line_that_is_no_text_is_kept_as_it_came():
    (found,) = landed("litellm", b"\xff\xfe{}")
    assert found == {"reason": envelopes.NOT_JSON}
    assert base64.b64encode(b"\xff") == b"/w=="
