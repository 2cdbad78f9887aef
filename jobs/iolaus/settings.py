"""Every threshold and seed, each stated once, with its unit and its reason.

One frozen object serves all stages. `Settings.digest` names a set of values, so that a published row
can be traced to the settings that made it.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from hashlib import sha256


@dataclass(frozen=True)
class Ingestion:
    """What is accepted from the landing."""

    earliest_year: int = 2015  # no language-model API is older: an earlier time is a broken clock
    clock_ahead_hours: int = 24  # a request later than this after its day of arrival cannot have happened
    prompt_bytes: int = 4 << 20  # a longer prompt is rejected: no model takes it
    own_proxies: int = 0  # hops at the end of X-Forwarded-For that are the own proxies, beside private addresses


@dataclass(frozen=True)
class Pairs:
    """Which pairs of accounts are compared."""

    most_sharers: int = 600  # a token of more owners is not paired: 600 make 180,000 pairs and prove little each
    content_tail: float = 2.0**-8  # share of random pairs that are as close in content as a candidate pair
    content_sample: int = 1_000  # accounts whose cosines make the background of content: 500,000 pairs
    content_neighbours: int = 48  # nearest accounts kept of one account
    content_recall: float = 0.95  # of these pairs, of accounts too many for all to be compared: no group hangs on one pair
    content_words: int = 60  # an account that said less has no direction to speak of
    synchrony_floor: float = 4.0  # bits that a pair must have from elsewhere before its minutes are compared


@dataclass(frozen=True)
class Graph:
    """Which pairs are links, and how links become clusters."""

    family_floor: float = 3.0  # bits a family must give to count: one chance in eight
    families: int = 2  # independent families that must agree
    chance_links: float = 1.0  # a link's bits must exceed log2(accounts) by this: half a chance link an account, before triangles
    triangles: int = 3  # a chance link closes no triangles; a link inside a group closes many
    resolution: float = 2.0  # of Leiden's modularity: above 1 prefers small, dense communities
    reunite: float = 0.4  # two communities are parts of one where links between are so dense, of those inside the sparser
    seed: int = 7
    wrapper_accounts: int = 6  # a wrapper of fewer accounts is no group to speak of
    wrapper_most: float = 0.3  # a wrapper of more of all accounts is the platform's own, or a language's, unless links tie its users
    wrapper_loyalty: float = 0.7  # share of its users who fill it again and again: an idiom is met once here and there
    wrapper_share: float = 0.03  # share of those users' traffic that carries it
    wrapper_overlap: float = 0.6  # two groups are one when so much of the smaller is in the larger; links tie so many of its users
    programs_exchanges: int = 8  # an account of fewer cannot be told to be a program's, nor what it asks about
    programs_turns: float = 0.05  # share of later turns up to which a program drives it
    content_triangles: int = 3
    content_density: float = 0.25  # share of pairs inside that a group of one subject must have
    driver_edges: int = 5_000_000  # up to so many links components are found on the driver: 100 MB


@dataclass(frozen=True)
class Profile:
    """How accounts are re-assigned to groups by profile."""

    rounds: int = 2  # the third moves under one account in a hundred
    fewest: int = 3  # a group of fewer has no profile, and a token of fewer members is not the group's
    lift: float = 4.0  # how much more often than at large a group has a token that is typical of it
    typical_tokens: int = 64  # typical tokens kept of a group and channel
    candidate_bits: float = 3.0  # an account is a candidate of a group on so much content or infrastructure
    subject_least: float = 2.0  # bits that asking about other things than the group speaks against a member, at most
    content_cap: float = 12.0  # bits
    infrastructure_cap: float = 14.0  # bits
    family_floor: float = 2.0  # bits a family must give to count as agreeing
    content_alone: float = 10.0  # bits of content that need no other family, where none speaks against: wrapper and subject
    posterior: float = 3.0  # log2 of the odds of belonging: 8 to 1
    usual: float = 0.7  # what so large a share of members send is missed in an account that does not
    missing_cap: float = 4.0  # bits
    unlinked: float = 2.0  # bits that it costs to share no token with a group that links found, nor a link: a member in four does not


@dataclass(frozen=True)
class Scoring:
    """What makes a cluster a suspect."""

    channel_cap: float = 12.0  # bits: no single fact decides
    behaviour_cap: float = 8.0  # bits
    effect: float = 0.2  # a behaviour must be so much more common among members than among accounts of their volume
    automation_share: float = 0.5  # share of members that programs must drive: that some do says nothing of the others
    shown: float = 3.0  # bits that a kind of evidence must reach to count as shown
    fleet_owners: int = 20  # so many new accounts in programs' hands are no young firm's, and so many unrelated owners no team
    subject_accounts: int = 20  # fewer programs of one subject may be colleagues, or a class's exercise
    explained_share: float = 0.5  # share of members on one client, or of prompts sent by several members, that explains a wrapper
    explained_people: float = 0.2  # share of members that talk in turns: then people share the work
    explained_lift: float = 4.0  # how much more often than at large that client must be among members
    pivot_hours: int = 48  # hours after a release in which an account that moves early has moved
    banned: int = 3  # banned members of a cluster from which on those who began since may be their heirs
    lockstep_lift: float = 2.0  # times as many meetings in the same minutes as chance, and as the members' own hours, make
    lockstep_day: float = 6.0  # bits by which a day must show it: one chance in 64
    lockstep_share: float = 1 / 3  # of the days on which they are active that must show it: a class meets now and then
    lockstep_each: float = 2.0  # bits that such a day gives: something may have happened that day
    lockstep: float = 8.0  # bits, so four such days, from which on one hand is behind accounts that one thing binds
    coordination: float = 6.0  # bits of coordination without which nothing is published
    identity_share: float = 0.5  # share of members that one exact thing must join
    fewest_accounts: int = 5  # a smaller cluster is left to the watchlist
    fewest_owners: int = 3  # of accounts of one or two owners the owner answers, and it is no ring
    typical_share: float = 0.3  # a token of so large a share of members is the cluster's own
    verdict_share: float = 0.5  # share of a cluster's accounts that a verdict must have seen to be of it still
    links_shown: int = 20  # strongest pairs kept of an account in gold
    template_accounts: int = 3  # a text that fewer members share is shown to nobody
    templates_shown: int = 2  # most shared texts of each kind that are shown of a cluster
    active_days: int = 2  # a cluster seen in the last so many days is active
    unsupported_regions: tuple[str, ...] = ("CN", "RU", "KP", "IR", "SY", "CU", "BY")  # set to your own policy's


@dataclass(frozen=True)
class Quality:
    """How a day is compared with those before it; what is allowed stands in `expectations/`."""

    trailing_days: int = 14  # two weeks: every day of the week twice
    fewest_days: int = 3  # of fewer nothing is said: a platform's first days differ
    drift_rows: int = 1_000  # of fewer rows a distribution of a few dozen bins is mostly chance


@dataclass(frozen=True)
class Settings:
    """The settings of a run."""

    window_days: int = 28  # how far back a profile looks: long enough for slow campaigns, short enough to forget
    ingestion: Ingestion = field(default_factory=Ingestion)
    pairs: Pairs = field(default_factory=Pairs)
    graph: Graph = field(default_factory=Graph)
    profile: Profile = field(default_factory=Profile)
    scoring: Scoring = field(default_factory=Scoring)
    quality: Quality = field(default_factory=Quality)

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that name these values."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]


DEFAULT = Settings()


@dataclass(frozen=True)
class Retention:
    """How long what is stored is kept. Not part of `Settings`: it changes no result."""

    text_days: int = 30  # days of arrival whose prompts stay: more than the window, in which late exchanges are joined to them
    file_hours: int = 168  # replaced files stay for readers of an older version; Delta refuses fewer unless its check is off
    file_bytes: int = 1 << 30  # size of file that compaction makes: Delta's own default


RETENTION = Retention()


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
