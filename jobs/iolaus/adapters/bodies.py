"""Bodies of requests and answers of model APIs, by the fields that they have.

One reading serves every log that holds them.

Chat Completions, Completions and Responses (OpenAI), Messages (Anthropic), Converse and InvokeModel (Bedrock: Claude,
Titan, Nova, Llama, Mistral, Cohere, AI21, DeepSeek, gpt-oss), generateContent (Gemini). Streams:
`iolaus.adapters.streams`. Sources: see `iolaus.adapters.chat`; inference parameters of InvokeModel:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html; of generateContent:
https://ai.google.dev/api/generate-content; caches and keys: https://platform.openai.com/docs/guides/prompt-caching.
"""

from typing import Any

from iolaus.adapters import chat, streams
from iolaus.adapters.casts import Record, anything, count, flag, measure, owner, seed, structure, text, texts, whole
from iolaus.adapters.chat_message import calls, content_of, words
from iolaus.adapters.fields import find, table, take, taken


def _asked(value: Any) -> bool | None:
    """Whether log probabilities were asked for: a flag, or how many."""
    found = flag(value)
    return found if found is not None else None if (n := count(value)) is None else n > 0


_MOST_TOKENS = (
    "max_completion_tokens max_tokens max_output_tokens maxOutputTokens maxTokens max_new_tokens maxTokenCount "
    "max_tokens_to_sample max_gen_len"
)
# Parameters of requests: the landing's field, its type and a name that an API has for it; the first that a request
# has counts.
_PARAMETERS = table(
    ("request_temperature", measure, "temperature"),
    ("request_max_tokens", count, _MOST_TOKENS),
    ("request_top_p", measure, "top_p topP p"),
    ("request_seed", seed, "seed random_seed"),
    ("request_n", count, "n candidateCount num_generations numResults"),
    ("request_logprobs", _asked, "logprobs top_logprobs responseLogprobs"),
    ("request_stop", texts, "stop stop_sequences stopSequences"),
    ("request_stream", flag, "stream"),
    ("client_session_id", owner, "session_id prompt_cache_key"),
    ("conversation_id", owner, "conversation"),
)
_HOLDERS = (
    "inferenceConfig", "textGenerationConfig", "generationConfig", "generation_config",
    "additionalModelRequestFields", "options", "parameters", "config", "params", "custom_inputs",
)  # fmt: skip
_HOLDING = frozenset(_HOLDERS)
_USERS = ("user", "safety_identifier", "metadata.user_id")
_BY_USER = frozenset(("user", "safety_identifier", "metadata"))
_THINKING = (
    "thinking.type",
    "additionalModelRequestFields.thinking.type",
    "additionalModelRequestFields.reasoning_config.type",
)
_EFFORT = ("reasoning_effort", "reasoning.effort", "output_config.effort")
_OF_THINKING = frozenset(
    ("thinking", "additionalModelRequestFields", "reasoning_effort", "reasoning", "output_config", "generationConfig")
)
_COUNTS = ("usage", "usageMetadata", "usage_metadata", "meta")
_OUTPUT = "completion_tokens output_tokens outputTokens generation_token_count candidatesTokenCount eval_count"
_OUTPUT += " totalOutputTextTokenCount"
_TOKENS = table(  # every: all input; fresh: without what a cache gave and took; read: what it gave, beside that
    ("every", count, "prompt_tokens prompt_token_count promptTokenCount prompt_eval_count"),
    ("fresh", count, "input_tokens inputTokens inputTextTokenCount"),
    ("read", count, "cache_read_input_tokens cacheReadInputTokens cacheReadInputTokenCount"),
    ("usage_output_tokens", count, _OUTPUT),
    ("usage_cache_read_tokens", count, "cachedContentTokenCount"),
    ("usage_reasoning_tokens", count, "thoughtsTokenCount"),
)
_OF_INPUT, _OF_OUTPUT = (
    table(("usage_cache_read_tokens", count, "cached_tokens")),
    table(("usage_reasoning_tokens", count, "reasoning_tokens")),
)
_DETAILS = {
    "prompt_tokens_details": _OF_INPUT,
    "input_tokens_details": _OF_INPUT,
    "completion_tokens_details": _OF_OUTPUT,
    "output_tokens_details": _OF_OUTPUT,
}
_SAID = ("completion", "generation", "outputText", "generated_text", "text", "response")
_MESSAGES = ("messages", "contents", "input", "prompt", "inputText", "inputs", "instances", "dataframe_records")
_SYSTEM = (
    "system",
    "instructions",
    "systemInstruction",
    "system_instruction",
    "preamble",
    "config.system_instruction",
    "config.systemInstruction",
)
_CHOICES = ("choices", "candidates", "generations", "outputs", "predictions")
_VECTORS = ("embedding", "embeddings", "embeddingsByType", "inputTextEmbedding")
_ENDED = ("stop_reason", "finish_reason", "completionReason", "done_reason")


def parameters(body: Record) -> Record:
    """The landing's fields of a request's parameters, taken out of its body: sampling, limits, tools, thinking."""
    made: Record = {}
    taken(body, _PARAMETERS, made)
    if not _HOLDING.isdisjoint(body):
        for inner in (body.get(name) for name in _HOLDERS):
            if isinstance(inner, dict):
                taken(inner, _PARAMETERS, made)
    tools: list[str] = []
    for name in ("tools", "toolConfig", "functions"):
        if name in body:
            tools += take(body, chat.names, name, f"{name}.tools") or ()
    if tools:
        made["tool_names"] = tools
    if not _OF_THINKING.isdisjoint(body):
        made["request_thinking"] = _thinking(body)
    if "client_session_id" not in made and not _BY_USER.isdisjoint(body):
        made["client_session_id"] = next((said for path in _USERS if (said := text(find(body, path)))), None)
    return made


def request(body: Record) -> Record:
    """The landing's fields of a request's body, taken out of it."""
    messages, system = spoken(body)
    return {"request_model": take(body, text, "model"), **parameters(body), **chat.request(messages, system)}


def spoken(body: Record) -> tuple[Any, Any]:
    """The messages and instructions of a request's body, taken out of it."""
    messages = take(body, anything, *_MESSAGES)
    if messages is None and "message" in body:  # Cohere
        messages = [*(take(body, chat.listed, "chat_history") or ()), {"role": "user", "content": body.pop("message")}]
    return messages, system_of(body)


def system_of(body: Record) -> Any:
    """The instructions of a request's body, taken out of it."""
    return take(body, anything, *_SYSTEM)


def is_request(body: Any) -> bool:
    """Whether an object is the body of a call, and not a text of a person that happens to be JSON."""
    messages = body.get("messages") or body.get("contents") if isinstance(body, dict) else None
    return isinstance(messages, list) and all(isinstance(m, dict) for m in messages)


def answer(body: Any) -> Record:
    """The landing's fields of an answer's body, taken out of it: an object, plain text, or the events of a stream.

    Plain text is the whole answer. An answer that holds vectors has `no_text`.
    """
    if isinstance(body, dict) and body.keys() == {"response"}:  # as a pass-through of LiteLLM wraps it
        body = structure(body["response"])
    if body.__class__ is not dict and (events := streams.events(body)) is not None:
        body = streams.assembled(events)
    if isinstance(body, str):
        return {"response": body}
    if not isinstance(body, dict):
        return {}
    if _is_vectors(body):
        return {"no_text": True}
    said, called, reasons = _said(body)
    return {
        "response_model": take(body, text, "model", "modelVersion", "model_version"),
        "response": said or None,
        "tool_call_count": called,
        "finish_reasons": reasons or None,
        **usage(body),
    }


def _is_vectors(body: Record) -> bool:
    """Whether an answer is one of a model of embeddings."""
    if not body.keys().isdisjoint(_VECTORS):
        return True
    found = body.get("data") or body.get("predictions")
    return (
        isinstance(found, list)
        and bool(found)
        and isinstance(found[0], dict)
        and not found[0].keys().isdisjoint(_VECTORS)
    )


def usage(body: Record) -> Record:
    """The landing's token counts, taken out of the object of an answer that has them.

    `usage_input_tokens` counts all input, as OpenTelemetry and OpenAI do: Anthropic and Bedrock report what a cache
    gave, and what was written to it, beside the rest, so these are added.
    """
    counts = next((found for name in _COUNTS if isinstance(found := body.get(name), dict)), body)
    inner = counts.get("tokens")  # Cohere
    counts = inner if isinstance(inner, dict) else counts
    made: Record = {}
    taken(counts, _TOKENS, made)
    for holder, known in _DETAILS.items():
        if holder in counts and isinstance(details := counts[holder], dict):
            taken(details, known, made)
    every, fresh, read = made.pop("every", None), made.pop("fresh", None), made.pop("read", None)
    if read is not None:
        made["usage_cache_read_tokens"] = read
    if fresh is not None:
        written = count(counts.get("cache_creation_input_tokens", counts.get("cacheWriteInputTokens")))
        every = fresh + (read or 0) + (written or 0)
    made["usage_input_tokens"] = every
    return made


def _thinking(body: Record) -> bool | None:
    """Whether extended reasoning was asked for; None if the request does not speak of it."""
    kind = take(body, text, *_THINKING)
    if kind is not None:
        return str(kind) != "disabled"
    budget = whole(find(body, "generationConfig.thinkingConfig.thinkingBudget"))
    if budget is not None:
        return budget != 0
    effort = take(body, text, *_EFFORT)
    return None if effort is None else str(effort) not in ("none", "minimal")


def _said(body: Record) -> tuple[str, int | None, list[str]]:
    """Text, tool calls and reasons of the end, of whichever shape the answer has."""
    for name in _CHOICES:
        if name in body and isinstance(body[name], list):
            return _choices(body.pop(name))
    if isinstance(several := body.get("messages"), list):  # as agents answer
        return chat.answers(several)
    content = take(body, anything, "output.message.content", "message.content", "content.parts", "content")
    if content is not None:
        beside = take(body, anything, "message.tool_calls", "tool_calls")
        called = calls(content) + (len(beside) if isinstance(beside, list) else 0)
        return (
            words(content),
            called,
            _one(take(body, text, "stop_reason", "stopReason", "finish_reason", "done_reason")),
        )
    if isinstance(output := take(body, anything, "output"), list):  # Responses
        said = [
            words(item.get("content")) for item in output if isinstance(item, dict) and item.get("type") == "message"
        ]
        cut = take(body, text, "incomplete_details.reason")
        # The landing knows the limit of tokens by the names of the other interfaces.
        return "\n".join(filter(None, said)), calls(output), _one("length" if cut == "max_output_tokens" else cut)
    if isinstance(output, dict | str) and (said_there := chat.answers(output))[0]:
        return said_there
    said_plainly, ended = take(body, text, *_SAID), take(body, text, *_ENDED)
    for result in take(body, anything, "results") or ():  # Titan
        if isinstance(result, dict):
            said_plainly, ended = text(result.get("outputText")), text(result.get("completionReason"))
            body.setdefault("totalOutputTextTokenCount", result.get("tokenCount"))
    tools = body.get("tool_calls")
    return said_plainly or "", len(tools) if isinstance(tools, list) else None, _one(ended)


def _choices(choices: list[Any]) -> tuple[str, int | None, list[str]]:
    """The same of a list of answers: OpenAI's choices, Gemini's candidates, Cohere's generations, Mistral's outputs."""
    said, called, reasons = [], 0, []
    for choice in choices:
        if not isinstance(choice, dict):
            said += [choice] if isinstance(choice, str) else []
            continue
        message = choice.get("message") or choice.get("content")
        message = (
            message
            if isinstance(message, dict)
            else {"content": message or choice.get("text") or choice.get("generated_text")}
        )
        content = content_of(message) or message.get("refusal") or ""
        said.append(content if isinstance(content, str) else words(content))
        called += len(message.get("tool_calls") or ()) + bool(message.get("function_call")) + calls(content)
        if reason := text(choice.get("finish_reason") or choice.get("finishReason") or choice.get("stop_reason")):
            reasons.append(reason)
    return "\n".join(filter(None, said)), called, reasons


def _one(reason: str | None) -> list[str]:
    return [reason] if reason else []
