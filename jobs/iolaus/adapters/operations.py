"""Which calls generate text: told by the name of the operation, else by the name of the model. One table for all formats.

Names are those of OpenTelemetry's conventions (`gen_ai.operation.name`), OpenInference's kinds of spans, LiteLLM's types of
calls (`CallTypes` of 1.110), Vercel's AI SDK, Langfuse's kinds of observations, Bedrock's and OpenAI's operations. A name that no
table has is told by its words, so that a new kind of embedding is none of text: see `says_other`.
"""

import re
from functools import lru_cache

NO_TEXT_MODEL = "a call of a model that generates no text"
TEXT = frozenset((
    "chat", "generate_content", "generate_content_stream", "text_completion", "completion", "responses", "responses_websocket",
    "anthropic_messages", "message", "messages", "generate", "generation", "llm", "llm_request", "chat_model", "converse",
    "converse_stream", "invoke_model", "pass_through_endpoint", "llm_passthrough_route", "allm_passthrough_route",
    "create_interaction", "mock_completion", "ai.generatetext.dogenerate", "ai.streamtext.dostream",
    "ai.generateobject.dogenerate", "ai.streamobject.dostream",
))  # fmt: skip
_OTHER = frozenset((
    "chain", "span", "event", "workflow", "task", "framework", "unknown", "handoff", "plan", "parser", "decorator", "query",
    "memory", "cache", "send_message", "add_message",
))  # fmt: skip
# Beginnings of words: an operation that has one of them generates no text, or is around the call that does.
_OTHER_WORDS = (
    "embed", "rerank", "retriev", "search", "vector", "image", "video", "audio", "speech", "tts", "transcri", "realtime", "moderat",
    "ocr", "file", "batch", "container", "tool", "mcp", "agent", "guardrail", "evaluat", "assistants", "thread", "run", "invocations",
    "fine", "training",
)  # fmt: skip
_OF_A_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NO_TEXT = re.compile(
    r"embed|rerank|moderation|whisper|transcribe|dall-?e|minilm|stable-diffusion|stability\.|titan-image|nova-(?:canvas|reel|sonic)"
    r"|gpt-image|(?<![a-z0-9])(?:bge|e5|gte|voyage|tts|sdxl|imagen|veo|sora)(?![a-z])",
    re.IGNORECASE,
)


@lru_cache(1024)
def says_text(name: str) -> bool | None:
    """Whether an operation generates text, told by its name; None if the name does not say.

    Functions that wait for their result are called by an `a` before the name (`acompletion`, `_aresponses`).
    """
    lower = name.lower()
    for plain in (lower, lower.lstrip("_").removeprefix("a")):
        if plain in TEXT:
            return True
        if plain in _OTHER:
            return False
    words = [word.lower() for word in _OF_A_WORD.findall(name)]
    if any(word.startswith(_OTHER_WORDS) for one in words for word in (one, one.removeprefix("a"))):
        return False
    return False if lower.startswith("ai.") else None  # the AI SDK's span around its own call


@lru_cache(4096)
def generates_text(model: str) -> bool:
    """Whether a model generates text, told by its name: models of embeddings, images, speech and the like do not."""
    return not _NO_TEXT.search(model)
