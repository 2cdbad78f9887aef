"""silver.exchanges"""

from iolaus.schemas.codes import AFFIX_COLUMNS
from iolaus.schemas.table import BINARY, BOOLEAN, DATE, DOUBLE, INT, LONG, SHORT, STRING, TIMESTAMP, Table, column

_AFFIXES = tuple(
    column(
        name,
        LONG,
        f"hash of the {'first' if name.startswith('head') else 'last'} {name[4:-5]} words of the prompt; null if it "
        "is no longer than that",
    )
    for name in AFFIX_COLUMNS
)

TABLE = Table(
    name="silver.exchanges",
    grain="one row per exchange: an account's request of one id, time and prompt",
    key=("account_id", "exchange_id", "requested_at", "content_hash"),
    columns=(
        column("arrived_on", DATE, "first day on which it arrived", required=True),
        column("happened_on", DATE, "UTC day of the request", required=True),
        column("account_id", STRING, "account that sent the request", required=True),
        column("requested_at", TIMESTAMP, "time of the request", required=True),
        column(
            "exchange_id",
            STRING,
            "id of the exchange, as the gateway or its client chose it; several exchanges may share one",
            required=True,
        ),
        column("request_model", STRING, "model that was asked for", required=True),
        column("access_path", STRING, "api, console, cloud or reseller"),
        column("conversation_hash", LONG, "xxHash64 of the conversation's id"),
        column("turn_index", INT, "user turn in the conversation; 0 is the first"),
        column("temperature", DOUBLE, "sampling temperature asked for"),
        column("max_tokens", LONG, "most output tokens asked for"),
        column("input_tokens", LONG, "input tokens"),
        column("output_tokens", LONG, "output tokens"),
        column("cache_read_tokens", LONG, "input tokens read from a cache"),
        column("reasoning_tokens", LONG, "tokens of hidden reasoning"),
        column("stream", BOOLEAN, "whether a stream was asked for"),
        column("thinking", BOOLEAN, "whether extended reasoning was asked for"),
        column("truncated", BOOLEAN, "whether the answer ended at the token limit"),
        column("tools_hash", LONG, "hash of the set of tools offered; null if none"),
        column("tool_call_count", INT, "tool calls in the answer"),
        column("image_count", INT, "images in the request"),
        column("http_status", INT, "HTTP status of the answer"),
        column("address", STRING, "pseudonym of the client address: HMAC-SHA-256, 32 hex digits"),
        column("block", STRING, "pseudonym of the address's /24 or /48"),
        column("asn", INT, "autonomous system of the client address"),
        column("country", STRING, "country of the client address, ISO 3166 alpha-2"),
        column("device", STRING, "pseudonym of user agent and TLS fingerprint together"),
        column(
            "request_hash",
            LONG,
            "hash of the request's parameters, stop sequences and header digest, as one; null if none is known",
        ),
        column(
            "answer_hash",
            LONG,
            "hash of the answer; null if it is unknown, or short enough to be given twice by chance",
        ),
        column(
            "prior_hash",
            LONG,
            "hash of the newest answer that the request's history quotes; null if it quotes none, or a short one",
        ),
        column("key_id", STRING, "id of the key under which the pseudonyms were made", required=True),
        column("system_hash", LONG, "hash of the normalised system prompt; null if none"),
        column("prompt_hash", LONG, "hash of the normalised prompt; null if it has no words"),
        column(
            "template_hash", LONG, "hash of the prompt with numbers, identifiers, quoted and pasted payloads folded"
        ),
        *_AFFIXES,
        column(
            "signature",
            BINARY,
            "MinHash signature of the prompt's shingles of three words: 32 minima, each four bytes, little-endian",
        ),
        column(
            "terms",
            BINARY,
            "distinct hashed terms of the prompt, at most 256, ascending: 0 to 8191, each two bytes, little-endian",
            required=True,
        ),
        column("n_words", INT, "words of the prompt", required=True),
        column("capabilities", SHORT, "bit mask of what the request is after: iolaus.text.intents", required=True),
        column(
            "content_hash",
            LONG,
            "hash of prompt, earlier prompt, system prompt and number of images, letter by letter: it tells copies",
        ),
        column(
            "n_copies", INT, "rows of bronze.exchanges of that day of arrival that are this exchange: it came so often"
        ),
    ),
    date="arrived_on",
    order=("happened_on", "account_id", "requested_at"),
)
