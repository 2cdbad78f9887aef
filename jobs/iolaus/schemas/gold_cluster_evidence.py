"""gold.cluster_evidence"""

from iolaus.schemas.table import DATE, DOUBLE, INT, STRING, Table, column, map_of

TABLE = Table(
    name="gold.cluster_evidence",
    grain="one row per listed cluster (published or on the watchlist) and piece of evidence",
    key=("run_date", "cluster_id", "channel"),
    columns=(
        column("run_date", DATE, "date of the run", required=True),
        column("cluster_id", STRING, "the cluster", required=True),
        column("channel", STRING, "what the evidence is of", required=True),
        column(
            "kind",
            STRING,
            "coordination, automation, extraction, task_sharing, purpose_built or policy_signals: what it speaks "
            "for; innocent: what it could be instead; "
            "judgement: a fact by which hypotheses were weighed",
            required=True,
        ),
        column(
            "part",
            STRING,
            "pieces of one part are views of one fact: a score sums the best of each kind and part",
            required=True,
        ),
        column(
            "bits",
            DOUBLE,
            "evidence in bits, at most the channel's cap. Of kind judgement: what the fact gives to the operator's "
            "hypothesis over the best innocent one. That may be below 0; these bits add up to margin_bits",
            required=True,
        ),
        column("support", INT, "accounts, pairs of accounts, or their meetings, that it rests on", required=True),
        column("value", DOUBLE, "the figure: a share of members, or a count of pairs or meetings", required=True),
        column("background", DOUBLE, "the same figure of the baseline; null where there is none"),
        column("description", STRING, "the claim in words, with its figures", required=True),
        column(
            "fit",
            STRING,
            "of kind innocent: whether the explanation fits, as fits, does_not_fit or unknown; else null",
        ),
        column(
            "taken",
            map_of(DOUBLE),
            "of kind innocent: bits by channel of the claims that the explanation took from the cluster; else null",
        ),
        column(
            "log_likelihoods",
            map_of(DOUBLE),
            "of kind judgement: log2 of the finding's probability under each hypothesis; else null",
        ),
        column("run_id", STRING, "run that the row is of, as in quality.runs: the same in all gold tables of a date"),
    ),
    date="run_date",
    order=("cluster_id", "channel"),
)
