"""scoring.clusters"""

from iolaus.schemas.table import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    LONG,
    STRING,
    TIMESTAMP,
    Table,
    array_of,
    column,
    map_of,
    struct_of,
)

RELEASE_ADOPTION = array_of(
    struct_of(
        column("released_at", TIMESTAMP, "hour of the release"),
        column("model", STRING, "the released model"),
        column("share", DOUBLE, "share of the cluster's exchanges of the 48 hours after the release that went to it"),
        column("hours_to_half", INT, "hours until half of the cluster's exchanges went to it; null if not reached"),
        column("baseline_share", DOUBLE, "the same share of everybody's exchanges"),
        column("baseline_hours_to_half", INT, "the same hours of everybody's exchanges; null if not reached"),
    )
)
CLUSTER = (
    column("cluster_id", STRING, "id that lasts from run to run", required=True),
    column("score", DOUBLE, "bits of evidence: the capped sums of its kinds", required=True),
    column(
        "confidence",
        STRING,
        "high, medium or low: by how much an operator's hypothesis beats every innocent one",
        required=True,
    ),
    column(
        "case_kind",
        STRING,
        "the operator's hypothesis that fits best: distillation, resold_access or unexplained",
        required=True,
    ),
    column("rival", STRING, "the innocent hypothesis that fits best: iolaus.model.judgement.hypotheses", required=True),
    column(
        "margin_bits", DOUBLE, "bits of case_kind over rival: log2 of the ratio of their probabilities", required=True
    ),
    column("n_accounts", INT, "members", required=True),
    column("n_owners", INT, "owners that answer for them", required=True),
    column("n_exchanges", LONG, "exchanges of members in the window", required=True),
    column("n_input_tokens", LONG, "input tokens of members in the window; null before version 0.3"),
    column("n_output_tokens", LONG, "output tokens of members in the window; null before version 0.3"),
    column(
        "n_reasoning_tokens",
        LONG,
        "tokens of hidden reasoning, among the output tokens or beside them; null before version 0.3",
    ),
    column("models", map_of(LONG), "exchanges of members by model; null before version 0.3"),
    column(
        "cost",
        DOUBLE,
        "estimate of what these tokens cost, by input_prices and output_prices of the settings: tokens are divided "
        "among models as exchanges are; null without prices",
    ),
    column("first_seen", TIMESTAMP, "first exchange of a member in the window", required=True),
    column("last_seen", TIMESTAMP, "last exchange of a member in the window", required=True),
    column("is_active", BOOLEAN, "whether members were active on the date or the day before", required=True),
    column("n_banned", INT, "members that are known to be banned", required=True),
    column(
        "lifetime_days", DOUBLE, "mean days from a member's first exchange in the window to its last", required=True
    ),
    column("coordination", DOUBLE, "evidence that members belong together, bits", required=True),
    column("automation", DOUBLE, "evidence that programs drive the members, bits", required=True),
    column("extraction", DOUBLE, "evidence that members extract what trains a model, bits", required=True),
    column(
        "task_sharing",
        DOUBLE,
        "evidence that members split one kind of work that nothing innocent explains, bits",
        required=True,
    ),
    column("purpose_built", DOUBLE, "evidence that the accounts were created for it, bits", required=True),
    column(
        "policy_signals",
        DOUBLE,
        "evidence of release adoption, succession, heavy use for the plan or unsupported regions, bits",
        required=True,
    ),
    column("capabilities", map_of(DOUBLE), "share of exchanges that ask for each capability", required=True),
    column("target", STRING, "the capabilities most asked for, in words", required=True),
    column("reasons", array_of(STRING), "the strongest pieces of evidence, in words", required=True),
    column(
        "explanations",
        array_of(STRING),
        "innocent explanations that were considered, each with the figure for or against it",
        required=True,
    ),
    column(
        "release_adoption",
        RELEASE_ADOPTION,
        "how the cluster took up each model released in the window, beside everybody",
        required=True,
    ),
    column("summary", STRING, "the case in one sentence", required=True),
    column("verdict", STRING, "an analyst's verdict on the cluster: confirmed, innocent or unsure; null for none"),
    column("verdict_id", STRING, "that verdict, in verdicts.given"),
    column("verdict_by", STRING, "who gave it"),
    column("verdict_on", DATE, "when it was given"),
    column("verdict_why", STRING, "the reason given"),
    column(
        "since_verdict", array_of(STRING), "what is different now from what the analyst saw, in words", required=True
    ),
)

TABLE = Table(
    name="scoring.clusters",
    grain="one row per cluster, published or not",
    key=("run_date", "cluster_id"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column(
            "rank", INT, "1 for the worst among clusters of its table: the published, or the watchlist", required=True
        ),
        *CLUSTER,
    ),
    date="run_date",
    order=("rank",),
)
