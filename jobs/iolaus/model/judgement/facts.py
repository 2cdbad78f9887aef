"""The facts by which hypotheses are weighed.

What is measured of a group, and how likely each finding is under each hypothesis.

A fact's value falls into one of a few findings; a table says how often groups of each hypothesis show that finding. The
tables are judgements from what is known of such groups, in the open so that an analyst can argue with them; no entry is
below one in a hundred, so no single fact decides alone. A measure with an error is spread over the findings that it may
be. A fact that the platform cannot show (no field, too little data) is left out under every hypothesis.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from iolaus.model.judgement.hypotheses import NAMES


@dataclass(frozen=True)
class Fact:
    """One measure of a group.

    family: facts of one family may have one cause. bounds: where one finding ends and the next begins, ascending.
    findings: in words, one more than bounds. table: of each hypothesis the probability of each finding, in order.
    asks: the question that it answers, for the analyst.
    """

    name: str
    family: str
    asks: str
    bounds: tuple[float, ...]
    findings: tuple[str, ...]
    table: Mapping[str, tuple[float, ...]]


# share of a member's traffic that others send word for word, beside openings, where a program holds the conversations
SCRIPTED = 0.35
BY_PROGRAM = 2.0  # value of the fact `people` for such conversations


def _table(text: str) -> dict[str, tuple[float, ...]]:
    """A table from lines `hypothesis p p …`; probabilities are scaled so that each line sums to 1."""
    rows = {name: [float(x) for x in rest] for name, *rest in (line.split() for line in text.strip().splitlines())}
    if set(rows) != set(NAMES):
        raise ValueError(f"a table has every hypothesis once; this one has {', '.join(rows)}")
    return {name: tuple(max(p, 0.01) / sum(row) for p in row) for name, row in rows.items()}


FACTS: tuple[Fact, ...] = (
    Fact(
        "source",
        "content",
        "Do the members draw their prompts from one source, or does each have its own?",
        (-0.25, 0.18, 0.38),
        ("each repeats one set", "all draw from one source", "a mix of both", "each has its own"),
        _table("""
            distillation        .03 .85 .09 .03
            covert_distillation .03 .85 .09 .03
            resold_access       .02 .86 .10 .02
            unexplained         .05 .70 .17 .08
            organisation        .08 .25 .35 .32
            class               .75 .17 .05 .03
            seminar             .05 .55 .25 .15
            event               .15 .45 .25 .15
            client_users        .02 .20 .28 .50
            platform_customers  .02 .04 .30 .64
            one_trade           .01 .02 .10 .87
            one_idiom           .02 .02 .36 .60
            shared_line         .03 .10 .25 .62
            viral_prompt        .40 .30 .15 .15
            public_benchmark    .35 .55 .07 .03
            one_person          .05 .55 .30 .10
            strangers           .05 .10 .30 .55
        """),
    ),
    Fact(
        "repetition",
        "content",
        "How many of a member's first messages do other members send, too?",
        (0.06, 0.12, 0.25),
        ("almost none", "few", "some", "many"),
        _table("""
            distillation        .80 .13 .06 .01
            covert_distillation .80 .14 .05 .01
            resold_access       .75 .18 .06 .01
            unexplained         .70 .15 .10 .05
            organisation        .45 .25 .20 .10
            class               .01 .04 .15 .80
            seminar             .75 .15 .07 .03
            event               .40 .20 .25 .15
            client_users        .70 .15 .10 .05
            platform_customers  .70 .20 .07 .03
            one_trade           .73 .20 .05 .02
            one_idiom           .73 .20 .05 .02
            shared_line         .65 .20 .10 .05
            viral_prompt        .01 .04 .30 .65
            public_benchmark    .01 .02 .09 .88
            one_person          .45 .25 .20 .10
            strangers           .50 .25 .15 .10
        """),
    ),
    Fact(
        "instruction",
        "instruction",
        "How many members send the group's most common system prompt or prompt template?",
        (0.3, 0.7),
        ("few", "about half", "nearly all"),
        _table("""
            distillation        .25 .15 .60
            covert_distillation .25 .15 .60
            resold_access       .60 .25 .15
            unexplained         .50 .20 .30
            organisation        .50 .20 .30
            class               .30 .15 .55
            seminar             .15 .15 .70
            event               .30 .15 .55
            client_users        .15 .15 .70
            platform_customers  .45 .30 .25
            one_trade           .75 .15 .10
            one_idiom           .03 .07 .90
            shared_line         .90 .07 .03
            viral_prompt        .85 .10 .05
            public_benchmark    .20 .10 .70
            one_person          .60 .15 .25
            strangers           .70 .15 .15
        """),
    ),
    Fact(
        "applications",
        "instruction",
        "How many different system prompts are each sent by several members?",
        (2.5,),
        ("fewer than three", "three or more"),
        _table("""
            distillation        .93 .07
            covert_distillation .93 .07
            resold_access       .45 .55
            unexplained         .92 .08
            organisation        .95 .05
            class               .97 .03
            seminar             .97 .03
            event               .96 .04
            client_users        .88 .12
            platform_customers  .97 .03
            one_trade           .97 .03
            one_idiom           .98 .02
            shared_line         .97 .03
            viral_prompt        .98 .02
            public_benchmark    .98 .02
            one_person          .92 .08
            strangers           .97 .03
        """),
    ),
    Fact(
        "own_text",
        "content",
        "How many members mostly send a prompt template of their own?",
        (0.2, 0.5),
        ("few", "some", "most"),
        _table("""
            distillation        .85 .10 .05
            covert_distillation .85 .10 .05
            resold_access       .93 .05 .02
            unexplained         .80 .12 .08
            organisation        .80 .12 .08
            class               .93 .05 .02
            seminar             .93 .05 .02
            event               .93 .05 .02
            client_users        .85 .10 .05
            platform_customers  .60 .25 .15
            one_trade           .08 .17 .75
            one_idiom           .85 .10 .05
            shared_line         .90 .06 .04
            viral_prompt        .95 .04 .01
            public_benchmark    .95 .04 .01
            one_person          .85 .10 .05
            strangers           .70 .15 .15
        """),
    ),
    Fact(
        "places",
        "infrastructure",
        "How do shared addresses and cards connect the members?",
        (0.5, 1.5, 2.5),
        (
            "they share almost none",
            "in small groups, as offices or households do",
            "as one pool of many",
            "through one address",
        ),
        _table("""
            distillation        .35 .10 .40 .15
            covert_distillation .76 .12 .09 .03
            resold_access       .22 .20 .44 .14
            unexplained         .40 .12 .35 .13
            organisation        .05 .40 .15 .40
            class               .25 .05 .05 .65
            seminar             .20 .05 .05 .70
            event               .10 .04 .06 .80
            client_users        .80 .12 .05 .03
            platform_customers  .08 .04 .33 .55
            one_trade           .60 .15 .15 .10
            one_idiom           .85 .10 .03 .02
            shared_line         .02 .03 .45 .50
            viral_prompt        .88 .08 .03 .01
            public_benchmark    .85 .10 .03 .02
            one_person          .15 .05 .20 .60
            strangers           .60 .25 .10 .05
        """),
    ),
    Fact(
        "client",
        "infrastructure",
        "Do most members run one client that few others run?",
        (0.5,),
        ("no", "yes"),
        _table("""
            distillation        .65 .35
            covert_distillation .88 .12
            resold_access       .50 .50
            unexplained         .70 .30
            organisation        .75 .25
            class               .60 .40
            seminar             .60 .40
            event               .40 .60
            client_users        .05 .95
            platform_customers  .08 .92
            one_trade           .85 .15
            one_idiom           .95 .05
            shared_line         .96 .04
            viral_prompt        .97 .03
            public_benchmark    .80 .20
            one_person          .60 .40
            strangers           .93 .07
        """),
    ),
    Fact(
        "creation",
        "registration",
        "Within what time were four fifths of the accounts created?",
        (3.0, 30.0),
        ("within three days", "within a month", "over months"),
        _table("""
            distillation        .30 .22 .48
            covert_distillation .05 .15 .80
            resold_access       .15 .30 .55
            unexplained         .25 .25 .50
            organisation        .15 .15 .70
            class               .40 .15 .45
            seminar             .50 .20 .30
            event               .90 .05 .05
            client_users        .05 .45 .50
            platform_customers  .02 .08 .90
            one_trade           .02 .08 .90
            one_idiom           .02 .06 .92
            shared_line         .02 .08 .90
            viral_prompt        .02 .08 .90
            public_benchmark    .02 .08 .90
            one_person          .15 .20 .65
            strangers           .03 .10 .87
        """),
    ),
    Fact(
        "domain",
        "registration",
        "Do most members use one unusual mail domain?",
        (0.5,),
        ("no", "yes"),
        _table("""
            distillation        .85 .15
            covert_distillation .96 .04
            resold_access       .90 .10
            unexplained         .88 .12
            organisation        .35 .65
            class               .40 .60
            seminar             .30 .70
            event               .85 .15
            client_users        .97 .03
            platform_customers  .97 .03
            one_trade           .97 .03
            one_idiom           .98 .02
            shared_line         .95 .05
            viral_prompt        .98 .02
            public_benchmark    .97 .03
            one_person          .85 .15
            strangers           .97 .03
        """),
    ),
    Fact(
        "people",
        "behaviour",
        "How many members hold conversations, as people do?",
        (0.2, 0.7, 1.5),
        ("few: they are programs", "some", "most: they are people", "most, but programs write the messages"),
        _table("""
            distillation        .72 .08 .08 .12
            covert_distillation .62 .08 .20 .10
            resold_access       .20 .20 .58 .02
            unexplained         .48 .15 .30 .07
            organisation        .15 .20 .63 .02
            class               .25 .29 .42 .04
            seminar             .10 .35 .50 .05
            event               .10 .20 .68 .02
            client_users        .20 .19 .57 .04
            platform_customers  .88 .07 .03 .02
            one_trade           .92 .05 .02 .01
            one_idiom           .50 .20 .29 .01
            shared_line         .05 .15 .79 .01
            viral_prompt        .05 .15 .78 .02
            public_benchmark    .83 .10 .05 .02
            one_person          .30 .20 .45 .05
            strangers           .25 .25 .49 .01
        """),
    ),
    Fact(
        "extraction",
        "behaviour",
        "Do members ask for what trains a model: reasoning, grading, code, tools, long answers?",
        (3.0,),
        ("no more than others", "far more than others"),
        _table("""
            distillation        .30 .70
            covert_distillation .40 .60
            resold_access       .70 .30
            unexplained         .70 .30
            organisation        .80 .20
            class               .50 .50
            seminar             .55 .45
            event               .80 .20
            client_users        .40 .60
            platform_customers  .75 .25
            one_trade           .70 .30
            one_idiom           .60 .40
            shared_line         .90 .10
            viral_prompt        .85 .15
            public_benchmark    .45 .55
            one_person          .60 .40
            strangers           .75 .25
        """),
    ),
    Fact(
        "evenness",
        "behaviour",
        "Do the members carry equal shares of the work, as accounts behind one gateway do?",
        (0.2, 0.45),
        ("equal shares", "nearly equal shares", "some carry much more than others"),
        _table("""
            distillation        .45 .20 .35
            covert_distillation .12 .20 .68
            resold_access       .45 .20 .35
            unexplained         .35 .20 .45
            organisation        .12 .18 .70
            class               .15 .25 .60
            seminar             .15 .25 .60
            event               .08 .25 .67
            client_users        .03 .14 .83
            platform_customers  .06 .16 .78
            one_trade           .05 .15 .80
            one_idiom           .03 .17 .80
            shared_line         .02 .13 .85
            viral_prompt        .03 .17 .80
            public_benchmark    .20 .25 .55
            one_person          .30 .25 .45
            strangers           .03 .13 .84
        """),
    ),
    Fact(
        "span",
        "behaviour",
        "On how many days does most of the group's traffic fall?",
        (3.0,),
        ("at most three", "more than three"),
        _table("""
            distillation        .10 .90
            covert_distillation .06 .94
            resold_access       .08 .92
            unexplained         .15 .85
            organisation        .04 .96
            class               .35 .65
            seminar             .22 .78
            event               .85 .15
            client_users        .04 .96
            platform_customers  .02 .98
            one_trade           .02 .98
            one_idiom           .03 .97
            shared_line         .03 .97
            viral_prompt        .15 .85
            public_benchmark    .15 .85
            one_person          .10 .90
            strangers           .05 .95
        """),
    ),
    Fact(
        "owners",
        "behaviour",
        "How many unrelated owners do the accounts have?",
        (9.5, 40.5),
        ("under ten", "ten to forty", "more than forty"),
        _table("""
            distillation        .15 .35 .50
            covert_distillation .15 .35 .50
            resold_access       .10 .35 .55
            unexplained         .20 .35 .45
            organisation        .40 .35 .25
            class               .20 .45 .35
            seminar             .20 .45 .35
            event               .15 .45 .40
            client_users        .20 .35 .45
            platform_customers  .20 .40 .40
            one_trade           .30 .40 .30
            one_idiom           .25 .40 .35
            shared_line         .25 .35 .40
            viral_prompt        .30 .40 .30
            public_benchmark    .60 .30 .10
            one_person          .94 .05 .01
            strangers           .60 .30 .10
        """),
    ),
    Fact(
        "clock",
        "timing",
        "How strong is the evidence that members are active in the same minutes, beyond chance and their usual hours?",
        (3.0, 8.0),
        ("none", "some", "strong"),
        _table("""
            distillation        .68 .16 .16
            covert_distillation .86 .10 .04
            resold_access       .80 .12 .08
            unexplained         .45 .20 .35
            organisation        .85 .10 .05
            class               .75 .17 .08
            seminar             .75 .17 .08
            event               .80 .15 .05
            client_users        .94 .04 .02
            platform_customers  .85 .10 .05
            one_trade           .93 .05 .02
            one_idiom           .96 .03 .01
            shared_line         .95 .04 .01
            viral_prompt        .93 .05 .02
            public_benchmark    .93 .05 .02
            one_person          .60 .20 .20
            strangers           .95 .04 .01
        """),
    ),
    Fact(
        "rhythm",
        "timing",
        "Are the members busy on the same days, more so than other accounts?",
        (0.06, 0.18),
        ("no", "somewhat", "yes"),
        _table("""
            distillation        .48 .15 .37
            covert_distillation .55 .15 .30
            resold_access       .40 .23 .37
            unexplained         .43 .17 .40
            organisation        .55 .20 .25
            class               .15 .15 .70
            seminar             .15 .15 .70
            event               .30 .20 .50
            client_users        .72 .19 .09
            platform_customers  .80 .13 .07
            one_trade           .85 .10 .05
            one_idiom           .90 .07 .03
            shared_line         .88 .09 .03
            viral_prompt        .40 .25 .35
            public_benchmark    .70 .15 .15
            one_person          .40 .20 .40
            strangers           .91 .07 .02
        """),
    ),
    Fact(
        "hand_overs",
        "conversation",
        "How many members take over conversations, or failed requests, of members with other owners?",
        (0.02, 0.2),
        ("none", "some", "many: one gateway distributes them"),
        _table("""
            distillation        .85 .06 .09
            covert_distillation .86 .06 .08
            resold_access       .50 .12 .38
            unexplained         .80 .09 .11
            organisation        .90 .08 .02
            class               .96 .03 .01
            seminar             .96 .03 .01
            event               .96 .03 .01
            client_users        .97 .02 .01
            platform_customers  .97 .02 .01
            one_trade           .98 .01 .01
            one_idiom           .98 .01 .01
            shared_line         .97 .02 .01
            viral_prompt        .97 .02 .01
            public_benchmark    .98 .01 .01
            one_person          .75 .15 .10
            strangers           .97 .02 .01
        """),
    ),
)
FACT: dict[str, Fact] = {f.name: f for f in FACTS}
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(f.family for f in FACTS))
