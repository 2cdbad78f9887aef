"""Legitimate accounts that look like a campaign in one way or another."""

from dataclasses import replace

from iolaus.simulate.groups import SDK, Access, LookAlike, Work

_API = ("api",)
_CLIENT = (
    "You are a coding assistant in the user's editor. Read files before you change them, make small edits, run the "
    "tests, and report what you did."
)
_CLIENT_TOOLS = ("read_file", "edit_file", "run_command", "search_files")
_ORGANISATION = Access(
    plans=("enterprise",),
    paths=_API,
    network="group",
    card="group",
    mail="group",
    verified="enterprise",
    organisation=True,
)

LOOK_ALIKES = (
    LookAlike(
        "campus",
        2400,
        190_000,
        (Work(220), Work(36, source="pool", repeat=40, language="en", topics=("mathematics", "physics", "statistics"))),
        Access(plans=("pro",), network="group", addresses=4, mail="group", verified="education"),
        unit=0,
    ),
    LookAlike(
        "help_desk",
        900,
        130_000,
        (
            Work(
                system="You answer the enquiries of {name}'s customers in {place}. Be {tone} and {adj}. Never "
                "promise a refund.",
                voice="unit",
                topics=("finance", "business", "home"),
            ),
        ),
        replace(_ORGANISATION, network="unit", card="unit", mail="unit"),
        unit=60,
    ),
    LookAlike(
        "small_firm",
        3000,
        240_000,
        (
            Work(180),
            Work(76, template="House style: {tone}, {adj}, {form} of at most {n} words.\n{task}", voice="unit"),
        ),
        Access(plans=("pro",), network="unit", card="unit", mail="unit"),
        unit=5,
    ),
    LookAlike("household", 3000, 210_000, access=Access(plans=("pro", "free"), network="unit", card="some"), unit=2),
    LookAlike(
        "coding_client",
        3000,
        330_000,
        (Work(52, language="code"), Work(204, language="code", system=_CLIENT, tools=_CLIENT_TOOLS, thinking=0.3)),
        Access(plans=("api", "pro"), paths=_API, agents=("helm-code/2.4.1",), one_device=True),
    ),
    LookAlike(
        "viral_prompt",
        2000,
        110_000,
        (
            Work(150),
            Work(
                106,
                source="pool",
                repeat=5,
                language="en",
                topics=("science_fiction", "writing"),
                template="From now on you are my brutally honest future self, {n} years older. First list what I "
                "avoid, then answer: {task}",
                voice="account",
            ),
        ),
    ),
    LookAlike("enthusiast", 2000, 230_000, adopts=5.0, adopters=1.0),
    LookAlike("proxy_customer", 1500, 120_000, access=Access(network="proxy", foreign_phone=0.3)),
    LookAlike(
        "licensed",
        40,
        80_000,
        (
            Work(
                template=(
                    "You are an expert {role} writing training data. Produce a {adj} question and a worked answer "
                    "about the "
                    "following.\n{task}\nReturn both with full reasoning."
                ),
                source="task",
                repeat=2,
                language="en",
                answer=2.5,
            ),
        ),
        _ORGANISATION,
        unit=0,
        rhythm="flat",
        sigma=0.3,
        agreement="synthetic_data",
        minimum=6,
    ),
    LookAlike(
        "reseller",
        60,
        150_000,
        (Work(),),
        replace(_ORGANISATION, paths=("reseller",), agents=("relay-gateway/3.0",), one_device=True),
        unit=0,
        sigma=0.5,
        agreement="reseller",
        minimum=6,
    ),
    LookAlike(
        "bot",
        800,
        320_000,
        (
            Work(
                template="{verb} the record below for {who}; answer with {form} of {n} lines.\n###\n{task}",
                voice="account",
                temperature=0.0,
                topics=("business", "marketing", "home", "travel", "finance"),
            ),
        ),
        Access(plans=("api",), paths=_API, agents=SDK[:2], network="cloud", lines=1),
        rhythm="flat",
    ),
    LookAlike(
        "hackathon",
        400,
        24_000,
        (
            Work(96),
            Work(
                160,
                template='Starter kit: answer as JSON with the keys "plan", "risk" and "code".\n{task}',
                language="code",
                system="You are the hackathon mentor bot. Be brief.",
            ),
        ),
        Access(plans=("api",), paths=_API, agents=SDK[:1], network="group", addresses=2, one_device=True, before=-1.0),
        unit=0,
        window=(0.4, 0.48),
        adopts=400.0,
    ),
    LookAlike(
        "benchmark",
        300,
        75_000,
        (
            Work(
                template='Answer the question. Finish with "Answer:" and the result.\n\n{task}',
                source="item",
                language="en",
                temperature=0.0,
                topics=("mathematics", "physics", "chemistry", "biology"),
            ),
        ),
        Access(plans=("api",), paths=_API, agents=SDK[:2]),
        rhythm="flat",
        once=True,
        sigma=0.1,
    ),
)
