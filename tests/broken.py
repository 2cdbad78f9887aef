"""For each table, good rows and how to break them: what `tests/test_expectations.py` shows every expectation."""

from datetime import UTC, datetime, timedelta
from typing import Any

from iolaus.schemas.sketch import PROMPT
from tests.rows import DAY

Row = dict[str, Any]
NOW = datetime(2026, 2, 10, 12, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
PSEUDONYM = "0123456789abcdef0123456789abcdef"

_LINK: Row = {"account_a": "a", "account_b": "b", "key_a": 0, "key_b": 1}
_PAIR: Row = {"key_a": 0, "key_b": 1, "bits": 5_000, "similarity": 0.5, "support": 1}
_SUMS: Row = {"n_exchanges": 4, "first_at": NOW, "last_at": NOW, "slots": [1]}
_SCORE: Row = {
    "cluster_id": "c1", "rank": 1, "score": 9.0, "coordination": 6.0, "extraction": 3.0, "confidence": "high",
    "n_accounts": 6,
    "n_owners": 5, "n_exchanges": 60, "first_seen": NOW, "last_seen": NOW, "summary": "s", "reasons": ["r"],
    "explanations": ["e"],
    "case_kind": "distillation", "rival": "strangers", "margin_bits": 5.0,
}  # fmt: skip
_PIECE: Row = {
    "cluster_id": "c1",
    "channel": "card",
    "kind": "coordination",
    "bits": 3.0,
    "support": 2,
    "value": 1.0,
    "description": "d",
}
_JUDGED: Row = {
    "cluster_id": "c1", "fact": "source", "family": "content", "value": 0.1, "error": 0.05, "finding": "f", "bits": 2.0,
    "log_likelihoods": {"distillation": -0.2}, "description": "d", "hypothesis": "distillation", "rival": "strangers",
    "margin_bits": 2.0,
}  # fmt: skip
_MEMBER: Row = {
    "cluster_id": "c1",
    "account_id": "a",
    "membership": 0.9,
    "n_exchanges": 3,
    "reasons": ["r"],
    "distillation_share": 1.0,
}

GOOD: dict[str, Row] = {
    "landing.accounts": {"line": '{"account_id": "a", "created_at": "2026-01-01T00:00:00Z"}'},
    "landing.models": {"line": '{"model": "m", "released_at": "2026-01-01T00:00:00Z"}'},
    "landing.agreements": {"line": '{"org_id": "o", "kind": "reseller", "since": "2026-01-01"}'},
    "bronze.exchanges": {"exchange_id": "e", "requested_at": NOW + timedelta(hours=11), "usage_output_tokens": 9},
    "bronze.accounts": {},
    "bronze.models": {},
    "bronze.agreements": {"org_id": "o", "kind": "reseller"},
    "quality.quarantine": {"source": "exchanges", "reasons": ["broken JSON"], "row": "{"},
    "silver.exchanges": {"requested_at": NOW, "address": PSEUDONYM, "prompt_hash": 1, "n_words": 3,
    "terms": b"\0\0\xff\x1f", "n_copies": 1},
    "silver.accounts": {"owner_id": "org:o", "card": PSEUDONYM},
    "features.account_days": {**_SUMS, "output_histogram": [0] * 16, "capability_counts": [0] * 7},
    "features.account_profiles": {**_SUMS, "vector": [1.0] + [0.0] * 127},
    "features.hand_overs": {"account_from": "a", "account_to": "b", "n": 1, "n_failed": 0, "minutes": 4.0},
    "features.population": {"account_id": "a", "owner_id": "a", "is_background": True, "is_first_of_owner": True},
    "features.account_values": {"channel": "card", "n": 1, "distinct_prompts": 1, "n_owners": 2,
    "n_qualifying_owners": 2, "n_contacts": 1},
    "features.account_behaviour": {"account_id": "a", "volume": 4.0, "volume_class": 2, "thinking_share": 0.5},
    "features.prompt_templates": {
        "channel": "system", "n_accounts": 2, "n_owners": 2, "n_loyal": 2, "n_exchanges": 4, "n_distinct_prompts": 4,
        "traffic_share": 0.5,
    },
    "pairs.infrastructure": {**_PAIR, "channel": "card", "sharers": 2},
    "pairs.templates": {**_PAIR, "channel": "system", "sharers": 2},
    "pairs.content": {**_PAIR, "channel": "content"},
    "pairs.synchrony": {**_PAIR, "channel": "synchrony"},
    "pairs.cohort": {**_PAIR, "channel": "cohort"},
    "pairs.hot_keys": {"channel": "card", "sharers": 5, "pairs_not_made": 10, "why": "over_cap"},
    "graph.links": {**_LINK, "infrastructure": 4_000, "content": 5_000, "bits": 9_000, "triangles": 3},
    "graph.components": {"account_id": "b", "component": "a"},
    "graph.communities": {"community": "links:a", "account_id": "a", "origin": "links"},
    "graph.clusters": {"cluster_id": "c1", "account_id": "a", "membership": 0.9, "origin": "links", "event": "born"},
    "scoring.evidence": {**_PIECE, "bits": 3_000},
    "scoring.judgement": _JUDGED,
    "scoring.clusters": _SCORE,
    "gold.suspect_clusters": {**_SCORE, "first_flagged": DAY},
    "gold.watchlist": {**_SCORE, "first_flagged": DAY, "confidence": "low"},
    "gold.suspect_cluster_members": _MEMBER,
    "gold.cluster_evidence": _PIECE,
    "gold.cluster_links": {
        "account_a": "a", "account_b": "b", "support": 1, "similarity": 0.5, "cluster_id": "c1", "channel": "card",
        "bits": 5.0,
    },
    "gold.cluster_templates": {"cluster_id": "c1", "kind": "system", "n_accounts": 3, "n_exchanges": 9,
    "n_baseline_owners": 3},
    "gold.cluster_origins": {"cluster_id": "c1", "kind": "plan", "n_accounts": 3, "share": 0.5, "baseline_share": 0.1},
    "gold.cluster_timeline": {"cluster_id": "c1", "hour": NOW, "n_exchanges": 2, "n_accounts": 2},
}  # fmt: skip

# Of each figure of a table's own rows: what breaks it, in one more row beside the good one, or in so many.
_PAIR_FAULTS: dict[str, Row | list[Row]] = {
    "wrong_order": {"key_a": 2},
    "impossible_bits": {"key_b": 9, "bits": 0},
    "impossible_similarity": {"key_b": 9, "similarity": 1.5},
    "impossible_support": {"key_b": 9, "support": 0},
    "unknown_channel": {"channel": "dream"},
}
_SHARED_FAULTS = {**_PAIR_FAULTS, "unshared": {"key_b": 9, "sharers": 1}}
_CLUSTER_FAULTS: dict[str, Row | list[Row]] = {
    "impossible_score": {"cluster_id": "c2", "rank": 2, "score": 8.0},
    "impossible_counts": {"cluster_id": "c2", "rank": 2, "n_owners": 7},
    "impossible_impact": {"cluster_id": "c2", "rank": 2, "n_output_tokens": -1},
    "unknown_kind": {"cluster_id": "c2", "rank": 2, "case_kind": "malice"},
    "impossible_times": {"cluster_id": "c2", "rank": 2, "last_seen": TOMORROW},
    "without_words": {"cluster_id": "c2", "rank": 2, "summary": " "},
}
_GAP: Row = {"cluster_id": "c2", "rank": 3}
_RISE: Row = {"cluster_id": "c2", "rank": 2, "score": 10.0, "extraction": 4.0}
_PIECE_FAULTS: dict[str, Row | list[Row]] = {
    "unknown_kind": {"channel": "x", "kind": "hunch"},
    "impossible_bits": {"channel": "x", "kind": "innocent", "bits": 1},
    "impossible_value": {"channel": "x", "value": float("nan")},
    "without_words": {"channel": "x", "description": " "},
}

BROKEN: dict[str, dict[str, Row | list[Row]]] = {
    "landing.accounts": {
        "unreadable_files": {"line": None, "unreadable": "truncated gzip"},
        "without_id": [{}, *2 * [{"line": '{"created_at": "2026-01-01T00:00:00Z"}'}]],
        "without_creation": [{}, *2 * [{"line": '{"account_id": "a"}'}]],
    },
    "landing.models": {
        "unreadable_files": {"line": None, "unreadable": "truncated gzip"},
        "without_name": {"line": '{"released_at": "2026-01-01T00:00:00Z"}'},
        "without_release": {"line": '{"model": "m"}'},
    },
    "landing.agreements": {
        "unreadable_files": {"line": None, "unreadable": "truncated gzip"},
        "without_organisation": {"line": '{"kind": "reseller"}'},
    },
    "bronze.exchanges": {
        "from_the_future": {"happened_on": DAY + timedelta(days=2)},
        "before_models": {"happened_on": DAY.replace(year=1999)},
        "without_id": {"account_id": ""},
        "too_late": {"happened_on": DAY - timedelta(days=28)},
        "odd_fields": [{}, *2 * [{"extra": {"turn_index": '"no"'}}]],
        "impossible_temperature": {"request_temperature": 3.0},
        "unknown_country": {"client_country": "Germany"},
        "unknown_path": {"access_path": "tunnel"},
        "late_share": [{}, {"happened_on": DAY - timedelta(days=1)}, {"happened_on": DAY - timedelta(days=1)}],
        "hours_to_last": [{"requested_at": NOW}],
    },
    "bronze.accounts": {
        "without_id": {"account_id": ""},
        "banned_before_made": {"account_id": "y", "banned_at": NOW - timedelta(days=9)},
        "before_models": {"account_id": "y", "created_at": NOW.replace(year=1970)},
        "odd_fields": [{}, *({"account_id": str(i), "extra": {"banned_at": '"soon"'}} for i in range(2))],
        "lost_owners": [*({"account_id": str(i)} for i in range(9)), {"account_id": "y", "extra": {"org_id": "5"}}],
        "unknown_country": {"account_id": "y", "phone_country": "Germany"},
        "days_to_newest": [{"created_at": NOW - timedelta(days=30)}],
    },
    "bronze.models": {
        "without_name": {"model": ""},
        "far_release": {"model": "y", "released_at": NOW.replace(year=2099)},
    },
    "bronze.agreements": {"without_organisation": {"org_id": " "}, "unknown_kind": {"kind": "friendship"}},
    "quality.quarantine": {
        "rejected_others": {"source": "models"},
        "rejected_agreements": {"source": "agreements"},
        "unreadable_files": {"row": None},
        "without_reason": {"reasons": []},
        "unknown_source": {"source": "mail"},
    },
    "silver.exchanges": {
        "of_another_day": {"exchange_id": "y", "requested_at": TOMORROW},
        "no_pseudonym": {"exchange_id": "y", "address": "198.51.100.7"},
        "keys": {"exchange_id": "y", "key_id": "another"},
        "impossible_terms": {"exchange_id": "y", "terms": b"\0\x20\1\0"},
        "impossible_signature": {"exchange_id": "y", "signature": b"\1\0\0\0"},
        "words_without_hash": {"exchange_id": "y", "prompt_hash": None},
        "impossible_capabilities": {"exchange_id": "y", "capabilities": 128},
        "negative_counts": {"exchange_id": "y", "n_words": -1},
        "without_copies": {"exchange_id": "y", "n_copies": 0},
        "shared_id_share": [{"account_id": str(i)} for i in range(3)],
    },
    "silver.accounts": {
        "not_yet_made": {"account_id": "y", "created_at": TOMORROW},
        "not_yet_banned": {"account_id": "y", "banned_at": TOMORROW, "status": "banned"},
        "ban_in_doubt": {"account_id": "y", "banned_at": NOW, "status": "active"},
        "no_pseudonym": {"account_id": "y", "card": "4111111111111111"},
        "keys": {"account_id": "y", "key_id": "another"},
        "owner_in_doubt": {"account_id": "y", "owner_id": "z"},
    },
    "features.account_days": {
        "without_exchanges": {"account_id": "y", "n_exchanges": 0},
        "parts_over_whole": {"account_id": "y", "n_thinking": 5},
        "negative_sums": {"account_id": "y", "input_tokens": -1},
        "of_another_day": {"account_id": "y", "last_at": TOMORROW},
        "impossible_histogram": {"account_id": "y", "output_histogram": [4]},
        "impossible_slots": {"account_id": "y", "slots": []},
        "over_cap": {"account_id": "y", "prompts": bytes(513 * PROMPT.itemsize)},
        "impossible_signature": {"account_id": "y", "signature": bytes(4)},
    },
    "features.account_profiles": {
        "without_exchanges": {"account_id": "y", "n_exchanges": 0},
        "not_finite": {"account_id": "y", "vector": [float("nan")] + [0.0] * 127},
        "not_unit": {"account_id": "y", "vector": [0.5] + [0.0] * 127},
        "impossible_vector": {"account_id": "y", "vector": [1.0]},
        "impossible_share": {"account_id": "y", "own_template_share": 1.5},
        "after_the_day": {"account_id": "y", "last_at": TOMORROW},
        "parts_over_whole": {"account_id": "y", "n_sampled": 5},
    },
    "features.hand_overs": {
        "with_itself": {"account_to": "a"},
        "impossible_counts": {"account_to": "y", "n": 0},
    },
    "features.population": {
        "impossible_key": {"account_id": "y", "account_key": -1},
        "licensed_owner": {"account_id": "y", "is_background": False},
    },
    "features.account_values": {
        "unshared": {"value_hash": 1, "n_owners": 1, "n_qualifying_owners": 1},
        "impossible_counts": {"value_hash": 1, "n_qualifying_owners": 3},
        "unknown_channel": {"channel": "dream"},
    },
    "features.account_behaviour": {
        "impossible_share": {"account_id": "y", "thinking_share": 1.5},
        "impossible_volume": {"account_id": "y", "volume_class": 3},
    },
    "features.prompt_templates": {
        "unshared": {"value_hash": 1, "n_owners": 1, "n_loyal": 1},
        "impossible_counts": {"value_hash": 1, "n_loyal": 3},
        "impossible_share": {"value_hash": 1, "traffic_share": 1.5},
        "unknown_channel": {"channel": "card"},
    },
    "pairs.infrastructure": _SHARED_FAULTS,
    "pairs.templates": _SHARED_FAULTS,
    "pairs.content": _PAIR_FAULTS,
    "pairs.synchrony": _PAIR_FAULTS,
    "pairs.cohort": _PAIR_FAULTS,
    "pairs.hot_keys": {
        "unshared": {"value_hash": 1, "sharers": 1, "pairs_not_made": 0},
        "impossible_pairs": {"value_hash": 1, "pairs_not_made": 11},
        "unknown_why": {"value_hash": 1, "why": "tired"},
        "unknown_channel": {"channel": "dream"},
    },
    "graph.links": {
        "wrong_order": {"account_a": "c"},
        "impossible_bits": {"account_b": "y", "bits": 1},
        "one_family": {"account_b": "y", "content": 0, "bits": 4_000},
        "without_triangles": {"account_b": "y", "triangles": 0},
    },
    "graph.components": {"wrong_label": {"account_id": "c", "component": "d"}},
    "graph.communities": {"without_name": {"community": ""}, "unknown_origin": {"account_id": "y", "origin": "rumour"}},
    "graph.clusters": {
        "without_id": {"account_id": "y", "cluster_id": ""},
        "impossible_membership": {"account_id": "y", "membership": 1.5},
        "unknown_event": {"account_id": "y", "event": "lost", "parents": ["c0"]},
        "unknown_parents": {"account_id": "y", "event": "kept"},
        "unknown_origin": {"account_id": "y", "origin": "rumour"},
    },
    "scoring.evidence": _PIECE_FAULTS,
    "scoring.judgement": {
        "unknown_hypothesis": {"fact": "x", "hypothesis": "strangers"},
        "impossible_bits": {"fact": "x", "bits": -9.0},
        "impossible_value": {"fact": "x", "error": -1.0},
        "without_words": {"fact": "x", "description": " "},
    },
    "scoring.clusters": {
        **_CLUSTER_FAULTS,
        "unknown_confidence": {"cluster_id": "c2", "rank": 2, "confidence": "sure"},
        "published_rank_gaps": _GAP,
        "published_rising_scores": _RISE,
        "watched_rank_gaps": {"cluster_id": "c2", "confidence": "low", "rank": 2},
        "watched_rising_scores": [
            {"cluster_id": "c1", "confidence": "low"},
            {**_RISE, "confidence": "low"},
        ],
    },
    "gold.suspect_clusters": {
        **_CLUSTER_FAULTS,
        "low_confidence": {"cluster_id": "c2", "rank": 2, "confidence": "low"},
        "too_few": {"cluster_id": "c2", "rank": 2, "n_accounts": 4, "n_owners": 4},
        "without_reasons": {"cluster_id": "c2", "rank": 2, "reasons": []},
        "without_explanations": {"cluster_id": "c2", "rank": 2, "explanations": []},
        "flagged_later": {"cluster_id": "c2", "rank": 2, "first_flagged": DAY + timedelta(days=1)},
        "rank_gaps": _GAP,
        "rising_scores": _RISE,
    },
    "gold.watchlist": {
        **_CLUSTER_FAULTS,
        "high_confidence": {"cluster_id": "c2", "rank": 2, "confidence": "high"},
        "flagged_later": {"cluster_id": "c2", "rank": 2, "first_flagged": DAY + timedelta(days=1)},
        "rank_gaps": _GAP,
        "rising_scores": _RISE,
    },
    "gold.suspect_cluster_members": {
        "impossible_membership": {"account_id": "y", "membership": 1.5},
        "impossible_share": {"account_id": "y", "distillation_share": 1.5},
        "impossible_counts": {"account_id": "y", "n_exchanges": 0},
        "impossible_impact": {"account_id": "y", "cost": -0.5},
        "impossible_times": {"account_id": "y", "last_seen": TOMORROW},
        "ban_in_doubt": {"account_id": "y", "banned_at": NOW, "status": "active"},
        "without_reasons": {"account_id": "y", "reasons": []},
    },
    "gold.cluster_evidence": {**_PIECE_FAULTS, "impossible_bits": {"channel": "x", "bits": 13.0}},
    "gold.cluster_links": {
        "wrong_order": {"account_a": "c"},
        "impossible_bits": {"account_b": "y", "bits": 13.0},
        "impossible_similarity": {"account_b": "y", "similarity": 1.5},
        "unknown_channel": {"channel": "dream"},
    },
    "gold.cluster_templates": {
        "unknown_kind": {"value_hash": 1, "kind": "poem"},
        "impossible_counts": {"value_hash": 1, "n_accounts": 1},
        "too_long": {"value_hash": 1, "exemplar": "x" * 501, "seen_on": DAY},
        "undated": {"value_hash": 1, "exemplar": "x"},
    },
    "gold.cluster_origins": {
        "unknown_kind": {"value": "y", "kind": "mood"},
        "impossible_counts": {"value": "y", "n_accounts": 0},
        "impossible_share": {"value": "y", "share": 1.5},
    },
    "gold.cluster_timeline": {
        "impossible_counts": {"request_model": "y", "n_accounts": 3},
        "broken_hours": {"hour": NOW + timedelta(minutes=7)},
        "after_the_day": {"hour": TOMORROW},
    },
}
