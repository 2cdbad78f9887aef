"""What a model call in telemetry asked and answered: of its attributes, its events, or log events of its span.

Whichever the instrumentation writes is read. The names are those of `iolaus.adapters.attributes`; sources: see
`iolaus.adapters.otlp`.
"""

import re
from typing import Any

from iolaus.adapters import attributes as names
from iolaus.adapters import bodies, chat
from iolaus.adapters.casts import Cast, Record, record_of, structure, text, texts
from iolaus.adapters.fields import find, take
from iolaus.adapters.telemetry import indexed

DETAILS = "gen_ai.client.inference.operation.details"
_MESSAGE = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
_PROMPTS, _ANSWERS = (
    ("gen_ai.content.prompt", "gen_ai.prompt"),
    ("gen_ai.choice", "gen_ai.content.completion", "gen_ai.completion"),
)
_CONTENT = (*names.INPUT, *names.OUTPUT)
_SPOKEN = re.compile(r"^(system|developer|user|assistant|tool|human|ai): ?", re.MULTILINE)


def is_content(event: Record) -> bool:
    """Whether a log record is an event of a model call: its messages, its answer, or its details."""
    name = event.get("name")
    return isinstance(name, str) and (name in (DETAILS, *_PROMPTS, *_ANSWERS) or bool(_MESSAGE.fullmatch(name)))


def has_content(span: Record) -> bool:
    """Whether a span has events of a model call."""
    return any(is_content(event) for event in span.get("events") or () if isinstance(event, dict))


def attribute(record: Record, cast: Cast, *several: str) -> Any:
    """The first of several attributes whose value can be cast, taken out of the record; None if there is none."""
    held = record["attributes"]
    for name in several:
        if name in held and (value := cast(held[name])) is not None:
            del held[name]
            return value
    return take(record, cast, *(f"attributes.{name}" for name in several))


def content_fields(record: Record, held: Record, events: list[Record]) -> tuple[Record, Record, str | None]:
    """The fields of what was asked and answered, and the name of the attribute or event that held what was asked."""
    system = next((found for name in names.SYSTEM if (found := attribute(record, structure, name)) is not None), None)
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
