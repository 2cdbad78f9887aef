"""What a request is after: the capabilities that distillation campaigns were seen to extract.

Each capability is recognised by structure and by words in several languages, in the request's text
(system prompt, then prompt) and in its fields. One request may show several; most show none. The result
is a bit mask, so that counts by capability are additive.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

CAPABILITIES: tuple[str, ...] = ("reasoning", "grading", "coding", "tools", "analysis", "vision", "rewriting")

READ_CHARACTERS = 1_500  # the instruction stands at the head or the tail; the middle is payload

# RE2 has no look-around; texts are already NFKC and lower case.
PATTERNS: dict[str, str] = {
    "reasoning": (
        r"step[- ]by[- ]step|chain[- ]of[- ]thought|internal reasoning|reasoning (?:process|trace|behind|steps)|show (?:all )?your (?:work|reasoning|thinking)"
        r"|think (?:aloud|out loud)|how you (?:decided|arrived|reasoned)|each (?:step|decision)|explain (?:each|every|your) (?:step|decision|reasoning)"
        r"|(?:逐步|一步一步|分步)|思维链|思考过程|推理过程|по шагам|шаг за шагом|пошагов|ход (?:мыслей|рассуждени)|paso a paso|razonamiento|schritt für schritt|gedankengang|étape par étape"
    ),
    "grading": (
        r"rubric|\bgrade the\b|score the (?:response|answer)|(?:rate|evaluate|judge|assess) the (?:response|answer|quality|following (?:response|answer))"
        r"|strict judge|which (?:response|answer) is better|critique|评分|打分|评估标准|评判|оцени(?:те)? (?:ответ|по)|критери|rúbrica|califica|bewerte"
    ),
    "coding": (
        r"```|\bdef [a-z_]+\(|\bclass [a-z_]+[:({]|#include|public static|\bselect .{1,80}\bfrom\b|function ?\([a-z_, ]*\) ?\{|=> ?\{|\bimport [a-z_.]+"
        r"|(?:write|implement|create|design|refactor|debug|fix|generate|develop|build|optimi[sz]e) (?:a|an|the|this|some|me)?(?: [a-z0-9.+#-]+){0,4} "
        r"(?:function|program|script|class|code|method|query|algorithm|api|app|unit test|regex|module|server)"
        r"|software engineer|代码|编写.{0,8}(?:函数|程序|脚本)|напиши(?:те)? (?:функци|код|программ|скрипт)|código|programm in"
    ),
    "tools": (
        r"tool[_ -]?(?:call|use|s?\b.{0,20}available)|function[_ -]call|api_?call|available (?:tools|functions)|orchestrat|sub-?agents?|\bagent(?:ic)?\b.{0,40}(?:task|plan|step)"
        r"|computer use|browser session|plan .{0,30}(?:tool|action)s?|工具调用|调用工具|智能体|вызов(?:и|а|ы)? инструмент|инструмент"
    ),
    "analysis": (
        r"data analy(?:st|sis)|statistical|regression|dataset|data ?frame|time series|correlation|(?:mean|median) and (?:variance|standard)"
        r"|数据分析|统计|回归|анализ данных|статистическ|análisis de datos|datenanalyse"
    ),
    "rewriting": (
        r"(?:rewrite|rephrase|reword|paraphrase|soften).{0,80}(?:neutral|acceptable|sensitive|censor|polic|avoid|safe|comply|without naming)"
        r"|politically sensitive|censor|(?:avoid|without) (?:mentioning|naming) .{0,40}(?:government|party|leader)|改写|敏感(?:词|话题|问题)|审查|перепиши|цензур|reescrib|umformulier"
    ),
}

BIT: dict[str, int] = {name: 1 << i for i, name in enumerate(CAPABILITIES)}


def text_capabilities(normalised: pa.Array) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Bit masks of the capabilities that normalised texts ask for (see `fingerprints.normalise`)."""
    head = pc.utf8_slice_codeunits(normalised, 0, READ_CHARACTERS)
    mask = np.zeros(len(normalised), np.int16)
    for name, pattern in PATTERNS.items():
        found = pc.match_substring_regex(head, pattern).to_numpy(zero_copy_only=False)
        mask[found] |= BIT[name]
    return mask
