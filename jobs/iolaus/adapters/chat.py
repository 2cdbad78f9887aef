"""Messages of a chat, in the shapes that model APIs, frameworks and their logs use.

A message has a `role` and its text, as `content` (OpenAI, Anthropic, Bedrock Converse), `parts` (OpenTelemetry,
Gemini), `message` or `text` (Cohere): see `iolaus.adapters.chat_message`.

Sources: OpenAI, "Chat Completions" and "Responses" (https://platform.openai.com/docs/api-reference); Anthropic, "Create
a Message" (https://platform.claude.com/docs/en/api/messages); AWS, "Using the Converse API"
(https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html) and
"GuardrailConverseContentBlock"
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailConverseContentBlock.html); Google,
"Content" (https://ai.google.dev/api/caching#Content); Cohere, "Chat" (https://docs.cohere.com/v1/reference/chat);
OpenTelemetry, the JSON schemas of input and output messages
(https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/); LangChain, "Messages"
(https://docs.langchain.com/oss/python/langchain/messages).
"""

import json
import re
from typing import Any

from iolaus.adapters.casts import structure
from iolaus.adapters.chat_message import (
    SPEAKERS,
    calls_of,
    content_of,
    is_image,
    is_of_a_person,
    parts_of,
    role_of,
    words,
)
from iolaus.schemas.landing import SAYS_LITTLE

_ENVELOPES = (
    "messages", "contents", "input", "prompt", "inputs", "instances", "items", "kwargs", "args", "query", "question",
    "request", "body",
)  # fmt: skip
_CUT = re.compile(r"\s*[\[{]\s*[\[{]?\s*\"(?:role|content|contents|parts|messages|type|input|model)\"\s*:")
_DEEP = 5  # levels of objects within one another


def request(messages: Any, system: Any = None) -> dict[str, Any]:
    """The landing's fields of a request's messages.

    Prompt, prior_prompt, system_instructions, prior_response, request_prefill, turn_index, image_count.

    The prompt is the text of the newest message of a person: a message that only brings a tool's result is the
    program's. A turn is what a person said between two answers, in one message or several. What a client sends as
    history it may have made up: `turn_index` and `prior_response`, the newest answer that it quotes, are its word. A
    request whose last message is the assistant's begins the answer: that is no answer it quotes. A prompt that says
    little ("Yes, go on.") comes with the longest message of the user before it, `prior_prompt`. Images are those of the
    whole request.
    """
    found = listed(messages)
    instructions = [words(part) for part in _instructions(system)] if system else []
    prompt, turns, answered, images, answers = None, 0, True, 0, [""]
    last, longest = "", ""
    for message in found:
        role, content = message.get("role"), message.get("content")
        if role != "user" or content.__class__ is not str or content[:2] == "[{":
            role, content = role_of(message), content_of(message)
        plain = isinstance(content, str)
        images += (
            len(message.get("images") or ())
            if plain
            else sum(1 for part in parts_of(content, nested=True) if is_image(part))
        )
        if role == "system":
            instructions.append(words(content))
            continue
        last = role
        if role == "user" and (plain or is_of_a_person(content)):
            if prompt and len(prompt) >= len(longest):
                longest = prompt
            prompt = words(content)
            turns += answered
            answered = False
        elif role == "assistant":
            answered = True
            answers.append(words(content))
    fields: dict[str, Any] = {"image_count": images} if found else {}
    prefill = last == "assistant" and not calls_of(found[-1])
    if prompt is not None:
        fields |= {"prompt": prompt, "turn_index": turns - 1, "request_prefill": prefill}
        if len(prompt) < SAYS_LITTLE <= len(longest):
            fields["prior_prompt"] = longest
    if len(answers) > 1 and (
        prior := next((said for said in reversed(answers[:-1] if prefill else answers) if said), None)
    ):
        fields["prior_response"] = prior
    if instructions and (said := "\n".join(filter(None, instructions))):
        fields["system_instructions"] = said
    return fields


def listed(value: Any, depth: int = 0) -> list[dict[str, Any]]:
    """The messages that a value holds, in order, however they are wrapped: none of JSON text that was cut.

    Plain text, and each text of a list, is a message of the user. A list in a list, and a body or the arguments of a
    call around the messages, are opened.
    """
    if isinstance(value, list) and all(one.__class__ is dict and "role" in one for one in value):
        return value  # as nearly all are
    if depth > _DEEP or not value:
        return []
    if isinstance(value, str):
        return _of_text(value, depth)
    if isinstance(value, list):
        return [message for one in value for message in listed(one, depth + 1)]
    return _opened(value, depth) if isinstance(value, dict) else []


def _of_text(value: str, depth: int) -> list[dict[str, Any]]:
    """The messages of JSON text; other text is one message of the user, unless it is JSON that was cut."""
    found = structure(value)
    if not isinstance(found, str) and (opened := listed(found, depth + 1)) and all(role_of(m) for m in opened):
        return opened
    return [] if is_cut(value) else [{"role": "user", "content": value}]


def is_cut(text: str) -> bool:
    """Whether a text is JSON of messages that breaks off, as where an attribute's length is limited."""
    return bool(_CUT.match(text)) and isinstance(structure(text), str)


def breaks_off(text: str) -> bool:
    """Whether a text is JSON that ends before its time, whatever it holds. JSON with words behind it does not."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        _DECODER.raw_decode(text.lstrip())
    except json.JSONDecodeError as error:
        return error.msg.startswith("Unterminated") or error.pos >= len(error.doc.rstrip()) > 1
    except RecursionError:
        return False
    return False


_DECODER = json.JSONDecoder()


def _opened(value: dict[str, Any], depth: int) -> list[dict[str, Any]]:
    inner = value.get("kwargs") if value.get("lc") or "id" in value else value.get("data")
    if isinstance(inner, dict) and ("content" in inner or "messages" in inner):  # LangChain's serialised messages
        return listed(
            {**inner, "type": inner.get("type") or value.get("type") or (value.get("id") or [""])[-1]}, depth + 1
        )
    if isinstance(value.get("message"), dict):
        return listed(value["message"], depth + 1)
    if "role" in value or str(value.get("type")).lower() in SPEAKERS:
        return [value]
    if isinstance(value.get("user"), str):  # a prompt of a completion, as OpenLLMetry numbers it
        return [{"role": "user", "content": value["user"]}]
    for name in _ENVELOPES:
        if value.get(name) and (found := listed(value[name], depth + 1)):
            system = value.get("system") or value.get("instructions") or value.get("systemInstruction")
            return [{"role": "system", "content": system}, *found] if system else found
    # Content without a role: the first message of Gemini may do without, and a prompt of a completion has none.
    return (
        [{**value, "role": "user"}]
        if "parts" in value or isinstance(value.get("content", value.get("text")), str | list)
        else []
    )


def answers(messages: Any) -> tuple[str, int, list[str]]:
    """Text, tool calls and end reasons of the messages of an answer, however they are wrapped.

    Plain text is one message.
    """
    found = [{"role": "assistant", "content": messages}] if isinstance(structure(messages), str) else listed(messages)
    if isinstance(messages, str) and is_cut(messages):
        found = []
    reasons = [
        r
        for m in found
        if isinstance(r := m.get("finish_reason") or m.get("finishReason") or m.get("stop_reason"), str)
    ]
    return "\n".join(filter(None, (words(content_of(m)) for m in found))), sum(map(calls_of, found)), reasons


def names(tools: Any) -> list[str] | None:
    """Names of the tools offered, in order: functions by their name, tools of the provider's own by their type."""
    found = []
    for tool in tools if isinstance(tools, list) else []:
        tool = structure(tool)  # noqa: PLW2901 - each may be text
        if isinstance(tool, str):
            found += [tool]
        elif isinstance(tool, dict) and isinstance(
            several := tool.get("functionDeclarations", tool.get("function_declarations")), list
        ):
            found += names(several) or []
        elif isinstance(tool, dict):
            inner = next(
                (tool[k] for k in ("function", "toolSpec", "systemTool") if isinstance(tool.get(k), dict)), tool
            )
            name = inner.get("name") or tool.get("type")
            found += [name] if isinstance(name, str) and name else []
    return found or None


def _instructions(system: Any) -> list[Any]:
    system = structure(system)
    if isinstance(system, list) and any(isinstance(one, dict) and "role" in one for one in system):
        return [content_of(m) for m in listed(system)]
    return (
        [system.get("parts") or system.get("content") or system]
        if isinstance(system, dict)
        else [system]
        if system
        else []
    )
