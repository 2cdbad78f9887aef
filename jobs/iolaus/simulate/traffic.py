"""The exchanges' content: the columns of the contract, for a whole batch of rows at once."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import IntegerType, StructType

from iolaus.schemas.landing import EXCHANGE
from iolaus.simulate.arrivals import Rows, rows
from iolaus.simulate.hashing import I64, U64, below, chance, draw, hexadecimal, join, lognormal, lookup, weighted
from iolaus.simulate.people import AGENTS, COUNTRIES, PATHS, TLS, addresses, exits, group_key
from iolaus.simulate.plan import Plan
from iolaus.simulate.prompts import LANGUAGE_NAMES, Grammar, grammar, pick, prompt, sentence
from iolaus.simulate.scenario import MINI, NEW, OLD, Campaign, Group, LookAlike

SCHEMA = StructType([*EXCHANGE, *StructType().add("copy", IntegerType()).fields])
CELL_ROWS = 12_000  # rows made at once: vectors of this length stay in a core's cache
_MAX_TOKENS = (1024, 2048, 4096, 8192)
_TEMPERATURES = (None, None, 1.0, 1.0, 0.7, 0.0, 0.2, None)


def cells(plan: Plan) -> list[tuple[int, int, int]]:
    """The landing cut into (group, first account, one past the last), of about CELL_ROWS exchanges a day each."""
    out = []
    for number, size in enumerate(plan.sizes):
        a_day = max(0.2, size.exchanges / plan.scenario.days / size.accounts)
        step = max(1, int(CELL_ROWS / a_day))
        out += [(number, low, min(size.accounts, low + step)) for low in range(0, size.accounts, step)]
    return out


def exchanges(spark: SparkSession, plan: Plan, day: int, partitions: int) -> DataFrame:
    """One row per exchange that arrives on the day: the contract's columns and `copy` (1: it arrived before)."""
    numbers = spark.range(0, len(cells(plan)), 1, partitions)
    return numbers.mapInArrow(_maker(plan, day), SCHEMA)


def _maker(plan: Plan, day: int) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def make(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        every = cells(plan)
        for batch in batches:
            for cell in batch.column(0).to_pylist():
                made = cell_rows(plan, day, every[cell])
                if made is not None:
                    yield made

    return make


def cell_rows(plan: Plan, day: int, cell: tuple[int, int, int]) -> pa.RecordBatch | None:
    """The exchanges of one cell that arrive on a day, or None."""
    found = rows(plan, *cell, day)
    if found is None or not len(found.who):
        return None
    columns = _columns(plan, cell[0], found)
    arrays, fields = [], []
    for field in SCHEMA.fields:
        kind = _ARROW[field.dataType.simpleString()]
        values = columns.get(field.name)  # None: no client of the demo sends it
        array = (
            pa.nulls(len(found.who), kind)
            if values is None
            else values
            if isinstance(values, pa.Array)
            else pa.array(values)
        )
        arrays.append(array.cast(kind) if array.type != kind else array)
        fields.append(pa.field(field.name, kind, nullable=field.nullable))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


_ARROW = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "array<string>": pa.list_(pa.field("element", pa.string(), nullable=False)),
}


def _given(plan: Plan) -> tuple[str, ...]:
    """All templates that the scenario itself states: templates' two sides and system prompts."""
    works = [w for g in plan.scenario.groups for w in g.works]
    sides = [side for w in works if w.template for side in w.template.split("{task}")]
    return tuple(dict.fromkeys([*sides, *(w.system for w in works if w.system)]))


@lru_cache(maxsize=8)
def _grammar(plan: Plan) -> Grammar:
    return grammar(_given(plan))


@lru_cache(maxsize=1)
def _answers() -> I64:
    return lognormal(210.0, 0.8, most=4000)


def _columns(plan: Plan, number: int, r: Rows) -> dict[str, pa.Array | np.ndarray | None]:
    group, g, n = plan.scenario.groups[number], _grammar(plan), len(r.who)
    people = r.accounts
    kind = weighted(draw(r.talk, 70), [w.share for w in group.works])
    keys, account = r.key, people.key[r.who]
    text = _prompts(plan, number, r, kind)
    systems = _systems(g, group, r)
    system = systems.take(pa.array(kind * len(people.index) + r.who))
    tools = np.array([bool(w.tools) for w in group.works])[kind]
    of_person = chance(draw(account, 72), 0.1) & chance(draw(keys, 73), 0.5) & (_of(group, "temperature")[kind] != 0.0)
    thinking = chance(draw(keys, 71), _of(group, "thinking")[kind]) | of_person
    images = chance(draw(keys, 74), np.maximum(_of(group, "images")[kind], 0.01)).astype(np.int64)
    turns = np.array([w.turns for w in group.works])[kind]
    people_talk = group.rhythm == "people" and not isinstance(group, Campaign)
    turn = r.turn if people_talk else r.turn % turns
    talk = r.talk if people_talk else join(r.talk, (r.turn // turns).astype(np.uint64))
    status = np.array([200, 429, 500, 529])[weighted(draw(keys, 75), [253, 1, 1, 1])]
    failed = status != 200
    size = pc.binary_length(text).to_numpy(zero_copy_only=False) + pc.fill_null(pc.binary_length(system), 0).to_numpy(
        zero_copy_only=False
    )
    tokens_in = 8 + size // 4 + turn * 310 + images * 1100 + tools * 420
    tokens_out = lookup(draw(keys, 76), _answers()) * np.round(_of(group, "answer")[kind] * 256).astype(np.int64) >> 8
    capped = chance(draw(keys, 77), 0.02)
    model = pa.array([OLD, MINI, NEW]).take(pa.array(_models(plan, number, r)))
    temperature = _temperatures(group, kind, account)
    console = people.path == PATHS.index("console")
    ip, asn, country = _connections(plan, number, r)
    none = pa.nulls(n, pa.string())
    return {
        "exchange_id": hexadecimal("ex_", keys),
        "account_id": hexadecimal("acc_", people.key).take(pa.array(r.who)),
        "requested_at": pa.array(r.at_ms * 1000).cast(pa.timestamp("us", tz="UTC")),
        "request_model": model,
        "prompt": text,
        "operation_name": pa.array(["chat"]).take(pa.array(np.zeros(n, dtype=np.int64))),
        "provider_name": none,
        "response_model": model,
        "conversation_id": hexadecimal("conv_", talk),
        "api_key_id": pc.if_else(
            pa.array(console[r.who]), None, hexadecimal("key_", draw(people.key, 78), 12).take(pa.array(r.who))
        ),
        "turn_index": turn,
        "system_instructions": system,
        "response": none,
        "request_temperature": temperature,
        "request_max_tokens": np.array(_MAX_TOKENS)[below(draw(account, 79), 4)],
        "usage_input_tokens": tokens_in,
        "usage_output_tokens": pa.array(np.maximum(1, tokens_out), mask=failed),
        "usage_cache_read_tokens": pa.array(tokens_in * 6 // 10, mask=(turn == 0) | failed),
        "usage_reasoning_tokens": pa.array(tokens_out * 3 // 2, mask=~thinking | failed),
        "request_stream": console[r.who],
        "request_thinking": thinking,
        "tool_names": pa.array([list(w.tools) or None for w in group.works], pa.list_(pa.string())).take(
            pa.array(kind)
        ),
        "tool_call_count": pa.array(below(draw(keys, 80), 3), mask=~tools),
        "image_count": pa.array(images, mask=images == 0),
        "http_status": status,
        "finish_reasons": pa.array([["end_turn"], ["max_tokens"], None]).take(
            pa.array(np.where(failed, 2, capped.astype(np.int64)))
        ),
        "client_ip": ip,
        "client_asn": asn,
        "client_country": pa.array(COUNTRIES).take(pa.array(country)),
        "user_agent": pa.array(AGENTS).take(pa.array(people.agent[r.who])),
        "tls_fingerprint": pa.array(TLS).take(pa.array(people.tls[r.who])),
        "access_path": pa.array(PATHS).take(pa.array(people.path[r.who])),
        "copy": r.copy,
    }


def _of(group: Group, name: str) -> np.ndarray:
    return np.array([np.nan if getattr(w, name) is None else getattr(w, name) for w in group.works], dtype=np.float64)


def _temperatures(group: Group, kind: I64, account: U64) -> pa.Array:
    """The work's temperature, or the account's own; None where the client leaves it to the model."""
    table = [w.temperature for w in group.works] + list(_TEMPERATURES)
    own = len(group.works) + below(draw(account, 81), len(_TEMPERATURES))
    fixed = ~np.isnan(_of(group, "temperature"))[kind]
    return pa.array(table, pa.float64()).take(pa.array(np.where(fixed, kind, own)))


def _models(plan: Plan, number: int, r: Rows) -> I64:
    """0 the old model, 1 the small one, 2 the new one."""
    group, after = plan.scenario.groups[number], r.at_ms - plan.release_ms
    small = chance(draw(r.talk, 82), 0.06 if isinstance(group, Campaign) else 0.3)
    if isinstance(group, Campaign):
        ramp = round(group.release_adoption_hours * 3_600_000)
        bits = (draw(r.key, 83) >> np.uint64(44)).astype(np.int64)
        moved = bits * ramp < round(group.release_adoption * (1 << 20)) * np.clip(after, 0, ramp)
    else:
        tries = r.accounts.tries_new_ms[r.who]
        moved = (after > 0) & (tries >= 0) & (after > tries)
    return np.where(moved, 2, small.astype(np.int64))


def _connections(plan: Plan, number: int, r: Rows) -> tuple[pa.Array, I64, I64]:
    """Address, network number and country of each exchange. A line serves a conversation."""
    people = r.accounts
    if plan.scenario.groups[number].access.network == "proxy":
        ip, asn, country = addresses(exits(plan, below(draw(r.talk, 84), plan.exits)))
        return ip, asn, country
    flat = people.lines.reshape(-1)
    ip, asn, country = addresses(flat)
    mostly = np.where(chance(draw(r.talk, 85), 0.6), 0, below(draw(r.talk, 86), people.n_lines[r.who]))
    place = r.who * people.lines.shape[1] + mostly
    return ip.take(pa.array(place)), asn[place], country[place]


def _systems(g: Grammar, group: Group, r: Rows) -> pa.Array:
    """The system prompt of each (work, account), works outermost; null for none."""
    people = r.accounts
    n, api = len(people.index), people.path != PATHS.index("console")
    parts = []
    for w in group.works:
        if w.system:
            keys = people.unit if w.voice == "unit" else people.key
            parts.append(sentence(g, np.full(n, g.given[w.system]), np.zeros(n, dtype=np.int64), draw(keys, 87)))
            continue
        own = api & chance(draw(people.key, 88), 0.5) & (not isinstance(group, Campaign))
        topic = _interests(g, people.language, people.key, people.key)
        english = np.zeros(n, dtype=np.int64)
        parts.append(
            pc.if_else(
                pa.array(own),
                sentence(g, pick(g, "system", english, draw(people.key, 89)), topic, draw(people.key, 90)),
                None,
            )
        )
    return pa.concat_arrays(parts)


def _interests(g: Grammar, language: I64, person: U64, keys: U64) -> I64:
    """A topic of the language, one of a person's one to four."""
    choice = below(draw(keys, 91), 1 + below(draw(person, 92), 4))
    bits = draw(join(person, choice.astype(np.uint64)), 93)
    table, sizes = _topic_table(g.topics)
    return table[language, below(bits, sizes[language])]


@lru_cache(maxsize=4)
def _topic_table(topics: tuple[tuple[int, ...], ...]) -> tuple[I64, I64]:
    sizes = np.array([len(t) for t in topics])
    return np.array([(t * 64)[:64] for t in topics]), sizes


def _prompts(plan: Plan, number: int, r: Rows, kind: I64) -> pa.Array:
    group, g = plan.scenario.groups[number], _grammar(plan)
    works, secret = group.works, np.zeros(len(kind), dtype=np.uint64) + group_key(plan, number)
    account, unit = r.accounts.key[r.who], r.accounts.unit[r.who]
    relays = isinstance(group, Campaign) or (isinstance(group, LookAlike) and group.agreement == "reseller")
    person = r.talk if relays else account
    native = r.accounts.language[r.who]
    # the content's key, by its source
    repeat = np.array([w.repeat for w in works])[kind]
    source = np.array([("fresh", "task", "pool", "item").index(w.source) for w in works])[kind]
    shared = np.select(
        [source == 1, source == 2, source == 3], [r.order // repeat, below(draw(r.key, 94), repeat), r.order], 0
    )
    task = np.where(source == 0, r.key, join(secret + kind.astype(np.uint64), shared.astype(np.uint64)))
    person = np.where(source == 0, person, task)
    # language and topic: the work's, or the person's
    fixed = np.array([LANGUAGE_NAMES.index(w.language) if w.language else -1 for w in works])[kind]
    language = np.where(fixed >= 0, fixed, np.where(chance(draw(r.talk, 95), 0.08), 0, native))
    if isinstance(group, Campaign):
        language = np.where((source == 0) & (fixed < 0), below(draw(r.talk, 96), len(LANGUAGE_NAMES)), language)
    topic = _interests(g, language, person, r.talk)
    for i, w in enumerate(works):
        ids = np.array([g.topic_ids[f"{w.language or 'en'}/{t}"] for t in w.topics])
        if len(ids) and not w.language:  # the work's topics are English
            language = np.where(kind == i, 0, language)
        if len(ids):
            topic = np.where(kind == i, ids[below(draw(person, 97), len(ids))], topic)
    short = (
        (source == 0) & (r.turn > 0) & chance(draw(r.key, 98), 0.3) & np.array([not w.template for w in works])[kind]
    )
    # the same task comes back in other circumstances
    detail = np.where((source == 1) & chance(draw(r.key, 99), 0.7), draw(r.key, 100), draw(task, 101))
    content = prompt(g, language, topic, task, detail, short.astype(np.int64))
    if not any(w.template for w in works):
        return content
    sides = np.array([[g.given[s] for s in w.template.split("{task}")] if w.template else [0, 0] for w in works])[kind]
    voices = np.array([("row", "account", "unit").index(w.voice) for w in works])[kind]
    voice = np.select([voices == 1, voices == 2], [account, unit], r.key)
    before = sentence(g, sides[:, 0], topic, draw(voice, 102))
    after = sentence(g, sides[:, 1], topic, draw(voice, 103))
    return pc.binary_join_element_wise(before, content, after, "")
