"""Records of other formats as fields of the landing: written after each format's documentation, read without Spark."""

import json
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from iolaus.adapters import anthropic_batch, bedrock, chat, documents, envelopes, litellm, openai_batch, otlp, telemetry
from iolaus.adapters.casts import instant, text, whole
from iolaus.adapters.documents import STRANGE
from iolaus.adapters.fields import take
from iolaus.adapters.formats import FAULTS, FORMATS, IMPOSSIBLE_TIME, NO_TIME
from iolaus.adapters.landing import FIELDS, Choice, rows
from iolaus.adapters.operations import NO_TEXT_MODEL
from iolaus.adapters.signals import SIGNALS, shares
from iolaus.commands.adapt import KINDS
from iolaus.model.signals import CHANNELS, CLAIMS, PEOPLE
from iolaus.schemas.landing import ACCOUNT, EXCHANGE, MODEL

Row = dict[str, Any]
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
USER, ANSWER = {"role": "user", "content": "first"}, {"role": "assistant", "content": "reply"}


def adapted(kind: str, *found: Row, choice: Choice | None = None, source: str = "a.jsonl") -> list[Row]:
    """The landing rows of whole records, as objects; a record that is no exchange is its reason."""
    made = []
    for one in found:
        record = {"record": json.dumps(one).encode(), "source_file": source, "reason": None}
        for folder, day, value, present, reason, *_ in rows(
            record, [json.loads(record["record"])], kind, FORMATS[kind], choice or Choice()
        ):
            row = json.loads(value) if folder == "exchanges" else {"reason": reason}
            if folder == "exchanges":
                assert {n for i, n in enumerate(FIELDS) if present >> i & 1} == row.keys() & set(FIELDS)
                assert str(day) == row["requested_at"][:10] or choice
            made.append(row)
    return made


def test_the_prompt_is_what_a_person_said_last_and_turns_are_persons():
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image"}]}]}
    two = {
        "role": "user",
        "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:"}}],
    }
    system = {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]}
    assert chat.request([system, USER, ANSWER, two, ANSWER, result], "Base.") == {
        "prompt": "look",
        "turn_index": 1,
        "request_prefill": False,
        "prior_response": "reply",
        "image_count": 2,
        "system_instructions": "Base.\nBe brief.",
    }
    assert chat.request([USER, two])["turn_index"] == 0, "two messages without an answer between are one turn"
    assert chat.request("hello") == {"prompt": "hello", "turn_index": 0, "image_count": 0, "request_prefill": False}
    assert chat.request(None) == chat.request(5) == {}, (
        "a request without messages has no prompt, and is not one with an empty prompt"
    )
    assert "prompt" not in chat.request([ANSWER])
    assert chat.request([{"role": "user", "content": [{"type": "image"}]}])["prompt"] == "", (
        "images alone are a prompt without words"
    )


def test_fields_are_typed_or_left():
    record: Row = {"a": {"b.c": "7", "x": [1]}, "n": None}
    assert take(record, whole, "a.x", "a.b.c") == 7
    assert record == {"a": {"x": [1]}, "n": None}
    assert take(record, text, "n", "a", "none.at.all") is None
    assert [
        instant(v)
        for v in (
            1795302112.5,
            "1795302112500",
            1795302112500000000,
            "2026-11-21T23:01:52.5",
            "2026-11-22T00:01:52.5+01:00",
        )
    ] == ["2026-11-21T23:01:52.500000Z"] * 5
    assert [instant(v) for v in ("soon", -1, None, True, [], "0", 1e400)] == [None] * 7


def test_a_litellm_payload_becomes_an_exchange():
    """The fields, and the empty strings, are those that LiteLLM 1.106 itself wrote for such a call."""
    payload = {
        "id": "chatcmpl-1",
        "litellm_call_id": "call-1",
        "trace_id": "trace-1",
        "session_id": "",
        "call_type": "acompletion",
        "stream": None,
        "status": "success",
        "custom_llm_provider": "anthropic",
        "startTime": 1795302112.668944,
        "endTime": 1795302117.680759,
        "model": "claude-sonnet",
        "model_group": "",
        "model_map_information": {"model_map_key": "claude-sonnet"},
        "prompt_tokens": 90,
        "completion_tokens": 20,
        "metadata": {
            "user_api_key_hash": "h1",
            "user_api_key_user_id": None,
            "requester_ip_address": "203.0.113.9",
            "user_agent": "sdk/1",
            "usage_object": {"prompt_tokens": 90},
        },
        "end_user": "end-1",
        "messages": [{"role": "system", "content": "Be brief."}, USER, ANSWER, USER],
        "response": {
            "model": "claude-sonnet-1",
            "choices": [
                {"finish_reason": "tool_calls", "message": {"content": None, "tool_calls": [{"id": "t"}, {"id": "u"}]}}
            ],
            "usage": {
                "prompt_tokens": 90,
                "cache_read_input_tokens": 60,
                "completion_tokens_details": {"reasoning_tokens": 7},
            },
        },
        "model_parameters": {
            "temperature": 0.3,
            "max_tokens": 50,
            "tools": [TOOL],
            "thinking": {"type": "enabled"},
            "top_p": 0.9,
        },
        "error_information": {"error_code": ""},
    }
    (row,) = adapted("litellm", payload)
    assert row == {
        "exchange_id": "call-1",
        "account_id": "h1",
        "api_key_id": "h1",
        "requested_at": "2026-11-21T23:01:52.668944Z",
        "request_model": "claude-sonnet",
        "prompt": "first",
        "operation_name": "chat",
        "provider_name": "anthropic",
        "response_model": "claude-sonnet-1",
        "conversation_id": "trace-1",
        "turn_index": 1,
        "system_instructions": "Be brief.",
        "request_temperature": 0.3,
        "request_max_tokens": 50,
        "usage_input_tokens": 90,
        "usage_output_tokens": 20,
        "usage_cache_read_tokens": 60,
        "usage_reasoning_tokens": 7,
        "request_thinking": True,
        "tool_names": ["get_weather"],
        "tool_call_count": 2,
        "image_count": 0,
        "http_status": 200,
        "finish_reasons": ["tool_calls"],
        "client_ip": "203.0.113.9",
        "user_agent": "sdk/1",
        "prior_response": "reply",
        "request_top_p": 0.9,
        "request_prefill": False,
        "client_session_id": "end-1",
        "litellm": {
            "id": "chatcmpl-1",
            "endTime": 1795302117.680759,
            "metadata": {"usage_object": {"prompt_tokens": 90}},
            "end_user": "end-1",
        },
    }
    failed = {
        **payload,
        "status": "failure",
        "error_information": {"error_code": "429"},
        "response": {},
        "prompt_tokens": 0,
    }
    assert adapted("litellm", failed)[0]["http_status"] == 429
    assert adapted("litellm", {**payload, "call_type": "aembedding"}) == [{"reason": litellm.OTHER_CALL}]


def test_a_bedrock_log_becomes_an_exchange():
    converse = {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": "2026-03-02T23:00:17Z",
        "accountId": "123456789012",
        "identity": {"arn": "arn:aws:sts::123456789012:assumed-role/app/session"},
        "region": "us-east-1",
        "requestId": "r-1",
        "operation": "ConverseStream",
        "modelId": "anthropic.claude-x-v1:0",
        "input": {
            "inputContentType": "application/json",
            "inputBodyJson": {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"text": "see this"}, {"image": {"format": "png", "source": {"bytes": "QQ=="}}}],
                    },
                    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "look", "input": {}}}]},
                    {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"text": "done"}]}}]},
                ],
                "system": [{"text": "Be brief."}],
                "inferenceConfig": {"maxTokens": 256, "temperature": 0.2},
                "toolConfig": {"tools": [{"toolSpec": {"name": "look", "inputSchema": {}}}]},
                "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
            },
            "inputTokenCount": 35,
            "cacheReadInputTokenCount": 5,
        },
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": {
                "output": {
                    "message": {"role": "assistant", "content": [{"text": "A cat."}, {"toolUse": {"name": "look"}}]}
                },
                "stopReason": "end_turn",
                "metrics": {"latencyMs": 3640},
                "usage": {"inputTokens": 35, "outputTokens": 446, "totalTokens": 481},
            },
            "outputTokenCount": 446,
        },
        "requestMetadata": {"customer": "c-9"},
    }
    (row,) = adapted("bedrock", converse, choice=Choice({"account_id": "requestMetadata.customer"}))
    assert row["account_id"] == "c-9"
    expected = {
        "prompt": "see this",
        "turn_index": 0,
        "image_count": 1,
        "system_instructions": "Be brief.",
        "request_max_tokens": 256,
        "request_temperature": 0.2,
        "request_stream": True,
        "request_thinking": True,
        "tool_names": ["look"],
        "tool_call_count": 1,
        "response": "A cat.",
        "finish_reasons": ["end_turn"],
        "usage_input_tokens": 35,
        "usage_output_tokens": 446,
        "usage_cache_read_tokens": 5,
        "operation_name": "chat",
        "request_model": "anthropic.claude-x-v1:0",
    }
    assert {k: row.get(k) for k in expected} == expected
    assert row["bedrock"]["requestMetadata"] == {"customer": "c-9"}
    assert row["bedrock"]["region"] == "us-east-1"
    streamed = {
        **converse,
        "operation": "InvokeModelWithResponseStream",
        "input": {"inputBodyJson": json.dumps({"prompt": "Say hi", "max_gen_len": 9}), "inputTokenCount": 3},
        "output": {
            "outputBodyJson": [
                {
                    "type": "message_start",
                    "message": {"model": "m-1", "usage": {"input_tokens": 3, "output_tokens": 1}},
                },
                {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "h"}},
                {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "i"}},
                {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 2}},
            ]
        },
    }
    (row,) = adapted("bedrock", streamed)
    assert row["account_id"] == "arn:aws:sts::123456789012:assumed-role/app/session"
    assert [row[k] for k in ("prompt", "response", "finish_reasons", "usage_output_tokens", "request_max_tokens",
    "response_model")] == [
        "Say hi", "hi", ["max_tokens"], 2, 9, "m-1",
    ]  # fmt: skip
    assert adapted("bedrock", {**converse, "modelId": "amazon.titan-embed-text-v2:0"}, {"level": "info"}) == [
        {"reason": NO_TEXT_MODEL},
        {"reason": bedrock.NO_LOG},
    ]
    (far,) = adapted("bedrock", {**converse, "input": {"inputBodyS3Path": "s3://b/k", "inputTokenCount": 90_000}})
    assert "prompt" not in far, "a prompt that lies elsewhere is missing, not empty"


def gathered(parts_of: Any, *lines: Row) -> Row:
    """What gathering makes of the lines of one exchange."""
    return {part: value for line in lines for part, _, value in parts_of(line)}


def test_an_openai_batch_becomes_exchanges():
    asked = {
        "custom_id": "q-1",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {
            "model": "gpt-x",
            "messages": [USER],
            "max_completion_tokens": 9,
            "reasoning_effort": "high",
            "user": "u-1",
        },
    }
    said = {
        "id": "batch_req_1",
        "custom_id": "q-1",
        "response": {
            "status_code": 200,
            "request_id": "req_1",
            "body": {
                "id": "chatcmpl-1",
                "created": 1772409600,
                "model": "gpt-x-1",
                "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "length"}
                ],
                "usage": {"prompt_tokens": 22, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}},
            },
        },
        "error": None,
    }
    batch = {
        "id": "batch_1",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "created_at": 1772323200,
        "metadata": {"team": "t"},
    }
    (row,) = adapted("openai-batch", gathered(openai_batch.parts, asked, said, batch))
    assert (row["exchange_id"], row.get("account_id"), row["requested_at"]) == (
        "batch_1-q-1",
        None,
        "2026-03-01T00:00:00.000000Z",
    )
    assert (row["prompt"], row["response"], row["finish_reasons"], row["request_thinking"]) == (
        "first",
        "Hello.",
        ["length"],
        True,
    )
    assert (row["usage_input_tokens"], row["usage_cache_read_tokens"], row["request_model"]) == (22, 4, "gpt-x")
    assert row["openai_batch"]["batch"]["metadata"] == {"team": "t"}
    (owned,) = adapted("openai-batch", gathered(openai_batch.parts, asked, said), source="account=acc-7/b1/out.jsonl")
    assert (owned["account_id"], owned["exchange_id"]) == ("acc-7", "batch_req_1"), (
        "the folder's owner, and never whom the client names"
    )
    assert owned["requested_at"] == "2026-03-02T00:00:00.000000Z", "without the batch, the time of the answer"
    assert adapted("openai-batch", gathered(openai_batch.parts, asked)) == [{"reason": NO_TIME}]
    assert adapted("openai-batch", gathered(openai_batch.parts, {**asked, "url": "/v1/embeddings"})) == [
        {"reason": openai_batch.OTHER_URL}
    ]
    new = {
        "request": {"custom_id": "q", "url": "/v1/responses", "body": {"model": "m", "instructions": "Be brief.",
        "input": "hi"}},
        "result": {"id": "i", "response": {"body": {
            "created_at": 1772323200,
            "output": [
                {"type": "reasoning", "summary": []},
                {"type": "function_call", "name": "f"},
                {"type": "message", "content": [{"type": "output_text", "text": "yes"}]},
            ],
            "incomplete_details": {"reason": "max_output_tokens"},
            "usage": {"input_tokens": 5, "output_tokens": 6, "output_tokens_details": {"reasoning_tokens": 3}},
        }}},
    }  # fmt: skip
    (row,) = adapted("openai-batch", new)
    assert (row["prompt"], row["system_instructions"], row["response"], row["tool_call_count"]) == (
        "hi",
        "Be brief.",
        "yes",
        1,
    )
    assert (row["finish_reasons"], row["usage_input_tokens"], row["usage_reasoning_tokens"]) == (["length"], 5, 3)


def test_an_anthropic_batch_becomes_exchanges():
    params = {
        "model": "claude-x",
        "max_tokens": 1024,
        "system": "Be brief.",
        "messages": [USER, ANSWER, USER],
        "metadata": {"user_id": "u-1"},
    }
    created = {"requests": [{"custom_id": "a", "params": params}, {"custom_id": "b", "params": params}]}
    assert [(part, key) for part, key, _ in anthropic_batch.parts(created)] == [("request", "a"), ("request", "b")]
    said = {
        "custom_id": "a",
        "result": {
            "type": "succeeded",
            "message": {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": "claude-x-1",
                "content": [{"type": "text", "text": "Hi."}, {"type": "tool_use", "id": "t", "name": "f", "input": {}}],
                "stop_reason": "tool_use",
                "usage": {
                    "input_tokens": 10,
                    "cache_read_input_tokens": 100,
                    "cache_creation_input_tokens": 1,
                    "output_tokens": 34,
                },
            },
        },
    }
    batch = {
        "id": "msgbatch_1",
        "type": "message_batch",
        "created_at": "2026-03-01T18:37:24.100435Z",
        "processing_status": "ended",
    }
    one = {"custom_id": "a", "params": params}
    (row,) = adapted("anthropic-batch", gathered(anthropic_batch.parts, one, said, batch))
    assert (row["exchange_id"], row.get("account_id"), row["requested_at"]) == (
        "msgbatch_1-a",
        None,
        "2026-03-01T18:37:24.100435Z",
    )
    assert (row["usage_input_tokens"], row["usage_cache_read_tokens"], row["usage_output_tokens"]) == (111, 100, 34), (
        "cached input is input"
    )
    assert (row["response"], row["tool_call_count"], row["finish_reasons"], row["turn_index"]) == (
        "Hi.",
        1,
        ["tool_use"],
        1,
    )
    error = {
        "custom_id": "a",
        "result": {"type": "errored", "error": {"type": "error", "error": {"type": "overloaded_error"}}},
    }
    (row,) = adapted("anthropic-batch", gathered(anthropic_batch.parts, one, error, batch))
    assert row["http_status"] == 529


def export_of(**attributes: Any) -> Row:
    """A real export of OpenTelemetry's own SDK: a gateway's server span with a model call inside, as OTLP JSON."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "gateway"}))
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("instrumentation", "1.0")
    of_client = {
        "client.address": "203.0.113.9",
        "user_agent.original": "sdk/1",
        "user.id": "acc-1",
        "http.response.status_code": 200,
    }
    with (
        tracer.start_as_current_span("POST /v1/chat", kind=SpanKind.SERVER, attributes=of_client),
        tracer.start_as_current_span("chat gpt-x", kind=SpanKind.CLIENT, attributes=attributes),
        tracer.start_as_current_span("tool", attributes={"gen_ai.operation.name": "execute_tool"}),
    ):
        pass
    return json_format.MessageToDict(encode_spans(memory.get_finished_spans()))


ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-x",
    "gen_ai.response.model": "gpt-x-1",
    "gen_ai.conversation.id": "conv-1",
    "gen_ai.request.temperature": 0.5,
    "gen_ai.request.max_tokens": 100,
    "gen_ai.request.seed": 7,
    "gen_ai.usage.input_tokens": 97,
    "gen_ai.usage.output_tokens": 52,
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Be brief."}]),
    "gen_ai.input.messages": json.dumps(
        [
            {
                "role": "user",
                "parts": [
                    {"type": "text", "content": "Weather?"},
                    {"type": "blob", "modality": "image", "content": "QQ=="},
                ],
            },
            {"role": "assistant", "parts": [{"type": "tool_call", "name": "get_weather", "arguments": {}}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "response": "rainy"}]},
        ]
    ),
    "gen_ai.output.messages": json.dumps(
        [{"role": "assistant", "parts": [{"type": "text", "content": "Rain."}], "finish_reason": "stop"}]
    ),
    "gen_ai.tool.definitions": json.dumps([{"type": "function", "name": "get_weather"}]),
}


def test_a_span_of_opentelemetrys_own_library_becomes_an_exchange():
    spans = list(telemetry.spans(export_of(**ATTRIBUTES)))
    assert [(otlp.is_call(s), otlp.is_server(s)) for s in spans] == [(False, False), (True, False), (False, True)]
    tool, call, server = spans
    (row,) = adapted("otlp", {**call, "server": server})
    assert row["exchange_id"] == f"{call['traceId']}-{call['spanId']}"
    assert row["requested_at"][:4] >= "2026"
    expected = {
        "account_id": "acc-1",
        "client_ip": "203.0.113.9",
        "user_agent": "sdk/1",
        "http_status": 200,
        "prompt": "Weather?",
        "turn_index": 0,
        "image_count": 1,
        "system_instructions": "Be brief.",
        "response": "Rain.",
        "request_model": "gpt-x",
        "response_model": "gpt-x-1",
        "conversation_id": "conv-1",
        "request_temperature": 0.5,
        "request_max_tokens": 100,
        "usage_input_tokens": 97,
        "usage_output_tokens": 52,
        "tool_names": ["get_weather"],
        "tool_call_count": 0,
        "finish_reasons": ["stop"],
    }
    assert {k: row.get(k) for k in expected} == expected
    assert row["request_seed"] == 7
    assert row["otlp"]["resource"]["service.name"] == "gateway"
    assert adapted("otlp", tool) == [{"reason": otlp.OTHER_SPAN}]


def test_structured_attributes_are_read_as_those_recorded_as_text():
    value = {"arrayValue": {"values": [{"kvlistValue": {"values": [
        {"key": "role", "value": {"stringValue": "user"}},
        {"key": "parts", "value": {"arrayValue": {"values": [{"kvlistValue": {"values": [
            {"key": "type", "value": {"stringValue": "text"}}, {"key": "content",
            "value": {"stringValue": "hi"}}]}}]}}},
    ]}}]}}  # fmt: skip
    holder = {
        "attributes": [
            {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
            {"key": "gen_ai.input.messages", "value": value},
        ]
    }
    holder["attributes"].append({"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}})
    export = {
        "resourceSpans": [
            {
                "scopeSpans": [
                    {"spans": [{**holder, "traceId": "t", "spanId": "s", "startTimeUnixNano": "1772323200000000000"}]}
                ]
            }
        ]
    }
    (span,) = telemetry.spans(export)
    (row,) = adapted("otlp", span)
    assert (row["prompt"], row["usage_input_tokens"], row["requested_at"]) == ("hi", 12, "2026-03-01T00:00:00.000000Z")
    assert "account_id" not in row


HOSTILE: tuple[bytes, ...] = (
    b"",
    b"null",
    b"5",
    b'{"a":NaN}',
    b"[[]]",
    b"\xff",
    b"[" * 100_000,
    b'{"startTime": 1e999}',
    (
        b'{"startTime": 1.0, "messages": [{"role": ["x"], "content": {"text": 5}}],'
        b'"response": {"choices": [5, {"message": 7}]}}'
    ),
    (
        b'{"startTime": 1795302112, "metadata": [1], "model_parameters": "x",'
        b'"messages": "\\ud800", "response": {"usage": 5}}'
    ),
    (
        b'{"modelId": {}, "timestamp": "2026-03-02T23:00:17Z", "input": 5,'
        b'"output": {"outputBodyJson": [{"delta": 5, "usage": [1]}]}}'
    ),
    b'{"request": [], "result": 5, "batch": {"created_at": 1772323200}}',
    (
        b'{"request": {"body": {"messages": [{"role": "user", "content": [[["x"]]]}],'
        b'"tools": [5, {}]}}, "batch": {"created_at": 1772323200}}'
    ),
)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("line", HOSTILE)
def test_no_line_is_lost_and_none_stops_the_rest(kind: str, line: bytes):
    record = {"record": line, "source_file": "a", "reason": None}
    for folder, _, value, present, reason, *_ in rows(record, documents._alone(line), kind, FORMATS[kind], Choice()):
        if folder == "exchanges":
            assert json.loads(value)["requested_at"]
            value.encode()
        elif folder == "quarantine":
            assert reason in FAULTS
            kept = json.loads(value)
            assert kept.get("line", "").encode() == line or "line_base64" in kept
        else:
            assert reason in FORMATS[kind].skips
            assert present == 0


def test_an_unexpected_shape_is_kept_as_it_came():
    assert adapted("litellm", {"startTime": 1795302112, "response": {"choices": [{"message": {"tool_calls": 5}}]}}) == [
        {"reason": STRANGE}
    ]
    with pytest.raises(ValueError, match=envelopes.NOT_AN_OBJECT):
        envelopes.objects(b"[1]")


def test_a_line_of_several_objects_is_rejected_once_for_each_reason():
    payload = {"startTime": 1795302112, "litellm_call_id": "c"}
    line = json.dumps([payload, {}, {}, {"startTime": 1e9}, {"startTime": 1e9}]).encode()
    made = list(
        rows(
            {"record": line, "source_file": "a", "reason": None},
            json.loads(line),
            "litellm",
            FORMATS["litellm"],
            Choice(),
        )
    )
    assert [(row[0], row[4]) for row in made] == [
        ("exchanges", None),
        ("quarantine", NO_TIME),
        ("quarantine", IMPOSSIBLE_TIME),
    ]


def test_every_signal_says_what_it_lives_on():
    """A channel, behaviour or field that is added must say here what silences it."""
    parts = {part for signal in SIGNALS for part in signal.parts}
    assert parts >= {c.name for c in CHANNELS} | CLAIMS.keys() | {PEOPLE}
    known = {f.name for f in EXCHANGE} | {f"accounts.{f.name}" for f in ACCOUNT} | {f"models.{f.name}" for f in MODEL}
    assert {name for signal in SIGNALS for name in signal.fields} <= known
    assert [s.says for s in SIGNALS if shares(s, {"client_ip": 0.5, "accounts.signup_ip": 1.0})] == [
        "the same address and its block"
    ]
    assert (*FORMATS, "map") == KINDS
