"""Texts that stand where a gateway left a prompt out: the same for every customer, so never evidence of anything.

Sources of the words and shapes below, each the product's own documentation or code: LiteLLM, "Redact messages, response
content" (https://docs.litellm.ai/docs/proxy/logging#redact-messages-response-content); OpenInference, "Configuration",
`__REDACTED__` of OPENINFERENCE_HIDE_INPUTS (https://github.com/Arize-ai/openinference/blob/main/spec/configuration.md);
Langfuse, "Masking of sensitive data" (https://langfuse.com/docs/observability/features/masking); Sentry, "Scrubbing
sensitive data", `[Filtered]` (https://docs.sentry.io/platforms/python/data-management/sensitive-data/); Logfire,
"Scrubbing", `[Scrubbed due to …]` (https://pydantic.dev/docs/logfire/how-to-guides/scrubbing/); Datadog, "Sensitive
Data Scanner", `[sensitive_data]` (https://docs.datadoghq.com/security/sensitive_data_scanner/); Helicone, "Omit logs"
(https://docs.helicone.ai/features/advanced-usage/omit-logs); OpenTelemetry Collector, redaction processor, `****`
(https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/redactionprocessor); Presidio,
"Anonymizer", `<PERSON>` and the like (https://microsoft.github.io/presidio/anonymizer/); AWS, "Sensitive information
filters" of Guardrails, `{NAME}` and the like
(https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-sensitive-filters.html); Kong, "AI PII sanitizer",
PLACEHOLDER1 (https://developer.konghq.com/plugins/ai-sanitizer/).
"""

import json
import re
from functools import lru_cache
from typing import Any

_LONGEST = 120  # characters: a longer text says more than that something is missing
_WHOLE = frozenset({
    "redacted-by-litellm", "helicone-omitted", "no_content", "[sensitive_data]", "[object object]", "object object",
    "[circular]",
    "null", "none", "undefined", "nan", "n/a", "…", "...", "[...]", "[…]", '""', "''", "null,null",
})  # fmt: skip
# A marker says what was done, to what and by whom, in these words and no other.
_DONE = frozenset((
    "redacted", "masked", "filtered", "scrubbed", "removed", "omitted", "hidden", "suppressed", "anonymized",
    "anonymised", "pseudonymized", "pseudonymised", "obfuscated", "deidentified", "identified", "withheld",
    "concealed", "sanitized", "sanitised", "stripped", "disabled",
))  # fmt: skip
_NOT = frozenset(("not", "no", "never", "without", "non", "off"))
_UNDONE = frozenset((
    "captured", "logged", "recorded", "stored", "collected", "retained", "available", "enabled", "sent", "shown",
    "saved",
))  # fmt: skip
# Of a text in brackets: outside of them each might be a person's word.
_BRACKETED = frozenset((
    "deleted", "private", "blocked", "empty", "unavailable", "truncated", "encrypted", "secret", "confidential",
    "null", "none", "missing", "binary", "dropped", "secured", "protected", "too", "large", "pii",
))  # fmt: skip
_ABOUT = frozenset((
    "content", "contents", "data", "prompt", "prompts", "message", "messages", "text", "input", "inputs", "output",
    "outputs", "request", "response", "body", "payload", "value", "values", "field", "user", "system", "assistant",
    "sensitive", "personal", "information", "pii", "info", "details", "completion", "completions", "logging",
    "capture", "tracing", "llm", "model", "ai", "the", "this", "all", "it", "its", "has", "have", "was", "were",
    "is", "are", "been", "be", "de", "of", "and", "or",
))  # fmt: skip
_BY = frozenset(("by", "due", "for", "because", "per", "under", ":"))  # what follows says who, or why
_MOST_OF_A_REASON = 80  # characters
_TOLD = _DONE | _NOT | _UNDONE | _ABOUT
_BRACKETS = ("[", "(", "<", "{", "«", "%", "*", "__", "--")
_PIECE = re.compile(r"[^\W\d_]+|[:?]")
_MASK = re.compile(
    r"([*•█xX#._—-])(?:\s*\1){2,}|[*—-]"  # masked letter by letter
    r"|(?:[<{\[](?:[A-Z][A-Z0-9]*)(?:[_ ][A-Z0-9]+)*[>}\]][\s,.;]*)+"  # kinds of personal data alone, as <PERSON>
    r"|(?:PLACEHOLDER\d+[\s,.;]*)+"
)
_NAMES = frozenset(
    ("role", "type", "id", "name", "object", "mime_type")
)  # fields of a structure that say nothing of a text


def is_redaction_marker(text: str) -> bool:
    """Whether a text says only that something was left out: a marker, a mask, or an empty value, as text or in JSON.

    A text of over 120 characters never does. Whole texts are judged, not parts: a prompt with a masked name in it is a
    prompt.

    >>> is_redaction_marker("[REDACTED]"), is_redaction_marker("Dear [REDACTED], thank you for the soup.")
    (True, False)
    """
    return len(text) <= _LONGEST and _is_marker(text)


@lru_cache(4096)  # what gateways and instructions say comes again and again
def _is_marker(text: str) -> bool:
    plain = text.strip()
    if not plain or plain.lower() in _WHOLE or _MASK.fullmatch(plain):
        return True
    if plain[0] in "[{":
        try:
            return _says_nothing(json.loads(plain))
        except (ValueError, RecursionError):
            pass
    return _is_worded(plain)


def _is_worded(plain: str) -> bool:
    """Whether a text has the words of a marker alone, up to where it says who made it or why."""
    bracketed = plain.startswith(_BRACKETS)
    words: set[str] = set()
    lower = plain.lower()
    for piece in _PIECE.finditer(lower):
        word = piece[0]
        if word in _BY and words:
            if "?" in lower or len(lower) - piece.start() > _MOST_OF_A_REASON:
                return False
            break
        if word not in _TOLD and not (bracketed and word in _BRACKETED):
            return False
        words.add(word)
    if not words.isdisjoint(_DONE) or (bracketed and not words.isdisjoint(_BRACKETED)):
        return True
    return len(words) > 1 and not words.isdisjoint(_NOT) and not words.isdisjoint(_UNDONE | _ABOUT)


def _says_nothing(found: Any) -> bool:
    """Whether a structure holds only markers: no other text, no number. A flag counts if its name says so."""
    if isinstance(found, dict):
        return all(
            _is_worded(key) if value is True else key in _NAMES or _says_nothing(value) for key, value in found.items()
        )
    if isinstance(found, list):
        return all(map(_says_nothing, found))
    return found is None or (isinstance(found, str) and is_redaction_marker(found))
