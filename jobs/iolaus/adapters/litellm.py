"""LiteLLM's calls, one JSON object each: the standard logging payload, as its S3, GCS, SQS, webhook and custom callbacks
write it, and the rows of its table LiteLLM_SpendLogs.

Sources: LiteLLM, "StandardLoggingPayload Specification" (https://docs.litellm.ai/docs/proxy/logging_spec), "Spend Tracking"
(https://docs.litellm.ai/docs/proxy/cost_tracking), "Pass-through" (https://docs.litellm.ai/docs/pass_through/intro), and
the types `CallTypes`, `StandardLoggingPayload` and `SpendLogsPayload` of its code (1.110).
"""

from typing import Any

from iolaus.adapters import bodies, chat
from iolaus.adapters.fields import Record, anything, count, flag, header_digest, instant, owner, record_of, structure, take, text
from iolaus.adapters.statuses import status

OTHER_CALL = "a call that generates no text"
_TEXT = frozenset(
    ("completion", "text_completion", "responses", "anthropic_messages", "generate_content", "generate_content_stream",
     "pass_through_endpoint", "llm_passthrough_route", "allm_passthrough_route", "responses_websocket", "create_interaction", "mock_completion")
)  # fmt: skip
_TEXTS = ("metadata", "messages", "response", "proxy_server_request", "request_tags")  # that a row of SpendLogs holds as JSON text


def is_text(call: str) -> bool:
    """Whether a type of call generates text; those that wait for their result are called by an `a` before the name."""
    return call in _TEXT or (call.startswith(("a", "_a")) and call.lstrip("_")[1:] in _TEXT)


def read(record: Record) -> Record | str:
    """The landing's fields of one payload or row, taken out of it; or why it is no exchange.

    An account is the user that the virtual key belongs to, else the key; the proxy's own admin is nobody. `request_model`
    is the name that the client asked the gateway for (`model_group`), else the model's own. Attempts of one call share
    its `litellm_call_id`: a failed one has an id of its own.
    """
    call = take(record, text, "call_type")
    if call is not None and not is_text(call):
        return OTHER_CALL
    record.pop("model_map_information", None)  # what LiteLLM knows of the model: the same 3 KB in every line
    if "request_id" in record:
        _of_spend_log(record)
    about = record.get("metadata")
    about = about if isinstance(about, dict) else {}
    answer = structure(record.pop("response", None))
    said = {"response": answer} if isinstance(answer, str) else bodies.answer(answer)
    sent, messages, system = _request(record, call or "")
    failed = take(record, text, "status") == "failure"
    error = record.get("error_information") or about.get("error_information")
    error = error if isinstance(error, dict) else {}
    account, taken_from = take(about, owner, "user_api_key_user_id"), "metadata.user_api_key_user_id"
    if account is None:
        account, taken_from = take(record, owner, "user"), "user"  # of a row of SpendLogs
    key = take(about, owner, "user_api_key_hash", "user_api_key") or take(record, owner, "api_key")
    begun = record.get("startTime")
    made = {
        "exchange_id": _id(record, begun if failed else None),
        "account_id": account or key,
        "account_from": taken_from if account else "metadata.user_api_key_hash",
        "requested_at": take(record, instant, "startTime"),
        "request_model": take(record, text, "model_group", "model"),
        "operation_name": "text_completion" if call and "text_completion" in call else "chat",
        "provider_name": take(record, text, "custom_llm_provider"),
        "client_session_id": text(record.get("session_id")) or text(record.get("end_user")),
        # Where the client names no session, trace_id is one of its own for each call.
        "conversation_id": take(record, text, "session_id", "trace_id"),
        "api_key_id": key,
        **chat.request(messages, system),
        **{name: value for name, value in bodies.parameters(sent).items() if value is not None},
        **said,
        "http_status": status(*(error.get(k) for k in ("error_code", "normalized_error", "error_class"))) if failed else 200,
        "client_ip": take(about, text, "requester_ip_address") or take(record, text, "requester_ip_address"),
        "user_agent": take(about, text, "user_agent") or take(record, text, "user_agent"),
        "header_digest": header_digest(about.get("headers") or about.get("requester_custom_headers")),
    }
    for name, field in (("usage_input_tokens", "prompt_tokens"), ("usage_output_tokens", "completion_tokens")):
        # The payload's own counts include what a cache gave, for every provider.
        if not failed and (n := take(record, count, field)) is not None:
            made[name] = n
    streamed = take(record, flag, "stream")
    made["request_stream"] = made.get("request_stream") if streamed is None else streamed
    return made | {"left": {**record, "model_parameters": sent, "response": answer if isinstance(answer, dict) else None}}


def _of_spend_log(row: Record) -> None:
    """Make a row of SpendLogs what the payload is: its structures are JSON text, and empty ones say nothing."""
    for name in _TEXTS:
        if name in row:
            found = structure(row[name])
            row[name] = None if found in ({}, [], "") else found
    row["id"] = row.pop("request_id")
    if row["messages"] is None and isinstance(body := row.get("proxy_server_request"), dict):
        row["messages"] = row.pop("proxy_server_request")["body"] if isinstance(body.get("body"), dict) else row.pop("proxy_server_request")


def _request(record: Record, call: str) -> tuple[Record, Any, Any]:
    """Parameters, messages and instructions of a request: of a whole body, where the payload has that in place of messages."""
    sent = {**record_of(record.pop("model_parameters", None))}
    messages = structure(record.pop("messages", None))
    if "pass" in call and isinstance(messages, list) and len(messages) == 1 and isinstance(messages[0], dict):
        inner = structure(messages[0].get("content"))  # passed through: the client's body as text
        messages = inner if isinstance(inner, dict) and inner else messages
    if isinstance(messages, dict):  # the whole body of a call through /v1/messages, /v1/responses or a pass-through
        sent = {**messages, **sent}
        messages = next((sent.pop(k) for k in ("messages", "contents", "input", "prompt", "inputText") if k in sent), None)
    return sent, messages, take(sent, anything, "system", "instructions", "systemInstruction", "system_instruction")


def _id(record: Record, failed_at: Any) -> str | None:
    """The id of an exchange; an attempt that failed is told from the others of its call by when it began."""
    found = take(record, text, "litellm_call_id", "id")
    return f"{found}-failed-{failed_at}" if found and failed_at is not None else found
