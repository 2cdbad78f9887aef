"""The one table of names under which telemetry of model calls holds each field of the landing.

A dialect is no branch: each name is looked for in each span, the first that is there and can be typed counts. Dialects:
OpenTelemetry's GenAI conventions of today (1.41,
https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/) and before; OpenInference (0.1.42,
https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md); OpenLLMetry of Traceloop (0.5.1,
https://github.com/traceloop/openllmetry/tree/main/packages/opentelemetry-semantic-conventions-ai); OpenLIT
(https://docs.openlit.io/latest/sdk/tracing/conventions); Vercel's AI SDK
(https://ai-sdk.dev/docs/ai-sdk-core/telemetry); Semantic Kernel
(https://learn.microsoft.com/semantic-kernel/concepts/enterprise-readiness/observability/); Langfuse
(https://langfuse.com/integrations/native/opentelemetry); Sentry
(https://develop.sentry.dev/sdk/telemetry/traces/modules/ai-agents/); Pydantic AI and Logfire
(https://pydantic.dev/docs/ai/integrations/logfire/); Google's ADK, MLflow and LiveKit by the names that their spans
have; LiteLLM's `otel` callback (1.110, https://docs.litellm.ai/docs/observability/opentelemetry_integration).
"""

from iolaus.adapters.casts import Cast, count, flag, measure, owner, reasons, seed, text, texts

# Where instrumentations put what an application says of a call, and the names that applications give it there.
_HOLDERS = (
    "traceloop.association.properties", "association.properties", "ai.telemetry.metadata", "langfuse.trace.metadata",
    "langfuse.observation.metadata", "langsmith.metadata", "trace.metadata", "metadata",
    "metadata.requester_metadata",
)  # fmt: skip
_OF_A_USER = ("user_id", "userId", "user.id", "user", "customer_id", "customerId", "tenant_id", "end_user_id")
_OF_A_SESSION = (
    "session_id",
    "sessionId",
    "session.id",
    "thread_id",
    "threadId",
    "conversation_id",
    "conversationId",
    "chat_id",
    "chatId",
)


def _within(several: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{holder}.{name}" for holder in _HOLDERS for name in several)


OPENED = (
    "metadata",
    "langfuse.trace.metadata",
    "langfuse.observation.metadata",
    "langfuse.observation.usage_details",
)  # objects as JSON text
# Names in order: what the platform itself says of its customer stands above what a client says of itself.
ACCOUNT = (
    "user.id", "enduser.id", "metadata.user_api_key_user_id", "metadata.user_api_key_hash",
    "langfuse.user.id", "langfuse.trace.user_id", "langfuse.trace.userId", "user_id", "userId", "customer.id",
    "gen_ai.user", "gen_ai.user.id", "gen_ai.request.user", "gen_ai.openai.request.user", "llm.user",
    *_within(_OF_A_USER),
    "posthog.distinct_id", "enduser.pseudo.id", "service.user.id", "tenant.id",
)  # fmt: skip
FIELDS: dict[str, tuple[Cast, tuple[str, ...]]] = {
    "request_model": (
        text,
        (
            "gen_ai.request.model",
            "llm.request.model_name",
            "llm.model_name",
            "llm.request.model",
            "ai.model.id",
            "langfuse.observation.model.name",
            "langfuse.observation.model",
            "model_group",
        ),
    ),
    "response_model": (
        text,
        ("gen_ai.response.model", "llm.response.model_name", "ai.response.model", "llm.response.model"),
    ),
    "provider_name": (
        text,
        ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider"),
    ),
    "conversation_id": (
        owner,
        (
            "gen_ai.conversation.id",
            "session.id",
            "langfuse.session.id",
            "gen_ai.session.id",
            "gen_ai.thread.id",
            "langfuse.trace.session_id",
            *_within(_OF_A_SESSION),
        ),
    ),
    "request_temperature": (
        measure,
        ("gen_ai.request.temperature", "llm.request.temperature", "ai.settings.temperature"),
    ),
    "request_max_tokens": (
        count,
        (
            "gen_ai.request.max_tokens",
            "gen_ai.request.max_completion_tokens",
            "llm.request.max_tokens",
            "ai.settings.maxOutputTokens",
            "ai.settings.maxTokens",
        ),
    ),
    "request_top_p": (measure, ("gen_ai.request.top_p", "llm.top_p", "ai.settings.topP")),
    "request_seed": (seed, ("gen_ai.request.seed", "gen_ai.openai.request.seed", "ai.settings.seed")),
    "request_n": (count, ("gen_ai.request.choice.count", "gen_ai.request.n")),
    "request_stop": (texts, ("gen_ai.request.stop_sequences", "llm.chat.stop_sequences", "ai.settings.stopSequences")),
    "request_stream": (
        flag,
        ("gen_ai.request.stream", "gen_ai.is_streaming", "gen_ai.request.is_stream", "llm.is_streaming"),
    ),
    "usage_input_tokens": (
        count,
        (
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.prompt_tokens",
            "llm.token_count.prompt",
            "llm.usage.prompt_tokens",
            "ai.usage.inputTokens",
            "langfuse.observation.usage_details.input",
            "ai.usage.promptTokens",
        ),
    ),
    "usage_output_tokens": (
        count,
        (
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.token_count.completion",
            "llm.usage.completion_tokens",
            "ai.usage.outputTokens",
            "langfuse.observation.usage_details.output",
            "ai.usage.completionTokens",
        ),
    ),
    "usage_cache_read_tokens": (
        count,
        (
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "llm.token_count.prompt_details.cache_read",
            "ai.usage.cachedInputTokens",
            "langfuse.observation.usage_details.input_cached_tokens",
        ),
    ),
    "usage_reasoning_tokens": (
        count,
        (
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.reasoning_tokens",
            "llm.usage.reasoning_tokens",
            "llm.token_count.completion_details.reasoning",
            "ai.usage.reasoningTokens",
        ),
    ),
    "finish_reasons": (
        reasons,
        (
            "gen_ai.response.finish_reasons",
            "gen_ai.response.finish_reason",
            "llm.response.finish_reason",
            "llm.finish_reason",
            "ai.response.finishReason",
            "gen_ai.response.stop_reason",
            "llm.response.stop_reason",
        ),
    ),
    "api_key_id": (owner, ("metadata.user_api_key_hash",)),
    "client_session_id": (text, ("metadata.requester_metadata.session_id", "gen_ai.user", "llm.user")),
}
EFFORT = ("gen_ai.request.reasoning_effort", "llm.request.reasoning_effort", "gen_ai.request.reasoning.effort")
# JSON text
PARAMETERS = ("llm.invocation_parameters", "langfuse.observation.model.parameters", "gen_ai.request.parameters")
OPERATION = (
    "gen_ai.operation.name", "llm.request.type", "openinference.span.kind", "langfuse.observation.type",
    "ai.operationId", "mlflow.spanType",
)  # fmt: skip
# What a request said, and what was answered. A name that ends in `.*` has one attribute for each field of each message.
INPUT = (
    "gen_ai.input.messages", "llm.input_messages.*", "llm.input_messages", "gen_ai.prompt.*", "ai.prompt.messages",
    "langfuse.observation.input", "gen_ai.prompt", "gen_ai.content.prompt", "gen_ai.request.messages",
    "gen_ai.input", "llm.prompts.*", "llm.prompts", "ai.prompt", "gcp.vertex.agent.llm_request", "mlflow.spanInputs",
    "request_data", "all_messages_events", "pydantic_ai.all_messages", "lk.chat_ctx", "input.value",
    "traceloop.entity.input",
)  # fmt: skip
OUTPUT = (
    "gen_ai.output.messages", "llm.output_messages.*", "llm.output_messages", "gen_ai.completion.*",
    "llm.completions.*", "ai.response.text", "langfuse.observation.output", "gen_ai.completion",
    "gen_ai.content.completion", "gen_ai.response.text", "gen_ai.output", "llm.choices.*",
    "gcp.vertex.agent.llm_response", "mlflow.spanOutputs", "response_data", "lk.response.text", "ai.response.object",
    "output.value", "traceloop.entity.output",
)  # fmt: skip
EVENTS = ("events", "logfire.events")  # events of messages, as JSON text in one attribute
SYSTEM = ("gen_ai.system_instructions", "gen_ai.request.instructions", "gen_ai.system.instructions")
TOOLS = ("gen_ai.tool.definitions", "llm.tools.*", "llm.request.functions.*", "ai.prompt.tools", "gen_ai.request.tools")
TOOL_CALLS = ("ai.response.toolCalls", "gen_ai.response.tool_calls")
# Of the span of the server that took the request: a client span's own peer is the gateway itself, or the provider.
ADDRESS = (
    "client.address",
    "http.client_ip",
    "http.request.header.x-forwarded-for",
    "metadata.requester_ip_address",
    "net.peer.ip",
)
AGENT = ("user_agent.original", "http.user_agent", "http.request.header.user-agent", "metadata.user_agent")
STATUS = ("http.response.status_code", "http.status_code", "error.code", "error.type", "exception.type")
HEADER = "http.request.header."  # before the name of a header
