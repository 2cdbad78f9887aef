"""Everything that decides, each value stated once with its unit, its allowed range and its reason.

One frozen object serves all stages; the standard library suffices to read it. `iolaus.settings_file` makes one from a
file, the environment and the command line. `Settings.digest` names a set of values, so that a published row can be
traced to the settings that made it; `docs/reference/settings.md` is made from this module.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import date
from hashlib import sha256
from typing import Any

HIDDEN = "(hidden)"  # stands for a value that must not be shown
_SECRET = re.compile(r"(?i)secret|passw|token|credential|access\.?key|account\.?key")  # in the name of a Spark property


@dataclass(frozen=True)
class About:
    """What is said of a setting: its unit, range (None: no bound) and reason, and what text in it must look like."""

    unit: str
    least: float | None
    most: float | None
    reason: str
    looks: str = ""  # a regular expression that each text must match whole
    keys: tuple[str, ...] = ()  # of a table: the names that it may have; () for any
    holds: str = ""  # of a table: what an entry is, in words
    is_file: bool = False  # of a table: it may also be named as a file or folder that holds it


def number(default: float, unit: str, least: float, most: float, reason: str) -> Any:
    """A field that holds a number from `least` to `most`."""
    return field(default=default, metadata={"about": About(unit, least, most, reason)})


def switch(default: bool, reason: str) -> Any:
    """A field that is true or false."""
    return field(default=default, metadata={"about": About("", None, None, reason)})


def texts(default: tuple[str, ...], looks: str, reason: str) -> Any:
    """A field that holds a list of texts, each of which matches `looks` whole."""
    return field(default=default, metadata={"about": About("", None, None, reason, looks)})


def mapping(holds: str, reason: str, *, keys: tuple[str, ...] = (), is_file: bool = False) -> Any:
    """A field that holds a table of names and values, empty by default."""
    return field(default_factory=dict, metadata={"about": About("", None, None, reason, "", keys, holds, is_file)})


@dataclass(frozen=True)
class Ingestion:
    """What is accepted from the landing."""

    earliest_year: int = number(
        2015, "year", 2000, 2100, "No language-model API is older: an earlier time means a broken clock."
    )
    clock_ahead_hours: int = number(
        24, "hours", 0, 24, "An exchange requested later than this after its day of arrival cannot have happened."
    )
    prompt_bytes: int = number(4 << 20, "bytes", 1_000, 1 << 26, "A longer prompt is rejected: no model accepts it.")
    text_bytes: int = number(
        128 << 10,
        "bytes",
        2_048,
        4 << 20,
        "Of a longer prompt, system prompt or answer the beginning and the end are kept, with its length and hash.",
    )
    access_paths: tuple[str, ...] = texts(
        ("api", "console", "cloud", "reseller"),
        "[a-z0-9][a-z0-9_.-]*",
        "The access paths that the platform has, in lower case. Traffic by another path is counted as unknown.",
    )
    placeholder_share: float = number(
        0.05,
        "share",
        0.01,
        1,
        "A short prompt that this share of a day's accounts send counts as a placeholder. Each account has "
        "one vote, a random exchange of its day. 1 turns this off.",
    )
    placeholder_words: int = number(12, "words", 1, 100, "A longer prompt is never a placeholder.")
    placeholder_accounts: int = number(
        30, "accounts", 2, 100_000, "Votes that a placeholder needs: on a small platform few may agree by chance."
    )
    own_proxies: int = number(
        0,
        "hops",
        0,
        32,
        "Hops at the end of a forwarded chain that are your own proxies. Private addresses before them are "
        "skipped, too.",
    )


@dataclass(frozen=True)
class Pairs:
    """Which pairs of accounts are compared."""

    most_sharers: int = number(
        600,
        "owners",
        2,
        10_000,
        "A shared value of more owners is not paired: 600 make 180,000 pairs and prove little each.",
    )
    partners: int = number(
        1_000,
        "owners",
        10,
        100_000,
        "An account that meets more owners in a channel is paired with a random share of them.",
    )
    content_tail: float = number(
        2.0**-8,
        "share",
        2.0**-20,
        0.5,
        "A pair is a candidate if at most this share of random pairs is as close in content.",
    )
    content_sample: int = number(
        1_000,
        "accounts",
        10,
        20_000,
        "Accounts whose cosines are the baseline of content: 1,000 accounts give 500,000 pairs.",
    )
    content_neighbours: int = number(48, "accounts", 1, 1_000, "How many nearest accounts are stored for an account.")
    content_recall: float = number(
        0.95,
        "share",
        0.5,
        1,
        "Share of these pairs to find if there are too many accounts to compare all. No group depends on one pair.",
    )
    content_words: int = number(60, "words", 1, 100_000, "An account with fewer words has no clear subject.")
    synchrony_floor: float = number(
        4.0, "bits", 0, 64, "Evidence that a pair must have from other channels before its minutes are compared."
    )
    synchrony_meetings: int = number(
        3, "meetings", 1, 1_000, "Fewer meetings count as coincidence, whatever the formula says."
    )
    answer_accounts: int = number(
        3,
        "accounts",
        1,
        1_000,
        "An answer that more other accounts quote is a common example, and a failed request that more send is an "
        "exercise: neither moved.",
    )
    failure_seconds: int = number(
        60,
        "seconds",
        1,
        3_600,
        "A request that failed has moved if another account first sends it within this time, and its own never again.",
    )


@dataclass(frozen=True)
class Graph:
    """Which pairs are links, and how links become clusters."""

    family_floor: float = number(3.0, "bits", 0, 64, "A family of signals counts from here on: one chance in eight.")
    families: int = number(2, "families", 1, 4, "Independent families that must agree on a link.")
    chance_links: float = number(
        1.0,
        "bits",
        -32,
        64,
        "A link needs log2(accounts) bits plus this. That leaves half a chance link per account before "
        "triangles are counted.",
    )
    triangles: int = number(
        3,
        "triangles",
        0,
        1_000,
        "Triangles that a link must close. A chance link closes none, a link inside a group many.",
    )
    resolution: float = number(
        2.0, "", 0.01, 100, "Resolution of Leiden's modularity: above 1 it prefers small, dense communities."
    )
    reunite: float = number(
        0.4,
        "share",
        0,
        1,
        "Two communities become one if the links between them are this dense, relative to those inside the "
        "sparser one.",
    )
    seed: int = number(7, "", 0, 2**31 - 1, "Seed of the community search.")
    template_accounts: int = number(6, "accounts", 2, 100_000, "A prompt template with fewer accounts makes no group.")
    template_most: float = number(
        0.3,
        "share",
        0,
        1,
        "Above this share of all accounts a template counts as a platform default, unless links tie its users.",
    )
    template_loyalty: float = number(
        0.7,
        "share",
        0,
        1,
        "Share of a template's users who use it again and again. A common phrase occurs once here and there.",
    )
    template_share: float = number(0.03, "share", 0, 1, "Share of those users' traffic that carries the template.")
    template_overlap: float = number(
        0.6,
        "share",
        0,
        1,
        "Two groups become one if this share of the smaller is in the larger, or links tie this share of its users.",
    )
    programs_exchanges: int = number(
        8, "exchanges", 1, 10_000, "With fewer exchanges, neither an account's driver nor its subject is judged."
    )
    programs_turns: float = number(
        0.05, "share", 0, 1, "Up to this share of follow-up turns, an account counts as driven by a program."
    )
    content_triangles: int = number(3, "triangles", 0, 1_000, "Triangles that a pair of one subject must close.")
    content_density: float = number(
        0.25, "share", 0, 1, "Share of the pairs inside that a group of one subject must have."
    )
    driver_edges: int = number(
        5_000_000, "links", 0, 100_000_000, "Up to this many links, components are found on the driver (100 MB)."
    )


@dataclass(frozen=True)
class Profile:
    """How accounts are re-assigned to groups by profile."""

    rounds: int = number(2, "rounds", 0, 10, "A third round moves fewer than one account in a hundred.")
    fewest: int = number(
        3, "accounts", 2, 1_000, "A smaller group has no profile. A value that fewer members have is not the group's."
    )
    lift: float = number(
        4.0, "times", 1, 1_000, "A value is typical of a group that has it this many times as often as the baseline."
    )
    typical_values: int = number(
        64, "values", 1, 1_000, "How many typical shared values are stored per group and channel."
    )
    candidate_bits: float = number(
        3.0, "bits", 0, 64, "Content or infrastructure evidence that makes an account a candidate for a group."
    )
    subject_least: float = number(
        2.0, "bits", 0, 64, "The most that a subject other than the group's counts against a member."
    )
    content_cap: float = number(12.0, "bits", 0, 64, "The most that content can give.")
    infrastructure_cap: float = number(14.0, "bits", 0, 64, "The most that infrastructure can give.")
    behaviour_step: float = number(2.0, "bits", 0, 64, "The most that one measure of behaviour can give or take.")
    behaviour_cap: float = number(6.0, "bits", 0, 64, "The most that all behaviour together can give or take.")
    cohort_least: float = number(
        -3.0, "bits", -64, 0, "The most that an account loses if it was created at another time than the group."
    )
    cohort_most: float = number(
        5.0, "bits", 0, 64, "The most that an account gains if it was created at the same time as the group."
    )
    timing_cap: float = number(5.0, "bits", 0, 64, "The most that shared hours of activity can give.")
    family_floor: float = number(2.0, "bits", 0, 64, "From this many bits on, a family counts as agreeing.")
    content_alone: float = number(
        10.0,
        "bits",
        0,
        64,
        "Content this strong (template and subject) needs no other family, if none speaks against.",
    )
    posterior: float = number(3.0, "bits", -32, 64, "log2 of the odds of belonging that a member needs: 8 to 1.")
    rival_bits: float = number(
        2.0, "bits", 0, 64, "A group explains an account as well if the account shares at most this much less with it."
    )
    same_group: float = number(
        0.5, "share", 0, 1, "Two groups are one if each explains this share of the other's members as well."
    )
    weakest: float = number(
        0.5,
        "share",
        0,
        1,
        "A member needs this share of the bits that three in four members exceed: strays have far less.",
    )
    usual: float = number(
        0.7, "share", 0, 1, "An account without something that this share of members sends is penalised."
    )
    missing_cap: float = number(4.0, "bits", 0, 64, "The most that a missing usual value costs.")
    unlinked: float = number(
        2.0, "bits", 0, 64, "Penalty for having neither a link to, nor a shared value with, a group that links found."
    )


@dataclass(frozen=True)
class Scoring:
    """What makes a cluster a suspect."""

    channel_cap: float = number(
        12.0, "bits", 0, 64, "The most that one channel can give to a case, so that no single fact decides."
    )
    behaviour_cap: float = number(8.0, "bits", 0, 64, "The most that one behaviour can give.")
    effect: float = number(
        0.2,
        "share",
        0,
        1,
        "A behaviour must be this much more common among members than among accounts with similar volume.",
    )
    automation_share: float = number(
        0.5,
        "share",
        0,
        1,
        "Share of members that must be driven by programs. Some automated members say nothing of the others.",
    )
    shown: float = number(3.0, "bits", 0, 64, "From this many bits on, a kind of evidence counts as shown.")
    subject_accounts: int = number(
        20, "accounts", 1, 100_000, "Fewer programs of one subject may be colleagues, or one class's exercise."
    )
    explained_share: float = number(
        0.5,
        "share",
        0,
        1,
        "Share of members on one client, or of prompts that several members sent, that explains a template.",
    )
    explained_people: float = number(
        0.2, "share", 0, 1, "If this share of members hold conversations, people are behind the cluster."
    )
    explained_lift: float = number(
        4.0, "times", 1, 1_000, "How many times as often as in the baseline that client must occur among members."
    )
    release_adoption_hours: int = number(
        48, "hours", 1, 720, "An account that moves to a model this soon after its release moved early."
    )
    banned: int = number(
        3,
        "accounts",
        1,
        100_000,
        "From this many banned members on, accounts that were first used later may be their successors.",
    )
    synchronised_lift: float = number(
        2.0, "times", 1, 1_000, "Meetings in the same minutes, relative to chance and to the members' own hours."
    )
    synchronised_day: float = number(
        6.0, "bits", 0, 64, "Evidence that makes a day one of synchronised activity: one chance in 64."
    )
    synchronised_share: float = number(
        1 / 3,
        "share",
        0,
        1,
        "Share of active days that must show synchronised activity. A class meets only now and then.",
    )
    synchronised_each: float = number(
        2.0, "bits", 0, 64, "What one such day gives. It is little, because something may have happened that day."
    )
    margin: float = number(
        2.0,
        "bits",
        -64,
        64,
        "An operator's hypothesis must beat the best innocent one by this to be published: 4 to 1, prior included.",
    )
    high_margin: float = number(5.0, "bits", -64, 64, "From this margin on, confidence is high: 32 to 1.")
    families: int = number(2, "families", 1, 6, "Families of facts that must each speak against chance.")
    family_speaks: float = number(
        1.0, "bits", 0, 64, "What a family must give the operator's hypothesis over chance to speak for it: 2 to 1."
    )
    successor: float = number(
        6.0,
        "bits",
        0,
        64,
        "Bits of shared values from which on a group is the successor of a confirmed cluster's banned accounts.",
    )
    fewest_accounts: int = number(5, "accounts", 2, 100_000, "A smaller cluster goes to the watchlist.")
    fewest_owners: int = number(
        3, "owners", 1, 100_000, "Accounts of one or two owners are not a network; their owners answer for them."
    )
    typical_share: float = number(
        0.3, "share", 0, 1, "A value that this share of members has is typical of the cluster."
    )
    verdict_share: float = number(
        0.5, "share", 0, 1, "A verdict still applies if it has seen this share of the cluster's accounts."
    )
    links_shown: int = number(20, "links", 1, 1_000, "How many of an account's strongest pairs are stored in gold.")
    template_accounts: int = number(3, "accounts", 2, 100_000, "A text that fewer members share is never shown.")
    templates_shown: int = number(2, "texts", 0, 100, "How many shared texts of each kind are shown for a cluster.")
    active_days: int = number(2, "days", 1, 366, "A cluster with traffic in this many last days is active.")
    unsupported_regions: tuple[str, ...] = texts(
        ("CN", "RU", "KP", "IR", "SY", "CU", "BY"),
        "[A-Z]{2}",
        "Regions, by ISO 3166 alpha-2 code, where your policy allows no use.",
    )


@dataclass(frozen=True)
class Limits:
    """What a channel (a kind of shared value) may prove."""

    cap: float = number(
        8,
        "bits",
        0,
        64,
        "The most that the channel gives, however rare the value: it may be shared for unseen reasons.",
    )
    floor: float = number(3, "bits", 0, 64, "Pairs are made only where they are worth this much.")
    enabled: bool = switch(True, "A channel that is switched off makes no pairs, no profiles and no evidence.")


@dataclass(frozen=True)
class Channels:
    """The limits of each channel; `iolaus.model.signals` says what each channel is."""

    card: Limits = Limits(11, 3)
    address: Limits = Limits(11, 3)
    block: Limits = Limits(9, 3)
    asn: Limits = Limits(7, 5)
    mail: Limits = Limits(6, 4)
    device: Limits = Limits(6, 6)
    request: Limits = Limits(6, 6)
    conversation: Limits = Limits(12, 3)
    system: Limits = Limits(10, 3)
    tools: Limits = Limits(4, 3)
    template: Limits = Limits(10, 3)
    prompt: Limits = Limits(8, 4)
    head4: Limits = Limits(8, 4)
    head8: Limits = Limits(8, 4)
    head16: Limits = Limits(8, 4)
    tail4: Limits = Limits(8, 4)
    tail8: Limits = Limits(8, 4)
    tail16: Limits = Limits(8, 4)
    content: Limits = Limits(8, 3)
    synchrony: Limits = Limits(10, 2)
    cohort: Limits = Limits(7, 2)

    def __getitem__(self, name: str) -> Limits:
        """The limits of a channel. Raises KeyError for no channel."""
        if name not in self.names():
            raise KeyError(name)
        limits: Limits = getattr(self, name)
        return limits

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Every channel."""
        return tuple(f.name for f in fields(cls))

    def enabled(self) -> tuple[str, ...]:
        """The channels that are not switched off."""
        return tuple(name for name in self.names() if self[name].enabled)


@dataclass(frozen=True)
class Claims:
    """When an account shows a behaviour. What follows depends on how many members of a cluster do."""

    one_shot: float = number(0.05, "share", 0, 1, "Below this share of follow-up turns an account is automated.")
    night_hours: int = number(
        6, "hours", 1, 23, "Length of the quietest part of the day: shorter than a night's sleep."
    )
    round_the_clock: float = number(
        0.1, "share", 0, 1, "From this share of traffic in the quietest hours on, an account runs around the clock."
    )
    long_outputs: float = number(512, "tokens", 1, 1_000_000, "Average length of answers that counts as long.")
    thinking: float = number(0.33, "share", 0, 1, "Share of traffic that asks for extended reasoning.")
    asks: float = number(0.25, "share", 0, 1, "Share of traffic that asks for one capability.")
    young: float = number(
        7, "days", 0, 3_650, "An account first used within this time of its creation counts as purpose-built."
    )
    moved: float = number(
        1 / 3,
        "share",
        0,
        1,
        "Share of traffic that moves to a model right after its release. Relays carry customers who do not move.",
    )
    heavy_for_plan: float = number(
        8,
        "times",
        1,
        4_096,
        "Traffic that is heavy for a plan, relative to the plan's usual; compared in powers of two.",
    )


@dataclass(frozen=True)
class Calibration:
    """How many groups that are innocent by construction go through the judgement, and how often."""

    groups: int = number(
        700,
        "groups",
        0,
        100_000,
        "Innocent groups that are drawn for a calibration, half of them at random like the published clusters. Four "
        "calibrations in a window of 28 days make over 2,000 on a large platform. 0: `iolaus run` makes none.",
    )
    every_days: int = number(
        7,
        "days",
        1,
        366,
        "`iolaus run` calibrates where the newest calibration is this old, but not a lake's first run date. One takes "
        "about as long as scoring does, more than a twentieth of a small day; once a week it is less of a week.",
    )


@dataclass(frozen=True)
class Quality:
    """How a day is compared with those before it; the expectation suites say what is allowed."""

    trailing_days: int = number(14, "days", 1, 366, "Two weeks hold every day of the week twice.")
    fewest_days: int = number(
        3, "days", 1, 366, "With fewer days before it, a day is not compared: a platform's first days differ."
    )
    drift_rows: int = number(
        1_000, "rows", 1, 1_000_000_000, "With fewer rows a distribution of a few dozen bins is mostly chance."
    )


@dataclass(frozen=True)
class Retention:
    """How long what is stored is kept."""

    text_days: int = number(
        30,
        "days",
        1,
        3_650,
        "Days for which prompts stay after arrival. It must exceed the window, because an arrival that is loaded again "
        "is made from them, with the arrivals after it.",
    )
    history_days: int = number(
        92,
        "days",
        2,
        3_650,
        "Days for which exchanges without text, sketches of account days and hand-overs stay after arrival. It must "
        "exceed the window by two days. A date can be run again while its whole window is there.",
    )
    working_days: int = number(
        92,
        "days",
        1,
        3_650,
        "Days for which what a run made on the way to gold stays: profiles, pairs, links, clusters, judgements. "
        "iolaus account, whatif and verdict read them for a published date.",
    )
    published_days: int = number(
        3_650,
        "days",
        1,
        36_500,
        "Days for which rankings stay, with their members, evidence, links, templates, origins and timelines, and the "
        "records of runs and settings that a published row leads to.",
    )
    records_days: int = number(
        731,
        "days",
        91,
        36_500,
        "Days for which results and metrics of gates stay. Bounds that follow the last days rest on them.",
    )
    file_hours: int = number(
        168,
        "hours",
        168,
        87_600,
        "Replaced files stay for readers of an older version; Delta refuses fewer unless its check is off.",
    )
    file_bytes: int = number(
        1 << 30, "bytes", 1 << 20, 1 << 34, "Size of file that compaction makes: Delta's own default."
    )


@dataclass(frozen=True)
class Execution:
    """How much runs at a time."""

    stages_abreast: int = number(
        5,
        "stages",
        1,
        64,
        "Stages that run at a time: most of a small stage's time is planning on the driver, while cores are idle.",
    )
    days_abreast: int = number(
        3,
        "days",
        1,
        28,
        "Days that overlap: the last stages of a day leave cores idle. The rows of each such day are in memory.",
    )
    catalogs: tuple[str, ...] = texts(
        (),
        r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)?",
        "Schemas, as CATALOG.SCHEMA, in which each run registers the lake's tables and the analysts' views.",
    )


ANY_MODEL = "*"  # in a table of prices: any model without an entry of its own
# what a prompt may ask for
CAPABILITIES = ("reasoning", "grading", "coding", "tools", "analysis", "vision", "rewriting")


@dataclass(frozen=True)
class Settings:
    """The settings of a run."""

    window_days: int = number(
        28, "days", 1, 366, "How far back a profile looks: long enough for slow campaigns, short enough to forget."
    )
    ingestion: Ingestion = Ingestion()
    pairs: Pairs = Pairs()
    graph: Graph = Graph()
    profile: Profile = Profile()
    scoring: Scoring = Scoring()
    channels: Channels = Channels()
    claims: Claims = Claims()
    plans: Mapping[str, float] = mapping(
        "a number of exchanges above 0",
        "The usual traffic of a plan, in the window. A plan without an entry has the median of its accounts.",
    )
    input_prices: Mapping[str, float] = mapping(
        "a price above 0",
        "Price of a million input tokens of a model, in your currency; `*` is any other model. Without prices no cost "
        "is shown.",
    )
    output_prices: Mapping[str, float] = mapping(
        "a price above 0", "Price of a million output tokens of a model, in the same currency; `*` is any other model."
    )
    capability_patterns: Mapping[str, tuple[str, ...]] = mapping(
        "a list of RE2 patterns",
        "Patterns (RE2, on lower-case text) of prompts that ask for a capability. They add to the built-in ones.",
        keys=CAPABILITIES,
        is_file=True,
    )
    calibration: Calibration = Calibration()
    quality: Quality = Quality()
    suites: Mapping[str, str] = mapping(
        "the text of a suite",
        "Expectation suites (JSON) that replace the built-in suites of the same tables. Name a folder of files "
        "TABLE.json.",
        is_file=True,
    )
    retention: Retention = Retention()
    keep_days: Mapping[str, float] = mapping(
        "a number of days above 0",
        "Days for which rows of one table stay, where it is not what `retention` says for tables of its kind.",
    )
    execution: Execution = Execution()
    spark: Mapping[str, str] = mapping(
        "a text",
        "Properties of the Spark session, without their prefix `spark.`. They win over those that Iolaus sets.",
    )

    def values(self) -> dict[str, Any]:
        """All values as JSON knows them, by section and name; what a Spark property keeps secret is hidden."""
        shown: dict[str, Any] = json.loads(json.dumps(asdict(self), sort_keys=True))
        shown["spark"] = {name: HIDDEN if _SECRET.search(name) else value for name, value in shown["spark"].items()}
        return shown

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that name these values."""
        return _digest(self.values())

    @property
    def rows_digest(self) -> str:
        """Twelve hexadecimal digits that name the values that rows depend on: not those of `ROWLESS`."""
        return _digest({name: value for name, value in self.values().items() if name not in ROWLESS})


def _digest(values: Mapping[str, Any]) -> str:
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]


# Sections that change no row of a table but how it is made, judged and kept.
ROWLESS = ("calibration", "execution", "keep_days", "quality", "retention", "spark", "suites")
DEFAULT = Settings()


def leaves(of: Any = DEFAULT, path: str = "") -> Iterator[tuple[str, About, Any]]:
    """(name, what is said of it, value) of each setting; a name is as `scoring.banned`."""
    for each in fields(of):
        name, value = path + each.name, getattr(of, each.name)
        if is_dataclass(value):
            yield from leaves(value, f"{name}.")
        else:
            yield name, each.metadata["about"], value


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """`Settings.values` by the whole name of each setting."""
    found: dict[str, Any] = {}
    for name, _, _ in leaves():
        at: Any = values
        for part in name.split("."):
            at = at.get(part) if isinstance(at, Mapping) else None
        found |= {} if at is None else {name: at}
    return found


def differences(settings: Settings, base: Settings = DEFAULT) -> dict[str, tuple[Any, Any]]:
    """Each setting that differs, with its value and that of `base`; a table of names and values as one."""
    now, before = flat(settings.values()), flat(base.values())
    return {name: (value, before[name]) for name, value in now.items() if value != before[name]}


def restored(values: Mapping[str, Any]) -> Settings:
    """Settings from `Settings.values`, as an earlier version of the code may have written them.

    A setting that they do not have is the default's; one that this version does not know is left out.
    """
    made: Settings = _restored(DEFAULT, values)
    return made


def _restored(base: Any, values: Mapping[str, Any]) -> Any:
    given: dict[str, Any] = {}
    for each in fields(base):
        default = getattr(base, each.name)
        value = values.get(each.name, default)
        given[each.name] = (
            _restored(default, value if isinstance(value, Mapping) else {}) if is_dataclass(default) else _tuples(value)
        )
    return type(base)(**given)


def _tuples(value: Any) -> Any:
    """A value with tuples for lists."""
    if isinstance(value, Mapping):
        return {name: _tuples(item) for name, item in value.items()}
    return tuple(value) if isinstance(value, list) else value


class Key:
    """The pseudonymisation key. It never shows itself: not in a log, a plan or an error."""

    def __init__(self, secret: bytes):
        self._secret = secret

    @property
    def secret(self) -> bytes:
        """The key's bytes, for HMAC alone."""
        return self._secret

    @property
    def key_id(self) -> str:
        """Eight hexadecimal digits that name the key and do not reveal it."""
        return sha256(b"iolaus key id\0" + self._secret).hexdigest()[:8]

    def __repr__(self) -> str:
        return f"Key(id={self.key_id})"


@dataclass(frozen=True)
class Run:
    """What a transform may know beside its inputs: the date it makes, the settings, the key, the id of the run."""

    day: date
    settings: Settings
    key: Key
    run_id: str = ""
