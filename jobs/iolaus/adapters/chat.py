"""Messages of a chat, in the shapes that model APIs and their logs use.

A message has a `role` and its `content` (OpenAI, Anthropic, Bedrock Converse) or `parts` (OpenTelemetry): text, or
a list of parts. Parts tell what they are by `type`, or in Converse by the name of their one field.

Sources: OpenAI, "Chat Completions" and "Responses" (https://platform.openai.com/docs/api-reference); Anthropic,
"Create a Message" (https://platform.claude.com/docs/en/api/messages); AWS, "Using the Converse API"
(https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html); OpenTelemetry, the JSON
schemas of input and output messages (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/).
"""

from collections.abc import Iterator
from typing import Any

_RESULTS = ("tool_result", "toolResult", "tool_call_response", "function_call_output")
_IMAGES = ("image", "image_url", "input_image")
_CALLS = ("tool_use", "toolUse", "tool_call", "function_call", "server_tool_use", "server_tool_call")
_INSTRUCTIONS = ("system", "developer")


def request(messages: Any, system: Any = None) -> dict[str, Any]:
    """The landing's fields of a request's messages: prompt, system_instructions, turn_index and image_count.

    The prompt is the text of the newest message of a person: a message that only brings a tool's result is the
    program's. A turn is what a person said between two answers, in one message or several. What a client sends as
    history it may have made up: `turn_index` is its word. Images are those of the whole request.
    """
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    found = [m for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []
    instructions = [words(system)] if system else []
    prompt, turns, answered, images = None, 0, True, 0
    for message in found:
        role, content = message.get("role"), _content(message)
        images += sum(1 for part in _parts(content, nested=True) if _is_image(part))
        if role in _INSTRUCTIONS:
            instructions.append(words(content))
        elif role == "user" and _of_a_person(content):
            prompt = words(content)
            turns += answered
            answered = False
        elif role in ("assistant", "model"):
            answered = True
    fields: dict[str, Any] = {"image_count": images} if found else {}
    if prompt is not None:
        fields |= {"prompt": prompt, "turn_index": turns - 1}
    if said := "\n".join(filter(None, instructions)):
        fields["system_instructions"] = said
    return fields


def words(content: Any) -> str:
    """The text of a content, part after part."""
    return "\n".join(said for part in _parts(content) if (said := _said(part)))


def calls(content: Any) -> int:
    """How many tools a content calls."""
    return sum(1 for part in _parts(content) if _kind(part) in _CALLS)


def names(tools: Any) -> list[str] | None:
    """Names of the tools offered, in order: functions by their name, tools of the provider's own by their type."""
    found = []
    for tool in tools if isinstance(tools, list) else []:
        if isinstance(tool, dict):
            inner = next((tool[k] for k in ("function", "toolSpec", "systemTool") if isinstance(tool.get(k), dict)), tool)
            name = inner.get("name") or tool.get("type")
            found += [name] if isinstance(name, str) and name else []
    return found or None


def _content(message: dict[str, Any]) -> Any:
    return message["parts"] if "parts" in message else message.get("content")


def _parts(content: Any, *, nested: bool = False) -> Iterator[dict[str, Any]]:
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
                yield from _parts(inner.get("content") if isinstance(inner, dict) else None)


def _kind(part: dict[str, Any]) -> str:
    """What a part is; in Converse it is the name of its one field."""
    kind = part.get("type")
    if isinstance(kind, str):
        return kind
    return next((k for k in (*_RESULTS, *_CALLS, "image", "text") if k in part), "")


def _said(part: dict[str, Any]) -> str | None:
    if _kind(part) not in ("text", "input_text", "output_text"):
        return None
    said = part.get("text", part.get("content"))
    return said if isinstance(said, str) else None


def _is_image(part: dict[str, Any]) -> bool:
    return _kind(part) in _IMAGES or part.get("modality") == "image"


def _of_a_person(content: Any) -> bool:
    parts = list(_parts(content))
    return not parts or any(_kind(part) not in _RESULTS for part in parts)
