"""Bodies of requests and answers of model APIs, by the fields that they have: one reading serves every log that holds them.

Chat Completions, Completions and Responses (OpenAI), Messages (Anthropic), Converse and InvokeModel (Bedrock).
Sources: see `iolaus.adapters.chat`; inference parameters of InvokeModel:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html.
"""

from typing import Any

from iolaus.adapters import chat
from iolaus.adapters.fields import Record, anything, find, flag, number, take, text, whole

_TEMPERATURE = ("temperature", "inferenceConfig.temperature", "textGenerationConfig.temperature")
_MOST_TOKENS = (
    "max_completion_tokens",
    "max_tokens",
    "max_output_tokens",
    "inferenceConfig.maxTokens",
    "textGenerationConfig.maxTokenCount",
    "max_tokens_to_sample",
    "max_gen_len",
)
_THINKING = ("thinking.type", "additionalModelRequestFields.thinking.type", "additionalModelRequestFields.reasoning_config.type")
_EFFORT = ("reasoning_effort", "reasoning.effort", "output_config.effort")


def parameters(body: Record) -> Record:
    """The landing's fields of a request's parameters, taken out of its body: sampling, limits, stream, tools, thinking."""
    tools = [name for path in ("tools", "toolConfig.tools", "functions") for name in take(body, chat.names, path) or ()]
    return {
        "request_temperature": take(body, number, *_TEMPERATURE),
        "request_max_tokens": take(body, whole, *_MOST_TOKENS),
        "request_stream": take(body, flag, "stream"),
        "request_thinking": _thinking(body),
        "tool_names": tools or None,
    }


def request(body: Record) -> Record:
    """The landing's fields of a request's body, taken out of it."""
    messages = take(body, anything, "messages", "input", "prompt", "inputText")
    system = take(body, anything, "system", "instructions")
    return {"request_model": take(body, text, "model"), **parameters(body), **chat.request(messages, system)}


def answer(body: Any) -> Record:
    """The landing's fields of an answer's body, taken out of it; of one that was streamed, of its list of events."""
    if isinstance(body, list):
        body = _assembled([event for event in body if isinstance(event, dict)])
    if not isinstance(body, dict):
        return {}
    said, called, reasons = _said(body)
    return {
        "response_model": take(body, text, "model"),
        "response": said or None,
        "tool_call_count": called,
        "finish_reasons": reasons or None,
        **usage(body),
    }


def usage(body: Record) -> Record:
    """The landing's token counts, taken out of the object `usage` of an answer.

    `usage_input_tokens` counts all input, as OpenTelemetry and OpenAI do: Anthropic and Bedrock report what a cache
    gave, and what was written to it, beside the rest, so these are added.
    """
    every = take(body, whole, "usage.prompt_tokens", "prompt_token_count")
    fresh = take(body, whole, "usage.input_tokens", "usage.inputTokens")
    read = take(body, whole, "usage.cache_read_input_tokens", "usage.cacheReadInputTokens")
    written = whole(find(body, "usage.cache_creation_input_tokens") or find(body, "usage.cacheWriteInputTokens"))
    detailed = take(body, whole, "usage.prompt_tokens_details.cached_tokens", "usage.input_tokens_details.cached_tokens")
    hidden = ("usage.completion_tokens_details.reasoning_tokens", "usage.output_tokens_details.reasoning_tokens")
    made = ("usage.completion_tokens", "usage.output_tokens", "usage.outputTokens", "generation_token_count")
    return {
        "usage_input_tokens": every if fresh is None else fresh + (read or 0) + (written or 0),
        "usage_output_tokens": take(body, whole, *made),
        "usage_cache_read_tokens": detailed if read is None else read,
        "usage_reasoning_tokens": take(body, whole, *hidden),
    }


def _thinking(body: Record) -> bool | None:
    """Whether extended reasoning was asked for; None if the request does not speak of it."""
    kind = take(body, text, *_THINKING)
    if kind is not None:
        return str(kind) != "disabled"
    effort = take(body, text, *_EFFORT)
    return None if effort is None else str(effort) not in ("none", "minimal")


def _said(body: Record) -> tuple[str, int | None, list[str]]:
    """Text, tool calls and reasons of the end, of whichever shape the answer has."""
    if isinstance(choices := take(body, anything, "choices"), list):
        messages = [c.get("message") or {"content": c.get("text")} for c in choices if isinstance(c, dict)]
        called = sum(len(m.get("tool_calls") or ()) + bool(m.get("function_call")) for m in messages)
        said = [chat.words(m.get("content")) for m in messages]
        return "\n".join(filter(None, said)), called, [r for c in choices if isinstance(c, dict) and (r := text(c.get("finish_reason")))]
    content = take(body, anything, "output.message.content", "content")
    if content is not None:
        return chat.words(content), chat.calls(content), _one(take(body, text, "stop_reason", "stopReason"))
    if isinstance(output := take(body, anything, "output"), list):  # Responses
        said = [chat.words(item.get("content")) for item in output if isinstance(item, dict) and item.get("type") == "message"]
        cut = take(body, text, "incomplete_details.reason")
        # The landing knows the limit of tokens by the names of the other interfaces.
        return "\n".join(filter(None, said)), chat.calls(output), _one("length" if cut == "max_output_tokens" else cut)
    said_plainly = take(body, text, "completion", "generation", "outputText", "text")
    ended = take(body, text, "stop_reason", "finish_reason", "completionReason")
    for result in take(body, anything, "results") or ():  # Titan
        if isinstance(result, dict):
            said_plainly, ended = text(result.get("outputText")), text(result.get("completionReason"))
    return said_plainly or "", None, _one(ended)


def _one(reason: str | None) -> list[str]:
    return [reason] if reason else []


def _assembled(events: list[Record]) -> Record:
    """The answer that a stream of events amounts to: Anthropic's events, or chunks that each have a piece of the text."""
    pieces: list[str] = []
    called = 0
    whole_answer: Record = {}
    counted: Record = {}
    for event in events:
        delta = event.get("delta") if isinstance(event.get("delta"), dict) else {}
        message = event.get("message") if isinstance(event.get("message"), dict) else {}
        block = event.get("content_block") if isinstance(event.get("content_block"), dict) else {}
        assert isinstance(delta, dict)
        assert isinstance(message, dict)
        assert isinstance(block, dict)
        called += chat.calls(block)
        pieces += [piece for piece in (delta.get("text"), event.get("outputText"), event.get("generation")) if isinstance(piece, str)]
        for source in (message, event):
            counted |= {k: v for k, v in (source.get("usage") or {}).items() if v is not None}
        whole_answer |= {k: v for k, v in {"model": message.get("model"), "stop_reason": delta.get("stop_reason")}.items() if v}
        whole_answer |= {
            k: event[k] for k in ("stop_reason", "completionReason", "prompt_token_count", "generation_token_count") if event.get(k)
        }
    content = [{"type": "text", "text": "".join(pieces)}, *({"type": "tool_use"} for _ in range(called))]
    return {**whole_answer, "content": content, "usage": counted}
