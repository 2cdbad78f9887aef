"""Accounts: who they are, what they connect from, how they pay. Pure functions of plan, group and index."""

from dataclasses import dataclass
from functools import lru_cache
from math import gcd

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.simulate import words
from iolaus.simulate.groups import BROWSERS, SDK, Campaign, Group, LookAlike
from iolaus.simulate.hashing import (
    I64,
    U64,
    Bools,
    below,
    chance,
    draw,
    hexadecimal,
    join,
    lognormal,
    lookup,
    mix,
    pack,
    weighted,
)
from iolaus.simulate.plan import DAY_MS, Plan, key
from iolaus.simulate.prompts import LANGUAGE_NAMES

COUNTRIES = (
    "US",
    "GB",
    "DE",
    "FR",
    "JP",
    "IN",
    "BR",
    "CA",
    "KR",
    "AU",
    "NL",
    "ES",
    "SG",
    "MX",
    "PL",
    "IT",
    "SE",
    "ZA",
    "CH",
    "AR",
)
_HOURS = (-6, 0, 1, 1, 9, 5, -3, -5, 9, 10, 1, 1, 8, -6, 1, 1, 1, 2, 1, -3)  # from UTC
_HOMES = {  # where speakers of a language live, drawn evenly
    "en": ("US", "US", "US", "US", "GB", "GB", "CA", "IN", "IN", "AU", "NL", "SE", "ZA", "SG", "KR", "PL"),
    "code": ("US", "US", "US", "IN", "IN", "GB", "DE", "JP", "KR", "CA", "BR", "PL", "NL", "SE", "FR", "IT"),
    "zh": ("SG", "SG", "US", "US", "JP", "AU", "CA", "GB"),
    "ru": ("DE", "PL", "US", "NL", "ES", "GB", "SE", "IT"),
    "es": ("ES", "ES", "MX", "MX", "MX", "AR", "AR", "US"),
    "de": ("DE", "DE", "DE", "DE", "DE", "CH", "CH", "NL"),
    "fr": ("FR", "FR", "FR", "FR", "FR", "CA", "CH", "CA"),
}
ABROAD = ("CN", "CN", "RU", "BY")
PUBLIC_MAIL = (
    "gmail.com",
    "gmail.com",
    "gmail.com",
    "gmail.com",
    "gmail.com",
    "outlook.com",
    "outlook.com",
    "icloud.com",
    "yahoo.com",
    "proton.me",
    "mail.com",
    "web.example",
)
TLS = (
    "t13d1516h2_8f21c0a4b7e3",
    "t13d1517h2_4c90d2e81b66",
    "t13d1715h2_a17bb03f52c9",
    "t13d190900_77e4f1069ad2",
    "t13d3112h2_0be95d8c4417",
    "t13i1714h1_d263a8f07e95",
    "t12d2108h1_5590ce3b71fa",
)
AGENTS = tuple(dict.fromkeys(SDK + BROWSERS + ("helm-code/2.4.1", "relay-gateway/3.0")))
PATHS = ("api", "console", "cloud", "reseller")
PLANS = ("free", "pro", "api", "enterprise")

# A line is a network (upper 8 bits) and a host. Network numbers are from the private range, so that no real one is
# named.
FIRST_ASN = 64512
# first network and number; homes are 0-119, six a country
_CLOUDS, _INSTITUTIONS, _PROXIES = (120, 16), (136, 60), (200, 24)
_NET = np.uint64(56)


@dataclass(frozen=True)
class People:
    """Accounts of one group, one entry an account. Times are milliseconds since 1970; banned -1: never."""

    index: I64
    key: U64
    unit: U64
    plan: I64
    path: I64
    agent: I64
    tls: I64
    country: I64
    language: I64
    zone_ms: I64
    lines: U64  # (accounts, lines)
    n_lines: I64
    created_ms: I64
    begins_ms: I64  # no exchange is earlier
    banned_ms: I64
    tries_new_ms: I64  # after the release; -1: never


def group_key(plan: Plan, number: int) -> np.uint64:
    """The key of what a group shares."""
    return key(plan, "group", plan.scenario.groups[number].name)


def account_keys(plan: Plan, number: int, index: I64) -> U64:
    """One key an account, distinct within a landing; its hexadecimal digits are the account's id."""
    return mix(pack(number, index, 0, 0) + key(plan, "account"))


def permuted(plan: Plan, number: int, index: I64) -> I64:
    """The accounts of a group in another order: a bijection of [0, accounts)."""
    n, seed = plan.sizes[number].accounts, int(group_key(plan, number))
    step = seed % n or 1
    while gcd(step, n) != 1:
        step += 1
    return np.asarray((index * step + (seed >> 32)) % n, dtype=np.int64)


def people(plan: Plan, number: int, index: I64) -> People:
    """The accounts of those indices."""
    group, access = plan.scenario.groups[number], plan.scenario.groups[number].access
    keys = account_keys(plan, number, index)
    shared = index // group.unit if group.unit else index * 0
    unit = join(np.zeros(len(index), dtype=np.uint64) + group_key(plan, number), shared.astype(np.uint64))
    home = unit if access.network == "unit" else keys  # who shares a line shares a country and a language
    language = _languages()[(draw(home, 1) & np.uint64(0xFF)).astype(np.int64)]
    country = _homes()[language, below(draw(home, 2), 16)]
    plan_of = np.array([PLANS.index(p) for p in access.plans])[below(draw(keys, 3), len(access.plans))]
    path = _paths(group, plan_of, draw(keys, 4))
    agent, tls = _devices(group, path, keys)
    lines, n_lines = _lines(plan, number, keys, unit, country)
    created, begins, banned = _lives(plan, number, index, keys)
    tries = (
        np.where(
            chance(draw(keys, 5), group.adopters),
            lookup(draw(keys, 6), _waits()) * round(group.adopts * 3600) // 1000,
            -1,
        )
        * 1000
    )
    zone = np.array(_HOURS)[country] * 3_600_000
    return People(
        index,
        keys,
        unit,
        plan_of,
        path,
        agent,
        tls,
        country,
        language,
        zone,
        lines,
        n_lines,
        created,
        begins,
        banned,
        tries,
    )


@lru_cache(maxsize=1)
def _languages() -> I64:
    return np.repeat(np.arange(len(LANGUAGE_NAMES)), [words.LANGUAGES[name][3] for name in LANGUAGE_NAMES])


@lru_cache(maxsize=1)
def _homes() -> I64:
    return np.array([[COUNTRIES.index(c) for c in (_HOMES[name] * 2)[:16]] for name in LANGUAGE_NAMES])


@lru_cache(maxsize=1)
def _waits() -> I64:
    return lognormal(650.0, 0.95, most=8000)  # thousandths of the mean


def _paths(group: Group, plan_of: I64, bits: U64) -> I64:
    if group.access.paths:
        return np.array([PATHS.index(p) for p in group.access.paths])[below(bits, len(group.access.paths))]
    program = np.where(chance(bits, 0.2), PATHS.index("cloud"), PATHS.index("api"))
    return np.where(plan_of == PLANS.index("api"), program, PATHS.index("console"))


def _devices(group: Group, path: I64, keys: U64) -> tuple[I64, I64]:
    """User agent and TLS fingerprint; the fingerprint mostly follows the agent."""
    if group.access.agents:
        agent = np.array([AGENTS.index(a) for a in group.access.agents])[below(draw(keys, 7), len(group.access.agents))]
    else:
        browser = len(SDK) + below(draw(keys, 7), len(BROWSERS))
        agent = np.where(path == PATHS.index("console"), browser, weighted(draw(keys, 8), [110, 60, 20, 24, 30, 12]))
    stray = np.zeros(len(keys), dtype=np.bool_) if group.access.one_device else chance(draw(keys, 9), 0.3)
    return agent, np.where(stray, below(draw(keys, 10), len(TLS)), agent % (len(TLS) - 1))


def _line(network: I64 | int, bits: U64) -> U64:
    return (np.asarray(network).astype(np.uint64) << _NET) | (bits & np.uint64((1 << 56) - 1))


def exits(plan: Plan, which: I64) -> U64:
    """Lines of the commercial proxy: six in ten are in networks of homes, the rest in its own."""
    bits = join(np.zeros(len(which), dtype=np.uint64) + key(plan, "proxy"), which.astype(np.uint64))
    network = np.where(chance(bits, 0.6), below(draw(bits, 1), 120), _PROXIES[0] + below(draw(bits, 2), _PROXIES[1]))
    return _line(network, draw(bits, 3))


def _lines(plan: Plan, number: int, keys: U64, unit: U64, country: I64) -> tuple[U64, I64]:
    """(accounts, n) lines, and how many of them an account uses."""
    group = plan.scenario.groups[number]
    access, n = group.access, len(keys)
    columns = []
    for j in range(access.lines):
        bits = draw(keys, 30 + j)
        if access.network == "unit":
            columns.append(_line(country + 20 * below(unit, 6), draw(unit, 30)))
        elif access.network == "cloud":
            columns.append(_line(_CLOUDS[0] + below(draw(keys, 29), _CLOUDS[1]), bits))
        elif access.network == "group":
            spread = 5 if isinstance(group, Campaign) else 1
            own = int(group_key(plan, number)) % 1021
            which = below(bits, max(2, access.addresses if not isinstance(group, Campaign) else _pool(plan, number)))
            network = (
                (_CLOUDS[0] + (own + which) % spread * 3)
                if spread > 1
                else _INSTITUTIONS[0] + own % _INSTITUTIONS[1] + which * 0
            )
            columns.append(
                _line(
                    network,
                    join(np.zeros(n, dtype=np.uint64) + group_key(plan, number), (which + 1000).astype(np.uint64)),
                )
            )
        elif access.network == "proxy":
            columns.append(exits(plan, below(bits, plan.exits)))
        else:
            # behind the operator's address translation
            shared = chance(draw(keys, 28), 0.08) if j == 0 else np.zeros(n, dtype=np.bool_)
            gate = join(country.astype(np.uint64), below(draw(keys, 27), 12).astype(np.uint64))
            columns.append(
                _line(country + 20 * np.where(shared, 0, below(bits, 6)), np.where(shared, gate, draw(bits, 1)))
            )
    few = isinstance(group, Campaign) or access.network in ("unit", "group", "proxy")
    return np.stack(columns, axis=1), np.full(n, access.lines) if few else 1 + below(draw(keys, 26), access.lines)


def _pool(plan: Plan, number: int) -> int:
    """How many addresses a campaign rents: as many an account as at scale 1, four at least."""
    size, group = plan.sizes[number], plan.scenario.groups[number]
    return max(4, round(group.access.addresses * size.accounts / group.accounts))


def _lives(plan: Plan, number: int, index: I64, keys: U64) -> tuple[I64, I64, I64]:
    """When accounts are made, begin and are banned. A replacement begins when the account it replaces is banned."""
    group, size = plan.scenario.groups[number], plan.sizes[number]
    span = plan.days * DAY_MS
    start, bits = plan.start_ms, draw(keys, 11)
    never = np.full(len(index), -1, dtype=np.int64)
    if group.access.before < 0:
        made = start + plan.active_days(number)[0] * DAY_MS + 8 * 3_600_000 + below(bits, 2 * 3_600_000)
        return made, made, never
    if isinstance(group, Campaign):
        batch = join(np.zeros(len(index), dtype=np.uint64) + group_key(plan, number), (index // 25).astype(np.uint64))
        made = (
            start - 3_600_000 - below(batch, round(group.access.before * 24)) * 3_600_000 - below(bits, 2 * 3_600_000)
        )
        spare = plan.ban_ms(number) - 3_600_000 - below(batch, 36) * 3_600_000 - below(bits, 3_600_000)
        replaced = size.accounts - size.workers
        first = index < size.workers
        worker = np.where(first, index, index - size.workers)
        struck = plan.ban_ms(number) + below(
            draw(worker.astype(np.uint64) + group_key(plan, number), 12), 5 * 3_600_000
        )
        return (
            np.where(first, made, spare),
            np.where(first, made, struck),
            np.where(first & (index < replaced), struck, never),
        )
    made = start - lookup(bits, _ages()) * 60_000 - below(draw(keys, 13), 86_400_000)
    if group.access.before > 0:
        made = start - below(bits, round(group.access.before * 24)) * 3_600_000
    elif group.unit == 1:
        made = np.where(chance(draw(keys, 14), 0.05), start + (below(draw(keys, 13), 1 << 20) * span >> 20), made)
    other_reasons = chance(draw(keys, 15), 0.002 if not isinstance(group, LookAlike) else 0.0)
    return made, made, np.where(other_reasons, start + (below(draw(keys, 16), 1 << 20) * span >> 20), never)


@lru_cache(maxsize=1)
def _ages() -> I64:
    return lognormal(120.0 * 1440, 1.2, most=1200 * 1440)  # minutes


def addresses(lines: U64) -> tuple[pa.Array, I64, I64]:
    """Of each line: the address, the network's number (ASN) and its country's place in COUNTRIES."""
    network = (lines >> _NET).astype(np.int64)
    host = lines & np.uint64((1 << 22) - 1)
    octets = _octets()
    four = pc.binary_join_element_wise(
        octets.take(pa.array(24 + network // 4)),
        octets.take(pa.array(network % 4 * 64 + (host >> np.uint64(16)).astype(np.int64))),
        octets.take(pa.array(((host >> np.uint64(8)) & np.uint64(0xFF)).astype(np.int64))),
        octets.take(pa.array(1 + (host & np.uint64(0xFF)).astype(np.int64) * 253 // 255)),
        ".",
    )
    is_six = (network < 120) & (((lines >> np.uint64(40)) & np.uint64(7)) == 0)
    if is_six.any():
        shape = mix(lines) | np.uint64(0x1000_1000_1000_1000)  # no leading zeros: the canonical form
        parts = [hexadecimal("", shape << np.uint64(16 * i), 4) for i in range(3)]
        six = pc.binary_join_element_wise(
            pc.binary_join_element_wise("2001:db8", parts[0], parts[1], ":"), parts[2], "::"
        )
        four = pc.if_else(pa.array(is_six), six, four)
    return four, FIRST_ASN + network, network % 20


@lru_cache(maxsize=1)
def _octets() -> pa.Array:
    return pa.array([str(i) for i in range(256)])


def organisation_ids(p: People) -> pa.Array:
    """The organisation of each account, from its unit."""
    return hexadecimal("org_", draw(p.unit, 40), 12)


def account_rows(plan: Plan, number: int, p: People) -> dict[str, pa.Array]:
    """The columns of the contract's account, one row per account."""
    group, access, n = plan.scenario.groups[number], plan.scenario.groups[number].access, len(p.index)
    ip, asn, _ = addresses(p.lines[:, 0])
    nulls = pa.nulls(n, pa.string())
    abroad = chance(draw(p.key, 17), access.foreign_phone)
    country = pa.array(COUNTRIES).take(pa.array(p.country))
    verified: Bools = chance(draw(p.key, 18), access.verified_share) & bool(access.verified)
    return {
        "account_id": hexadecimal("acc_", p.key),
        "created_at": pa.array(p.created_ms * 1000).cast(pa.timestamp("us", tz="UTC")),
        "org_id": organisation_ids(p) if access.organisation else nulls,
        "plan": pa.array(PLANS).take(pa.array(p.plan)),
        "verified_as": pa.array([None, access.verified or None], pa.string()).take(pa.array(verified.astype(np.int64))),
        "payment_fingerprint": pc.if_else(
            pa.array(p.plan == PLANS.index("free")), None, hexadecimal("pm_", _cards(plan, number, p))
        ),
        "email_domain": _mail(group, p),
        "phone_country": pc.if_else(
            pa.array(abroad), pa.array(ABROAD).take(pa.array(below(draw(p.key, 19), len(ABROAD)))), country
        ),
        "billing_country": country,
        "signup_ip": ip,
        "signup_asn": pa.array(asn.astype(np.int32)),
        "status": pa.array(["active", "banned"]).take(pa.array((p.banned_ms >= 0).astype(np.int64))),
        "banned_at": pa.array(p.banned_ms * 1000, mask=p.banned_ms < 0).cast(pa.timestamp("us", tz="UTC")),
    }


def _cards(plan: Plan, number: int, p: People) -> U64:
    group = plan.scenario.groups[number]
    own, unit = draw(p.key, 20), draw(p.unit, 20)
    if isinstance(group, Campaign):
        return (
            draw((p.index // group.per_card).astype(np.uint64) + group_key(plan, number), 21) if group.per_card else own
        )
    if group.access.card in ("unit", "group"):
        return unit
    return np.where(chance(draw(p.unit, 22), 0.6), unit, own) if group.access.card == "some" else own


def _mail(group: Group, p: People) -> pa.Array:
    n, mail = len(p.index), group.access.mail
    public = pa.array(PUBLIC_MAIL).take(pa.array(below(draw(p.key, 23), len(PUBLIC_MAIL))))
    name = group.name.replace("_", "-")
    if mail == "group":
        return pa.array([f"{name}.example"]).take(pa.array(np.zeros(n, dtype=np.int64)))
    if mail == "unit":
        return pc.binary_join_element_wise(hexadecimal(f"{name}-", draw(p.unit, 24), 8), "example", ".")
    if mail == "throwaway":
        domains = pa.array([f"post{i}.example" for i in range(60)])
        return pc.if_else(
            pa.array(chance(draw(p.key, 25), 0.4)), domains.take(pa.array(below(draw(p.key, 24), 60))), public
        )
    return public
