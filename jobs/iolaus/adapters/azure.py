"""Azure API Management: its logs of language models, joined with its gateway's logs by correlation id.

A long request or answer lies in several entries, numbered, whose texts follow one another.
Sources: Microsoft, "Log token usage, prompts, and completions for LLM APIs"
(https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs), "ApiManagementGatewayLlmLog" and
"ApiManagementGatewayLogs" (https://learn.microsoft.com/azure/azure-monitor/reference/tables/apimanagementgatewayllmlog).
"""

from collections.abc import Iterator
from typing import Any

from iolaus.adapters import chat
from iolaus.adapters.casts import Record, count, header_digest, instant, owner, record_of, structure, text
from iolaus.adapters.fields import take
from iolaus.adapters.statuses import status

NO_CALL = "a request that no language model answered"
_MODEL = ("GatewayLlmLogs", "GatewayLlmLog", "ApiManagementGatewayLlmLog")


def parts(line: Record) -> Iterator[tuple[str, str | None, Record]]:
    """What an entry gives: `model` or `gateway`, and its correlation id.

    A resource log has its fields in `properties`.
    """
    inner = record_of(line.get("properties"))
    entry = {name[:1].upper() + name[1:]: value for name, value in {**line, **inner}.items() if name != "properties"}
    correlation = text(entry.get("CorrelationId"))
    if correlation:
        of_model = (
            entry.get("Category") in _MODEL
            or entry.get("Type") in _MODEL
            or "RequestMessages" in entry
            or "PromptTokens" in entry
        )
        yield "model" if of_model else "gateway", correlation, entry


def read(record: Record) -> Record | str:
    """The landing's fields of one call.

    The account is the subscription that the call's key belongs to; only the gateway's log has it.
    """
    found = [one for one in record.get("parts") or () if isinstance(one, dict)]
    models = sorted(
        (one["model"] for one in found if "model" in one), key=lambda one: count(one.get("SequenceNumber")) or 0
    )
    gateway: Record = next((one["gateway"] for one in found if "gateway" in one), {})
    if not models:
        return NO_CALL
    first: Record = {
        name: value for one in reversed(models) for name, value in one.items() if value not in (None, "", 0)
    }
    asked, said = _joined(models, "RequestMessages"), _joined(models, "ResponseMessages")
    sent = chat.request(chat.listed(asked))
    response, called, reasons = chat.answers(said) if said else ("", None, [])
    return {
        **sent,
        "exchange_id": text(first.get("CorrelationId")),
        "account_id": take(gateway, owner, "ApimSubscriptionId", "SubscriptionId", "UserId"),
        "account_from": "ApimSubscriptionId of the gateway's log",
        "requested_at": instant(gateway.get("TimeGenerated"))
        or instant(gateway.get("Time"))
        or take(first, instant, "TimeGenerated", "Time"),
        "request_model": take(first, text, "ModelName", "DeploymentName"),
        "provider_name": "azure.ai.openai",
        "response": response or None,
        "tool_call_count": called,
        "finish_reasons": reasons or None,
        "usage_input_tokens": take(first, count, "PromptTokens"),
        "usage_output_tokens": take(first, count, "CompletionTokens"),
        "request_stream": first.get("IsStreamCompletion")
        if isinstance(first.get("IsStreamCompletion"), bool)
        else None,
        "http_status": status(gateway.get("ResponseCode")),
        "client_ip": take(gateway, text, "CallerIpAddress"),
        "user_agent": text(record_of(gateway.get("RequestHeaders")).get("User-Agent")),
        "header_digest": header_digest(record_of(gateway.get("RequestHeaders"))),
        "left": {
            "gateway": gateway,
            "model": {k: v for k, v in first.items() if k not in _TEXTS or not (sent if k == _TEXTS[0] else response)},
        },
    }


_TEXTS = ("RequestMessages", "ResponseMessages")


def _joined(entries: list[Record], name: str) -> Any:
    """What the entries of a call hold under a name: pieces of JSON text one after another, or lists."""
    pieces = [piece for entry in entries if (piece := entry.get(name)) not in (None, "", [])]
    if all(isinstance(piece, str) for piece in pieces):
        whole = structure("".join(pieces))
        return (
            whole
            if not isinstance(whole, str)
            else [message for piece in pieces for message in chat.listed(piece)] or whole
        )
    return [message for piece in pieces for message in chat.listed(piece)]
