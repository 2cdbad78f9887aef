"""Records as gateways really write them, for the tests of the adapters.

Small, in the shapes that producers' own software wrote.
"""

import json
from collections.abc import Iterable
from typing import Any

from iolaus.adapters import documents, otlp_content, telemetry
from iolaus.adapters.formats import FORMATS, Format
from iolaus.adapters.landing import Choice, rows

Row = dict[str, Any]
BEGUN = 1795302112.5


def payload(**changes: Any) -> Row:
    """One standard logging payload of LiteLLM.

    A change of a nested field is written with two underscores, as metadata__user.
    """
    made: Row = {
        "id": "chatcmpl-9",
        "litellm_call_id": "call-9",
        "trace_id": "trace-9",
        "call_type": "acompletion",
        "status": "success",
        "startTime": BEGUN,
        "model": "openai/gpt-x",
        "model_group": "quick",
        "custom_llm_provider": "openai",
        "metadata": {"user_api_key_hash": "key-9", "user_api_key_user_id": "acc-9"},
        "messages": [{"role": "user", "content": "How deep is the lake?"}],
        "response": {
            "choices": [{"message": {"role": "assistant", "content": "Forty metres."}, "finish_reason": "stop"}],
            "usage": {},
        },
        "model_parameters": {},
        "error_information": {"error_code": ""},
    }
    for name, value in changes.items():
        holder, _, inner = name.rpartition("__")
        (made.setdefault(holder, {}) if holder else made)[inner] = value
    return made


def span(attributes: Row, **more: Any) -> Row:
    """An export of one span of a client."""
    listed = [{"key": key, "value": any_value(value)} for key, value in attributes.items()]
    made = {
        "traceId": "t1",
        "spanId": "s1",
        "name": "chat",
        "kind": 3,
        "startTimeUnixNano": "1788795791003811000",
        "attributes": listed,
    }
    return {
        "resourceSpans": [
            {"resource": {"attributes": []}, "scopeSpans": [{"scope": {"name": "lib"}, "spans": [made | more]}]}
        ]
    }


def any_value(value: Any) -> Row:
    """A value as OTLP's JSON writes it."""
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(one) for one in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": key, "value": any_value(one)} for key, one in value.items()]}}
    kind = {bool: "boolValue", int: "intValue", float: "doubleValue"}.get(type(value), "stringValue")
    return {kind: str(value) if kind == "intValue" else value}


def invocation(asked: Any, said: Any, **changes: Any) -> Row:
    """One of Bedrock's model invocation logs."""
    made = {
        "schemaType": "ModelInvocationLog",
        "timestamp": "2026-09-14T04:12:37Z",
        "identity": {"arn": "arn:aws:iam::111122223333:user/eve"},
        "requestId": "req-9",
        "operation": "InvokeModel",
        "modelId": "acme.writer-v1:0",
        "input": {"inputBodyJson": asked},
        "output": {"outputBodyJson": said},
    }
    return made | changes


def landed(
    kind: str, *lines: Row | str | bytes, known: Format | None = None, choice: Choice | None = None, source: str = "a"
) -> list[Row]:
    """The landing rows of lines, as objects; a record that is no exchange is its reason."""
    made = []
    for number, line in enumerate(lines):
        raw = line if isinstance(line, bytes) else line.encode() if isinstance(line, str) else json.dumps(line).encode()
        record = {"record": raw, "source_file": source, "reason": None, "position": number}
        found: list[Row] | str = documents._alone(raw)
        if kind == "otlp" and not isinstance(found, str):
            found = list(_calls(found))
        landed_ = rows(record, found, kind, known or FORMATS[kind], choice or Choice())
        made += [json.loads(row[2]) if row[0] == "exchanges" else {"reason": row[4]} for row in landed_]
    return made


def _calls(exports: Iterable[Row]) -> Iterable[Row]:
    """Spans with the log events of all exports, as gathering joins them."""
    found = list(exports)
    events = [event for export in found for event in telemetry.logs(export) if otlp_content.is_content(event)]
    for export in found:
        for one in telemetry.spans(export):
            own = [*one.get("events", []), *(e for e in events if e.get("spanId") == one["spanId"])]
            yield {**one, "events": own} if own else one


def seen(row: Row, *names: str) -> tuple[Any, ...]:
    """Some fields of a row, None for those that it lacks."""
    return tuple(row.get(name) for name in names)
