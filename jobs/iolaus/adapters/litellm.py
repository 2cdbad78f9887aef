"""LiteLLM's standard logging payload: one JSON object a call, as its S3, GCS, SQS, webhook and custom callbacks write it.

Source: LiteLLM, "StandardLoggingPayload Specification" (https://docs.litellm.ai/docs/proxy/logging_spec).
"""

from iolaus.adapters import bodies, chat
from iolaus.adapters.fields import Record, anything, flag, instant, take, text, whole

CALLS = ("completion", "acompletion", "text_completion", "atext_completion", "responses", "aresponses", "anthropic_messages")
OTHER_CALL = "a call that generates no text"


def read(record: Record) -> Record | str:
    """The landing's fields of one payload, taken out of it; or why it is no exchange.

    An account is the user that the virtual key belongs to, else the key. `request_model` is the name that the client
    asked the gateway for (`model_group`), else the model's own.
    """
    call = take(record, text, "call_type")
    if call is not None and call not in CALLS:
        return OTHER_CALL
    record.pop("model_map_information", None)  # what LiteLLM knows of the model: the same 3 KB in every line
    inner = take(record, anything, "model_parameters")
    sent = {**(inner if isinstance(inner, dict) else {})}
    answer = take(record, anything, "response")
    said = bodies.answer(answer) if isinstance(answer, dict) else {"response": text(answer)}
    asked = take(record, text, "model_group", "model")
    messages = take(record, anything, "messages")
    if isinstance(messages, dict):  # the whole body of a call through /v1/messages or /v1/responses
        sent = {**messages, **sent}
        messages = sent.pop("messages", sent.pop("input", None))
    system = take(sent, anything, "system", "instructions")
    failed = take(record, text, "status") == "failure"
    key = take(record, text, "metadata.user_api_key_hash")
    made = {
        "exchange_id": take(record, text, "litellm_call_id", "id"),
        "account_id": take(record, text, "metadata.user_api_key_user_id") or key,
        "requested_at": take(record, instant, "startTime"),
        "request_model": asked,
        "operation_name": "text_completion" if call and "text_completion" in call else "chat",
        "provider_name": take(record, text, "custom_llm_provider"),
        # Where the client names no session, trace_id is one of its own for each call.
        "conversation_id": take(record, text, "session_id", "trace_id"),
        "api_key_id": key,
        **chat.request(messages, system),
        **bodies.parameters(sent),
        **said,
        "http_status": take(record, whole, "error_information.error_code") if failed else 200,
        "client_ip": take(record, text, "metadata.requester_ip_address", "requester_ip_address"),
        "user_agent": take(record, text, "metadata.user_agent", "user_agent"),
    }
    # The payload's own counts include what a cache gave, for every provider.
    counts = {"usage_input_tokens": "prompt_tokens", "usage_output_tokens": "completion_tokens"}
    made |= {name: n for name, field in counts.items() if (n := take(record, whole, field)) is not None and not failed}
    streamed = take(record, flag, "stream")
    made["request_stream"] = made["request_stream"] if streamed is None else streamed
    return made | {"left": {**record, "model_parameters": sent, "response": answer if isinstance(answer, dict) else None}}
