"""Texts that stand where a gateway left a prompt out: the same for every customer, so never evidence of anything.

Sources of `_WHOLE` and `_PATTERN`, each the product's own documentation or code:
LiteLLM, "Redact messages, response content" (https://docs.litellm.ai/docs/proxy/logging#redact-messages-response-content);
OpenInference, "Configuration", `__REDACTED__` of OPENINFERENCE_HIDE_INPUTS
(https://github.com/Arize-ai/openinference/blob/main/spec/configuration.md);
Langfuse, "Masking of sensitive data" (https://langfuse.com/docs/observability/features/masking);
Sentry, "Scrubbing sensitive data", `[Filtered]` (https://docs.sentry.io/platforms/python/data-management/sensitive-data/);
Logfire, "Scrubbing", `[Scrubbed due to …]` (https://pydantic.dev/docs/logfire/how-to-guides/scrubbing/);
Datadog, "Sensitive Data Scanner", `[sensitive_data]` (https://docs.datadoghq.com/security/sensitive_data_scanner/);
Helicone, "Omit logs" (https://docs.helicone.ai/features/advanced-usage/omit-logs);
OpenTelemetry Collector, redaction processor, `****`
(https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/redactionprocessor);
Presidio, "Anonymizer", `<PERSON>` and the like (https://microsoft.github.io/presidio/anonymizer/);
AWS, "Sensitive information filters" of Guardrails, `{NAME}` and the like
(https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-sensitive-filters.html);
Kong, "AI PII sanitizer", PLACEHOLDER1 (https://developer.konghq.com/plugins/ai-sanitizer/).
"""

import re

_LONGEST = 120  # characters: a longer text says more than that something is missing
_WHOLE = frozenset({
    "redacted-by-litellm", "__redacted__", "[filtered]", "[sensitive_data]", "helicone-omitted", "no_content",
    "null", "none", "undefined", "nan", "{}", "[]", "[{}]", '""', "''", "n/a",
})  # fmt: skip
# A marker names what was done, to what, and by whom, within brackets or alone, and nothing else.
_OBJECT = (
    r"(?:the |this |all )?(?:user |system |sensitive )?"
    r"(?:content|data|prompt|message|text|input|output|request|response|body|payload|value|pii)s?"
)
_DONE = (
    r"(?:redacted|masked|filtered|scrubbed|removed|omitted|hidden|suppressed|anonymi[sz]ed|obfuscated|not[ "
    r"_-](?:captured|logged|recorded))"
)
_EDGE = r"[\s\[\](){}<>*_\"'`.:#-]*"
_PATTERN = re.compile(
    rf"(?i:{_EDGE}(?:{_OBJECT}[ _-]+(?:(?:has|have|was|were|is|are) (?:been )?)?)?{_DONE}(?:[ _-]+{_OBJECT})?"
    rf"(?:[ _:-]+(?:by|due to|for)[ _-]+[\w .'’/-]{{1,60}})?{_EDGE})"
    rf"|[*•█xX#.\s-]{{3,}}"  # masked letter by letter
    rf"|(?:[<{{\[](?:[A-Z][A-Z0-9]*)(?:[_ ][A-Z0-9]+)*[>}}\]][\s,.;]*)+"  # kinds of personal data alone, as <PERSON>
    rf"|(?:PLACEHOLDER\d+[\s,.;]*)+"
)


def is_redaction_marker(text: str) -> bool:
    """Whether a text only says that something was left out.

    A redaction marker, a mask, or an empty value written as text.

    A text of over 120 characters never is. Whole texts are judged, not parts: a prompt with a masked name in it is a
    prompt.
    """
    if len(text) > _LONGEST:
        return False
    plain = text.strip()
    return not plain or plain.lower() in _WHOLE or _PATTERN.fullmatch(plain) is not None
