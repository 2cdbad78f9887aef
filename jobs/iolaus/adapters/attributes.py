"""The one table of names under which telemetry of model calls holds each field of the landing.

A dialect is no branch: each name is looked for in each span, the first that is there and can be typed counts. Dialects:
OpenTelemetry's GenAI conventions of today (1.41,
https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/) and before; OpenInference (0.1.42,
https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md); OpenLLMetry of Traceloop (0.5.1,
https://github.com/traceloop/openllmetry/tree/main/packages/opentelemetry-semantic-conventions-ai); OpenLIT
(https://docs.openlit.io/latest/sdk/tracing/conventions); Vercel's AI SDK
(https://ai-sdk.dev/docs/ai-sdk-core/telemetry); Semantic Kernel
(https://learn.microsoft.com/semantic-kernel/concepts/enterprise-readiness/observability/); Langfuse
(https://langfuse.com/integrations/native/opentelemetry); LiteLLM's `otel` callback (1.110,
https://docs.litellm.ai/docs/observability/opentelemetry_integration).
"""

from iolaus.adapters.fields import Cast, count, flag, identifier, measure, owner, text, texts, whole

# Names in order: what the platform itself says of its customer stands above what a client says of itself.
ACCOUNT = (
    "user.id",
    "enduser.id",
    "metadata.user_api_key_user_id",
    "metadata.user_api_key_hash",
    "langfuse.user.id",
    "langfuse.trace.user_id",
    "gen_ai.user",
    "gen_ai.user.id",
    "gen_ai.request.user",
    "llm.user",
    "traceloop.association.properties.user_id",
    "traceloop.association.properties.userId",
    "traceloop.association.properties.user.id",
    "association.properties.user_id",
    "ai.telemetry.metadata.userId",
    "ai.telemetry.metadata.user_id",
    "enduser.pseudo.id",
    "service.user.id",
    "tenant.id",
)
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
        identifier,
        (
            "gen_ai.conversation.id",
            "session.id",
            "langfuse.session.id",
            "gen_ai.session.id",
            "gen_ai.thread.id",
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.sessionId",
            "traceloop.association.properties.conversation_id",
            "ai.telemetry.metadata.sessionId",
            "ai.telemetry.metadata.chatId",
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
    "request_seed": (whole, ("gen_ai.request.seed", "gen_ai.openai.request.seed", "ai.settings.seed")),
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
        texts,
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
    "gen_ai.operation.name",
    "llm.request.type",
    "openinference.span.kind",
    "langfuse.observation.type",
    "ai.operationId",
)
# What a request said, and what was answered. A name that ends in `.*` has one attribute for each field of each message.
INPUT = (
    "gen_ai.input.messages",
    "llm.input_messages.*",
    "gen_ai.prompt.*",
    "ai.prompt.messages",
    "langfuse.observation.input",
    "gen_ai.prompt",
    "llm.prompts.*",
    "ai.prompt",
    "input.value",
    "traceloop.entity.input",
)
OUTPUT = (
    "gen_ai.output.messages",
    "llm.output_messages.*",
    "gen_ai.completion.*",
    "ai.response.text",
    "langfuse.observation.output",
    "gen_ai.completion",
    "llm.choices.*",
    "ai.response.object",
    "output.value",
    "traceloop.entity.output",
)
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
STATUS = ("http.response.status_code", "http.status_code", "error.code", "error.type")
HEADER = "http.request.header."  # before the name of a header

TEXT_OPERATIONS = frozenset(
    (
        "chat",
        "generate_content",
        "text_completion",
        "completion",
        "responses",
        "anthropic_messages",
        "message",
        "messages",
        "generate",
        "generation",
        "llm",
        "converse",
        "converse_stream",
        "invoke_model",
        "generate_content_stream",
        "pass_through_endpoint",
        "llm_request",
        "ai.generatetext.dogenerate",
        "ai.streamtext.dostream",
        "ai.generateobject.dogenerate",
        "ai.streamobject.dostream",
    )
)
OTHER_OPERATIONS = frozenset(
    (
        "embedding",
        "embeddings",
        "rerank",
        "reranker",
        "execute_tool",
        "tool",
        "invoke_agent",
        "create_agent",
        "invoke_workflow",
        "retrieval",
        "agent",
        "chain",
        "span",
        "event",
        "workflow",
        "task",
        "retriever",
        "guardrail",
        "evaluator",
        "image_generation",
        "moderation",
        "speech",
        "transcription",
        "image",
        "audio",
        "vectordb",
        "framework",
        "create_batch",
        "retrieve_batch",
    )
)
