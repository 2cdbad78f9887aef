"""What gateways deliver: the fields of the landing's four folders, with types and meaning."""

from pyspark.sql.types import StructField

from iolaus.schemas.table import BOOLEAN, DATE, DOUBLE, INT, LONG, STRING, TIMESTAMP, array_of, column

SAYS_LITTLE = 40  # characters: a shorter prompt is read together with what the user said before, `prior_prompt`

EXCHANGE: tuple[StructField, ...] = (
    column("exchange_id", STRING, "id of the exchange, unique to its account", required=True),
    column("account_id", STRING, "account that sent the request", required=True),
    column("requested_at", TIMESTAMP, "time of the request", required=True),
    column("request_model", STRING, "model that was asked for", required=True),
    column("prompt", STRING, "text of the newest user message; may be empty", required=True),
    column("operation_name", STRING, "operation, as chat"),
    column("provider_name", STRING, "provider of the model"),
    column("response_model", STRING, "model that answered"),
    column("conversation_id", STRING, "conversation the exchange belongs to"),
    column("api_key_id", STRING, "id of the API key, never the key"),
    column("turn_index", INT, "user turn in the conversation; 0 is the first"),
    column("system_instructions", STRING, "system prompt"),
    column("response", STRING, "text of the answer, where the platform may keep it"),
    column("request_temperature", DOUBLE, "sampling temperature asked for"),
    column("request_max_tokens", LONG, "most output tokens asked for"),
    column("usage_input_tokens", LONG, "input tokens"),
    column("usage_output_tokens", LONG, "output tokens"),
    column("usage_cache_read_tokens", LONG, "input tokens read from a cache"),
    column("usage_reasoning_tokens", LONG, "tokens of hidden reasoning"),
    column("request_stream", BOOLEAN, "whether a stream was asked for"),
    column("request_thinking", BOOLEAN, "whether extended reasoning was asked for"),
    column("tool_names", array_of(STRING), "names of the tools offered"),
    column("tool_call_count", INT, "tool calls in the answer"),
    column("image_count", INT, "images in the request"),
    column("http_status", INT, "HTTP status of the answer"),
    column("finish_reasons", array_of(STRING), "why the answer ended"),
    column("client_ip", STRING, "client address, IPv4 or IPv6"),
    column("client_asn", INT, "autonomous system of the client address"),
    column("client_country", STRING, "country of the client address, ISO 3166 alpha-2"),
    column("user_agent", STRING, "user agent of the client"),
    column("tls_fingerprint", STRING, "TLS fingerprint of the client, JA4 or the like"),
    column("access_path", STRING, "api, console, cloud or reseller"),
    column(
        "prior_response",
        STRING,
        "newest answer of the assistant that the request's history quotes, as the client sent it",
    ),
    column(
        "prior_prompt",
        STRING,
        "longest earlier message of the user in the request's history, as the client sent it; wanted where the newest "
        "says little",
    ),
    column("request_top_p", DOUBLE, "nucleus sampling asked for, 0 to 1"),
    column("request_seed", LONG, "seed of the sampling asked for"),
    column("request_n", LONG, "answers asked for"),
    column("request_logprobs", BOOLEAN, "whether log probabilities were asked for"),
    column("request_batch", BOOLEAN, "whether the request came by a batch API"),
    column("request_prefill", BOOLEAN, "whether the request begins the answer"),
    column("request_stop", array_of(STRING), "texts that end the answer"),
    column("client_session_id", STRING, "session, cache or user key that the client chose"),
    column("header_digest", STRING, "digest of the names of the client's headers, in their order"),
)

ACCOUNT: tuple[StructField, ...] = (
    column("account_id", STRING, "the account", required=True),
    column("created_at", TIMESTAMP, "when the account was made", required=True),
    column("org_id", STRING, "organisation the account is a seat of"),
    column("plan", STRING, "plan, as free, pro, api, enterprise"),
    column("verified_as", STRING, "what the owner was verified as, as education or enterprise"),
    column("payment_fingerprint", STRING, "fingerprint of the payment method"),
    column("email_domain", STRING, "domain of the mail address"),
    column("phone_country", STRING, "country of the phone number, ISO 3166 alpha-2"),
    column("billing_country", STRING, "billing country, ISO 3166 alpha-2"),
    column("signup_ip", STRING, "address at sign-up"),
    column("signup_asn", INT, "autonomous system at sign-up"),
    column("status", STRING, "active, banned or the like, as of the snapshot"),
    column("banned_at", TIMESTAMP, "when the account was banned"),
)

MODEL: tuple[StructField, ...] = (
    column("model", STRING, "name of the model", required=True),
    column("released_at", TIMESTAMP, "when the model was released", required=True),
)

AGREEMENT: tuple[StructField, ...] = (
    column("org_id", STRING, "organisation with the agreement", required=True),
    column("kind", STRING, "synthetic_data or reseller", required=True),
    column("since", DATE, "first day of the agreement", required=True),
)

FIELDS: dict[str, tuple[StructField, ...]] = {
    "landing.exchanges": EXCHANGE,
    "landing.accounts": ACCOUNT,
    "landing.models": MODEL,
    "landing.agreements": AGREEMENT,
}
