"""Capabilities: what labelled requests ask for, in several languages, with the precision and recall that were measured.

A sentence that is labelled with a class speaks for it; every other class it must not show. The negatives
are near misses: the class's own words in another sense. The patterns were mended on these sentences, so
they guard against loss; they do not measure what unseen traffic would show.

The held-out half of `benchmarks/labelled_prompts.jsonl` comes nearer to that: 411 prompts in 16 languages that
nothing was mended on, though who wrote them wrote the patterns too. Each class has a floor under what was measured.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from iolaus.settings import CAPABILITIES
from iolaus.text.fingerprints import normalise
from iolaus.text.intent_patterns import PATTERNS
from iolaus.text.intents import BIT, READ_CHARACTERS, TAIL_CHARACTERS, text_capabilities

ASKS: dict[str, Sequence[str]] = {
    "reasoning": (
        "Solve the puzzle below and show all your reasoning before the answer.",
        "Imagine and articulate the internal reasoning behind this completed response, step by step.",
        "Think out loud while you decide which door hides the prize.",
        "Explain how you arrived at each intermediate result in this proof.",
        "Write out every step of your reasoning and number the steps.",
        "Write the full chain-of-thought that leads to the solution.",
        "请一步一步地解出这道题，并写出完整的推理过程。",
        "在给出答案之前先写下你的思考过程。",
        "Реши задачу пошагово и опиши ход рассуждений.",
        "Объясни решение шаг за шагом.",
        "Resuelve el acertijo paso a paso y muestra tu razonamiento.",
        "Löse das Rätsel Schritt für Schritt und schreibe den Gedankengang auf.",
        "Résous l'énigme étape par étape.",
    ),
    "grading": (
        "Score the response below from 1 to 10 against the rubric.",
        "You are a strict judge. Rate the answer for helpfulness.",
        "Which response is better, A or B? Reply with one letter.",
        "Evaluate the following answer on accuracy and tone, each out of five.",
        "Critique the following solution and give it a mark.",
        "Grade the essay answers using these marking criteria.",
        "请根据评分标准给下面的回答打分。",
        "请为这个回复评分，满分十分。",
        "Оцени ответ по критериям: точность, полнота, стиль.",
        "Оцените ответ по шкале от одного до десяти.",
        "Califica la respuesta según la rúbrica.",
        "Bewerte die Antwort anhand der folgenden Kriterien.",
    ),
    "coding": (
        "Write a Python function that merges two sorted lists.",
        "Refactor this class to use dependency injection.",
        "def total(xs):\n    return sum(xs)\nWhy does it fail on None?",
        "#include <stdio.h> int main() { return 0; } does not compile here",
        "Optimise this query: SELECT name, age FROM people WHERE age > 30",
        "You are a senior software engineer reviewing a pull request.",
        "Why is this slow? select name from people where age > 30",
        "from collections import Counter\nWhy is this empty?",
        "import numpy as np\nWhat is the shape of np.zeros(3)?",
        "Implement an LRU cache module in Rust.",
        "请编写一个排序函数。",
        "帮我看看这段代码为什么报错。",
        "Напиши функцию для сортировки списка.",
        "Escribe el código de una calculadora en Java.",
    ),
    "tools": (
        "Plan which tool calls are needed and emit them as JSON.",
        "You have access to these available tools: search, fetch, run.",
        "Orchestrate three sub-agents to finish the job.",
        "You are an agent that breaks a task into parts and delegates them.",
        "Return a function_call with the right arguments.",
        "Use the computer use interface to fill in the form.",
        "You are an autonomous agent. Go on until the goal is met.",
        "You control a browser session; click the button to continue.",
        "请选择合适的接口进行工具调用。",
        "你是一个智能体，请规划任务。",
        "Вызови инструмент поиска и верни результат.",
        "Сделай вызов инструмента с нужными аргументами.",
    ),
    "analysis": (
        "You are an expert data analyst combining statistical rigor with deep domain knowledge.",
        "Run a linear regression of price on area.",
        "What does this dataset say about churn?",
        "Forecast the next quarter from this time series.",
        "Compute the correlation between rainfall and yield.",
        "Summarise the data frame by region.",
        "请对这份销售表进行数据分析。",
        "请做一个回归分析并检验统计显著性。",
        "Проведи статистический анализ данных опроса.",
        "Haz un análisis de datos de las ventas.",
        "Erstelle eine Datenanalyse der Umfrage.",
    ),
    "rewriting": (
        "Rewrite the question so that it is acceptable under the content policy.",
        "Rephrase this politically sensitive topic in neutral language.",
        "Paraphrase the text without naming the leader of the party.",
        "Give a censorship-safe version of this paragraph.",
        "Soften the wording of the complaint to comply with the rules of the forum.",
        "请改写下面的敏感问题，使其通过审查。",
        "把这段话改写得更中立，避开敏感词。",
        "Перепиши вопрос нейтрально, чтобы он прошёл цензуру.",
        "Reescribe la pregunta para evitar la censura.",
    ),
}

NEAR_MISSES: dict[str, Sequence[str]] = {
    "reasoning": (
        "What are the steps of the waltz?",
        "The stairs have one step missing.",
        "I think we should leave at noon.",
        "She decided to move to Lisbon.",
        "Which trains stop at each station?",
        "这条路有多少步？",
        "Он сделал шаг назад.",
        "El paso está cerrado por la nieve.",
    ),
    "grading": (
        "What grade of steel is used in bridges?",
        "Book the judge's chamber for Monday.",
        "The interest rate rose again.",
        "Who scored the winning goal?",
        "Is the response time of this monitor good?",
        "这个景点的门票多少钱？",
        "Каковы критерии приёма в вуз?",
        "Summarise the Critique of Pure Reason in two lines.",
    ),
    "coding": (
        "What is the import duty on coffee?",
        "Please select a present from the list for my aunt.",
        "My yoga class: what should I bring?",
        "The government will import grain from abroad.",
        "What dress code does the opera have?",
        "¿Cuál es el código postal de Sevilla?",
        "请问北京的邮政编码是多少？",
        "Какая программа у сегодняшнего концерта?",
        "Write a story about a school for sailors.",
        "First class (economy was full) was quiet.",
        "Was that code of honour written down?",
    ),
    "tools": (
        "Which garden tools do I need for roses?",
        "My real estate agent plans a visit on Friday.",
        "Какие музыкальные инструменты звучат в симфонии?",
        "Who conducts the orchestra tonight?",
        "The secret agent fled over the border.",
        "How do I use the toilet on a train?",
        "园艺工具在哪里买？",
        "Call your mother on Sunday.",
    ),
    "analysis": (
        "Do I need a data plan for my phone in Spain?",
        "香港回归是哪一年？",
        "She is an analyst at a bank.",
        "What time does the series start on Sunday?",
        "Frame the picture in oak.",
        "Какая дата сегодня?",
        "候鸟什么时候回归北方？",
        "Analyse the poem's metre.",
    ),
    "rewriting": (
        "Rewrite the letter in a warmer tone.",
        "Paraphrase the sonnet in plain English.",
        "My skin is sensitive to the sun.",
        "Who leads the governing party in Norway?",
        "We avoid the motorway at rush hour.",
        "这台设备的传感器很灵敏。",
        "Перепиши стихотворение от руки красивым почерком.",
        "The census counts every household.",
        "请对这份合同做一次审查。",
        "请改写这个故事的结尾。",
        "Reescribe la carta con un tono más cálido.",
        "Fit a survival curve by hand to the right-censored times.",
    ),
}
SMALL_TALK = (
    "What is the capital of Australia?",
    "Plan a birthday dinner for eight people.",
    "今天天气怎么样？",
    "Посоветуй хороший фильм на вечер.",
    "¿Qué tiempo hará mañana en Lima?",
    "",
)
# not mended on: written after the first patterns, and before those that are there now
HELD_OUT: dict[str, Sequence[str]] = {
    "reasoning": (
        "Before you answer, lay out your thought process in detail.",
        "Work through the problem one step at a time and justify every step.",
        "Prove the lemma; show your work.",
        "解释你是怎么推理出这个结论的，写出思维链。",
        "Опиши подробно, как ты пришёл к ответу, по шагам.",
        "Explique ton raisonnement étape par étape.",
    ),
    "grading": (
        "Compare two answers and tell me which answer is better.",
        "Assign a mark from 0 to 5 to each reply.",
        "Judge the quality of this translation using the rubric.",
        "请按照评分细则给这篇作文打分。",
        "Поставь оценку ответу ученика по этим критериям.",
        "Bewerte die folgende Lösung von 1 bis 6.",
    ),
    "coding": (
        "Fix the failing unit test in this module.",
        "Create a small REST API in Go.",
        "Why does my JavaScript promise never resolve?",
        "用 Java 编写一个读取文件的程序。",
        "Напиши скрипт, который переименует файлы.",
        "Corrige este código de Python.",
    ),
    "tools": (
        "Decide which of the available functions to call and with what arguments.",
        "Act as an autonomous agent and complete the booking.",
        "Delegate the work to sub-agents and merge what they return.",
        "调用工具查询天气，然后总结。",
        "Используй инструменты поиска, чтобы найти ответ.",
        "Take a screenshot and click on the blue button.",
    ),
    "analysis": (
        "Test whether the difference of means is statistically significant.",
        "Clean this dataset and report the outliers.",
        "Fit a regression and interpret the coefficients.",
        "用统计方法比较两组数据。",
        "Сделай анализ данных о продажах за год.",
        "Analyse the sales figures by region and quarter.",
    ),
    "rewriting": (
        "Reword this question about the protests so a filter would accept it as neutral.",
        "Rewrite the passage so it passes the censors.",
        "Make the text safe to publish, without mentioning the government.",
        "请把这个敏感话题改写成中立的提问。",
        "Перепиши вопрос так, чтобы он звучал нейтрально.",
        "Formuliere die Frage neutral um.",
    ),
}

LABELLED = Path(__file__).parents[1] / "benchmarks" / "labelled_prompts.jsonl"
FLOORS = {  # of precision and recall, by 0.02 to 0.04 below what was measured
    "reasoning": (0.97, 0.94),
    "grading": (0.97, 0.83),
    "coding": (0.95, 0.93),
    "tools": (0.97, 0.84),
    "analysis": (0.94, 0.87),
    "rewriting": (0.97, 0.88),
}


def shown(texts: Sequence[str]) -> list[set[str]]:
    masks = text_capabilities(normalise(pa.array(list(texts), pa.string())))
    return [{name for name in CAPABILITIES if mask & BIT[name]} for mask in masks]


def confusion(name: str) -> tuple[list[str], list[str]]:
    """Positives that are missed, and sentences of all others that show the class."""
    missed = [text for text, found in zip(ASKS[name], shown(ASKS[name]), strict=True) if name not in found]
    others = [
        text
        for group in (ASKS, NEAR_MISSES)
        for other in group
        for text in group[other]
        if group is NEAR_MISSES or other != name
    ]
    others += SMALL_TALK
    return missed, [text for text, found in zip(others, shown(others), strict=True) if name in found]


@pytest.mark.parametrize("name", ASKS)
def test_labelled_requests_show_what_they_ask_for_and_nothing_else(name: str) -> None:
    """Measured: recall 1 and precision 1 of every class."""
    assert len(ASKS[name]) >= 8
    assert len(NEAR_MISSES[name]) >= 8
    assert confusion(name) == ([], [])


def test_requests_that_were_not_mended_on() -> None:
    """Measured on six sentences a class: recall 0.92, precision 1."""
    found = {name: shown(texts) for name, texts in HELD_OUT.items()}
    right = sum(name in each for name, every in found.items() for each in every)
    wrong = sum(other != name for name, every in found.items() for each in every for other in each)
    assert right / 36 >= 0.9
    assert right / (right + wrong) >= 0.97
    assert all(sum(name in each for each in every) >= 4 for name, every in found.items())


@pytest.fixture(scope="module")
def held_out() -> list[tuple[set[str], set[str]]]:
    """What each held-out prompt of the benchmark is labelled with, and what it shows."""
    prompts = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    odd = [hashlib.sha256(prompt["text"].encode()).digest()[0] % 2 == 1 for prompt in prompts]
    assert [prompt["split"] == "held_out" for prompt in prompts] == odd
    chosen = [prompt for prompt in prompts if prompt["split"] == "held_out"]
    return [
        (set(prompt["labels"]), found)
        for prompt, found in zip(chosen, shown([prompt["text"] for prompt in chosen]), strict=True)
    ]


@pytest.mark.parametrize("name", FLOORS)
def test_held_out_prompts_are_recognised(name: str, held_out: list[tuple[set[str], set[str]]]) -> None:
    """Measured: precision 0.97 to 1, recall 0.86 to 0.98."""
    right = sum(name in labels and name in found for labels, found in held_out)
    precision, recall = (right / sum(name in pair[i] for pair in held_out) for i in (1, 0))
    assert precision >= FLOORS[name][0]
    assert recall >= FLOORS[name][1]


def test_held_out_prompts_that_are_after_nothing_show_nothing(held_out: list[tuple[set[str], set[str]]]) -> None:
    """Measured: none of 137 shows a class."""
    quiet = [found for labels, found in held_out if not labels]
    assert len(quiet) > 100
    assert sum(map(bool, quiet)) <= 3


def test_the_instruction_is_read_at_the_head_and_at_the_tail() -> None:
    text_between = "plain words of a long letter " * 200
    instruction = "Solve it step by step."
    head, tail, middle = (
        f"{instruction} {text_between}",
        f"{text_between} {instruction}",
        f"{text_between} {instruction} {text_between}",
    )
    assert shown([head, tail, middle]) == [{"reasoning"}, {"reasoning"}, set()]
    straddling = "x" * (READ_CHARACTERS - 5) + " step by step " + "y" * (TAIL_CHARACTERS + 100)
    assert shown([straddling]) == [set()]


def test_a_request_may_show_several_and_its_batch_does_not_matter() -> None:
    texts = ["Write a Python function step by step using the available tools.", "", "Hello", "请逐步编写一个函数"]
    assert shown(texts)[0] == {"reasoning", "coding", "tools"}
    assert shown(texts) == [shown([text])[0] for text in texts]
    assert shown([]) == []


def test_each_class_has_a_bit_of_its_own_and_vision_has_no_pattern() -> None:
    assert sorted(BIT.values()) == [1 << i for i in range(len(CAPABILITIES))]
    assert set(CAPABILITIES) - set(PATTERNS) == {"vision"}


def test_every_class_is_recognised_in_every_language() -> None:
    languages = {frozenset(words) for conditions in PATTERNS.values() for words in conditions}
    assert len(languages) == 1


def test_a_request_in_two_languages_is_read_in_both() -> None:
    texts = [
        "请把答案写成英文。 Show your chain of thought.",
        "Réponds en français : 请给下面的回答打分。",
        "Bewerte die Antwort und sag, ob sie stimmt: 猫は動物です",
    ]
    assert shown(texts) == [{"reasoning"}, {"grading"}, {"grading"}]
