"""silver.accounts"""

from iolaus.schemas.table import DATE, INT, STRING, TIMESTAMP, Table, column

TABLE = Table(
    name="silver.accounts",
    grain="one row per account, as known on the date",
    key=("run_date", "account_id"),
    columns=(
        column("run_date", DATE, "the date as of which it is known", required=True),
        column("account_id", STRING, "the account", required=True),
        column(
            "owner_id", STRING, "who answers for it: its verified organisation, else the account itself", required=True
        ),
        column("created_at", TIMESTAMP, "when the account was made", required=True),
        column("org_id", STRING, "organisation the account is a seat of"),
        column("plan", STRING, "plan, as free, pro, api, enterprise"),
        column("verified_as", STRING, "what the owner was verified as"),
        column("agreement", STRING, "agreement in force that allows what looks like distillation; null for none"),
        column("card", STRING, "pseudonym of the payment method: HMAC-SHA-256, 32 hex digits"),
        column("mail_domain", STRING, "pseudonym of the mail domain"),
        column("phone_country", STRING, "country of the phone number"),
        column("billing_country", STRING, "billing country"),
        column("signup_address", STRING, "pseudonym of the address at sign-up"),
        column("signup_block", STRING, "pseudonym of that address's /24 or /48"),
        column("signup_asn", INT, "autonomous system at sign-up"),
        column("status", STRING, "active or banned, as known on the date"),
        column("banned_at", TIMESTAMP, "when it was banned; null if not yet on the date"),
        column("key_id", STRING, "id of the key under which the pseudonyms were made", required=True),
    ),
    date="run_date",
    order=("account_id",),
)
