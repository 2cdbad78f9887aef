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
TAIL_CHARACTERS = 400  # read of the end of a longer text

# RE2 has no look-around; texts are already NFKC and lower case.
PATTERNS: dict[str, str] = {
    "reasoning": (
        r"step[- ]by[- ]step|chain[- ]of[- ]thought|internal reasoning|reasoning (?:process|trace|behind|steps)"
        r"|show (?:all )?your (?:work|reasoning|thinking)|think (?:aloud|out loud)|how you (?:decided|arrived|reasoned)|(?:each"
        r"|every) (?:step|decision)|explain (?:each|every|your) (?:step|decision|reasoning)|(?:逐步|一步一步|分步)|思维链"
        r"|思考过程|推理过程|по шагам|шаг за шагом|пошагов|ход (?:мыслей|рассуждени)|paso a paso|razonamiento"
        r"|schritt für schritt|gedankengang|étape par étape"
    ),
    "grading": (
        r"rubric|\bgrade the\b|score the (?:response|answer)|(?:rate|evaluate|judge|assess) the (?:response|answer|quality"
        r"|following (?:response|answer))|strict (?:judge|grader)|which (?:response|answer) is better|critique (?:the|this|each"
        r"|both|my) (?:[a-z]+ )?(?:response|answer|solution|output)|评分|打分|评估标准|评判|оцени(?:те)? (?:ответ|по)"
        r"|по (?:\p{L}+ )?критериям|rúbrica|califica|bewerte"
    ),
    "coding": (
        r"```|\bdef [a-z_0-9]+\(|(?m:^)\s*class [a-z_0-9]+[:({]|#include|public static|function ?\([a-z_, ]*\) ?\{|=> ?\{"
        r"|(?m:^)\s*(?:import [a-z_][a-z0-9_.]*(?: as [a-z_]+)?\s*(?:;|(?m:$))|from [a-z_][a-z0-9_.]* import "
        r"|import .{1,60} from ['\"])|\bselect (?:\*|distinct |(?:count|sum|avg|min|max)\("
        r"|[a-z_0-9.]+(?: as [a-z_]+)?, ?).{0,80}\bfrom\b|\bselect [a-z_0-9.]+ from [a-z_0-9.]+\s*(?:;|(?m:$)|where\b|group by"
        r"|order by|join\b|limit\b)|(?:write|implement|create|design|refactor|debug|fix|generate|develop|build|optimi[sz]e) (?:a"
        r"|an|the|this|some|me)?(?: [a-z0-9.+#-]+){0,4} (?:function|program|script|class|code|method|query|algorithm|api|app"
        r"|unit test|regex|module|server)|software engineer|代码|编写.{0,8}(?:函数|程序|脚本)|напиши(?:те)? (?:функци|код"
        r"|программ|скрипт)|(?:escrib|gener|corri|depur|optimi|revis|refactori)[a-zí]+ .{0,20}código|código (?:fuente|en|python"
        r"|java)|programm in"
    ),
    "tools": (
        r"tool[_ -]?(?:call|use|s?\b.{0,20}available)|function[_ -]call|api_?call|available (?:tools|functions)|orchestrat"
        r"|sub-?agents?|\bagentic\b.{0,40}(?:task|plan|step)|autonomous agent|(?:you are|act as|acting as|build"
        r"|design) an? (?:[a-z-]+ ){0,3}agent\b.{0,60}(?:task|plan|step|tool)|computer use|browser session|plan .{0,30}(?:tool"
        r"|action)s?|工具调用|调用工具|智能体|вызов(?:и|а|ы|ом|ите)? инструмент|доступн\p{L}* инструмент"
        r"|использу\p{L}* инструмент"
    ),
    "analysis": (
        r"data analy(?:st|sis)|statistical|regression|dataset|data ?frame|time series|correlation|(?:mean"
        r"|median) and (?:variance|standard)|数据分析|统计|回归(?:分析|模型|系数)|(?:线性|逻辑)回归|анализ данных|статистическ"
        r"|análisis de datos|datenanalyse"
    ),
    "rewriting": (
        r"(?:rewrite|rephrase|reword|paraphrase|soften).{0,80}(?:neutral|acceptable|sensitive|censor|polic|avoid|safe|comply"
        r"|without naming)|politically sensitive|censorship|\bcensors?\b|uncensored|(?:avoid|without) (?:mentioning"
        r"|naming) .{0,40}(?:government|party|leader)|改写.{0,30}(?:中立|敏感|委婉|合规)|敏感(?:词|话题|问题)|(?:通过|避开|规避"
        r"|绕过|逃避|内容)审查|перепиши.{0,60}(?:нейтральн|приемлем|без упоминани)|цензур|reescrib.{0,60}(?:neutral|sensible"
        r"|aceptable|sin (?:mencionar|nombrar))|censura\b|formulier.{0,60}(?:neutral|heikel|unverfänglich)|zensur"
    ),
}

BIT: dict[str, int] = {name: 1 << i for i, name in enumerate(CAPABILITIES)}


def text_capabilities(normalised: pa.Array) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Bit masks of the capabilities that normalised texts ask for (see `fingerprints.normalise`)."""
    read = pc.utf8_slice_codeunits(normalised, 0, READ_CHARACTERS)
    longer = pc.greater(pc.utf8_length(normalised), READ_CHARACTERS)
    if pc.any(longer).as_py():
        tail = pc.utf8_slice_codeunits(normalised, -TAIL_CHARACTERS, None)
        read = pc.if_else(longer, pc.binary_join_element_wise(read, tail, "\n"), read)
    mask = np.zeros(len(normalised), np.int16)
    for name, pattern in PATTERNS.items():
        found = pc.match_substring_regex(read, pattern).to_numpy(zero_copy_only=False)
        mask[found] |= BIT[name]
    return mask
