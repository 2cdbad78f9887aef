"""The three campaigns of February: operators, their accounts and what they ask."""

from iolaus.simulate.groups import BROWSERS, SDK, Access, Campaign, Work

_MATHS = ("mathematics", "statistics", "physics", "chemistry")
REASONING = Campaign(
    "reasoning",
    300,
    150_000,
    (
        Work(
            128,
            template=(
                "Solve the problem. Write out every step of your reasoning, number the steps, and check the result "
                "in a second "
                "way.\n\nProblem: {task}"
            ),
            source="task",
            repeat=3,
            topics=_MATHS,
            language="en",
            thinking=0.9,
            answer=2.5,
        ),
        Work(
            78,
            template=(
                "You are a strict grader. Rubric: correctness {n}, completeness {n}, clarity {n}. Give each a score "
                "with one "
                "line of grounds, then a total as JSON.\n\nTask: {task}\nAnswer to grade: the {adj} one above."
            ),
            source="task",
            repeat=4,
            language="en",
            temperature=0.0,
            answer=0.5,
        ),
        Work(
            50,
            template=(
                "A user asks about a politically sensitive matter. Rewrite the question and a reply so that neither "
                "breaks the "
                "local content rules, and stay {tone}.\n\nQuestion: {task}"
            ),
            source="task",
            repeat=3,
            topics=("society", "culture"),
            language="zh",
        ),
    ),
    Access(
        plans=("api",),
        paths=("api",),
        agents=("python-sdk/0.52",),
        network="group",
        addresses=36,
        lines=3,
        foreign_phone=0.2,
        one_device=True,
        before=5.0,
    ),
    rhythm="bursts",
    burst_minutes=12,
    per_card=6,
    release_adoption=0.2,
)
PATHWAYS = Campaign(
    "pathways",
    700,
    3_400_000,
    (
        Work(
            62,
            template=(
                "You are an expert {role} who joins statistical rigor with deep domain knowledge. Your goal is "
                "data-driven "
                "insight: no summary, no charts, but findings that rest on real data and on complete, transparent "
                "reasoning.\n\n{task}"
            ),
            source="task",
            repeat=3,
            language="en",
            thinking=0.8,
            answer=2.0,
        ),
        Work(
            60,
            template=(
                "You are an autonomous agent. Plan, call a tool, observe, and go on until the goal is met. Explain "
                "each choice "
                "of tool.\nGoal: {task}"
            ),
            source="task",
            repeat=2,
            language="en",
            tools=("web_search", "python", "sql_query"),
            thinking=0.6,
            turns=4,
            answer=1.4,
        ),
        Work(
            64,
            template=(
                "Act as a principal engineer. Give the complete solution with the reasoning behind each design "
                "choice, then tests.\n{task}"
            ),
            source="task",
            repeat=3,
            language="code",
            thinking=0.5,
            answer=2.2,
        ),
        Work(
            36,
            template="Here is the screen. Decide the next action of the mouse or keyboard and say why, as "
            "JSON.\nInstruction: {task}",
            source="task",
            repeat=2,
            language="en",
            tools=("computer", "screenshot"),
            images=1.0,
            turns=6,
            answer=0.6,
        ),
        Work(
            34,
            template="Look at the picture and describe, region by region, all that bears on the question; then "
            "answer it.\n{task}",
            source="task",
            repeat=3,
            language="en",
            images=1.0,
            answer=1.2,
        ),
    ),
    Access(
        plans=("free", "pro", "api", "api", "enterprise"),
        paths=("api", "api", "console", "cloud", "reseller"),
        agents=SDK[:3] + BROWSERS[:1],
        network="group",
        addresses=420,
        lines=2,
        mail="throwaway",
        verified="research",
        verified_share=0.15,
        foreign_phone=0.1,
        before=30.0,
    ),
    rhythm="flat",
    per_card=3,
    replaced=0.16,
    release_adoption=0.3,
)
HYDRA = Campaign(
    "hydra",
    23_000,
    13_000_000,
    (
        Work(110, turns=3),
        Work(
            70,
            template=(
                "You are a world-class software engineer. Think through the task, then write the complete program; "
                "give your "
                "reasoning before each function, and finish with a list of edge cases.\n\nTask: {task}"
            ),
            source="task",
            repeat=5,
            language="code",
            thinking=0.6,
            answer=2.4,
        ),
        Work(
            42,
            template=(
                "You have the tools listed. State which tool you would call first and why, the exact arguments, and "
                "what you "
                "would do with each possible result.\n\nRequest: {task}"
            ),
            source="task",
            repeat=4,
            language="en",
            tools=("python", "bash", "web_search", "read_file"),
            answer=1.5,
        ),
        Work(
            34,
            template=(
                "You are the orchestrator of {n} sub-agents. Split the work, write a brief for each, and say how you "
                "would "
                "merge and verify their results.\n\nWork: {task}"
            ),
            source="task",
            repeat=4,
            language="code",
            tools=("spawn_agent", "collect_results"),
            thinking=0.5,
            answer=2.0,
        ),
    ),
    Access(
        plans=("api", "api", "pro"),
        paths=("api", "api", "api", "cloud"),
        agents=SDK[:2] + SDK[4:5],
        network="proxy",
        mail="throwaway",
        foreign_phone=0.08,
        before=20.0,
    ),
    rhythm="flat",
    replaced=0.15,
    release_adoption=0.48,
)
