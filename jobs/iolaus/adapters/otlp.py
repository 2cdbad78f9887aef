"""OpenTelemetry spans of model calls, as OTLP JSON: one export request a line, as the collector's file exporter writes it.

Sources: "OpenTelemetry Protocol Specification", JSON Protobuf encoding (https://opentelemetry.io/docs/specs/otlp/);
"Semantic conventions for generative client AI spans" (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/);
the attribute registries "Gen AI", "Client", "User", "User agent", "HTTP" (https://opentelemetry.io/docs/specs/semconv/registry/attributes/).
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

from iolaus.adapters import chat
from iolaus.adapters.fields import Record, anything, flag, instant, number, take, text, texts, whole

OPERATIONS = ("chat", "generate_content", "text_completion")
OTHER_SPAN = "telemetry that is no model call"
SIGNALS = ("resourceSpans", "resourceLogs", "resourceMetrics", "resourceProfiles")  # what an export may hold
_SERVER = ("SPAN_KIND_SERVER", 2)
_VALUES = {"stringValue": text, "intValue": whole, "doubleValue": number, "boolValue": flag, "bytesValue": anything}


def spans(export: Record) -> Iterator[Record]:
    """The spans of one export request, each with the attributes of its resource and `scope`, and all attributes decoded."""
    for group in _list(export, "resourceSpans"):
        resource = attributes(group.get("resource"))
        for scoped in (*_list(group, "scopeSpans"), *_list(group, "instrumentationLibrarySpans")):
            scope = scoped.get("scope")
            for span in _list(scoped, "spans"):
                yield {**span, "attributes": attributes(span), "resource": resource, "scope": scope}


def is_server(span: Record) -> bool:
    """Whether a span is a server's handling of a request: what the gateway knows of its client."""
    return span.get("kind") in _SERVER


def is_call(span: Record) -> bool:
    """Whether a span is a call of a model that generates text."""
    attributes_ = span.get("attributes") or {}
    operation = attributes_.get("gen_ai.operation.name")
    return operation in OPERATIONS if operation else "gen_ai.request.model" in attributes_


def attributes(holder: Any) -> Record:
    """Attributes as a plain object, by name."""
    pairs = _list(holder, "attributes")
    return {str(p["key"]): _value(p.get("value")) for p in pairs if "key" in p}


def read(record: Record) -> Record | str:
    """The landing's fields of one span, taken out of it, and of `server`, the first server span of its trace, if there is one.

    The account is `user.id`, else `enduser.id`. The client's address and program are those of the server span: a
    client span's own `client.address` would be the gateway's. Content is there only where the instrumentation is told
    to record it on spans.
    """
    if not is_call(record):
        return OTHER_SPAN

    def attribute(cast: Any, *names: str) -> Any:
        return take(record, cast, *(f"attributes.{name}" for name in names))

    def of_client(*names: str) -> str | None:
        found = take(record, text, *(f"server.attributes.{name}" for name in names), *(f"attributes.{name}" for name in names))
        return found if found is None or isinstance(found, str) else None

    sent = chat.request(attribute(_structure, "gen_ai.input.messages"), attribute(_structure, "gen_ai.system_instructions"))
    output = attribute(_structure, "gen_ai.output.messages")
    answers = [m for m in output if isinstance(m, dict)] if isinstance(output, list) else []
    reasons = attribute(texts, "gen_ai.response.finish_reasons") or texts([m.get("finish_reason") or "" for m in answers])
    trace, span = take(record, text, "traceId"), take(record, text, "spanId")
    status = take(record, whole, "attributes.http.response.status_code", "server.attributes.http.response.status_code")
    return {
        "exchange_id": f"{trace}-{span}" if trace and span else None,
        "account_id": attribute(text, "user.id", "enduser.id")
        or take(record, text, "server.attributes.user.id", "server.attributes.enduser.id"),
        "requested_at": take(record, instant, "startTimeUnixNano"),
        "request_model": attribute(text, "gen_ai.request.model"),
        **sent,
        "operation_name": attribute(text, "gen_ai.operation.name"),
        "provider_name": attribute(text, "gen_ai.provider.name", "gen_ai.system"),
        "response_model": attribute(text, "gen_ai.response.model"),
        "conversation_id": attribute(text, "gen_ai.conversation.id", "session.id"),
        "response": "\n".join(filter(None, (chat.words(m.get("parts")) for m in answers))) or None,
        "request_temperature": attribute(number, "gen_ai.request.temperature"),
        "request_max_tokens": attribute(whole, "gen_ai.request.max_tokens"),
        "usage_input_tokens": attribute(whole, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        "usage_output_tokens": attribute(whole, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
        "usage_cache_read_tokens": attribute(whole, "gen_ai.usage.cache_read.input_tokens"),
        "usage_reasoning_tokens": attribute(whole, "gen_ai.usage.reasoning.output_tokens"),
        "request_stream": attribute(flag, "gen_ai.request.stream"),
        "tool_names": chat.names(attribute(_structure, "gen_ai.tool.definitions")),
        "tool_call_count": sum(chat.calls(m.get("parts")) for m in answers) if answers else None,
        "finish_reasons": reasons,
        "http_status": status,
        "client_ip": of_client("client.address"),
        "user_agent": of_client("user_agent.original"),
    }


def _structure(value: Any) -> Any:
    """A structure, also where it was recorded as JSON text for want of structured attributes."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _value(value: Any) -> Any:
    """An AnyValue as what it holds."""
    if not isinstance(value, dict):
        return None
    if isinstance(inner := value.get("arrayValue"), dict):
        return [_value(v) for v in _list(inner, "values")]
    if isinstance(inner := value.get("kvlistValue"), dict):
        return {str(p.get("key")): _value(p.get("value")) for p in _list(inner, "values")}
    if isinstance(raw := value.get("bytesValue"), str):
        try:
            return base64.b64decode(raw, validate=True).decode()
        except ValueError:
            return raw
    return next((cast(value[name]) for name, cast in _VALUES.items() if name in value), None)


def _list(holder: Any, name: str) -> list[Record]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []
