"""Which calls generate text: decided by the operation's name, else by the model's. One table serves all formats.

Names are those of OpenTelemetry's conventions (`gen_ai.operation.name`), OpenInference's kinds of spans, LiteLLM's
types of calls (`CallTypes` of 1.110), Vercel's AI SDK, Langfuse's kinds of observations, Bedrock's and OpenAI's
operations. A name in no table is decided by its words, so that a new kind of embedding is not taken for text.
"""

import re
from functools import lru_cache

NO_TEXT_MODEL = "a call of a model that generates no text"
TEXT = frozenset((
    "chat", "generate_content", "generate_content_stream", "text_completion", "completion", "responses",
    "responses_websocket", "anthropic_messages", "message", "messages", "generate", "generation", "llm",
    "llm_request", "chat_model", "converse", "converse_stream", "invoke_model", "pass_through_endpoint",
    "llm_passthrough_route", "allm_passthrough_route", "create_interaction", "mock_completion",
    "ai.generatetext.dogenerate", "ai.streamtext.dostream", "ai.generateobject.dogenerate",
    "ai.streamobject.dostream",
))  # fmt: skip
_OTHER = frozenset((
    "chain", "span", "event", "workflow", "task", "framework", "unknown", "handoff", "plan", "parser", "decorator",
    "query", "memory", "cache", "send_message", "add_message",
))  # fmt: skip
# Beginnings of words. An operation that has one of the first generates no text; of the second neither, unless it
# has one of the third.
_NEVER = (
    "embed", "rerank", "retriev", "vector", "image", "video", "speech", "tts", "transcri", "realtime", "moderat",
    "ocr", "guardrail", "evaluat", "mcp",
)  # fmt: skip
_AROUND = ("search", "audio", "file", "batch", "container", "tool", "agent", "assistants", "thread", "fine", "training")
_SAYS = ("chat", "complet", "messag", "respon", "convers", "generat", "llm", "answer", "ask")
_OF_A_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NO_TEXT = re.compile(
    r"embed(?:d?ing)?s?(?![a-z])"
    r"|rerank|moderation|whisper|transcribe|dall-?e|minilm|stable-diffusion|stability\.|titan-image|nova-(?:canvas|reel|sonic)"
    r"|gpt-image|(?<![a-z0-9])(?:bge|e5|gte|voyage|tts|sdxl|imagen|veo|sora)(?![a-z])",
    re.IGNORECASE,
)


@lru_cache(1024)
def says_text(name: str) -> bool | None:
    """Whether an operation generates text, by its name; None if the name does not say.

    An `a` before the name marks an asynchronous call (`acompletion`, `_aresponses`).
    """
    lower = name.lower()
    for plain in (lower, lower.lstrip("_").removeprefix("a")):
        if plain in TEXT:
            return True
        if plain in _OTHER:
            return False
    words = [word for one in _OF_A_WORD.findall(name) for word in (one.lower(), one.lower().removeprefix("a"))]
    if any(word.startswith(_NEVER) for word in words):
        return False
    if any(word.startswith(_AROUND) for word in words) and not any(word.startswith(_SAYS) for word in words):
        return False
    return False if lower.startswith("ai.") else None  # the AI SDK's span around its own call


@lru_cache(4096)
def speaks_of_others(name: str) -> bool:
    """Whether the name of a span, which may be any, has a word of what never generates text."""
    return any(word.lower().startswith(_NEVER) for word in _OF_A_WORD.findall(name))


@lru_cache(4096)
def generates_text(model: str) -> bool:
    """Whether a model generates text, by its name. Models of embeddings, images, speech and the like do not."""
    return not _NO_TEXT.search(model)
