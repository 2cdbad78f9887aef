"""LiteLLM's calls, one JSON object each: the standard logging payload, and rows of its table LiteLLM_SpendLogs.

Its S3, GCS, SQS, webhook and custom callbacks write the payload.

Sources: LiteLLM, "StandardLoggingPayload Specification" (https://docs.litellm.ai/docs/proxy/logging_spec), "Spend
Tracking" (https://docs.litellm.ai/docs/proxy/cost_tracking), "Pass-through"
(https://docs.litellm.ai/docs/pass_through/intro), and the types `CallTypes`, `StandardLoggingPayload` and
`SpendLogsPayload` of its code (1.110).
"""

from typing import Any

from iolaus.adapters import bodies, chat
from iolaus.adapters.casts import (
    Cast,
    Record,
    count,
    flag,
    header_digest,
    hops,
    instant,
    owner,
    record_of,
    structure,
    text,
)
from iolaus.adapters.chat_message import words
from iolaus.adapters.fields import table, take, taken
from iolaus.adapters.operations import NO_TEXT_MODEL, generates_text, says_text
from iolaus.adapters.statuses import status

OTHER_CALL = "a call that generates no text"
_OF_METADATA = table(
    ("account_id", owner, "user_api_key_user_id"),
    ("api_key_id", owner, "user_api_key_hash user_api_key"),
    ("client_ip", hops, "requester_ip_address"),
    ("user_agent", text, "user_agent"),
)
_PAYLOAD: tuple[tuple[str, Cast, str], ...] = (
    ("exchange_id", text, "litellm_call_id id"),
    ("account_id", owner, "user"),
    ("api_key_id", owner, "api_key"),
    ("requested_at", instant, "startTime"),
    ("request_model", text, "model_group model"),
    ("provider_name", text, "custom_llm_provider"),
    ("conversation_id", owner, "session_id"),
    ("request_stream", flag, "stream"),
    ("client_ip", hops, "requester_ip_address"),
    ("user_agent", text, "user_agent"),
)
_OF_PAYLOAD = table(*_PAYLOAD)
# The payload's own counts include cached tokens, for every provider; those of a failed call are estimates.
_OF_ANSWERED = table(
    *_PAYLOAD, ("usage_input_tokens", count, "prompt_tokens"), ("usage_output_tokens", count, "completion_tokens")
)
# that a row of SpendLogs holds as JSON text
_TEXTS = ("metadata", "messages", "response", "proxy_server_request", "request_tags")


def read(record: Record) -> Record | str:
    """The landing's fields of one payload or row, taken out of it; or why it is no exchange.

    An account is the user that the virtual key belongs to, else the key; the proxy's own admin is nobody.
    `request_model` is the name that the client asked the gateway for (`model_group`), else the model's own. Attempts of
    one call share its `litellm_call_id`: a failed one has an id of its own.
    """
    call = record.pop("call_type", None)
    if (
        isinstance(call, str)
        and call
        and ((says := says_text(call)) is False or (says is None and not record.get("messages")))
    ):
        return OTHER_CALL
    if not call and isinstance(model := record.get("model"), str) and not generates_text(model):
        return NO_TEXT_MODEL
    record.pop("model_map_information", None)  # what LiteLLM knows of the model: the same 3 KB in every line
    if "request_id" in record:
        _of_spend_log(record)
    about = record.get("metadata")
    about = about if isinstance(about, dict) else {}
    answer = structure(record.pop("response", None))
    sent, messages, system = _request(record, call or "")
    made: Record = {"operation_name": "text_completion" if call and "text_completion" in call else "chat"}
    failed = (record.pop("status", None) or about.get("status")) == "failure"
    begun = record.get("startTime")
    taken(about, _OF_METADATA, made)
    taken(record, _OF_PAYLOAD if failed else _OF_ANSWERED, made)
    made["account_from"] = "metadata.user_api_key_user_id" if "account_id" in made else "metadata.user_api_key_hash"
    made.setdefault("account_id", made.get("api_key_id"))
    made.update(chat.request(messages, system))
    made = {**bodies.answer(answer), **(bodies.parameters(sent) if sent else {}), **made}
    if "conversation_id" not in made:  # where the client names no session it is one of its own for each call
        made["conversation_id"] = take(record, owner, "trace_id")
    if "client_session_id" not in made:
        made["client_session_id"] = text(record.get("end_user"))
    made["http_status"] = _error(record, about) if failed else 200
    if failed and "exchange_id" in made:  # attempts of one call share its id: one that failed is told by when it began
        made["exchange_id"] += f"-failed-{begun}"
    if headers := about.get("headers") or about.get("requester_custom_headers"):
        made["header_digest"] = header_digest(headers)
    record["model_parameters"], record["response"] = sent, answer if isinstance(answer, dict) else None
    return made


def _error(record: Record, about: Record) -> int | None:
    error = record.get("error_information") or about.get("error_information")
    return (
        status(*(error.get(k) for k in ("error_code", "normalized_error", "error_class")))
        if isinstance(error, dict)
        else None
    )


def _of_spend_log(row: Record) -> None:
    """Make a row of SpendLogs what the payload is: its structures are JSON text, and empty ones say nothing."""
    for name in _TEXTS:
        if name in row:
            found = structure(row[name])
            row[name] = None if found in ({}, [], "") else found
    row["id"] = row.pop("request_id")


def _request(record: Record, call: str) -> tuple[Record, Any, Any]:
    """Parameters, messages and instructions of a request, or of a whole body in place of messages."""
    sent = {**record_of(record.pop("model_parameters", None))}
    messages = structure(record.pop("messages", None))
    if not messages and isinstance(body := record.get("proxy_server_request"), dict):
        del record["proxy_server_request"]
        messages = body["body"] if isinstance(body.get("body"), dict) else body
    if "pass" in call and isinstance(messages, list) and len(messages) == 1 and isinstance(messages[0], dict):
        content = messages[0].get("content")
        inner = structure(
            words(content) if isinstance(content, list) else content
        )  # passed through: the client's body as text
        messages = inner if isinstance(inner, dict) and inner else messages
    if isinstance(messages, dict):  # the whole body of a call through /v1/messages, /v1/responses or a pass-through
        sent = {**messages, **sent}
        return sent, *bodies.spoken(sent)
    return sent, messages, bodies.system_of(sent)
