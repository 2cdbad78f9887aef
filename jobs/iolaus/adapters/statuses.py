"""What happened to a call as an HTTP status, of codes, words and names of errors.

Sources: LiteLLM, "Exception mapping" (https://docs.litellm.ai/docs/exception_mapping); OpenAI, "Error codes"
(https://platform.openai.com/docs/guides/error-codes); Anthropic, "Errors" (https://platform.claude.com/docs/en/api/errors);
AWS, "Common errors" and "InvokeModel" (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html);
Google, "Error model" (https://cloud.google.com/apis/design/errors).
"""

import re
from typing import Any

# Words of errors without their letters' case, dashes and the endings "Error" and "Exception".
_WORDS = {
    200: "ok success succeeded completed",
    400: "badrequest invalidrequest invalidparameter validation contextlengthexceeded contextwindowexceeded "
    "contentpolicyviolation "
    "contentfilter contentfiltered unsupportedparams rejectedrequest imagefetch malformedrequestfield "
    "servicequotaexceeded "
    "invalidargument failedprecondition stringabovemaxlength guardrailraised blockedpiientity "
    "jsonschemavalidation client",
    401: "authentication unauthenticated invalidapikey incorrectapikey unauthorized unrecognizedclient "
    "callercredentialauthentication",
    402: "billing paymentrequired billinghardlimitreached",
    403: "permission permissiondenied accessdenied forbidden modelaccessdenied",
    404: "notfound modelnotfound resourcenotfound",
    408: "timeout timedout apitimeout requesttimeout requesttimedout modeltimeout",
    413: "requesttoolarge payloadtoolarge",
    422: "unprocessableentity",
    424: "model",
    429: "ratelimit ratelimited ratelimitexceeded throttling "
    "toomanyrequests insufficientquota quotaexceeded budgetexceeded resourceexhausted "
    "modelnotready callercredentialratelimit tokensexceeded",
    499: "cancelled canceled clientdisconnected",
    500: "api internalserver internal server apiconnection unknown",
    502: "badgateway",
    503: "serviceunavailable unavailable midstreamfallback",
    504: "deadlineexceeded gatewaytimeout",
    529: "overloaded",
}  # fmt: skip
_STATUS = {word: status for status, words in _WORDS.items() for word in words.split()}
_LEADING = re.compile(r"\s*(\d{3})(?!\d)")
_NUMBERED = re.compile(
    r"(?:\bhttp(?:/[\d.]+)?|\bstatus|\bcode)[\s:=_\"']*(?:code)?[\s:=\"']*([1-5]\d\d)(?!\d)", re.IGNORECASE
)  # within a message
_NAMED = re.compile(r"[A-Za-z_.]*(?:Error|Exception)\b|^\w+(?=:)")
_TELLING = 8  # letters of a word from which on a name that ends in it says the same
_OTHER = re.compile(r"[^a-z]+")


def status(*said: Any) -> int | None:
    """The HTTP status, 100 to 599, that the first value with one names; None if none does.

    A value is a number, text that begins with one ("400_INVALID_REQUEST"), the name of an error
    ("context_length_exceeded", "ThrottlingException", "openai.RateLimitError"), or a message that has either in it
    ("Error code: 429 - …", "litellm.RateLimitError: …").
    """
    for value in said:
        if isinstance(value, int | float) and not isinstance(value, bool) and 100 <= value < 600:
            return int(value)
        if isinstance(value, str) and value and (found := _of_text(value)) is not None:
            return found
    return None


def _of_text(said: str) -> int | None:
    if (number := _LEADING.match(said)) and 100 <= int(number[1]) < 600:
        return int(number[1])
    if (named := _STATUS.get(_word(said))) is not None:
        return named
    if number := _NUMBERED.search(said):
        return int(number[1])
    names = [_word(name) for name in (said if " " not in said else "", *_NAMED.findall(said)) if name]
    for name in names:
        known = (word for word in _STATUS if name == word or (len(word) >= _TELLING and name.endswith(word)))
        if longest := max(known, key=len, default=None):
            return _STATUS[longest]
    return None


def _word(name: str) -> str:
    word = _OTHER.sub("", name.rstrip(". ").rsplit(".", 1)[-1].lower())
    for ending in ("exception", "error"):
        word = word.removesuffix(ending)
    return word
