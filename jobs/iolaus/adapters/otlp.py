"""Telemetry of model calls, as OTLP JSON: one export request a line, as the collector's file exporter writes it.

Content is read from the span's attributes, from its events and from log events of its trace and span: whichever the
instrumentation writes. The names are those of `iolaus.adapters.attributes`. Sources: "Semantic conventions for
generative client AI spans" and "… events" (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ and
/gen-ai-events/), of version 1.36 too, whose message events most instrumentations still write
(https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai/gen-ai-events.md).
"""

import re
from typing import Any

from iolaus.adapters import attributes as names
from iolaus.adapters import bodies, chat
from iolaus.adapters.casts import Cast, Record, header_digest, instant, owner, record_of, structure, text, texts
from iolaus.adapters.fields import find, take
from iolaus.adapters.operations import generates_text, says_text, speaks_of_others
from iolaus.adapters.statuses import status
from iolaus.adapters.telemetry import indexed

OTHER_SPAN = "telemetry that is no model call"
INNER_CALL = "a call within another: one attempt of it, or the same call seen from below"
DETAILS = "gen_ai.client.inference.operation.details"
_SERVER = ("SPAN_KIND_SERVER", 2)
_MESSAGE = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
_PROMPTS, _ANSWERS = (
    ("gen_ai.content.prompt", "gen_ai.prompt"),
    ("gen_ai.choice", "gen_ai.content.completion", "gen_ai.completion"),
)
_CONTENT = (*names.INPUT, *names.OUTPUT)
_SPOKEN = re.compile(r"^(system|developer|user|assistant|tool|human|ai): ?", re.MULTILINE)


def is_server(span: Record) -> bool:
    """Whether a span is a server's handling of a request: what the gateway knows of its client."""
    return span.get("kind") in _SERVER and not is_call(span)


def is_content(event: Record) -> bool:
    """Whether a log record is an event of a model call: its messages, its answer, or its details."""
    name = event.get("name")
    return isinstance(name, str) and (name in (DETAILS, *_PROMPTS, *_ANSWERS) or bool(_MESSAGE.fullmatch(name)))


def has_content(span: Record) -> bool:
    """Whether a span has events of a model call."""
    return any(is_content(event) for event in span.get("events") or () if isinstance(event, dict))


def is_call(span: Record) -> bool:
    """Whether a span, or an event with a whole call, is a call of a model that generates text.

    A known operation name decides. Without one, it is a call if it names a model that does not make embeddings.
    """
    held = span.get("attributes") or {}
    known = [
        says
        for key in names.OPERATION
        if isinstance(name := held.get(key), str) and (says := says_text(name.strip('"'))) is not None
    ]
    if known:
        return known[0]
    model = next((m for key in names.FIELDS["request_model"][1] if isinstance(m := held.get(key), str)), "")
    return bool(model) and generates_text(model) and not speaks_of_others(str(span.get("name")))


def read(record: Record) -> Record | str:
    """The landing's fields of one span, of its `events`, and of `server`, the first server span of its trace.

    The account is who the table's names say, in their order: of the span, of the server's, of the resource. The
    client's address and program are those of the server span: a client span's own `client.address` would be the
    gateway's.
    """
    if record.pop("within", False):
        return INNER_CALL
    events = [event for event in record.get("events") or () if isinstance(event, dict)]
    held = record.setdefault("attributes", {})
    for name in names.OPENED:
        if name in held:
            held[name] = structure(held[name])
    events += _told(held)
    for event in events:
        if event.get("name") == DETAILS:
            record["attributes"] = held = (event.pop("attributes", None) or {}) | held
    if not (is_call(record) or any(is_content(e) and e.get("name") != DETAILS for e in events)):
        return OTHER_SPAN
    known = {
        field: value
        for field, (cast, several) in names.FIELDS.items()
        if field not in ("client_session_id", "api_key_id")
        and (value := _attribute(record, cast, *several)) is not None
    }
    client = (
        _attribute(record, text, "client_session_id")
        or text(find(held, "session.id"))
        or text(find(held, "gen_ai.user"))
    )
    account, taken_from = _account(record)
    key = text(find(held, "metadata.user_api_key_hash"))
    sent, answer, content_from = _content(record, held, events)
    parameters = bodies.parameters(
        next((found for name in names.PARAMETERS if (found := record_of(held.pop(name, None)))), {})
    )
    if (effort := _attribute(record, text, *names.EFFORT)) is not None:
        known["request_thinking"] = effort not in ("none", "minimal")
    if sent or answer:  # what is read is not kept a second time
        record["events"] = [event for event in events if not is_content(event)]
        record.pop("body", None)
    trace, span = take(record, text, "traceId"), take(record, text, "spanId")
    server = record.get("server")
    headers = {**(server.get("attributes") or {} if isinstance(server, dict) else {}), **held}
    return {
        **{name: value for name, value in parameters.items() if value is not None},
        **{name: value for name, value in sent.items() if value is not None},
        **{name: value for name, value in answer.items() if value is not None},
        **known,
        "exchange_id": f"{trace}-{span}" if trace and span else None,
        "account_id": account,
        "account_from": taken_from,
        "content_from": content_from,
        "requested_at": take(record, instant, "startTimeUnixNano", "timeUnixNano", "observedTimeUnixNano"),
        "request_model": known.get("request_model") or sent.get("request_model") or known.get("response_model"),
        "operation_name": _attribute(record, text, *names.OPERATION),
        "api_key_id": key,
        "client_session_id": client or parameters.get("client_session_id") or sent.get("client_session_id"),
        "http_status": _status(record),
        "client_ip": _of_client(record, *names.ADDRESS),
        "user_agent": _of_client(record, *names.AGENT),
        "header_digest": header_digest(dict.fromkeys(sorted(n for n in headers if n.startswith(names.HEADER)))),
    }


def _told(held: Record) -> list[Record]:
    """The events that an attribute holds, taken out of it."""
    for name in names.EVENTS:
        found = structure(held.get(name))
        if isinstance(found, list) and found and all(isinstance(one, dict) and "event.name" in one for one in found):
            del held[name]
            return [{"name": one.pop("event.name"), "body": one} for one in found]
    return []


def _attribute(record: Record, cast: Cast, *several: str) -> Any:
    held = record["attributes"]
    for name in several:
        if name in held and (value := cast(held[name])) is not None:
            del held[name]
            return value
    return take(record, cast, *(f"attributes.{name}" for name in several))


def _account(record: Record) -> tuple[str | None, str | None]:
    """Who the account is, and the attribute that says so."""
    for holder in ("attributes", "server.attributes", "resource"):
        for name in names.ACCOUNT:
            if found := take(record, owner, f"{holder}.{name}"):
                return found, name if holder == "attributes" else f"{holder}.{name}"
    return None, None


def _of_client(record: Record, *several: str) -> str | None:
    """A text of the server span, else of the span itself; of a list its last."""
    for holder in ("server.attributes", "attributes"):
        for name in several:
            if found := take(record, texts, f"{holder}.{name}"):
                return ", ".join(found)
    return None


def _status(record: Record) -> int | None:
    said = [find(record, f"{holder}.{name}") for holder in ("attributes", "server.attributes") for name in names.STATUS]
    return status(*said, find(record, "status.message"))


def _content(record: Record, held: Record, events: list[Record]) -> tuple[Record, Record, str | None]:
    """The fields of what was asked and answered, and the name of the attribute or event that held what was asked."""
    system = next((found for name in names.SYSTEM if (found := _attribute(record, structure, name)) is not None), None)
    sent, content_from = _asked(held, system)
    answer = _answered(held)
    tools = next((found for name in names.TOOLS if (found := chat.names(_held(held, name)[0]))), None)
    asked = [message for event in events if (message := _message(event))]
    if not content_from and (asked or system):
        sent |= chat.request(asked, system)
        content_from = next((f"event {e['name']}" for e in events if _message(e)), None)
    if not answer:
        choices = [chat.answers(_body(e)) for e in events if e.get("name") in _ANSWERS]
        if choices:
            answer = _fields(choices)
            reasons = [
                r for e in events if e.get("name") == "gen_ai.choice" and (r := text(find(_body(e), "finish_reason")))
            ]
            answer["finish_reasons"] = reasons or answer["finish_reasons"]
    if isinstance(called := structure(held.get(names.TOOL_CALLS[0])), list):
        answer["tool_call_count"] = len(called)
    return {**sent, **({"tool_names": tools} if tools else {})}, answer, content_from


def _held(held: Record, name: str) -> tuple[Any, Record]:
    """What a name holds, and what it is taken out of: nothing is taken out that is not understood."""
    if not name.endswith(".*"):
        found = structure(held.get(name))
        if isinstance(found, str) and found[:1] == found[-1:] == '"':  # JSON of a text, which may be JSON again
            found = structure(next(iter(texts(f"[{found}]") or ()), found))
        return _undotted(found), dict(held)
    rest = dict(held)
    found = indexed(rest, name[:-2])
    schemas = (record_of(one.get("json_schema")) if isinstance(one, dict) else {} for one in found)  # of tools
    return [schema or one for one, schema in zip(found, schemas, strict=True)] or None, rest


def _undotted(found: Any) -> Any:
    """Messages under plain field names instead of `message.role` and the like, as OpenInference first has them."""
    if not isinstance(found, list):
        return found
    return [{k.removeprefix("message."): v for k, v in one.items()} if isinstance(one, dict) else one for one in found]


def _asked(held: Record, system: Any) -> tuple[Record, str | None]:
    for name in names.INPUT:
        found, rest = _held(held, name)
        if found is None or (isinstance(found, str) and chat.breaks_off(found)):
            continue
        whole = bodies.is_request(found)
        sent = bodies.request(dict(found)) if whole else chat.request(chat.listed(_spoken(found)), system)
        if "prompt" in sent or "image_count" in sent:
            held.clear()
            held.update({k: v for k, v in rest.items() if k != name})
            return sent, name
    return (chat.request(None, system) if system else {}), None


def _answered(held: Record) -> Record:
    for name in names.OUTPUT:
        found, rest = _held(held, name)
        if found is None or (isinstance(found, str) and chat.breaks_off(found)):
            continue
        whole = isinstance(found, dict) and not found.keys().isdisjoint(("choices", "candidates", "output", "content"))
        answer = bodies.answer(dict(found)) if whole else _fields([chat.answers(found)])
        if answer.get("response") or answer.get("tool_call_count"):
            held.clear()
            held.update({k: v for k, v in rest.items() if k != name})
            return answer
    return {}


def _fields(found: list[tuple[str, int, list[str]]]) -> Record:
    said = "\n".join(filter(None, (text_ for text_, _, _ in found)))
    reasons = [reason for _, _, several in found for reason in several]
    return {"response": said or None, "tool_call_count": sum(n for _, n, _ in found), "finish_reasons": reasons or None}


def _spoken(said: Any) -> Any:
    """Messages of a text in which each begins with its role, as OpenLIT writes them; else what it is."""
    if not isinstance(said, str) or not _SPOKEN.match(said):
        return said
    _, *pieces = _SPOKEN.split(said)
    return [
        {"role": role, "content": words.rstrip("\n")} for role, words in zip(pieces[::2], pieces[1::2], strict=True)
    ]


def _message(event: Record) -> Any:
    """What an event of a message, or of prompts, says; None for any other."""
    name = str(event.get("name"))
    if named := _MESSAGE.fullmatch(name):
        body = _body(event)
        return {"role": named[1], **body} if isinstance(body, dict) else {"role": named[1], "content": body}
    if name in _PROMPTS:
        body = _body(event)
        return (
            {"role": "user", "content": body}
            if isinstance(body, str) and not _SPOKEN.match(body)
            else chat.listed(_spoken(body))
        )
    return None


def _body(event: Record) -> Any:
    """What an event holds: its body, or one of the attributes that instrumentations use in its place."""
    held = event.get("attributes") or {}
    body = event.get("body")
    for name in ("gen_ai.event.content", "gen_ai.prompt", "gen_ai.completion", "content", "body"):
        if body is None and name in held:
            body = held[name]
    found = structure(body)
    return (
        found
        if found is not None
        else {k: v for k, v in held.items() if k in ("role", "content", "tool_calls", "message")}
    )
