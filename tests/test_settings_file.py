"""Settings from a file, the environment and the command line: what is over what, and what is refused in one line."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from iolaus import cli
from iolaus.errors import UsageError
from iolaus.export.settings_reference import PAGE, page
from iolaus.model.signals import CHANNEL
from iolaus.settings import DEFAULT, HIDDEN, Channels, Settings, differences, leaves, restored
from iolaus.settings_file import Effective, combined, read
from iolaus.settings_text import differing


def given(
    *sets: str, environ: Mapping[str, str] | None = None, file: Path | None = None, lake: Path | None = None
) -> Effective:
    """The settings of a command with these arguments, in an environment without any other variable."""
    return read(None if lake is None else str(lake), None if file is None else str(file), sets, environ or {})


def refused(*sets: str, environ: Mapping[str, str] | None = None, file: Path | None = None) -> str:
    """The line that these arguments are refused with."""
    with pytest.raises(UsageError) as caught:
        given(*sets, environ=environ, file=file)
    said = str(caught.value)
    assert "\n" not in said
    return said


def written(folder: Path, text: str, name: str = "iolaus.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_without_anything_given_they_are_the_defaults() -> None:
    assert given() == Effective(DEFAULT, {}, ())


def test_the_defaults_are_what_they_may_be() -> None:
    assert combined([])[0] == DEFAULT


class TestPrecedence:
    def test_the_command_line_is_over_the_environment_is_over_the_file(self, tmp_path: Path) -> None:
        file = written(tmp_path, "window_days = 14\n[scoring]\nbanned = 4\nactive_days = 5\n")
        environ = {"IOLAUS__SCORING__BANNED": "5", "IOLAUS__SCORING__ACTIVE_DAYS": "6"}
        found = given("scoring.banned=7", environ=environ, file=file)
        assert (found.settings.window_days, found.settings.scoring.active_days, found.settings.scoring.banned) == (
            14,
            6,
            7,
        )
        assert found.sources == {
            "window_days": str(file),
            "scoring.active_days": "IOLAUS__SCORING__ACTIVE_DAYS",
            "scoring.banned": "--set",
        }

    def test_of_one_key_given_twice_the_last_counts(self) -> None:
        assert given("scoring.banned=4", "scoring.banned=5").settings.scoring.banned == 5

    def test_a_file_lies_beside_the_lake(self, tmp_path: Path) -> None:
        written(tmp_path, "window_days = 14")
        assert given(lake=tmp_path / "lake").settings.window_days == 14
        assert given(lake=tmp_path / "elsewhere" / "lake").settings == DEFAULT

    def test_a_named_file_stands_for_the_one_beside_the_lake(self, tmp_path: Path) -> None:
        written(tmp_path, "window_days = 14")
        by_variable, by_option = (
            written(tmp_path, "window_days = 15", "b.toml"),
            written(tmp_path, "window_days = 16", "c.toml"),
        )
        environ = {"IOLAUS_SETTINGS": str(by_variable)}
        assert given(lake=tmp_path / "lake", environ=environ).settings.window_days == 15
        assert given(lake=tmp_path / "lake", environ=environ, file=by_option).settings.window_days == 16

    def test_what_else_the_environment_has_is_no_setting(self) -> None:
        names = ("IOLAUS_HMAC_KEY", "IOLAUS_HMAC_KEY_FILE", "IOLAUS_JARS_BAKED", "IOLAUS_LAKE", "IOLAUS_DEMO_LAKE")
        assert given(environ=dict.fromkeys(names, "x")).settings == DEFAULT

    def test_the_command_line_is_over_what_a_lake_recorded(self, tmp_path: Path) -> None:
        recorded = replace(DEFAULT, window_days=14, graph=replace(DEFAULT.graph, families=3))
        written(tmp_path, "window_days = 20")
        found = given("graph.families=1", environ={"IOLAUS__WINDOW_DAYS": "21"}, lake=tmp_path / "lake").over(recorded)
        assert (found.window_days, found.graph.families) == (14, 1), (
            "neither a file that was found nor a variable says how a run was"
        )


class TestValues:
    @pytest.mark.parametrize("text", ['["CN","RU"]', "['CN', 'RU']"])
    def test_a_list_is_toml(self, text: str) -> None:
        assert given(f"scoring.unsupported_regions={text}").settings.scoring.unsupported_regions == ("CN", "RU")

    def test_a_whole_number_may_stand_for_another(self) -> None:
        assert given("graph.resolution=3").settings.graph.resolution == 3.0

    def test_spark_properties_are_text_without_their_prefix(self, tmp_path: Path) -> None:
        file = written(tmp_path, '[spark]\nsql.shuffle.partitions = 7\n"spark.ui.enabled" = true\n')
        found = given("spark.driver.maxResultSize=1.50", file=file)
        assert found.settings.spark == {
            "sql.shuffle.partitions": "7",
            "ui.enabled": "true",
            "driver.maxResultSize": "1.50",
        }
        assert found.sources["spark.sql.shuffle.partitions"] == str(file)

    def test_a_secret_spark_property_is_used_and_never_shown(self) -> None:
        one, other = (given(f"spark.hadoop.fs.s3a.secret.key={value}").settings for value in ("hush-1", "hush-2"))
        assert one.spark == {"hadoop.fs.s3a.secret.key": "hush-1"}
        assert one.values()["spark"] == {"hadoop.fs.s3a.secret.key": HIDDEN}
        assert differing(one) == [("spark.hadoop.fs.s3a.secret.key", HIDDEN, None)]
        assert one.digest == other.digest != DEFAULT.digest

    def test_plans_have_numbers(self) -> None:
        assert given("plans.free=20", "plans.pro=150.5").settings.plans == {"free": 20, "pro": 150.5}

    def test_patterns_come_from_a_file_beside_the_settings(self, tmp_path: Path) -> None:
        written(tmp_path, 'coding = ["refaktor"]\n', "patterns.toml")
        file = written(tmp_path, 'capability_patterns = "patterns.toml"\n')
        assert given(file=file).settings.capability_patterns == {"coding": ("refaktor",)}

    def test_suites_come_from_a_folder_by_table(self, tmp_path: Path) -> None:
        suite = '{"expectations": [], "meta": {"metrics": {}}}'
        (tmp_path / "own").mkdir()
        written(tmp_path / "own", suite, "silver.exchanges.json")
        found = given(f"suites={tmp_path / 'own'}").settings
        assert found.suites == {"silver.exchanges": suite}
        assert found.digest != DEFAULT.digest


class TestRefused:
    @pytest.mark.parametrize("key", ["scoring.baned", "banned", "scoring.Banned"])
    def test_an_unknown_key_is_answered_with_the_nearest(self, key: str) -> None:
        assert refused(f"{key}=3").startswith(f"--set: there is no setting {key}; did you mean scoring.banned? ")

    def test_it_names_where_it_stands(self, tmp_path: Path) -> None:
        file = written(tmp_path, "[scorin]\nbanned = 3\n")
        assert refused(file=file).startswith(f"{file}: there is no setting scorin.banned; did you mean scoring.banned?")
        assert refused(environ={"IOLAUS__SCORING__BANED": "3"}).startswith(
            "IOLAUS__SCORING__BANED: there is no setting"
        )

    @pytest.mark.parametrize("value", ["x", "1.5", "true", "[3]", '"3"'])
    def test_a_wrong_type(self, value: str) -> None:
        said = refused(f"scoring.banned={value}")
        assert said.startswith("--set: scoring.banned = ")
        assert said.endswith("give a whole number from 1 to 100,000 accounts (default 3)")

    @pytest.mark.parametrize(
        ("key", "value"), [("scoring.banned", 0), ("scoring.banned", 100_001), ("graph.reunite", 1.1)]
    )
    def test_out_of_range(self, key: str, value: float) -> None:
        said = refused(f"{key}={value}")
        assert said.startswith(f"--set: {key} = {value} cannot be used")
        assert "from 1 to 100,000 accounts" in said or said.endswith("give a share from 0 to 1 (default 0.4)")

    @pytest.mark.parametrize("value", ["nan", "inf"])
    def test_no_number(self, value: str) -> None:
        assert "graph.resolution" in refused(f"graph.resolution={value}")

    @pytest.mark.parametrize(
        ("argument", "said"),
        [
            ("scoring=1", "is a section"),
            ("scoring.banned", "write KEY=VALUE"),
            ("channels.crad.cap=2", "did you mean channels.card.cap?"),
            ("channels.card.enabled=0", "give true or false (default true)"),
            ("channels.card.cap=2", "channels.card.floor = 3 is above channels.card.cap = 2"),
            ("window_days=30", "retention.text_days = 30 must be more than window_days = 30"),
            ('scoring.unsupported_regions=["China"]', "a list of texts that match [A-Z]{2}"),
            ("scoring.unsupported_regions=CN", "a list of texts that match [A-Z]{2}"),
            ("plans.free=-1", "a number of exchanges above 0"),
            ('capability_patterns.codng=["x"]', "did you mean coding?"),
            ('capability_patterns.coding=["("]', "capability_patterns.coding"),
            ('capability_patterns.coding=["x*"]', "the pattern matches every text"),
            ("suites=nowhere", "names nowhere, which cannot be read"),
            ("suites.silver.exchange={}", "did you mean silver.exchanges?"),
            (
                "suites.silver.exchanges=[]",
                "the suite of silver.exchanges is not JSON with expectations and meta.metrics",
            ),
        ],
    )
    def test_what_cannot_be(self, argument: str, said: str) -> None:
        assert said in refused(argument)

    def test_a_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        assert "cannot be read" in refused(file=tmp_path / "none.toml")
        assert "is not TOML" in refused(file=written(tmp_path, "window_days = = 3"))

    @pytest.mark.parametrize(
        "arguments", [["settings"], ["query", "SELECT 1", "--lake", "l"], ["run", "--landing", "l", "--lake", "k"]]
    )
    def test_every_command_ends_with_status_2_and_one_line(
        self, capsys: pytest.CaptureFixture[str], arguments: list[str]
    ) -> None:
        assert cli.main([*arguments, "--set", "scoring.baned=3"]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line == (
            "iolaus: --set: there is no setting scoring.baned; did you mean scoring.banned? "
            "all of them: iolaus settings"
        )


class TestRecorded:
    def test_values_come_back(self) -> None:
        settings = replace(
            DEFAULT,
            window_days=14,
            capability_patterns={"coding": ("a",)},
            plans={"free": 2.0},
            spark={"a.b": "c"},
            channels=replace(DEFAULT.channels, card=replace(DEFAULT.channels.card, enabled=False)),
        )
        assert restored(json.loads(json.dumps(settings.values()))) == settings

    def test_an_older_or_newer_tree_is_read(self) -> None:
        values = replace(DEFAULT, window_days=14).values()
        del values["claims"]
        values["scoring"] |= {"no_more": 3}
        assert restored(values) == replace(DEFAULT, window_days=14)

    def test_differences_name_value_and_default(self) -> None:
        settings = replace(DEFAULT, window_days=14, plans={"free": 2.0})
        assert differences(settings) == {"window_days": (14, 28), "plans": ({"free": 2.0}, {})}
        assert differing(settings) == [("window_days", "14", "28"), ("plans.free", "2", None)]


class TestTheTree:
    def test_each_setting_says_its_reason_and_each_number_its_range(self) -> None:
        for name, about, default in leaves():
            assert about.reason.endswith("."), name
            if isinstance(default, int | float) and not isinstance(default, bool):
                assert about.least is not None
                assert about.most is not None
                assert about.least <= default <= about.most, name

    def test_the_reference_is_the_tree(self) -> None:
        """Fix: make dictionary."""
        assert PAGE.read_text(encoding="utf-8") == page()
        for name, _, _ in leaves():
            wanted = f"| `{name.split('.')[1]}` |" if name.startswith("channels.") else f"| `{name}` |"
            assert wanted in page(), name

    def test_each_channel_has_limits(self) -> None:
        assert set(Channels.names()) == set(CHANNEL)


class TestCommand:
    def test_it_prints_every_value_and_where_it_came_from(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["settings", "--set", "scoring.banned=4"]) == 0
        printed = capsys.readouterr().out.splitlines()
        assert len(printed) == len([1 for _, _, v in leaves() if not isinstance(v, dict)]) + 1
        assert "scoring.banned = 4  # --set" in printed
        assert "window_days = 28  # default" in printed
        assert printed[-1] == f"# digest {given('scoring.banned=4').settings.digest}"

    def test_diff_prints_what_differs(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["settings", "--diff", "--set", "scoring.banned=4", "--set", "scoring.active_days=2"]) == 0
        assert capsys.readouterr().out.splitlines()[:-1] == ["scoring.banned = 4  # --set; default 3"]

    def test_what_it_prints_is_a_file_that_makes_the_same_settings(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        assert cli.main(["settings", "--set", "window_days=14", "--set", "plans.free=8.5"]) == 0
        file = written(tmp_path, capsys.readouterr().out)
        assert given(file=file).settings == Settings(window_days=14, plans={"free": 8.5})
