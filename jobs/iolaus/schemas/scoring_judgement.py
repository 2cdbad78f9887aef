"""scoring.judgement"""

from iolaus.schemas.table import DATE, DOUBLE, STRING, Table, column, map_of

TABLE = Table(
    name="scoring.judgement",
    grain="one row per cluster and fact by which it was judged, and one (`prior`) for what is common among groups "
    "before any fact",
    key=("run_date", "cluster_id", "fact"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("cluster_id", STRING, "the cluster", required=True),
        column("fact", STRING, "name of the fact: iolaus.model.judgement.facts; or prior", required=True),
        column("family", STRING, "facts of one family may have one cause; prior for the prior", required=True),
        column("value", DOUBLE, "what was measured, in the fact's unit; null for the prior"),
        column("error", DOUBLE, "standard error of the value; 0 for what is counted; null for the prior"),
        column("finding", STRING, "the finding that the value falls into; null for the prior"),
        column(
            "bits",
            DOUBLE,
            "what the fact gives to the operator's hypothesis over the best innocent one: log2 of the ratio",
            required=True,
        ),
        column(
            "log_likelihoods",
            map_of(DOUBLE),
            "log2 of the probability of the finding under each hypothesis",
            required=True,
        ),
        column("description", STRING, "question and answer, for the analyst", required=True),
        column(
            "hypothesis",
            STRING,
            "the operator's hypothesis that fits best: iolaus.model.judgement.hypotheses",
            required=True,
        ),
        column("rival", STRING, "the innocent hypothesis that fits best", required=True),
        column(
            "margin_bits", DOUBLE, "bits of `hypothesis` over `rival`, all facts and the prior together", required=True
        ),
    ),
    date="run_date",
    order=("cluster_id", "fact"),
)
