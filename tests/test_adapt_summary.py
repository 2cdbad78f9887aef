"""What `iolaus adapt` says: how many accounts, of which fields, what held the prompts, and what was not read."""

import json
from typing import Any

from iolaus.adapters.formats import FAULTS, FORMATS
from iolaus.adapters.landing import FIELDS, Choice
from iolaus.adapters.summary import paths_near, summary, table

KNOWN = FORMATS["bedrock"]


def counts(**changes: Any) -> dict[str, Any]:
    made = dict.fromkeys(FIELDS, 1000) | {f"reason: {reason}": 0 for reason in (*FAULTS, *KNOWN.skips)}
    made |= {
        "exchanges": 1000,
        "records": 1000,
        "first": "2026-03-01",
        "last": "2026-03-02",
        "accounts": 40,
        "roles": 0,
        "sessions": 0,
        "ids": 1000,
    }
    return made | {name.replace("most_", "most "): value for name, value in changes.items()}


def said(choice: Choice | None = None, **changes: Any) -> str:
    return summary(counts(**changes), "OUT", KNOWN, choice or Choice())


def test_it_says_how_many_accounts_there_are_and_where_they_come_from():
    told = said(
        most_account_from=[
            {"item": "user.id", "count": 900},
            {"item": "llm.user", "count": 100},
            {"item": None, "count": 5},
        ]
    )
    assert "\n40 accounts, taken from:\n  user.id: 90.0% of the exchanges\n  llm.user: 10.0% of the exchanges" in told
    assert "None" not in told
    assert "About 5000 accounts" in said(accounts=5000)
    assert "\n1 account, taken from:" in said(accounts=1)


def test_it_says_which_attribute_held_the_prompts_and_which_was_not_read():
    told = said(
        most_content_from=[{"item": "gen_ai.input.messages", "count": 800}],
        most_unread=[
            {"item": "attributes.acme.prompt", "count": 150},
            {"item": "redacted: redacted-by-litellm", "count": 50},
        ],
    )
    assert "gen_ai.input.messages: 80.0% of the exchanges" in told
    assert "  150: attributes.acme.prompt" in told
    assert "  50: redacted: redacted-by-litellm" in told
    assert "acme" not in said()


def test_it_says_where_one_name_hides_many_users_and_one_user_has_many_names():
    one = [{"item": "arn:aws:sts::1:assumed-role/gateway/x", "count": 900}]
    assert "sends 90.0% of the exchanges" in said(most_account_id=one)
    assert "hides your customers" not in said(most_account_id=[{"item": "a", "count": 100}])
    assert "hides your customers" in said(
        exchanges=3, accounts=1, most_account_id=[{"item": "arn:aws:iam::1:role/gateway", "count": 3}]
    )
    assert "hides your customers" not in said(exchanges=3, accounts=1, most_account_id=[{"item": "ann", "count": 3}])
    assert "38 of these are names of sessions of 2 roles" in said(sessions=38, roles=2)
    assert "names of sessions" not in said(sessions=2, roles=2)


def test_it_says_where_ids_met_and_which_path_is_in_few_records():
    assert "About 200 exchanges have an id that another has, too" in said(ids=800)
    assert "that another has" not in said(ids=995)
    told = said(Choice(exchanges={"account_id": "a.b"}), **{"path: a.b": 250})
    assert "a.b is in 25.0% of the records" in told


def test_it_says_what_the_format_is_where_nothing_was_found():
    assert "No exchange was found. Is this AWS Bedrock model invocation logs?" in said(exchanges=0)


def test_paths_that_are_most_like_one_that_is_not_there():
    wrapped = json.dumps({"detail-type": "call", "detail": {"metadata": {"user_api_key_team_id": "t"}}}).encode()
    assert paths_near("metadata.user_api_key_taem_id", [wrapped])[0] == "metadata.user_api_key_team_id", (
        "a path begins inside the envelope"
    )
    lines = [
        json.dumps({"metadata": {"user_api_key_team_id": "t", "other": {"deep": 1}}, "empty": None}).encode(),
        b"broken",
        None,
    ]
    assert paths_near("metadata.user_api_key_taem_id", lines) == [
        "metadata.user_api_key_team_id",
        "metadata.other.deep",
    ]


def test_a_dry_run_is_a_table():
    shown = table(
        [
            {"exchange_id": "e", "requested_at": "t", "prompt": "a\n" * 80, "litellm": {"id": 1}},
            {"line": "x", "reason": "not JSON"},
        ]
    )
    assert "record 1\n  exchange_id" in shown
    assert max(map(len, shown.splitlines())) < 100
    assert "record 2: not JSON" in shown
    assert table([]) == "no record was found"
