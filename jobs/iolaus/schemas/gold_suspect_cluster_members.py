"""gold.suspect_cluster_members"""

from iolaus.schemas.table import DATE, DOUBLE, LONG, STRING, TIMESTAMP, Table, array_of, column, map_of

TABLE = Table(
    name="gold.suspect_cluster_members",
    grain="one row per account of a published cluster",
    key=("run_date", "account_id"),
    columns=(
        column("run_date", DATE, "date of the run", required=True),
        column("cluster_id", STRING, "the cluster", required=True),
        column("account_id", STRING, "the account", required=True),
        column("membership", DOUBLE, "probability that the account belongs, 0 to 1", required=True),
        column("n_exchanges", LONG, "its exchanges in the window", required=True),
        column("n_input_tokens", LONG, "input tokens of it in the window; null before version 0.3"),
        column("n_output_tokens", LONG, "output tokens of it in the window; null before version 0.3"),
        column(
            "n_reasoning_tokens",
            LONG,
            "tokens of hidden reasoning, among the output tokens or beside them; null before version 0.3",
        ),
        column("models", map_of(LONG), "exchanges of it by model; null before version 0.3"),
        column(
            "cost",
            DOUBLE,
            "estimate of what these tokens cost, by input_prices and output_prices of the settings: tokens are divided "
            "among models as exchanges are; null without prices",
        ),
        column(
            "distillation_share",
            DOUBLE,
            "share of them that carry what is typical of the cluster, 0 to 1",
            required=True,
        ),
        column(
            "reasons",
            array_of(STRING),
            "why the account belongs: what is true of the account itself, with counts and baseline, strongest first",
            required=True,
        ),
        column("first_seen", TIMESTAMP, "its first exchange in the window", required=True),
        column("last_seen", TIMESTAMP, "its last exchange in the window", required=True),
        column("created_at", TIMESTAMP, "when the account was made; null if the platform does not say"),
        column("status", STRING, "active or banned, as known on the date"),
        column("banned_at", TIMESTAMP, "when it was banned, as known on the date"),
        column("plan", STRING, "its plan"),
        column("org_id", STRING, "organisation it is a seat of"),
        column("verdict", STRING, "an analyst's verdict on the account, or else on a cluster it was in; null for none"),
        column("verdict_id", STRING, "that verdict, in verdicts.given"),
        column("verdict_by", STRING, "who gave it"),
        column("verdict_on", DATE, "when it was given, UTC"),
        column("verdict_why", STRING, "the reason given"),
        column("run_id", STRING, "run that the row is of, as in quality.runs: the same in all gold tables of a date"),
    ),
    date="run_date",
    order=("cluster_id", "account_id"),
)
