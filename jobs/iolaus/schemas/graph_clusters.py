"""graph.clusters"""

from iolaus.schemas.table import DATE, DOUBLE, INT, STRING, Table, array_of, column

TABLE = Table(
    name="graph.clusters",
    grain="one row a member of a cluster; an account is in one cluster at most",
    key=("run_date", "account_id"),
    columns=(
        column("run_date", DATE, "last day of the window", required=True),
        column("cluster_id", STRING, "id that lasts from run to run", required=True),
        column("account_id", STRING, "the account", required=True),
        column(
            "membership",
            DOUBLE,
            "probability that the account belongs, 0 to 1, of its profile against the cluster's",
            required=True,
        ),
        column(
            "bits",
            INT,
            "log odds of belonging, thousandths of a bit: the families, the size of the group, and the lack of a "
            "link where links found it",
            required=True,
        ),
        column("content", INT, "of these from what is asked", required=True),
        column("infrastructure", INT, "of these from what it is sent from and paid with", required=True),
        column("cohort", INT, "of these from when the account was made", required=True),
        column("behaviour", INT, "of these from how it is used", required=True),
        column("timing", INT, "of these from the hours in which it is active", required=True),
        column(
            "reasons",
            array_of(STRING),
            "channels in which the account is like the cluster and unlike others, strongest first",
            required=True,
        ),
        column(
            "origin",
            STRING,
            "how the group was found: links, template, conversation, both (several of these) or content",
            required=True,
        ),
        column(
            "event",
            STRING,
            "born, kept, split or merged, against the previous run; successor: of a confirmed cluster's banned "
            "accounts",
            required=True,
        ),
        column("parents", array_of(STRING), "clusters that it continues", required=True),
    ),
    date="run_date",
    order=("cluster_id", "account_id"),
)
