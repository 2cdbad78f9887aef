"""Formats that a mapping says all of.

Each is a table of paths, as a mapping file of `iolaus.adapters.mapping` would be.

Sources: Langfuse, "Blob storage export field reference"
(https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields) and "Observations API"
(https://langfuse.com/docs/api-and-data-platform/features/observations-api); Databricks, "Monitor served models using AI
Gateway-enabled inference tables" (https://docs.databricks.com/aws/en/ai-gateway/inference-tables) and "Inference
tables" (https://docs.databricks.com/aws/en/machine-learning/model-serving/inference-tables); Google, "Log requests and
responses" (https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/request-response-logging); Kong, "AI
Gateway audit log reference" (https://developer.konghq.com/ai-gateway/ai-audit-log-reference/) and "Log format" of the
HTTP Log plugin.
"""

from iolaus.adapters.mapping import Description, Source


def _source(said: str, unit: str | None = None) -> Source:
    return Source(tuple(said.split()), unit=unit)


def _sources(**paths: str) -> dict[str, Source]:
    return {name: _source(said) for name, said in paths.items()}


LANGFUSE = Description(
    fields=_sources(
        exchange_id="id",
        account_id="user_id userId trace.userId metadata.user_id",
        requested_at="start_time startTime",
        request_model="provided_model_name providedModelName model",
        conversation_id="session_id sessionId trace.sessionId trace_id traceId",
        client_session_id="session_id sessionId",
        usage_input_tokens="usage_details.input usageDetails.input usage.input usage.promptTokens",
        usage_output_tokens="usage_details.output usageDetails.output usage.output usage.completionTokens",
        usage_cache_read_tokens="usage_details.input_cached_tokens usage_details.cache_read_input_tokens "
        "usageDetails.input_cached_tokens",
        usage_reasoning_tokens="usage_details.output_reasoning_tokens usage_details.reasoning_tokens "
        "usageDetails.output_reasoning_tokens "
        "usageDetails.reasoning_tokens",
        tool_names="tool_definitions toolDefinitions",
        http_status="status_message statusMessage",
    ),
    bodies=_sources(request="input", answers="output", parameters="model_parameters modelParameters"),
    only={"type": ("GENERATION", "generation")},
)

DATABRICKS = Description(
    fields=_sources(
        exchange_id="databricks_request_id request_id client_request_id",
        account_id="requester requester_id",
        requested_at="request_time event_time timestamp_ms",
        request_model="request.model destination_model destination_name request_metadata.model_name endpoint_name "
        "served_entity_id",
        http_status="status_code response_code",
        client_ip="source_ip_address client_ip",
        user_agent="user_agent",
    ),
    bodies=_sources(request="request request_body", response="response response_body", headers="request_headers"),
)

VERTEX = Description(
    fields=_sources(
        exchange_id="request_id",
        account_id="full_request.labels.user_id full_request.labels.customer metadata.user_id",
        requested_at="logging_time",
        request_model="model deployed_model_id",
        conversation_id="full_request.labels.session_id",
    )
    | {"provider_name": Source(value="gcp.vertex_ai")},
    bodies=_sources(request="full_request request_payload.0", response="full_response response_payload"),
)

_KONG = (
    "ai.proxy",
    "ai.ai-proxy",
    "ai.ai-proxy-advanced",
    "ai.ai-request-transformer",
    "ai.request-transformer",
)  # where versions put what the AI plugins say


def _of_kong(path: str) -> str:
    return " ".join(f"{holder}.{path}" for holder in _KONG)


KONG = Description(
    fields=_sources(
        exchange_id="request.id correlation_id",
        account_id="consumer.id consumer.custom_id consumer.username authenticated_entity.id",
        api_key_id="authenticated_entity.id",
        request_model=_of_kong("meta.request_model"),
        response_model=_of_kong("meta.response_model"),
        provider_name=_of_kong("meta.provider_name"),
        usage_input_tokens=_of_kong("usage.prompt_tokens") + " " + _of_kong("usage.prompt_token"),
        usage_output_tokens=_of_kong("usage.completion_tokens") + " " + _of_kong("usage.completion_token"),
        http_status="response.status upstream_status",
        client_ip="client_ip",
        user_agent="request.headers.user-agent",
    )
    | {"requested_at": _source("started_at", "ms")},
    bodies=_sources(
        request=_of_kong("payload.request") + " ai.payload.request request.body",
        response=_of_kong("payload.response") + " response.body",
        headers="request.headers",
    ),
)

FORMATS: dict[str, tuple[str, Description]] = {
    "langfuse": ("Langfuse's exports of observations", LANGFUSE),
    "databricks": ("Databricks' inference tables", DATABRICKS),
    "vertex": ("Vertex AI's request-response logs", VERTEX),
    "kong": ("Kong's logs with AI plugins", KONG),
}
