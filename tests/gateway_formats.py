"""Exchanges of a landing as each gateway would have logged them: what the round trip of the adapters starts from.

A writer gives the lines of one exchange, each with the file it lies in. `SILENT` names what a format cannot carry.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.gateway_cases import any_value
from tests.gateway_logs import litellm, messages
from tests.traffic import write_lines

Row = dict[str, Any]
Lines = Iterator[tuple[str, Row]]
# what only a gateway's edge knows, and no format has a place for
EDGE = ("client_asn", "client_country", "access_path")


def _nanoseconds(row: Row) -> str:
    return str(round(datetime.fromisoformat(row["requested_at"]).timestamp() * 1_000) * 1_000_000)


def _body(row: Row) -> Row:
    thinking = {"thinking": {"type": "enabled" if row["request_thinking"] else "disabled"}}
    return {"model": row["request_model"], "messages": messages(row), **thinking}


def _answer(row: Row, model: str = "") -> Row:
    counts = {"prompt_tokens": row["usage_input_tokens"], "completion_tokens": row["usage_output_tokens"]}
    choices = [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "answer"}}]
    return {"id": "chatcmpl", "choices": choices, "usage": counts} | ({"model": model} if model else {})


def _attributes(held: Row) -> list[Row]:
    return [{"key": name, "value": any_value(value)} for name, value in held.items() if value is not None]


def _spans(row: Row, held: Row, logs: list[Row] | None = None) -> Lines:
    """A gateway's server span with the call inside, and log events, in files of their own."""
    trace = {"traceId": f"trace{row['exchange_id']}", "startTimeUnixNano": _nanoseconds(row)}
    server = {
        "client.address": row["client_ip"],
        "user_agent.original": row["user_agent"],
        "user.id": row["account_id"],
    }
    known = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": row["request_model"],
        "gen_ai.conversation.id": row["conversation_id"],
        "gen_ai.usage.input_tokens": row["usage_input_tokens"],
        "gen_ai.usage.output_tokens": row["usage_output_tokens"],
        "gen_ai.request.reasoning_effort": "high" if row["request_thinking"] else "none",
    }
    call = {
        **trace,
        "spanId": "call",
        "parentSpanId": "server",
        "kind": 3,
        "name": "chat",
        "attributes": _attributes(known | held),
    }
    outer = {**trace, "spanId": "server", "kind": 2, "name": "POST /chat", "attributes": _attributes(server)}
    yield "spans.jsonl", {"resourceSpans": [{"scopeSpans": [{"spans": [call]}]}]}
    yield "server.jsonl", {"resourceSpans": [{"scopeSpans": [{"spans": [outer]}]}]}
    if logs:
        records = [{**log, "traceId": trace["traceId"], "spanId": "call"} for log in logs]
        yield "logs.jsonl", {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}


def otlp(row: Row, account: Row) -> Lines:
    """OpenTelemetry's conventions of today: messages in attributes."""
    parts = [{"role": m["role"], "parts": [{"type": "text", "content": m["content"]}]} for m in messages(row)]
    return _spans(row, {"gen_ai.input.messages": json.dumps(parts)})


def otlp_events(row: Row, account: Row) -> Lines:
    """OpenTelemetry's conventions of 1.36: messages in log events."""
    said = [
        {"eventName": f"gen_ai.{m['role']}.message", "body": any_value({"content": m["content"]})}
        for m in messages(row)
    ]
    return _spans(row, {}, said)


def openinference(row: Row, account: Row) -> Lines:
    """OpenInference: an attribute for each field of each message."""
    said = {
        f"llm.input_messages.{n}.message.{name}": m[name]
        for n, m in enumerate(messages(row))
        for name in ("role", "content")
    }
    return _spans(row, {"openinference.span.kind": "LLM", **said})


def payloads(row: Row, account: Row) -> Lines:
    """LiteLLM's standard logging payloads, in objects without a suffix, over several lines as exports have them."""
    yield f"{row['requested_at'][:10]}/payloads", litellm(row, account)


def spend_logs(row: Row, account: Row) -> Lines:
    """Rows of LiteLLM's table of spend."""
    yield (
        "spend.jsonl",
        {
            "request_id": row["exchange_id"],
            "call_type": "acompletion",
            "api_key": "hash",
            "user": row["account_id"],
            "model_group": row["request_model"],
            "startTime": row["requested_at"],
            "session_id": row["conversation_id"],
            "status": "success",
            "prompt_tokens": row["usage_input_tokens"],
            "completion_tokens": row["usage_output_tokens"],
            "messages": "{}",
            "response": json.dumps(_answer(row)),
            "metadata": json.dumps({"requester_ip_address": row["client_ip"], "user_agent": row["user_agent"]}),
            "proxy_server_request": json.dumps(_body(row)),
        },
    )


def bedrock(row: Row, account: Row) -> Lines:
    """Bedrock's invocation logs in the envelopes of CloudWatch's subscriptions."""
    entry = {
        "schemaType": "ModelInvocationLog",
        "timestamp": row["requested_at"],
        "identity": {"arn": row["account_id"]},
        "requestId": row["exchange_id"],
        "operation": "InvokeModel",
        "modelId": row["request_model"],
        "input": {"inputBodyJson": _body(row)},
        "output": {"outputBodyJson": _answer(row)},
    }
    yield (
        "stream-1-2026",
        {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "timestamp": 1, "message": json.dumps(entry)}]},
    )


def openai_batch(row: Row, account: Row) -> Lines:
    """A batch of one request, several to a folder, each in a file that has the batch's id in its name."""
    file = f"account={row['account_id']}/batch_{row['exchange_id']}.jsonl"
    yield file, {"object": "batch", "id": f"batch_{row['exchange_id']}", "created_at": row["requested_at"]}
    yield file, {"custom_id": "1", "url": "/v1/chat/completions", "body": _body(row)}
    yield file, {"id": "r", "custom_id": "1", "response": {"status_code": 200, "body": _answer(row)}}


def langfuse(row: Row, account: Row) -> Lines:
    """An export of Langfuse's observations."""
    yield (
        "observations.jsonl",
        {
            "id": row["exchange_id"],
            "type": "GENERATION",
            "start_time": row["requested_at"],
            "provided_model_name": row["request_model"],
            "user_id": row["account_id"],
            "session_id": row["conversation_id"],
            "input": json.dumps({"messages": messages(row)}),
            "output": json.dumps({"role": "assistant", "content": "answer"}),
            "model_parameters": json.dumps({"thinking": _body(row)["thinking"]}),
            "usage_details": {"input": row["usage_input_tokens"], "output": row["usage_output_tokens"]},
        },
    )


def azure(row: Row, account: Row) -> Lines:
    """API Management: what was said, cut into two entries, and the gateway's log, in files of their own."""
    asked = json.dumps(messages(row))
    model = {
        "CorrelationId": row["exchange_id"],
        "TimeGenerated": row["requested_at"],
        "ModelName": row["request_model"],
    }
    counts = {"PromptTokens": row["usage_input_tokens"], "CompletionTokens": row["usage_output_tokens"]}
    yield "llm.jsonl", {**model, "SequenceNumber": 1, "RequestMessages": asked[40:]}
    yield "llm.jsonl", {**model, **counts, "SequenceNumber": 0, "RequestMessages": asked[:40]}
    gateway = {"ApimSubscriptionId": row["account_id"], "CallerIpAddress": row["client_ip"], "ResponseCode": 200}
    headers = {"RequestHeaders": {"User-Agent": row["user_agent"]}}
    yield (
        "gateway.json",
        {
            "records": [
                {
                    "category": "GatewayLogs",
                    "correlationId": row["exchange_id"],
                    "time": row["requested_at"],
                    "properties": {**gateway, **headers},
                }
            ]
        },
    )


def databricks(row: Row, account: Row) -> Lines:
    """An inference table's row."""
    yield (
        "part.jsonl",
        {
            "databricks_request_id": row["exchange_id"],
            "requester": row["account_id"],
            "request_time": row["requested_at"],
            "status_code": 200,
            "request": json.dumps(_body(row)),
            "response": json.dumps(_answer(row)),
        },
    )


def vertex(row: Row, account: Row) -> Lines:
    """A row of request-response logging.

    A body of generateContent, or of Claude's rawPredict, which says the whole of Messages.
    """
    body = _body(row) | {"labels": {"user_id": row["account_id"]}}
    yield (
        "rows.jsonl",
        {
            "request_id": row["exchange_id"],
            "logging_time": row["requested_at"],
            "model": row["request_model"],
            "full_request": body,
            "full_response": _answer(row),
        },
    )


def kong(row: Row, account: Row) -> Lines:
    """Kong's log of a request with its AI proxy's part."""
    begun = round(datetime.fromisoformat(row["requested_at"]).timestamp() * 1_000)
    said = {
        "meta": {"request_model": row["request_model"]},
        "payload": {"request": json.dumps(_body(row)), "response": json.dumps(_answer(row))},
    }
    headers = {"user-agent": row["user_agent"], "x-forwarded-for": "198.51.100.250"}
    yield (
        "kong.log",
        {
            "started_at": begun,
            "client_ip": row["client_ip"],
            "consumer": {"id": row["account_id"]},
            "response": {"status": 200},
            "request": {"id": row["exchange_id"], "headers": headers},
            "ai": {"proxy": said},
        },
    )


_TALK = ("conversation_id",)
_CLIENT = ("client_ip", "user_agent")
# name: kind, writer, what the format cannot carry
WRITERS: dict[str, tuple[str, Callable[[Row, Row], Lines], tuple[str, ...]]] = {
    "otlp": ("otlp", otlp, EDGE),
    "otlp-events": ("otlp", otlp_events, EDGE),
    "openinference": ("otlp", openinference, EDGE),
    "litellm": ("litellm", payloads, EDGE),  # but for --field, of what a gateway adds
    "spend-logs": ("litellm", spend_logs, EDGE),
    "bedrock": ("bedrock", bedrock, (*EDGE, *_TALK, *_CLIENT)),
    "openai-batch": ("openai-batch", openai_batch, (*EDGE, *_TALK, *_CLIENT)),
    "langfuse": ("langfuse", langfuse, (*EDGE, *_CLIENT)),
    "azure-apim": ("azure-apim", azure, (*EDGE, *_TALK, "request_thinking")),
    "databricks": ("databricks", databricks, (*EDGE, *_TALK, *_CLIENT)),
    "vertex": ("vertex", vertex, (*EDGE, *_TALK, *_CLIENT)),
    "kong": ("kong", kong, (*EDGE, *_TALK)),
}


def write(folder: Path, name: str, rows: list[Row]) -> Path:
    """Write the logs of exchanges in one format."""
    files: dict[str, list[Row]] = {}
    for row in rows:
        for file, line in WRITERS[name][1](row, {}):
            files.setdefault(file, []).append(line)
    for file, lines in files.items():
        write_lines(folder / file, lines)
    return folder
