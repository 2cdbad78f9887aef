"""One message of a chat: whose it is, its text, the tools that it calls and the images that it brings.

Its content is a text, or a list of parts. Parts tell what they are by `type`, or by the name of their one field. Which
of these stands where is not asked: each is read wherever it stands. Sources: see `iolaus.adapters.chat`.
"""

from collections.abc import Iterator
from typing import Any

from iolaus.adapters.casts import structure

_RESULTS = frozenset(
    (
        "tool_result",
        "toolResult",
        "tool_call_response",
        "function_call_output",
        "functionResponse",
        "function_response",
        "tool_results",
    )
)
_IMAGES = frozenset(("image", "image_url", "input_image"))
_CALLS = frozenset(
    (
        "tool_use",
        "toolUse",
        "tool_call",
        "function_call",
        "functionCall",
        "server_tool_use",
        "server_tool_call",
        "custom_tool_call",
    )
)
_TEXTS = frozenset(
    ("text", "input_text", "output_text", "guardContent", "guard_content", "citationsContent", "refusal")
)
_FIELDS = (
    *_RESULTS,
    *_CALLS,
    "guardContent",
    "guard_content",
    "citationsContent",
    "image",
    "text",
)  # that a part without a type is known by
_ROLES = {
    "human": "user", "ai": "assistant", "model": "assistant", "bot": "assistant", "chatbot": "assistant",
    "aimessage": "assistant",
    "humanmessage": "user", "systemmessage": "system", "developer": "system", "function": "tool", "toolmessage": "tool",
    "aimessagechunk": "assistant",
}  # fmt: skip
SPEAKERS = frozenset(("user", "assistant", "system", "tool", *_ROLES))
_KNOWN = _RESULTS | _IMAGES | _CALLS | _TEXTS


def role_of(message: dict[str, Any]) -> str:
    """Whose a message is: user, assistant, system, tool or another role as it is written; empty if it does not say."""
    role = message.get("role")
    if role in ("user", "assistant"):
        return str(role)
    if not isinstance(role, str):
        kind = message.get("type")
        role = kind if isinstance(kind, str) and kind.lower() in SPEAKERS else ""
    lower = role.lower()
    return _ROLES.get(lower, lower)


def words(content: Any) -> str:
    """The text of a content, part after part."""
    if isinstance(content, str):
        return content
    return "\n".join(said for part in parts_of(content) if (said := _said(part)))


def calls(content: Any) -> int:
    """How many tools a content calls."""
    return 0 if isinstance(content, str) else sum(1 for part in parts_of(content) if _kind(part) in _CALLS)


def calls_of(message: dict[str, Any]) -> int:
    """How many tools a message calls, in its content or beside it."""
    beside = message.get("tool_calls") or message.get("toolCalls")
    return (len(beside) if isinstance(beside, list) else 0) + bool(message.get("function_call")) or calls(
        content_of(message)
    )


def content_of(message: dict[str, Any]) -> Any:
    """What a message says, under whichever name; parts that were written as JSON text are opened."""
    found = (
        message.get("content")
        or message.get("parts")
        or message.get("message")
        or message.get("text")
        or message.get("user")
        or ""
    )
    if found.__class__ is str and found[:2] == "[{":
        opened = structure(found)
        if isinstance(opened, list) and all(
            isinstance(one, dict) and isinstance(one.get("type"), str) and _kind(one) for one in opened
        ):
            return opened if not {_kind(one) for one in opened}.isdisjoint(_KNOWN) else found
    return found


def parts_of(content: Any, *, nested: bool = False) -> Iterator[dict[str, Any]]:
    """The parts of a content; nested: also those inside a tool's result, where its screenshots are."""
    if isinstance(content, str):
        yield {"type": "text", "text": content}
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str) and part is not content:
            yield {"type": "text", "text": part}
        elif isinstance(part, dict):
            yield part
            if nested and _kind(part) in _RESULTS:
                inner = part.get("toolResult", part)
                yield from parts_of(inner.get("content") if isinstance(inner, dict) else None)


def _kind(part: dict[str, Any]) -> str:
    """What a part is; where it has no type it is the name of its one field."""
    kind = part.get("type")
    if isinstance(kind, str) and kind.lower() not in SPEAKERS:
        return kind
    return next((k for k in _FIELDS if k in part), "")


def _said(part: dict[str, Any]) -> str | None:
    kind = _kind(part)
    if kind not in _TEXTS or part.get("thought") is True:
        return None
    said = part.get("text", part.get("content", part.get(kind)))
    if kind == "citationsContent" and isinstance(said, dict):
        return words(said.get("content"))
    while isinstance(said, dict):  # {"guardContent": {"text": {"text": …}}}, {"text": {"value": …}}
        said = said.get("text", said.get("value"))
    return said if isinstance(said, str) else None


def is_image(part: dict[str, Any]) -> bool:
    """Whether a part is an image, or a file that holds one."""
    if _kind(part) in _IMAGES or part.get("modality") == "image":
        return True
    blob = part.get("inlineData") or part.get("inline_data") or part.get("fileData") or part.get("file_data")
    return isinstance(blob, dict) and str(blob.get("mimeType") or blob.get("mime_type")).startswith("image/")


def is_of_a_person(content: Any) -> bool:
    """Whether a content is more than results of tools, which a program brings."""
    parts = list(parts_of(content))
    return not parts or any(_kind(part) not in _RESULTS for part in parts)
