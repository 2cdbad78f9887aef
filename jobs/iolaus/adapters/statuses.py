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
    400: "badrequest invalidrequest invalidparameter validation contextlengthexceeded contextwindowexceeded "
         "contentpolicyviolation "
    "contentfilter contentfiltered unsupportedparams rejectedrequest imagefetch malformedrequestfield "
    "servicequotaexceeded "
    "invalidargument failedprecondition stringabovemaxlength guardrailraised blockedpiientity jsonschemavalidation",
    401: "authentication unauthenticated invalidapikey incorrectapikey unauthorized unrecognizedclient "
         "callercredentialauthentication",
    402: "billing paymentrequired",
    403: "permission permissiondenied accessdenied forbidden modelaccessdenied",
    404: "notfound modelnotfound resourcenotfound",
    408: "timeout apitimeout requesttimeout modeltimeout",
    413: "requesttoolarge payloadtoolarge",
    422: "unprocessableentity",
    424: "model",
    429: "ratelimit ratelimitexceeded throttling toomanyrequests insufficientquota quotaexceeded budgetexceeded "
         "resourceexhausted "
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
_OTHER = re.compile(r"[^a-z]+")


def status(*said: Any) -> int | None:
    """The HTTP status, 100 to 599, that the first value with one names; None if none does.

    A value is a number, text that begins with one ("400_INVALID_REQUEST"), or the name of an error
    ("context_length_exceeded", "ThrottlingException", "openai.RateLimitError").
    """
    for value in said:
        if isinstance(value, int | float) and not isinstance(value, bool) and 100 <= value < 600:
            return int(value)
        if isinstance(value, str) and value:
            if (number := _LEADING.match(value)) and 100 <= int(number[1]) < 600:
                return int(number[1])
            if (named := _STATUS.get(_word(value))) is not None:
                return named
    return None


def _word(name: str) -> str:
    word = _OTHER.sub("", name.rsplit(".", 1)[-1].lower())
    for ending in ("exception", "error"):
        word = word.removesuffix(ending)
    return word
