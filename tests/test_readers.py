"""The reader's test of CONTRIBUTING: where docs/ answers each question, and that it still does."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ANSWERS = {  # a question: the page, and words of its answer
    "What is a hydra cluster?": ("index.md", "networks of API accounts through which one operator distils"),
    "What must be installed before the demo?": ("start/demo.md", "Java 17 or 21 and Python 3.11"),
    "Where is the demo's report?": ("start/demo.md", "`out/demo/report/index.html`"),
    "Which five fields must my logs have?": ("start/what-it-is.md", "`requested_at`, `request_model` and `prompt`"),
    "Does it ban accounts?": ("index.md", "It bans nobody"),
    "What does it miss?": ("explanation/limits.md", "Campaigns that are not found"),
    "How many legitimate accounts did it publish in tests?": ("results/index.md", "## False positives"),
    "Is a score of 111 a probability?": ("start/what-it-is.md", "It is not a probability of guilt"),
    "My gateway is LiteLLM. Which command reads its logs?": ("start/first-day.md", "iolaus adapt litellm LOGS landing"),
    "What is the licence?": ("index.md", "Apache License 2.0"),
    'What does "10 bits" mean?': ("analysts/read-a-case.md", "10 bits is about 1 in 1,000"),
    'A page says "share a payment card (3% of other accounts do)". Three percent of whom?': (
        "reference/sentences.md",
        "The figure in brackets is the baseline",
    ),
    "How do I check whether a case is a class?": ("analysts/is-it-innocent.md", "Do people hold conversations here?"),
    "How do I clear one account of a case?": ("analysts/decide.md", "innocent --account ID"),
    "When does a verdict take effect?": ("analysts/decide.md", "a verdict of today takes effect with tomorrow's run"),
    "How do I list what speaks for a cluster in SQL?": ("analysts/query.md", "FROM cluster_evidence"),
    "An account appeals. What do I look up first?": ("analysts/appeal.md", "What the account was part of"),
    "What is the difference between direct, dotted and bridge links?": ("analysts/read-a-case.md", "A **direct** link"),
    "Does an export contain prompts?": ("analysts/share.md", "Prompts never leave"),
    "Why is this case medium and not high?": ("analysts/read-a-case.md", "with a margin of 2 to 5 bits"),
    "A run ended with status 3. What now?": ("operators/gates.md", "## When a gate stops a run"),
    'The message says "was made under the key … and this is …". What do I do?': (
        "operators/troubleshooting.md",
        "Set the key that the lake was made with",
    ),
    "How do I make one day again?": ("operators/schedule.md", "## Make a day again"),
    "How do I take back a mistyped date?": ("operators/schedule.md", "iolaus drop-day"),
    "When is a prompt gone?": ("operators/retention.md", "gone **37 days** after it arrived"),
    "How do I delete an account on request?": ("operators/retention.md", "iolaus maintain forget"),
    "Which tables contain prompts?": ("operators/retention.md", "the only tables with prompts"),
    "How many core-hours do 10^9 exchanges need?": ("operators/capacity.md", "| 10^9 | 26 | 2 |"),
    "How do I change one threshold for all runs?": ("operators/configure.md", "Write `iolaus.toml`"),
    "Which Airflow variable names the lake?": ("operators/schedule.md", "`iolaus_lake`"),
    "Where is the code that makes `silver.exchanges`?": ("reference/lake.md", "`jobs/iolaus/silver/exchanges.py`"),
    "What may a transform read?": ("contribute/architecture.md", "It reads no table, clock or environment"),
    "Which files do I touch for a new table?": ("contribute/add-a-table.md", "schemas/features_account_hours.py"),
    "How do I add a shared value as a signal?": ("contribute/add-a-signal.md", "one entry in"),
    "Where is a default stated?": ("contribute/architecture.md", "every default, once"),
    "How is a fault in the rows shown to fail its gate?": ("contribute/testing.md", "`tests/broken.py` has a fault"),
    "How do I regenerate the reference pages?": ("contribute/testing.md", "`make dictionary` writes them"),
    "Which tests do not run with `make test`?": ("contribute/testing.md", "make fault-test"),
    "Why are pairs of a large crowd thinned?": ("contribute/decisions.md", "Pairs of a crowd are thinned"),
    "How is a release made?": ("contribute/release.md", "Tag `vX.Y.Z`"),
    "My logs have no answers of the model. What do I lose?": ("operators/landing.md", "| `response` | `conversation`"),
    "How long does the demo take, and how much disk and memory?": ("start/demo.md", "of memory"),
    "What is the watchlist?": ("reference/glossary.md", "clusters of low confidence, not published"),
    "Two analysts disagree about a case. Whose verdict counts?": (
        "analysts/decide.md",
        "The latest verdict on a cluster supersedes earlier ones",
    ),
    "A case of yesterday is not in today's ranking. Where did it go?": (
        "analysts/read-a-case.md",
        "clusters that were published before and are not now",
    ),
    "The case page shows no cost. Why?": ("analysts/read-a-case.md", "if prices are set"),
    "How do I change the pseudonymisation key?": ("operators/security.md", "Set the new key and make the next day"),
    "Tuesday's logs arrived on Friday. What must I do?": (
        "operators/schedule.md",
        "**Exchanges that arrive late** need nothing from you",
    ),
    "I run it from cron. How do I hear that a run failed?": ("operators/schedule.md", "**To hear of a failure**"),
    "I changed a threshold. Which command shows whether detection got worse?": (
        "contribute/testing.md",
        "make bench-detection ARGS=",
    ),
    "Which Python and Java does it need, and does it run on Windows?": ("operators/install.md", "tested on Linux only"),
    "Does it need a GPU, a model or an outside service?": (
        "start/what-it-is.md",
        "It needs no GPU and no language model",
    ),
    "Does it block accounts, or only tell someone?": ("index.md", "It bans nobody"),
    "How many days of traffic does it need before it finds anything?": (
        "start/first-day.md",
        "One day is enough to run",
    ),
    "What does the operator of such a network want, and how does that show in logs?": (
        "start/what-it-is.md",
        "That may be one template used ten thousand times",
    ),
    "Of 100 cases that it publishes, how many are wrong?": ("results/index.md", "at most 0.12% with 95% confidence"),
    "One account of a case is a bystander. How do I take it out and keep the rest?": (
        "analysts/decide.md",
        "the verdict is about these accounts only",
    ),
    "A partner runs evaluations for us. How do I keep them from being reported again?": (
        "analysts/decide.md",
        "belongs in `agreements.jsonl`",
    ),
    "Where can I read the prompts themselves?": ("analysts/query.md", "They are in `bronze.exchanges`"),
    "We banned a network last month. Does a new case say that it is the same one?": (
        "analysts/decide.md",
        "takes the confirmed cluster's id",
    ),
    "The run died half-way. Is it safe to start it again?": ("operators/operate.md", "the commands are safe to repeat"),
    "Yesterday's logs were incomplete. How do I do the day over, and the days after it?": (
        "operators/schedule.md",
        "Then run the days after it",
    ),
    "The run took twice as long as yesterday's. Which stage was it?": (
        "operators/operate.md",
        "**Which stage became slow?**",
    ),
    "Can a new version read the old lake, and can I go back?": ("operators/install.md", "**The way back.**"),
    "How do I notice that the job never ran?": ("operators/schedule.md", "It cannot report that it never ran"),
    "How do I add support for one more log format?": ("contribute/add-a-format.md", "Add one `Format` to `FORMATS`"),
    "I changed a threshold. What do I run to show that detection is as good as before?": (
        "contribute/testing.md",
        "## Measure detection",
    ),
    "Why an own similarity join, and not MLlib's or GraphFrames?": (
        "contribute/decisions.md",
        "GraphFrames was not measured",
    ),
    "Which file makes the table that I am looking at?": (
        "contribute/architecture.md",
        "the path of the module is the table's name",
    ),
    "A test fails in CI only. What does CI run, and which tests are slow?": (
        "contribute/testing.md",
        "**CI** runs `.ci/run`",
    ),
}


def test_the_questions_are_those_of_the_checklist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    asked = re.findall(r"^\d+\. ((?:.|\n(?!\n|\d))+\?)$", text[text.index("## The reader's test") :], re.MULTILINE)
    assert [" ".join(question.split()) for question in asked] == list(ANSWERS)
    assert len(ANSWERS) == 70


@pytest.mark.parametrize("question", ANSWERS)
def test_the_site_answers(question: str) -> None:
    page, words = ANSWERS[question]
    text = " ".join((ROOT / "docs" / page).read_text(encoding="utf-8").split())
    assert " ".join(words.split()) in text
