"""Answers that were streamed: their events, as a list or as the text of server-sent events, as one answer.

Sources: OpenAI, "Streaming" (https://platform.openai.com/docs/api-reference/chat-streaming and /responses-streaming);
Anthropic, "Streaming messages" (https://platform.claude.com/docs/en/build-with-claude/streaming); AWS, "ConverseStream"
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html) and the model families' pages
below https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html, of which Nova's events are those of
ConverseStream; Cohere, "Chat with streaming" (https://docs.cohere.com/reference/chat-stream); WHATWG, "Server-sent
events".
"""

import re
from typing import Any

from iolaus.adapters.casts import Record, structure
from iolaus.adapters.chat_message import calls, words

_SERVER_SENT = re.compile(r"^(?:event|data|id|:)[^\n]*\n", re.MULTILINE)
_PIECES = (
    "text",
    "outputText",
    "generation",
    "completion",
    "response",
    "generated_text",
)  # of events that have their piece at the top
_ENDS = ("stop_reason", "stopReason", "finish_reason", "finishReason", "completionReason", "done_reason")
_COUNTS = (
    "prompt_token_count",
    "generation_token_count",
    "inputTextTokenCount",
    "totalOutputTextTokenCount",
    "prompt_eval_count",
    "eval_count",
)


def events(body: Any) -> list[Record] | None:
    """The events of an answer that was streamed; None if it was not."""
    if isinstance(body, str) and _SERVER_SENT.match(body):
        body = [structure(line[5:].strip()) for line in body.splitlines() if line.startswith("data:")]
    return [event for one in body if isinstance(event := structure(one), dict)] if isinstance(body, list) else None


def assembled(found: list[Record]) -> Record:
    """The answer that the events of a stream amount to: text, tool calls, end reasons, counts."""
    whole = next(
        (e["response"] for e in reversed(found) if isinstance(e.get("response"), dict) and e["response"].get("output")),
        None,
    )
    if whole:  # the last event of Responses has all
        return dict(whole)
    pieces: list[str] = []
    called: list[Any] = []
    answer: Record = {}
    counted: Record = {}
    for event in found:
        for part in _parts(event):
            pieces += _text(part)
            called += _calls(part)
            ended = next((part[k] for k in _ENDS if isinstance(part.get(k), str)), None)
            answer |= {"stop_reason": ended} if ended else {}
            answer |= {k: part[k] for k in ("model", "modelVersion") if isinstance(part.get(k), str)}
            for name in ("usage", "usageMetadata"):
                if isinstance(part.get(name), dict):
                    counted |= {k: v for k, v in part[name].items() if v is not None}
            counted |= {k: part[k] for k in _COUNTS if part.get(k) is not None}
    content = [
        {"type": "text", "text": "".join(pieces)},
        *({"type": "tool_use"} for _ in dict.fromkeys(map(str, called))),
    ]
    return {**answer, "content": content, "usage": counted}


def _parts(event: Record) -> list[Record]:
    """An event and the objects in it that carry content: delta, message, block, choices, candidates and the like."""
    parts = [event]
    for name in (
        "delta",
        "message",
        "contentBlockDelta",
        "contentBlockStart",
        "messageStop",
        "metadata",
        "chunk",
        "token",
    ):
        if isinstance(inner := event.get(name), dict) and (
            name != "message" or "type" in event
        ):  # Ollama's is the event's own text
            parts.append(inner)
            if isinstance(deeper := inner.get("delta"), dict):
                parts.append(deeper)
    for name in ("choices", "candidates", "outputs"):
        for one in event[name] if isinstance(event.get(name), list) else ():
            if isinstance(one, dict):
                parts += [one, *(inner for k in ("delta", "content") if isinstance(inner := one.get(k), dict))]
    return parts


def _text(part: Record) -> list[str]:
    """The piece of text in a part of an event."""
    if part.get("type") in (
        "message_start",
        "message",
        "content_block_start",
        "response.output_text.done",
        "thinking_delta",
    ):
        return []
    if isinstance(delta := part.get("delta"), str) and part.get("type") == "response.output_text.delta":
        return [delta]
    if "token" in part:  # of text-generation-inference: its last event repeats the whole
        return []
    content = part.get("content")
    # Cohere's delta, Ollama
    if isinstance(inner := part.get("message"), dict) and part.get("type") is None and "content" in inner:
        content = inner["content"]
    said = words(content) if content else words(part["parts"]) if isinstance(part.get("parts"), list) else ""
    return [said] if said else [part[k] for k in _PIECES if isinstance(part.get(k), str)][:1]


def _calls(part: Record) -> list[Any]:
    """What tells apart the tools that a part of an event calls."""
    begun = part.get("content_block") or part.get("start")
    if part.get("type") == "response.output_item.done" and isinstance(item := part.get("item"), dict) and calls([item]):
        return [("item", item.get("call_id"), id(part))]
    if isinstance(begun, dict) and calls(begun):
        return [(part.get("index"), part.get("contentBlockIndex"), (begun.get("toolUse") or begun).get("id"), id(part))]
    if isinstance(several := part.get("tool_calls"), list):
        return [("call", c.get("index", c.get("id"))) for c in several if isinstance(c, dict)]
    content = part.get("parts")
    return [("part", id(part), n) for n in range(calls(content))] if isinstance(content, list) else []
