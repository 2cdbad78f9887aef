"""quality.calibration"""

from iolaus.schemas.table import DATE, DOUBLE, INT, STRING, TIMESTAMP, Table, array_of, column

TABLE = Table(
    name="quality.calibration",
    grain="one row a kind of innocent groups and calibration of a run date; rows are added and never changed",
    key=("run_date", "calibrated_at", "kind"),
    columns=(
        column("run_date", DATE, "the run whose accounts were drawn from", required=True),
        column("calibrated_at", TIMESTAMP, "when", required=True),
        column(
            "kind",
            STRING,
            "organisation (its seats taken as strangers), client, address, mail (domain) or created (on one day): "
            "accounts with that in common and no other reason to be together; random: accounts drawn alike in size, "
            "volume, plan and age to a published cluster",
            required=True,
        ),
        column("n_groups", INT, "groups that went through the evidence and the judgement", required=True),
        column("n_published", INT, "of these, groups that would have been published", required=True),
        column(
            "upper_bound",
            DOUBLE,
            "share of such groups that would be published, at most, with 95% confidence (Clopper and Pearson), by this "
            "calibration alone",
            required=True,
        ),
        column("margins", array_of(DOUBLE), "margin_bits of the groups, highest first, at most 1,000", required=True),
        column(
            "groups",
            array_of(STRING),
            "ids of those groups, in the order of margins. What accounts have in common has one id in every run; "
            "random groups are new ones in each",
            required=True,
        ),
        column("published_groups", array_of(STRING), "ids of the groups that would have been published", required=True),
    ),
    date="run_date",
)
