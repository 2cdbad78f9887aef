"""What a request is after: the capabilities that distillation campaigns were seen to extract.

A request shows a class by its intent:

- reasoning: it asks to be shown how an answer is reached: thoughts, derivation, worked steps, or the
  reasoning behind an answer that is already there.
- grading: it asks for given answers or work to be judged (score, preference, verdict, check against a
  reference), or for the rubric by which to do so.
- coding: it asks for program code, queries or configuration to be written, explained, mended or reviewed.
- tools: it puts a model to work with tools or other agents, or asks how to plan or orchestrate such work.
- analysis: it asks what data say, or how to find out: statistics, tables, trends, charts.
- vision: it brings images, which are counted and not read.
- rewriting: it asks for something politically sensitive to be reworded or answered so that a censor, or a
  government, takes no offence.

Each class but vision is recognised by structure and by words in several languages, in the request's text
(system prompt, then prompt). One request may show several; most show none. The result is a bit mask, so
that counts by capability are additive. `benchmarks/capability.py` measures how well it does.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

CAPABILITIES: tuple[str, ...] = ("reasoning", "grading", "coding", "tools", "analysis", "vision", "rewriting")

READ_CHARACTERS = 1_500  # the instruction stands at the head or the tail; the middle is payload
TAIL_CHARACTERS = 400  # read of the end of a longer text

# RE2 has no look-around; texts are already NFKC and lower case. A word boundary is known to ASCII letters alone.
_TO = r"[^.!?。।\n]*"  # later in the sentence
_FEW = r"(?:[^\s.!?]+ ){0,4}"  # up to four words
_END = r"(?:[.,;:!?)\n\"]|$| (?:and|before|using|until|then|why|how (?:you|the))\b)"  # the phrase ends, so it is no noun's adjective


def _any(*patterns: str) -> str:
    return "|".join(patterns)


_WORK = (
    r"(?:responses?|answers?|repl(?:y|ies)|completions?|essays?|submissions?|outputs?|summar(?:y|ies)|translations?|solutions?"
    r"|candidates?|proofs?|assistants?|students?|conversations?|dialogues?|poems?|letter|report|homework|assignments?|turns?)"
)
_JUDGED = r"(?:response|answer|reply|assistant|essay|candidate|completion|translation|summary|antwort|respuesta|réponse|resposta|jawaban)"

# What stands in a text of any language, then each language's words.
PATTERNS: dict[str, dict[str, str]] = {
    "reasoning": {
        "form": _any(
            r"<(?:think|thinking|thought|reasoning|rationale|scratchpad|racioc[ií]nio|思考|推理)>",
            r"\\boxed|\bscratch ?pad|\nq: [^\n]*\na: let'?s",
        ),
        "en": _any(
            r"chains?[- ]of[- ](?:thought|reasoning)|(?:thought|thinking) process",
            r"reasoning (?:process|trace|steps?|paths?|chain|behind|that|through|effort)",
            r"\b(?:your|its|his|her|their|the|my|our|all|full|internal|legal|clinical|diagnostic|logical|careful|detailed) (?:[a-z]+ )?reasoning",
            r"\bshow (?:me )?(?:all |each |every |your |the |full |of )*(?:work\b|working|reasoning|thinking|calculation|derivation|intermediate)",
            r"\bthink(?:ing)? (?:aloud|out loud|it through|this through|carefully|step)|\breason (?:it |this )?(?:through|carefully|step|case|at length|about)",
            r"\blet'?s (?:think|reason|work (?:this|it) (?:out|through))",
            rf"\b(?:think|reason|solv|solution|answer|calculat|comput|deriv|analy[sz]|justif|prov|work|write){_TO}step[- ]by[- ]step{_END}",
            r"explain (?:it|this|that|why|each|every|your [a-z]+|the [a-z]+)[^.!?\n]{0,20} step[- ]by[- ]step|(?:work|solv|think|reason)[^.!?\n]* one step at a time",
            rf"\b(?:justify|explain|show|number|state|lay out|spell out|verify|articulate){_TO}\b(?:each|every) (?:[a-z]+ )?(?:step|line|calculation|deduction|inference|assumption|decision|intermediate)",
            r"how (?:did )?you (?:got (?:to|that|this|\d)|arrived?|decided|reasoned|reach|came? to)|(?:led|lead) you to (?:it|this|that|the)\b",
            r"intermediate (?:steps?|results?)|worked solution|solution trace|full (?:deduction|derivation|proof)|self-reflection",
            r"(?:(?m:^)|[.:;,?] ?|please |and )(?:prove|derive) |\bprove (?:that|by)|(?:rigorous|formal) proof|sub-?problems",
            r"logical steps|(?:detailed|long|full|explicit|step-by-step) rationale|why you (?:discard|reject|chose|choose)",
            r"(?:write|lay|set|spell) (?:out|down)[^.\n]{0,30}(?:thoughts|deduction|reasoning|thinking)",
        ),
        "es": _any(
            rf"(?:piensa|resuelv|resolver|explica|razon|demuestr|calcul|analiza){_TO}paso a paso|paso a paso{_TO}(?:razon|solución|resol|explica)",
            r"razonamiento|\brazona\b|cadena de (?:pensamiento|razon)|(?:^|[.:\n] ?)demuestra|demostrar que|justifica (?:cada|tu)",
            r"todo el procedimiento|muestra(?:ndo)? (?:todo|todos|cada|tu)|cómo llegaste|proceso (?:de pensamiento|mental)|piensa en voz alta",
        ),
        "de": _any(
            rf"schritt für schritt{_TO}(?:denk|lös|rechn|begründ|überleg)|(?:denk|lös|rechn|begründ|überleg|erklär){_TO}schritt für schritt",
            r"gedankengang|gedankengäng|gedankenkette|denkprozess|rechenweg|lösungsweg|herleit|laut denken|denke? laut|argumentationskette",
            r"\bbeweise,? (?:dass|die|den|das)|jeden (?:rechen|lösungs|beweis|denk)?schritt|deine überlegung|begründe (?:jed|dein)",
        ),
        "fr": _any(
            rf"étape par étape{_TO}(?:raisonn|calcul|résou)|(?:réfléchi|réfléchis|résou|résol|résous|explique|détaille|calcul|raisonn|pense){_TO}étape par étape",
            r"raisonnement|\braisonne\b|chaîne de pensée|ta démarche|toute la démarche|réfléchis à voix haute|fil de (?:ta|la) pensée",
            r"démontrer?\b|(?:^|[:.\n] ?)montrer que|justifi(?:er?|ant) chaque|la preuve\b|chaque étape d|tous les calculs",
        ),
        "pt": _any(
            rf"(?:pense|resolv|expli|raciocin|mostr|calcul|demonstr){_TO}passo a passo",
            r"racioc[ií]nio|cadeia de pensamento|(?:^|[.:\n] ?)(?:demonstre|prove) que|resolução (?:detalhada|completa)|todos os (?:cálculos|passos)",
            r"justifi(?:que|cando) cada|pense em voz alta|como você chegou",
        ),
        "tr": _any(
            rf"adım adım{_TO}(?:düşün|çöz|açıkla|hesapla|akıl|göster)|(?:düşün|çöz|akıl yürüt){_TO}adım adım|akıl yürüt|muhakeme",
            r"düşünce (?:zincir|süre)|(?:kanıtla|ispatla)|işlem basamak|çözüm(?:ü|ünü)? (?:adım|basamak)|her adım(?:ı|ın)|sesli düşün",
        ),
        "vi": _any(
            rf"(?:suy nghĩ|giải|lập luận|suy luận|tính|chứng minh){_TO}từng bước|từng bước{_TO}(?:suy nghĩ|giải|lập luận)",
            r"lập luận|suy luận|chứng minh rằng|chuỗi suy nghĩ|quá trình (?:suy nghĩ|tư duy)|giải chi tiết|lời giải|các bước (?:biến đổi|giải|tính)",
        ),
        "id": _any(
            rf"(?:pikir|selesaikan|jelaskan|hitung|nalar|uraikan){_TO}langkah demi langkah|langkah demi langkah{_TO}(?:pikir|nalar|hitung)",
            r"penalaran|\bbuktikan\b|(?:cara|proses|alur) (?:ber)?pikir|rantai (?:pemikiran|pikiran)|(?:alasan|jelaskan) (?:setiap|tiap) langkah",
        ),
        "zh": _any(
            r"(?:一步一步|一步步|逐步|分步)[^。\n]{0,12}(?:思考|想|分析|推|解|算|说明|写|证)|(?:思考|分析|推导|解|计算)[^。\n]{0,12}(?:一步一步|一步步|逐步|分步)",
            r"思维链|(?:思考|推理|推导|思维|解题|解答|演算|计算)(?:的)?(?:过程|步骤|思路|链)|逐条推|推理|内心独白|怎么想的|每一步的|思路",
            r"(?:^|[\n。::] ?)(?:请)?证明|详细(?:的)?(?:步骤|过程)",
        ),
        "ja": _any(
            r"思考(?:の)?(?:過程|プロセス|の流れ)|考えた過程|考え方を|推論(?:過程|の)|(?:段階的に|順を追って|ステップごとに|一歩ずつ|ステップバイステップで)[^。\n]{0,12}(?:考|解|説明|推)",
            r"途中(?:式|の計算|経過)|証明し|各ステップ|導出|筋道|解き方",
        ),
        "ko": _any(
            r"(?:단계별로|차근차근|단계적으로|하나씩)[^.\n]{0,14}(?:생각|풀|추론|분석|설명)|풀이 ?(?:과정|단계)|추론 ?(?:과정|단계)?[을를]|사고 ?과정|생각(?:의|하는) (?:과정|흐름|사슬)",
            r"증명(?:하|해)|각 단계의|근거를 (?:쓰|제시|단계)|유도 ?과정|논리적으로",
        ),
        "ru": _any(
            rf"(?:реш|дума|рассужд|распи[сш]|вычисл|объясн|доказ){_TO}(?:шаг за шагом|по шагам|пошагов)|(?:шаг за шагом|по шагам|пошагов\p{{L}}*){_TO}(?:реш|дума|рассужд)",
            r"рассуждени|ход\p{L}* (?:мысл|решени)|цепочк\p{L}* (?:рассужд|мысл|умозакл)|(?:подумай|думай|размышля\p{L}*) вслух|размышлен|сво[ий]\p{L}* мысл",
            r"докажи|доказательств|обоснуй|подробное решение|как ты приш[её]л",
        ),
        "ar": _any(
            rf"(?:فك[ّ]?ر|حل|اشرح|احسب|أجب){_TO}خطوة بخطوة|خطوة بخطوة{_TO}(?:تفكير|استدلال|الحل)|طريقة تفكير|سلسلة (?:ال)?(?:أفكار|تفكير|استدلال)",
            r"استدلال|أثبت أن|برهن|تعليل|خطوات الحل|كل خطوة|عملية التفكير|استنتاج",
        ),
        "hi": _any(
            r"(?:चरण दर चरण|चरणबद्ध|स्टेप बाय स्टेप|कदम दर कदम)[^।\n]{0,30}(?:सोच|हल|तर्क|समझा|हिसाब)|(?:हर|प्रत्येक|सभी) (?:स्टेप|चरण|कदम)",
            r"तर्क|सिद्ध (?:कीजिए|करो|करें)|सोचने की प्रक्रिया|विचार प्रक्रिया|पूरा हल",
        ),
    },
    "grading": {
        "form": _any(
            rf"(?s){_JUDGED} ?(?:a|1|one)\b.*{_JUDGED} ?(?:b|2|two)\b",
            r"<(?:chosen|rejected)>|\[\[a\]\]|\b(?:score|total|verdict|得分|баллы?): ?(?:x|\[|<|int|0|$)|\"(?:score|grade|rating|total)\"",
        ),
        "en": _any(
            rf"\b(?:grade|score|rate|rank|mark|evaluate|assess|judge|critique) {_FEW}{_WORK}\b|\bcompare (?:the |two |these |both )+(?:[a-z]+ )?{_WORK}",
            r"rubric|(?:marking|scoring|grading|evaluation) (?:criteria|scheme|guide|guideline|scale)|reward model|peer reviewer|ground truth",
            r"(?:impartial|strict|fair|expert) (?:judge|grader|evaluator|verifier|reviewer|examiner|assessor)",
            r"(?:act|serve|role) (?:as|of) (?:an? )?(?:[a-z]+ )?(?:judge of|grader|evaluator|examiner)|(?:reference|gold) (?:answer|response)|student(?:'s)? (?:answer|essay|response)",
            rf"\bwhich (?:of (?:these|the) )?(?:[a-z]+ )?{_WORK}{_TO}(?:better|best|stronger|more faithful|prefer)|(?:human|annotator|rater)s?(?:'s)? (?:would )?prefer",
            r"\b(?:score|rate|rating|grade|mark|points?)\b[^.!?\n]{0,60}(?:\bout of (?:\d|five|ten)|from \d (?:to|and)|\d ?[-–] ?\d|/ ?\d|scale)|\b(?:point|graded|holistic) scale|out of ten\b",
            r"\b(?:give|assign|award|assign) (?:[^\s.]+ ){0,5}an? (?:[a-z]+ )?(?:score|mark|grade|rating)\b|deduct (?:\w+ )?points?|quality score|score between",
            r"\b(?:is|are|was|whether|if|verify|check) (?:the |this |that |these |[a-z']+ ){0,4}(?:answers?|proof|outputs?|reply|response|solution|reasoning)s? (?:is |are )?(?:correct|right|valid|equivalent|sound|match|satisf|contain|violat)",
            r"pick (?:a|the) (?:winner|better|best)|final verdict|\bhallucinat",
        ),
        "es": _any(
            r"rúbrica|califica|puntúa|puntuación|juez imparcial|(?:evalúa|evaluar|valora) (?:la |las |esta |estas |este |el |los )*(?:siguientes? )?(?:respuesta|redacci|ensayo|traducci|exposici|examen|texto|solucion)",
            r"cuál de las (?:dos )?(?:respuestas|opciones|traducciones)|(?:respuesta|opción) es mejor|(?:pon|ponle|asigna|dale) (?:una |la )?nota|nota (?:sobre|del) \d|del (?:0|1|cero|uno) al \d|corrige (?:este|el|esta) (?:examen|redacci|ensayo)|respuesta (?:de referencia|del alumno)",
        ),
        "de": _any(
            r"bewerte (?:die|den|das|diese|folgende|jede|beide)|bewertungs(?:raster|bogen|kriteri|schema|skala)|musterlösung|unparteiisch|skala von|notenpunkt",
            r"welche (?:der (?:beiden|zwei) )?(?:antwort|lösung|übersetzung|version)[^.!?\n]* besser|gib (?:ihr |ihm )?(?:eine |die )?note|benote|vergib[^.!?\n]*punkte|punktabzug|korrigiere (?:den|die|das|diese[ns]?) (?:aufsatz|klausur|arbeit|klassenarbeit|essay)",
        ),
        "fr": _any(
            r"\bnote[rz]? (?:la|le|cette|ce|les|chaque) (?:réponse|copie|texte|rédaction|traduction|dissertation)|sur 20\b|barème|grille d'évaluation|juge impartial|évalue[rz]? (?:la|le|cette|les|ces|chaque) (?:réponse|copie|texte|rédaction|traduction|deux)",
            r"laquelle est la meilleure|quelle (?:réponse|traduction|version) est|compare[rz]? les deux (?:réponses|copies|traductions|textes)|attribue[rz]? (?:une |un |des )?(?:note|score|points)|cette copie|corrigé type|une note (?:de|sur|entre)",
        ),
        "pt": _any(
            r"avali[ae](?:r)? (?:a|as|o|os|esta|este|cada) (?:seguinte )?(?:resposta|redação|texto|tradução|solução|trabalho)|rubrica|corrija (?:esta|a|essa) (?:redação|prova)|(?:dê|atribua) (?:a |uma |as )?nota|nota de (?:0|1|cada)|de (?:0|1) a (?:5|10|100)\b",
            r"qual das (?:duas )?(?:respostas|traduções|opções)|resposta é (?:a )?melhor|juiz imparcial|pontue|pontuação|gabarito",
        ),
        "tr": r"puanla|puan ver|not ver|(?:yanıt|cevap|kompozisyon|ödev|sınav|metn|çeviri)\S* (?:\S+ )?değerlendir|(?:yanıt|cevap)\S* (?:hangisi )?daha iyi|hangi (?:yanıt|cevap)|(?:cevap|yanıt)\S* hangisi|rubrik|dereceli puan|üzerinden (?:not|puan)|doğru mu yanlış mı",
        "vi": r"chấm (?:điểm|bài|thi)|thang (?:điểm )?\d|đánh giá (?:câu trả lời|bài|bản dịch|chất lượng)|câu (?:trả lời )?nào (?:tốt|hay|đúng) hơn|cho điểm|barem|(?:bảng|tiêu chí) (?:chấm|đánh giá)|giám khảo",
        "id": r"(?:beri|berikan|kasih) (?:nilai|skor)|nilailah|\bnilai (?:jawaban|esai|tugas)|mana yang lebih baik|rubrik|\bjuri\b|skor masing|koreksi (?:esai|jawaban|ujian)|kunci jawaban|evaluasi jawaban",
        "zh": _any(
            r"打分|评分|给分|批改|评判|评语|量表|得分|满分|阅卷|奖励模型|评审|裁判|评价标准|扣分",
            r"(?:哪个|哪一个|哪一?句|哪一?篇|哪条)(?:回答|回复|翻译|译文|更|答案)|(?:评估|评价|判断|比较|检查)[^。\n]{0,20}(?:回答|答案|回复|输出|译文|作文)|参考答案|标准答案|1到(?:5|10)分",
        ),
        "ja": r"採点|段階(?:で)?評価|評価(?:基準|してください|して)|点満点|配点|点数|何点|どちらの?(?:回答|翻訳|方)?が(?:優れ|良|よ|正)|判定し|ルーブリック|審査員|模範解答|正誤",
        "ko": r"채점|점수|루브릭|평가(?: ?기준|해|하[고여])|(?:어느|어떤) (?:쪽|답변|응답|것)[^.?\n]{0,8}(?:나은|낫|좋)|더 (?:나은|좋은) (?:답변|응답|쪽)|\d점에서 \d+점|심사위원|모범 ?답안|정답 여부",
        "ru": _any(
            rf"оцени(?:те)? {_FEW}(?:ответ|по |сочинени|эссе|работ|перевод|решени|качеств)|по (?:\p{{L}}+ )?критериям|по шкале|выстав\p{{L}}* (?:балл|оценк)|постав\p{{L}}* (?:оценк|балл)|балл(?:ы|ов|ах)",
            r"какой (?:из (?:них|двух|ответов) |ответ )?(?:ответ )?лучше|сравни(?:те)? (?:два |эти |оба )?(?:ответ|перевод)|эталонн|верно или неверно|провер\p{L}+ (?:сочинени|работ|ответ|диктант)|рубрик",
        ),
        "ar": r"قي[ّ]?م (?:ال)?(?:إجابة|إجابات|مقال|نص|رد|ترجمة)|(?:أعطه|أعط|ضع|امنح)\S* (?:\S+ )?(?:درجة|علامة)|من (?:عشرة|عشرين)|أي (?:ال)?إجابتين|أي (?:ال)?(?:إجابة|رد)\S* أفضل|سلم (?:ال)?(?:تصحيح|تقدير)|معايير (?:ال)?(?:تقييم|تصحيح)|صح[ّ]?ح (?:مقال|إجاب|ورقة|امتحان)|الإجابة النموذجية",
        "hi": r"अंक (?:दो|दें|दीजिए|दे)|मूल्यांकन|(?:उत्तर|जवाब)\S* [^।\n]{0,30}(?:बेहतर|सही है या)|रूब्रिक|जाँच(?:ो|ें|कर)|रेटिंग|में से (?:अंक|नंबर)|नंबर दो|आदर्श उत्तर",
    },
    "coding": {
        "form": _any(
            r"```|\bdef [a-z_0-9]+\(|(?m:^)\s*class [a-z_0-9]+[:({]|#include|public (?:static|class|void|string|int)|function ?[a-z_0-9]*\([a-z_0-9, ]*\) ?\{|=> ?[{<]|\) \{|\}\)",
            r"(?m:^)\s*(?:import [a-z_][a-z0-9_.]*(?: as [a-z_]+)?\s*(?:;|(?m:$))|from [a-z_][a-z0-9_.]* import |import .{1,60} from ['\"])",
            r"\bselect (?:\*|distinct |(?:count|sum|avg|min|max)\(|[a-z_0-9.]+(?: as [a-z_]+)?, ?).{0,80}\bfrom\b|\bselect [a-z_0-9.]+ from [a-z_0-9.]+\s*(?:;|(?m:$)|where\b|group by|order by|join\b|limit\b)",
            r"traceback \(most recent|\b[a-z]+(?:error|exception)\b:?|(?:console\.log|system\.out|fmt\.print|printf ?\(|\bprint ?\()|(?m:^)@@ |diff --git|<\?php|<script|<div|#!/|(?m:^)apiversion:",
            r"\b(?:let|const|var|int|int\[\]|string|float) \*?[a-z_]+ ?(?:=|;)|\b(?:for|while|if) ?\([^)\n]{1,40}\)|\bfor [a-z_]+ in [a-z_]+[^\n]{0,20}[:;]|(?m:^)\s*return [^\n]*;|\bfn [a-z_]+\(|(?m:;$)",
            r"\b[a-z_]+\.[a-z_]+\([^)\n]*\);|undefined\b|fatal error|segmentation fault|nullpointer|stack ?overflow|undefined index",
        ),
        "technology": _any(
            r"\b(?:javascript|typescript|node\.?js|django|flask|kubernetes|docker(?:file)?|numpy|sql|mysql|postgres(?:ql)?|html|css|php|leetcode|regex|regexp|github|git (?:rebase|merge|commit|push|pull)|kotlin|golang|solidity|terraform|nginx|laravel|flutter|react native|android studio|spring boot|arduino|websockets?|rest apis?|api rest|vue\d?|junit|pytest|mypy|webpack|npm|bash|powershell|matlab|mongodb|redis|graphql|jquery|angular|next\.?js|hibernate|maven|gradle|cmake|makefile|gcc|pytorch|tensorflow|opencv|selenium|swiftui|xcode|verilog|vhdl|esp32|ansible|vba|vim|firebase|localhost)\b",
            r"\b(?:c\+\+|c#)|\.net\b|\b(?:in|en|em|mit|auf|avec|using|with|to|from) (?:python|java|rust|go|ruby|swift|scala|perl|r|c)\b(?:[.,:;?!]|$| (?:code|that|which|to|for|with|que|qui|der|die|das))",
            r"\bpython (?:function|script|program|code|class|module|list|dict)|(?:función|fonction|função|funktion|skript|script|programa?|fungsi|código|code)[^.\n]{0,12} (?:python|java|c)\b|python-(?:skript|programm|code|funktion)|java-programm",
        ),
        "en": _any(
            rf"\b(?:write|implement|create|design|refactor|debug|fix|generate|develop|build|optimi[sz]e|complete|convert|port|review|document|make|give) (?:me )?(?:a|an|the|this|some)? ?(?:[a-z0-9.+#-]+ ){{0,4}}(?:function|script|code|sql query|algorithm|rest api|endpoint|web app|unit tests?|regex|web ?server|compiler|parser|pull request|one-liner|docstring|patch|data structure|component|smart contract)\b",
            r"(?:write|implement|create|build|develop|debug|fix) (?:a|an|the|this|some)?(?: [a-z0-9.+#-]+){0,3} (?:program|query|api|server|module|class) (?:that|to|in|which|for|called|with|named)\b|refactor|(?:software|backend|frontend|embedded) (?:engineer|developer)|programming (?:problem|task|challenge)",
            r"unit tests?\b|failing test|pull request|commit message|type hints|stack trace|compil(?:er|ation|es but)|memory leak|segfault|time complexity|linked list|binary search|competitive programming|\bcodebase|the repo(?:sitory)?\b|regular expression|flexbox|database schema|async/await|assembly code|sample code|source code",
        ),
        "es": r"(?:escrib|cre|haz|hazme|implement|program|complet)[a-zé]* (?:una?|el|la) (?:función|script|programa|clase|algoritmo|api|consulta)|código (?:fuente|en|python|java|de|que|no)|(?:este|ese|el|mi) código(?:[?:,.]| (?:no|de|que|da|funciona)|$)|consulta sql|depura|refactoriza|compila|bucle|página web",
        "de": r"(?:schreib|erstell|programmier|implementier|entwickl)e? (?:mir )?(?:ein|eine|einen) (?:\S+ )?(?:\S*funktion|\S*skript|\S*programm|\S*klasse|\S*abfrage|\S*algorithm)|programmier|quellcode|(?:dieser|diesen|mein|meinen|der|den) code|reguläre[rn]? ausdr|\S*exception\b|fehlermeldung|kompilier|datenbankabfrage",
        "fr": r"(?:écri[st]|écrire|crée|créer|implémente|programme|code) (?:moi )?(?:une?|le|la) (?:\S+ )?(?:fonction|script|programme|classe|algorithme|requête|api)|(?:ce|mon|le) code(?: (?:php|python|java|ne|qui|source|\S*:)|[,?:])|composant react|expression régulière|requête sql|débogu|refactor",
        "pt": r"(?:escrev|cri|fa[çz]|implement|desenvolv|program)[a-zêé]* (?:uma?|o|a) (?:função|script|programa|classe|algoritmo|api|consulta)|testes unitários|(?:esse|este|meu) código|código (?:fonte|em|python|java|que)|consulta sql|depur|refator",
        "tr": r"(?:fonksiyon|metot|metod|betik|sınıf|program|kod)[a-zıüöğşç']* (?:yaz|lazım|oluştur|kodla)|(?:şu|bu) kod|kod(?:u|um|da|unu|umda) |sorgu(?:su|sunu)? yaz|kod parçası|hata (?:veriyor|alıyorum)",
        "vi": r"viết (?:một )?(?:hàm|chương trình|code|mã|đoạn code|script|câu lệnh)|đoạn (?:code|mã)|lập trình|câu lệnh sql|sửa lỗi|mã nguồn|thuật toán",
        "id": r"(?:buat|buatkan|tulis|tuliskan) (?:program|fungsi|kode|script|skrip|query|aplikasi|kelas|website)|kode (?:php|python|java|program|saya|ini)|query sql|perbaiki (?:kode|error)|algoritma",
        "zh": r"代码|编程|编写|报错|爬虫|正则|(?:写|实现|定义)(?:一个|个|一段)?[^。,\n]{0,12}(?:函数|脚本|程序|类|算法|组件|接口|查询)|(?:程序|算法|脚本)(?:实现|题|设计)|快速排序|调试|编译|单元测试|重构|后端|前端|sql|python|java",
        "ja": r"コード(?:を|の|が|で|は)|スクリプト|プログラム(?:を|が|の)|プログラミング|関数を(?:書|作|実装|リファクタ)|実装し|バグ|リファクタ|単体テスト|正規表現|サーバーを|コンパイル|エラーが(?:出|発生)|python|java\b|sql|クエリ",
        "ko": r"코드|코딩|구현해|구현하|알고리즘|함수를? ?(?:작성|만들|짜|구현)|프로그램을? ?(?:작성|만들|짜)|스크립트|컴파일|디버|리팩터|단위 테스트|파이썬|자바(?:로|스크립트)|쿼리|스프링 부트|에러가|정규식",
        "ru": r"(?:напиши|напишите|реализуй|реализуйте|создай|перепиши|сделай)[^.\n]{0,25}(?:функци|код\b|код |программ|скрипт|класс|запрос|метод|бот)|(?:этот|мой|твой|данный|исходн\p{L}+) (?:код|скрипт)|скрипт|sql|python|на java|питон|\bgit\b|коммит|компил|регулярн\p{L}+ выражени|алгоритм|юнит-тест|отлад",
        "ar": r"(?:اكتب|أنشئ|صمم|برمج)\S* (?:لي )?(?:دالة|كود|برنامج|سكربت|استعلام|شيفرة|خوارزمية)|الكود|كود|بلغة (?:بايثون|جافا|سي)|بايثون|برمجة|استعلام|sql|تطبيق (?:flutter|أندرويد)|خوارزمية",
        "hi": r"कोड|प्रोग्राम|पाइथन|पायथन|फंक्शन लिख|स्क्रिप्ट|एल्गोरिद|sql|java\b|python|html|प्रोग्रामिंग",
    },
    "tools": {
        "form": _any(
            r"\"(?:parameters|input_schema|tool_calls?|tool_choice|tools|arguments|args|command)\" ?:|\"type\" ?: ?\"function\"|</?tools?[_a-z]*>|<(?:invoke|call|tool_result|action)\b|<\|im_start\|>system\nyou are a function",
            r"(?s)(?:thought|thoughts?|思考|pensamiento|pensée|pensamento|мысль|gedanke) ?[:/].*(?:action|行动|行動|acción|ação|действие|aktion) ?[:/].*(?:observation|观察|観察|observación|observação|наблюдение|beobachtung)",
            r"(?:tools?|functions?|apis?|actions?|skills|commands|herramientas|funciones|werkzeuge|funktionen|outils|fonctions|ferramentas|funções|araçlar\S*|fonksiyon\S*|công cụ[^:\n]*|hàm|alat[^:\n]*|fungsi|инструмент\p{L}*|функци\p{L}*|工具|函数|ツール|関数|도구|함수|أدوات|دوال|टूल|फ़ंक्शन|接口)[^:\n.]{0,40}:\s*(?:[-*•] |\d[.)] ?)?[\p{L}_.]+ ?\(",
            r"\b(?:left_)?click\(|mouse_move|\bscroll\(|\btype\(id|(?m:^)\s*(?:\[\d+\]|step \d+:) ?[a-z_]+\(|tool_result",
        ),
        "en": _any(
            r"\btool[_ -]?(?:call|use\b|choice|result|description|schema)|function[_ -]call|api[_ ]?calls?|(?:available|following|these|three|several|the right) (?:tools|functions|apis)|\b(?:have|has|with) access to (?:the |these |following )*(?:tools|functions|apis)|orchestrat|\bsub-?agents?|\bmulti-?agent",
            r"\bagentic\b|autonomous (?:[a-z]+ )?agent|(?:ai|llm|browser|coding|planning|research|langchain|support) agent|\bagent(?:'s)? (?:loop|framework|log|trajectory|workflow|run)|you(?:'re| are) an agent|act as an agent|\bmcp\b|langchain|langgraph|autogen|crewai|\breact,|computer use|browser (?:session|agent)",
            r"(?:you are|act as|acting as|build|design) an? (?:[a-z-]+ ){0,3}agent\b.{0,60}(?:task|plan|step|tool)|\b(?:the|a|file|search|terminal|retriever) (?:tool|terminal tool|file tool)\b|\btools? (?:are|is) (?:needed|available)|via the tool|through the tool|(?:two|three|\d+) tools\b|which (?:function|tool)s? (?:should|to)|delegat",
            r"(?:one|single|exactly one) action (?:a|per|each|at a)|control a (?:computer|browser)|(?:through|by|take a) screenshots?|search the web|sequence of (?:api|tool|function)",
        ),
        "es": r"acceso a (?:las |estas |las siguientes )*herramientas|(?:usa|utiliza|llama|invoca)[^.\n]{0,20}herramienta|llamada a (?:la |una )?(?:función|herramienta|api)|función hay que llamar|json de la llamada|agentes? autónomo|multi-?agente|subagente|agente (?:de ia|orquestador)|orquesta(?:r|dor)|una sola acción|con las funciones|controla un (?:navegador|ordenador)|varios agentes",
        "de": r"zugriff auf (?:die |diese |folgende )*(?:werkzeuge|tools|funktionen)|werkzeugaufruf|funktionsaufruf|tool-?aufruf|welche funktion soll|rufe?[^.\n]{0,25}(?:werkzeug|tool|funktion)[^.\n]* auf|ki-agent|agenten,? (?:der|die|zu|und)|orchestr|multi-?agent|autonomer agent|unteragent|langgraph|genau eine aktion",
        "fr": r"(?:disposes|accès|disposez)[^.\n]{0,15} (?:outils|fonctions)|appel(?:s)? (?:de|à|d') ?(?:la |une |l')?(?:fonction|outil|api)|appelle[^.\n]{0,20}outil|multi-?agents?|sous-agents?|agents? (?:ia|autonome|qui pilote)|orchestr|une seule action|fonctions ci-dessous|pilote un (?:ordinateur|navigateur)",
        "pt": r"acesso (?:às|a estas|as) (?:seguintes )?(?:ferramentas|funções)|chamad(?:a|as) de (?:api|função|funções|ferramenta)|chama[rm]? (?:a |as )?ferramenta|agentes? (?:autônomo|de ia|inteligente)|multi-?agente|subagente|orquestra|coordena (?:\S+ )?agentes|qual agente|agente deve agir|função (?:deve ser|a ser) chamada",
        "tr": r"araçlara eriş|araç(?:ları)? (?:çağır|kullan)|(?:bir|tek) araç|fonksiyon(?:u|unu)? çağır|çağrılacak|yapay zek[aâ] (?:ajan|aracı)|ajan(?:ları|lara|lar|ı) |çok(?:lu)? ajan|alt ajan|orkestrat|otonom ajan",
        "vi": r"(?:dùng|sử dụng|truy cập|gọi)[^.\n]{0,20} công cụ|lời gọi hàm|gọi (?:hàm|api)|tác tử|đa tác|agent|công cụ sau|điều phối",
        "id": r"akses ke (?:alat|tool|fungsi)|(?:panggil|gunakan|memanggil) (?:\S+ )?(?:alat|tool|fungsi|api)\b|panggilan fungsi|agen (?:otonom|ai|cerdas)|multi-?agen|sub-?agen|orkestra|satu aksi",
        "zh": r"工具调用|调用[^。\n]{0,8}(?:工具|函数|接口)|(?:以下|下列|可用|可调用)的?(?:工具|函数|接口)|使用(?:以下|下列)?工具|智能体|函数调用|调用的函数|多代理|操作代理|浏览器(?:操作|代理)|函数定义|调用过程|编排|入参",
        "ja": r"ツール(?:を|が)?(?:使|呼|利用)|次のツール|使える(?:ツール|関数)|エージェント|関数(?:を)?呼び出|呼び出すべき|関数定義|オーケストレ|ツール呼び出し",
        "ko": r"(?:다음|아래) (?:도구|함수)|도구를? ?(?:사용|호출|이용)|함수 ?호출|에이전트|오케스트|도구 호출|호출하고|호출할 함수",
        "ru": r"вызов(?:и|а|ы|ом|ите)? (?:инструмент|функц|api)|вызыва\p{L}* (?:инструмент|функц|внешн|api)|доступн\p{L}* (?:инструмент|функци)|использу\p{L}* инструмент|агент-|(?:llm|ии|ai)-агент|мультиагент|субагент|(?:автономн|браузерн|llm|ии|ai)\p{L}*[- ]агент|агентов|между агентами|оркестр(?:атор|ац|ир)|выбери вызов|описанию функций",
        "ar": r"(?:لديك|لديكم|استخدم|متاحة)[^.\n]{0,15}(?:ال)?أدوات (?:التالية|المتاحة|ال)|استدع|أداة واحدة|وكيل (?:ذكي|مستقل|ذكاء)|(?:ال)?وكلاء|استدعاء (?:ال)?(?:دالة|أداة|دوال)|متعدد الوكلاء",
        "hi": r"(?:ये|निम्न|उपलब्ध) टूल|टूल (?:कॉल|का उपयोग)|टूल:|टूल्स|function call|फ़ंक्शन कॉल|(?:ai|एआई) एजेंट|एजेंट (?:हो|बाकी|बना|को)|मल्टी.?एजेंट|\"tool\"",
    },
    "analysis": {
        "form": _any(
            r"(?:(?m:^)[^\n,;\t|]{1,30}[,;\t](?:[^\n,;\t]{0,20}[,;\t])*? ?-?\d[\d.,%]*(?:[,;\t][^\n]*)?\n?){3}",
            r"(?:\|[^|\n]*\| ?-?\d[\d.,%]* ?\|[^\n]*\n?){2}",
            r"(?:\p{L}[\p{L}\p{M}. ]{0,12}[ :=]{1,2}\d[\d.]*(?:%|k)?[,;،、] ){3}\p{L}|(?:\d{1,2}月 ?\d+[,、。]){3}|(?:\d{1,2}월 ?\d+, ?){3}|\b(?:q[1-4]|t\d) \d+[^\n]*q[2-4]\b|\bp ?[<=>] ?0\.\d|\br\^?2 ?= ?0\.\d|\bn ?= ?\d{2,}",
        ),
        "en": _any(
            r"data (?:analy|frame|visuali)|dataframe|\bdatasets?\b|dataset|statistical|statistically|standard deviation|regression|time series|\bcorrelation|\bmedian\b|\bvariance|outliers?\b|p-value|t-test|anova|chi-squared?|confidence interval|margin of error|significan(?:t|ce) at|a/b test|cohort|rolling average|running total",
            r"pivot table|\bexcel\b|spreadsheet has|dashboard|\bkpis?\b|\bchurn\b|conversion rate|\bfunnel\b|retention|box ?plot|histogram|seasonality|elasticity|anomal(?:y|ies)|pandas|matplotlib|duckdb|bigquery|mixed-effects|financial analyst|(?:liquidity|leverage) ratio|survey (?:results|data)|missing values|(?:which|what) (?:chart|graph|plot)",
            r"\b(?:analy[sz]e|forecast|trend|pattern|summari[sz]e|break ?down|total|average|what does)\b[^.!?\n]{0,40}\b(?:data|sales|figures|numbers|table|revenue|quarters?|per customer|dataset|metrics|results|spreadsheet)\b|\b(?:sales|data|numbers|figures|revenue)\b[^.!?\n]{0,60}\b(?:trend|outlier|average|mean|analy)",
        ),
        "es": r"analiza (?:estos|los|las|mis) (?:\S+ )?(?:datos|ventas|cifras|resultados)|análisis de datos|desviación (?:típica|estándar)|(?:la )?media,|mediana|correlación|regresión|encuesta con|\bexcel\b|prueba t\b|estad[ií]stic|gráfic[oa]s|tabla dinámica|valores atípicos|tendencia ",
        "de": r"datenanalyse|standardabweichung|mittelwert|\bmedian|pivot|\bexcel\b|statistisch|regression|korrelation|ausreißer|(?:werte|analysiere)[^.\n]{0,40}(?:zahlen|daten)|umfrage(?:daten|ergebnis)|hängt[^.?\n]*ab\?|signifikan",
        "fr": r"analyse[rz]? (?:ces|les|mes) (?:données|chiffres|ventes|résultats)|analyse de données|écart-type|médiane|corrélation|régression|test statistique|intervalle de confiance|tableau croisé|\bexcel\b|dégage les tendances|statistiquement|chiffre d'affaires|moyenne,",
        "pt": r"anális[ei]s? (?:de|os|estes) dados|analise (?:os|estes|esses) dados|desvio[- ]padrão|mediana|correlação|regressão|tabela dinâmica|\bexcel\b|estatístic|identifique padrões|valores atípicos|teste t\b",
        "tr": r"(?:veri|satış)\S* (?:\S+ )?analiz|standart sapma|medyan|korelasyon|regresyon|özet tablo|\bexcel|anket veri|istatistik|anlamlı fark|eğilimi|hangi test",
        "vi": r"phân tích (?:dữ liệu|số liệu|doanh thu)|độ lệch chuẩn|trung vị|tương quan|hồi quy|pivot|\bexcel|thống kê|xu hướng|khảo sát",
        "id": r"analisis (?:data|penjualan)|simpangan baku|standar deviasi|\bmedian|korelasi|regresi|tabel pivot|\bexcel|uji (?:statistik|t\b|beda)|trennya|hasil survei|statistik",
        "zh": r"数据分析|分析(?:以下|下列|这些|这份)?[^。\n]{0,8}数据|统计|回归(?:分析|模型|系数|结果)|(?:线性|逻辑)回归|标准差|中位数|方差|平均分|数据透视|excel|折线图|柱状图|交叉分析|差异是否显著|异常(?:值|月份|点)|相关系数|问卷|趋势|pandas|环比|同比|dau|指标",
        "ja": r"データ分析|データを(?:分析|集計|可視化)|標準偏差|中央値|分散(?:を|分析)|相関|回帰|外れ値|クロス集計|ピボット|集計|統計|有意差|アンケート結果|傾向(?:と|を)|excel",
        "ko": r"데이터(?:를|을)? ?분석|표준 ?편차|중앙값|분산|상관 ?(?:관계|계수)|회귀|이상치|피벗|통계|유의|설문 (?:결과|조사)|추세|엑셀|지표로|분기",
        "ru": r"анализ данных|(?:про)?анализируй(?:те)? (?:\p{L}+ )?(?:данн|продаж|цифр|таблиц)|статистическ|медиан|дисперси|стандартн\p{L}+ отклонен|корреляц|регресси|сводн\p{L}+ таблиц|excel|эксел|тренд|выборк|выручк|построй (?:таблиц|график)",
        "ar": r"حل[ّ]?ل (?:ال)?(?:بيانات|مبيعات|نتائج|جدول)|تحليل (?:ال)?بيانات|الانحراف المعياري|الوسيط|الارتباط|الانحدار|جدول\S* محوري|إكسل|إحصائ|الاتجاه العام|استبيان",
        "hi": r"आँकड़|आंकड़|डेटा (?:का )?विश्लेषण|विश्लेषण कर|मानक विचलन|माध्यिका|सहसंबंध|pivot|excel|एक्सेल|रुझान|सर्वे",
    },
}

# Rewriting is found where what is spoken of is political and the wish is that nobody in power minds; either alone is everyday talk.
POLITICAL = _any(
    r"tian'?[’']?anmen|june (?:4|fourth)|xinjiang|uyghur|\btibet|dalai lama|taiwan|falun gong|hong kong|cultural revolution|great firewall|\bxi\b|winnie the pooh|navaln|kremlin|putin|ukrain|crimea|chechn|kashmir|armenian genocide|lukaschenk|belarus|maduro|nicaragua|\bcuba\b|papua|orde baru|gezi|hirak|1965",
    r"\bcensor|zensi|zensur|censur|sans[uü]r|sensor pem|kiểm duyệt|politic|polític|politisch|politik|politique|siyasi|dissident|opposant|opositor|muhalif|aktivis|activis|protest|demonstra|manifesta",
    r"regime|régime|regim|dictat|diktat|dictad|ditad|junta\b|\bcoup\b|golpe|government|gobierno|governo|gouvernement|regierung|behörden|hükümet|yönetim|iktidar|pemerintah|penguasa|authorit|autoridad|autorit|autoridades|ruling party|party leader|state media|content policy|chính quyền|\bđảng\b|nhà nước|biển đông|quan điểm chính thống|beijing|pékin|\bthe leader|human rights|minister|ministère",
    r"六四|天安门|天安門|新疆|维吾尔|ウイグル|西藏|达赖|台湾|台独|法轮功|香港|文化大革命|文革|习近平|中共|共产党|领导人|政治|涉政|敏感|审查|異見|异见|维权|白纸运动|官方|政府|当局|検閲|當局|删帖|屏蔽|过不了审|红线|監管|监管",
    r"천안문|홍콩|위구르|티베트|대만|정치|검열|정부|당국|독재|체제|시진핑|북한",
    r"навальн|украин|чечн|политич|политзак|цензур|власт|правительств|протест|репресс|войн|арми|оппозиц|президент|запрещ|блокир",
    r"سياسي|الحكومة|النظام|الرقابة|السلطات|معتقل|الاحتجاج|المتظاهر",
    r"कश्मीर|तिब्बत|सरकार|राजनीति|सेंसर|चीनी अधिकार",
)
WISH = _any(
    r"\b(?:rewrit|rephras|reword|paraphras|reformul|sanitis|sanitiz|soften|tone[d]? down|euphemis|harmless|compliant|acceptable|unobjectionable|censorship-safe|censored-friendly|de-politici|publishable|toned down)",
    r"(?:safe|approved|allowed|official|neutral|aligned)[^.\n]{0,20}(?:answer|reply|response|version|wording|topic|rewrite|term|sources|values)|political(?:ly)?[ -](?:sensitive|red[- ]line|risk|keyword)|content compliance|without (?:any )?(?:criticism|criticising|criticizing|naming|mentioning)|avoids? (?:any )?critici|(?:not|nothing|no)[^.\n]{0,30}(?:offend|blocked|suspended|object|censor)|pass(?:es)? (?:the )?(?:censor|review)|get(?:s)? past|legal trouble",
    r"reescrib|reformul|suaviz|respuesta segura|cambia los términos|sin criticar|aceptables?|para que no",
    r"formulier|schreibe? [^.\n]{0,60} um\b|unverfänglich|ersetze alle|entschärf|nicht zensiert",
    r"adouci|reformule|sans risque|n'offense|euphémism|acceptable|laissera passer|remplace les mots",
    r"reescrev|suaviz|resposta segura|sem criticar|alinhada|não desagrad|para que não",
    r"yeniden yaz|yumuşat|güvenli (?:bir )?yanıt|eleştirmeden|takılmayacak|rahatsız etmeyecek",
    r"viết lại|trả lời an toàn|không chỉ trích|không bị kiểm duyệt|nhạy cảm|cho phù hợp",
    r"tulis ulang|perhalus|jawaban aman|tidak (?:mengkritik|menyinggung)|lolos sensor|ubah kalimat",
    r"改写|改得|换成|换个|脱敏|敏感词|合规|符合[^。\n]{0,14}(?:价值观|口径|规定)|避免任何|回避|替代回复|标准答复|不会被|通过审查|官方能接受|过审|不触碰|隐晦|安全[^。\n]{0,6}回复",
    r"書き換え|言い換え|無難|批判を避け|引っかからない|問題視されない|言い回し",
    r"바꿔|순화|안전한 답변|비판하지 않는|걸리지 않|허용할|문제 삼지",
    r"перепиши|перефраз|смягчи|безопасн\p{L}+ ответ|не критик|нейтральн|допустим|пропустила|замен[аи]",
    r"أعد صياغة|خف[ّ]?ف|آمن|لا ينتقد|مقبول|لا تحجب|بدون انتقاد",
    r"दोबारा लिख|सुरक्षित उत्तर|नरम भाषा|आलोचना न|सेंसर न|आपत्ति न|बदल",
)

BIT: dict[str, int] = {name: 1 << i for i, name in enumerate(CAPABILITIES)}

_LATIN = ("form", "technology", "en", "es", "de", "fr", "pt", "id")  # may be wholly ASCII; words of all others never are


def text_capabilities(normalised: pa.Array) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Bit masks of the capabilities that normalised texts ask for (see `fingerprints.normalise`)."""
    read = pc.utf8_slice_codeunits(normalised, 0, READ_CHARACTERS)
    longer = pc.greater(pc.utf8_length(normalised), READ_CHARACTERS)
    if pc.any(longer).as_py():
        tail = pc.utf8_slice_codeunits(normalised, -TAIL_CHARACTERS, None)
        read = pc.if_else(longer, pc.binary_join_element_wise(read, tail, "\n"), read)
    mask = np.zeros(len(normalised), np.int16)
    foreign = pc.invert(pc.string_is_ascii(read))
    where = np.flatnonzero(foreign.to_numpy(zero_copy_only=False))
    rest = read.filter(foreign)
    for name, table in PATTERNS.items():
        latin = "|".join(p for l, p in table.items() if l in _LATIN)
        other = "|".join(p for l, p in table.items() if l not in _LATIN)
        found = pc.match_substring_regex(read, latin).to_numpy(zero_copy_only=False)
        mask[found] |= BIT[name]
        mask[where[pc.match_substring_regex(rest, other).to_numpy(zero_copy_only=False)]] |= BIT[name]
    found = pc.and_(pc.match_substring_regex(read, POLITICAL), pc.match_substring_regex(read, WISH)).to_numpy(zero_copy_only=False)
    mask[found] |= BIT["rewriting"]
    return mask
