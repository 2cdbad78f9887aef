"""What changed between two runs, by name."""

from iolaus.export.report_changes import Changes, Merged, Moved, Vanished, changes, vanished


def rows(groups: dict[str, str]) -> list[dict[str, str]]:
    """Members of clusters; accounts are letters."""
    return [{"cluster_id": c, "account_id": a} for c, them in groups.items() for a in them]


def test_who_joined_and_left_is_named_with_where_from_and_where_to() -> None:
    now, before = rows({"x": "abcdz", "y": "ghe"}), rows({"x": "abef", "y": "gh", "w": "cd", "v": "zpqr"})
    found = changes(now, before, {"x": 1, "y": 2, "w": 3, "v": 4})
    assert found["x"] == Changes(
        joined=[Moved("c", "w"), Moved("d", "w"), Moved("z", "v")],
        left=[Moved("e", "y"), Moved("f", None)],
        merged=[Merged("w", 3, 2, 2)],
    ), "v is published no more either, but most of it is elsewhere"
    assert found["x"].came_from == [("w", 2), ("v", 1)]
    assert found["x"].went_to == [("y", 1)]
    assert found["y"].joined == [Moved("e", "x")]
    assert found["y"].merged == []


def test_a_rank_that_vanished_is_told_with_what_became_of_it() -> None:
    now, before = rows({"x": "abc"}), rows({"x": "ab", "w": "cd", "v": "pq"})
    assert vanished(now, before, {"v": 3, "x": 1, "w": 2}, ["x"], {"v": 7}) == [
        Vanished("w", 2, 2, None, [("x", 1)]),
        Vanished("v", 3, 2, 7, []),
    ]
    assert [v.n_elsewhere for v in vanished(now, before, {"w": 2}, ["x"], {})] == [1]


def test_a_case_that_is_new_has_members_that_joined() -> None:
    assert changes(rows({"n": "ab"}), [], {})["n"] == Changes([Moved("a", None), Moved("b", None)])
