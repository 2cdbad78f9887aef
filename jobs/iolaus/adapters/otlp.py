"""Telemetry of model calls, as OTLP JSON: one export request a line, as the collector's file exporter writes it.

Content is read from the span's attributes, from its events and from log events of its trace and span: whichever the
instrumentation writes. The names are those of `iolaus.adapters.attributes`. Sources: "Semantic conventions for
generative client AI spans" and "… events" (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ and
/gen-ai-events/), of version 1.36 too, whose message events most instrumentations still write
(https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai/gen-ai-events.md).
"""

from iolaus.adapters import attributes as names
from iolaus.adapters import bodies
from iolaus.adapters.casts import Record, header_digest, instant, owner, record_of, structure, text, texts
from iolaus.adapters.fields import find, take
from iolaus.adapters.operations import generates_text, says_text, speaks_of_others
from iolaus.adapters.otlp_content import DETAILS, attribute, content_fields, is_content
from iolaus.adapters.statuses import status

OTHER_SPAN = "telemetry that is no model call"
INNER_CALL = "a call within another: one attempt of it, or the same call seen from below"
_SERVER = ("SPAN_KIND_SERVER", 2)


def is_server(span: Record) -> bool:
    """Whether a span is a server's handling of a request: what the gateway knows of its client."""
    return span.get("kind") in _SERVER and not is_call(span)


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
        if field not in ("client_session_id", "api_key_id") and (value := attribute(record, cast, *several)) is not None
    }
    client = (
        attribute(record, text, "client_session_id")
        or text(find(held, "session.id"))
        or text(find(held, "gen_ai.user"))
    )
    account, taken_from = _account(record)
    key = text(find(held, "metadata.user_api_key_hash"))
    sent, answer, content_from = content_fields(record, held, events)
    parameters = bodies.parameters(
        next((found for name in names.PARAMETERS if (found := record_of(held.pop(name, None)))), {})
    )
    if (effort := attribute(record, text, *names.EFFORT)) is not None:
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
        "operation_name": attribute(record, text, *names.OPERATION),
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
