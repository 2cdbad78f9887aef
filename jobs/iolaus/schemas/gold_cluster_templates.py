"""gold.cluster_templates"""

from iolaus.schemas.table import DATE, INT, LONG, STRING, Table, column

TABLE = Table(
    name="gold.cluster_templates",
    grain="one row per listed cluster (published or on the watchlist) and text that members share; the most shared of "
    "each kind",
    key=("run_date", "cluster_id", "channel", "value_hash"),
    columns=(
        column("run_date", DATE, "date of the run", required=True),
        column("cluster_id", STRING, "the cluster", required=True),
        column(
            "kind", STRING, "system, template, prompt, opening (first words) or closing (last words)", required=True
        ),
        column("channel", STRING, "the channel of features.account_values that it was found in", required=True),
        column("value_hash", LONG, "its hash there", required=True),
        column("n_accounts", INT, "members that send it", required=True),
        column(
            "n_exchanges",
            LONG,
            "exchanges of members that carry it, of an account's 512 prompts at most",
            required=True,
        ),
        column("n_baseline_owners", INT, "owners that send it, members' owners among them", required=True),
        column(
            "exemplar",
            STRING,
            "the sender's own words, redacted and cut; null if it was never seen on a day on which the cluster was "
            "listed",
        ),
        column("seen_on", DATE, "day of the exchanges that the exemplar was taken from"),
        column("run_id", STRING, "run that the row is of, as in quality.runs: the same in all gold tables of a date"),
    ),
    date="run_date",
    order=("cluster_id", "kind"),
)
