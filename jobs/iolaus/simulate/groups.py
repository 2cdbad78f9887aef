"""What a group of accounts is: what it asks, how it connects and pays, when it is active. Plain data."""

from dataclasses import dataclass

OLD, MINI, NEW = "meridian-2", "meridian-2-mini", "meridian-3"

SDK = ("python-sdk/0.52", "typescript-sdk/0.36", "go-sdk/1.5", "curl/8.9", "openai-compat/1.3", "java-sdk/2.1")
BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0) Chrome/144",
    "Mozilla/5.0 (Macintosh) Safari/18.2",
    "Mozilla/5.0 (X11; Linux) Firefox/147",
    "Mozilla/5.0 (iPhone) Safari/18.2",
    "Mozilla/5.0 (Android 15) Chrome/144",
)


@dataclass(frozen=True)
class Work:
    """One kind of request that a group sends. `share` is its part of the group's requests, in 1/256.

    `template` is the text around the content, with `{task}` where the content stands ("": the content
    alone); other `{slots}` are drawn again from `voice`: the "row", the "account" or the "unit" (firm,
    household). `source` says where the content comes from: "fresh", the person's own; "task", the
    campaign's next task, each asked `repeat` times; "pool", one of `repeat` texts that the group shares;
    "item", the k-th of a public list. `turns` are the requests of a conversation of a program (1, 2, 3, 4, 6 or
    12; people's conversations have lengths of their own). Topics are names of the language's
    topic lists, English without a language ((): the account's interests).
    """

    share: int = 256
    template: str = ""
    voice: str = "row"
    source: str = "fresh"
    repeat: int = 1
    topics: tuple[str, ...] = ()
    language: str = ""
    system: str = ""
    tools: tuple[str, ...] = ()
    thinking: float = 0.0
    temperature: float | None = None
    images: float = 0.0
    answer: float = 1.0
    turns: int = 1


@dataclass(frozen=True)
class Access:
    """How the accounts of a group connect, pay and sign up.

    `network`: "home" (one to three lines of their own), "cloud", "unit" (one line for the unit), "group"
    (`addresses` lines that the whole group shares) or "proxy" (the exits of the commercial proxy).
    `card`: "own", "unit", "some" (six in ten units share) or "group". `mail`: "public", "unit", "group" or
    "throwaway". `plans` and `paths` are drawn evenly. `before` are the days before the start within
    which accounts were made (0: years, as ordinary ones; negative: on the morning of the group's first day).
    """

    plans: tuple[str, ...] = ("free", "free", "pro", "pro", "api")
    paths: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    network: str = "home"
    addresses: int = 4
    lines: int = 3
    card: str = "own"
    mail: str = "public"
    verified: str = ""
    verified_share: float = 1.0
    organisation: bool = False
    foreign_phone: float = 0.02
    one_device: bool = False
    before: float = 0.0


@dataclass(frozen=True)
class Group:
    """Accounts that behave alike. `accounts` and `exchanges` are those of the whole span at scale 1.

    `unit` is the number of accounts of a firm or household (0: the group is one unit). `rhythm` is
    "people", "flat" or "bursts"; `window` the part of the span in which it is active; `once` puts all of
    an account's requests on one day. `sigma` is the spread of log volume among accounts. `adopts` is the
    mean time in hours until an account tries the new model, and `adopters` the share that does.
    """

    name: str
    accounts: int
    exchanges: int
    works: tuple[Work, ...] = (Work(),)
    access: Access = Access()
    unit: int = 1
    rhythm: str = "people"
    window: tuple[float, float] = (0.0, 1.0)
    once: bool = False
    sigma: float = 1.2
    adopts: float = 96.0
    adopters: float = 0.6
    minimum: int = 8


@dataclass(frozen=True)
class Population(Group):
    """Ordinary accounts."""

    minimum: int = 200


@dataclass(frozen=True)
class LookAlike(Group):
    """Legitimate accounts with something in common. `agreement` is the kind of their contract, if any."""

    agreement: str = ""


@dataclass(frozen=True)
class Campaign(Group):
    """Accounts run by one operator, who hands request k to account (k + offset) mod n.

    `replaced` is the share of working accounts that are banned at `ban_at` (a part of the span) and replaced by new
    ones. `release_adoption` is the share of traffic that moves to the new model in the `release_adoption_hours` after
    its release. `per_card` accounts share a payment method (0: each has its own). Accounts are made in batches.
    """

    minimum: int = 12
    replaced: float = 0.0
    ban_at: float = 0.55
    release_adoption: float = 0.0
    release_adoption_hours: float = 24.0
    per_card: int = 0
    burst_minutes: int = 0
