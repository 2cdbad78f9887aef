"""What a case page says of each innocent explanation: who it could be, and the figure that answers. No Spark.

`iolaus.model.explanations` fills in the figures; `docs/reference/sentences.md` shows them with examples.
"""

from dataclasses import dataclass

from iolaus.model.signals import ONE_CLIENT, OWN_TEXT, PEOPLE, PUBLIC_SET, WHOLE_SET
from iolaus.schemas.codes import DOES_NOT_FIT, FITS, UNKNOWN

ANSWERS: dict[str, str] = {FITS: "It fits", DOES_NOT_FIT: "No", UNKNOWN: "Cannot be told"}
IN_STEP = ". The members are active in the same minutes, and strangers would not be"


@dataclass(frozen=True)
class Explanation:
    """An innocent explanation in words.

    who: whom it would make of the members, as the start of a question. figure: what is counted, with a place for each
    number in words. example: numbers for the reference page.
    """

    name: str
    who: str
    figure: str
    example: tuple[object, ...]

    def says(self, answer: str, figure: str) -> str:
        """The sentence on a case page; `answer` is one of ANSWERS."""
        return f"{self.who}? {answer}: {figure}."


EXPLANATIONS: dict[str, Explanation] = {
    e.name: e
    for e in (
        Explanation(
            PEOPLE,
            "A class, a team or other people",
            "%s of members hold conversations (%s of all accounts do)",
            ("3%", "43%"),
        ),
        Explanation("one_owner", "One organisation", "%s accounts have %s owners", (29, 29)),
        Explanation("agreement", "Customers with an agreement", "%s of %s accounts have an agreement", (0, 29)),
        Explanation(
            "one_line",
            "Customers of one proxy, carrier or venue",
            "%s of %s accounts also ask for the same things",
            (28, 29),
        ),
        Explanation(
            ONE_CLIENT,
            "Users of one client",
            "%s of %s accounts run the members' most common client (%s of all accounts do)",
            (8, 29, "12%"),
        ),
        Explanation(
            OWN_TEXT,
            "Unrelated programs whose prompts begin or end alike",
            "%s of %s accounts mostly send a prompt template of their own",
            (2, 29),
        ),
        Explanation(
            PUBLIC_SET,
            "People who use prompts from one public set",
            "%s of the members' traffic repeats another member's prompt",
            ("4%",),
        ),
        Explanation(
            WHOLE_SET,
            "Strangers who each run one whole benchmark",
            "on average, a member's prompt is also sent by %s of the other members",
            ("under 1%",),
        ),
    )
}

# Where the logs lack the field, there is no row of the explanation; a case page says so.
NOT_LOGGED: dict[str, str] = {
    ONE_CLIENT: EXPLANATIONS[ONE_CLIENT].says(ANSWERS[UNKNOWN], "the logs show no client that two of the accounts use")
}
# Of an account that has no reason of its own.
AS_A_WHOLE = "Fits the cluster as a whole: odds of %.1f bits that it belongs (10 bits are about 1,000 to 1)."
