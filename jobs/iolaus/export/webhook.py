"""A POST to a chat or an incident service, in the form that it takes."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from iolaus.errors import RunError, UsageError, one_line
from iolaus.export.alerts import Alert

FORMS = ("slack", "teams", "json")
_SECONDS = 10


def body(alerts: Sequence[Alert], form: str) -> dict[str, Any]:
    """What is sent: one message for all alerts, as Slack or Teams take it, or as plain JSON."""
    if form == "json":
        return {
            "alerts": [
                {
                    "id": a.alert_id,
                    "kind": a.kind,
                    "run_date": a.run_date.isoformat(),
                    "cluster_id": a.cluster_id,
                    "text": a.text,
                }
                for a in alerts
            ]
        }
    lines = [one_line(a.text) for a in alerts]
    if form == "slack":
        return {"text": "\n".join(f"• {_escaped(line)}" for line in lines)}
    block = [{"type": "TextBlock", "text": line, "wrap": True} for line in lines]
    card = {"type": "AdaptiveCard", "version": "1.4", "body": block}
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def post(url: str, message: dict[str, Any]) -> None:
    """Send a message. Raises UsageError for an address that is none, RunError if it is not taken; neither shows it."""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise UsageError("the address of the webhook is no URL; write it as https://HOST/…")
    data = json.dumps(message, ensure_ascii=False).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - the scheme is checked above
    try:
        urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310 - the same
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "code", None) or getattr(error, "reason", None) or type(error).__name__
        raise RunError(
            f"the webhook at {urlsplit(url).hostname} did not take the alerts ({one_line(reason, 80)}); nothing is "
            "marked as sent, so the same command sends them again"
        ) from error


def _escaped(text: str) -> str:
    """Text in which Slack sees no link and no mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
