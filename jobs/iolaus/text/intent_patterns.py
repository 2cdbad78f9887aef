"""The words by which a capability is recognised, by language: data of `iolaus.text.intents`."""

# Texts are NFKC and lower case. RE2 has no look-around, its \b and \w know ASCII letters alone, and it is fast while
# few of its states are visited: as a rule the distance of two words is left unbounded, not counted.
_TO = r"[^.!?。।\n]*"  # later in the same sentence
_FEW = r"(?:[^\s.!?]+ ){0,4}"  # up to four words
# follows an adverb, and no adjective
_ADVERB = r"(?:[.,;:!?)\n\"]|$| (?:and|before|using|until|then|why|how (?:you|the))\b)"
_WORK = (
    r"(?:responses?|answers?|repl(?:y|ies)|completions?|essays?|submissions?|outputs?|summar(?:y|ies)|translations?|solutions?|proofs?"
    r"|assistants?|students?|conversations?|dialogues?|poems?|letter|report|homework|assignments?|functions?|paragraphs?)"
)
_ANSWER = r"(?:response|answer|reply|assistant|essay|candidate|completion|translation|summary|antwort|respuesta|réponse|resposta|jawaban)"
_OR = r"(?:or|oder|o|ou|ya da|veya|или|または|か|또는|या|atau|hoặc|أو|或)"
_TOOLS = (
    r"(?:tools|functions|apis|actions|skills|commands|herramientas|funciones|werkzeuge|funktionen|outils|fonctions|ferramentas|funções"
    r"|araçla|fonksiyon|công cụ|hàm|alat|fungsi)"
)
_TOOLS_BEYOND_LATIN = r"(?:инструмент|функци|工具|函数|接口|ツール|関数|도구|함수|أدوات|دوال|टूल|फ़ंक्शन)"
_LISTED = r"[^:\n.]*:\s*(?:[-*•] |\d[.)] ?)?(?:[^\s(]+ ?\(|[a-z]+_[a-z])"  # a name that is called, after a colon


def any_of(*patterns: str) -> str:
    """One pattern that matches what any of these does."""
    return "|".join(patterns)


# Of each class, the conditions that must all hold, each in the words of a language. "form" is searched for anywhere in
# a text of any language, and so is "en", at the start of a word: names and code are the same everywhere.
PATTERNS: dict[str, tuple[dict[str, str], ...]] = {
    "reasoning": (
        {
            "form": r"<(?:think|thinking|thought|reasoning|rationale|scratchpad|racioc[ií]nio|思考|推理)>|\\boxed|scratch ?pad",
            "en": any_of(
                r"reasoning\b|chains?[- ]of[- ]thought|(?:thought|thinking) process|rationale\b|worked (?:solution|example)",
                r"think(?:ing)? (?:aloud|out loud|it through|this through|carefully|step)|solution trace|self-reflection|logical steps",
                r"reason (?:it |this )?(?:through|carefully|step|case|at length)|let'?s (?:think|reason|work (?:this|it) (?:out|through))",
                r"how (?:did you|you would|would you|you) (?:got (?:to|that|this|\d)|arrive|decide|reason|reach)",
                r"led you to (?:it|this|that|the)\b|full (?:deduction|derivation|proof)|(?:rigorous|formal) proof|sub-?problems",
                r"derive (?:the|an?|from)\b",
                r"prove (?:that|by|or|the (?:theorem|lemma|identity|inequality|claim|statement|formula|following))",
                r"why you (?:discard|reject|chose|choose)|show(?:ing)? (?:me )?(?:all )?(?:of )?your work",
                r"(?:your|its|the model's) thinking|(?:justify|justifying) (?:each|every|your) (?:step|line|answer|claim)",
                r"(?:think|reason|solv|solution|answer|calculat|comput|deriv|analy[sz]|prov|work|writ|explain|show|number|lay|spell|verif"
                rf"|stat){_TO}(?:step[- ]by[- ]step{_ADVERB}|(?:each|every|your|all) (?:[a-z]+ )?(?:step|calculation|deduction|inference"
                r"|assumption|decision)|the working|intermediate|one step at a time)",
            ),
            "es": any_of(
                rf"(?:piensa|resuelv|resolver|explica|razon|demuestr|calcul|analiza){_TO}paso a paso|razonamiento|razona\b",
                r"cadena de (?:pensamiento|razon)|demuestra (?:que|por)|demostrar que|justifica (?:cada|tu)|cómo llegaste",
                r"piensa en voz alta|muestra(?:ndo)? (?:todo|todos|cada|tu)|todo el procedimiento|proceso (?:de pensamiento|mental)",
                r"(?:detalla|explica|muestra|indica) (?:todos )?los pasos",
            ),
            "de": any_of(
                rf"schritt für schritt{_TO}(?:denk|lös|rechn|begründ|überleg)",
                rf"(?:denk|lös|rechn|begründ|überleg|erklär){_TO}schritt für schritt|gedankeng[aä]ng|gedankenkette|denkprozess|rechenweg",
                r"zwischenschritt|lösungsweg|herleit|(?:denk|denke|laut) (?:laut|denken)|beweise,? (?:dass|die|den|das)",
                r"jeden (?:rechen|lösungs|beweis|denk)?schritt|deine überlegung|begründe (?:jed|dein)",
            ),
            "fr": any_of(
                rf"(?:réfléchi|résou|résol|expliqu|détaill|calcul|raisonn){_TO}étape par étape",
                rf"étape par étape{_TO}(?:raisonn|calcul|résou)|raisonnement|raisonne\b|chaîne de pensée|(?:ta|toute|votre|la) démarche",
                r"réfléchis à voix haute|(?:tous les|tes|vos) calculs|détaille[rz]? (?:les|tes|chaque)|pas à pas|démontre|montre[rz]? que",
                r"justifi(?:e|er|ez|ant) chaque|la preuve\b",
            ),
            "pt": any_of(
                rf"(?:pense|resolv|expli|raciocin|mostr|calcul|demonstr){_TO}passo a passo|racioc[ií]nio|cadeia de pensamento",
                r"(?:demonstre|prove) que|resolução (?:detalhada|completa)|todos os (?:cálculos|passos)|justifi(?:que|cando) cada",
                r"como você chegou|mostre os (?:cálculos|passos)|justifique (?:sua|a) resposta",
            ),
            "tr": any_of(
                rf"adım adım{_TO}(?:düşün|çöz|açıkla|hesapla|akıl|göster)|(?:düşün|çöz){_TO}adım adım|akıl yürüt|muhakeme",
                r"düşünce (?:zincir|süre)|kanıtla|ispatla|işlem basamak|her adımı|gerekçelendir|sesli düşün",
            ),
            "vi": any_of(
                rf"(?:suy nghĩ|giải|tính|chứng minh){_TO}từng bước|từng bước{_TO}(?:suy nghĩ|giải)|lập luận|suy luận|chứng minh rằng",
                r"chuỗi suy nghĩ|quá trình (?:suy nghĩ|tư duy)|(?:giải|lời giải) chi tiết|các bước (?:biến đổi|giải|tính)",
                r"trình bày các bước",
            ),
            "id": any_of(
                rf"(?:pikir|selesaikan|jelaskan|hitung|uraikan){_TO}langkah demi langkah|langkah demi langkah{_TO}(?:pikir|nalar|hitung)",
                r"penalaran|buktikan\b|(?:cara|proses|alur) (?:ber)?pikir|rantai (?:pemikiran|pikiran)|langkah-langkah penyelesaian",
                r"tunjukkan langkah|(?:alasan|jelaskan) (?:setiap|tiap) langkah",
            ),
            "zh": any_of(
                r"(?:一步一步|一步步|逐步|分步)[^。\n]*(?:思考|想|分析|推|解|算|写|证)",
                r"(?:思考|分析|推导|解|计算)[^。\n]*(?:一步一步|一步步|逐步|分步)|思维链",
                r"(?:思考|推理|推导|思维|解题|解答|演算|计算)的?(?:过程|步骤|思路)|推导|推理|内心独白|怎么想的|写出(?:完整|详细)?的?过程",
                r"证明[::]|请证明|证明[^书件材]",
            ),
            "ja": any_of(
                r"(?:段階的に|順を追って|ステップごとに|一歩ずつ)[^。\n]*(?:考|解|説明|推)|思考の?(?:過程|プロセス|流れ)|考えた過程",
                r"推論(?:過程|の)|途中(?:式|の計算|経過)|証明し|各ステップ|計算過程|導出|解き方",
            ),
            "ko": any_of(
                r"(?:단계별로|차근차근|단계적으로)[^.\n]*(?:생각|풀|추론|분석)|풀이 ?(?:과정|단계)|추론 ?과정|사고 ?과정",
                r"생각(?:의|하는) (?:과정|흐름|사슬)|증명(?:하|해)|각 단계의|(?:유도|계산) ?과정",
            ),
            "ru": any_of(
                rf"(?:реш|дума|рассужд|распи|вычисл|объясн|доказ){_TO}(?:шаг за шагом|по шагам|пошагов)|рассуждени",
                rf"ход(?:а|у|ом|е)? (?:мысл|решени)|(?:шаг за шагом|по шагам|пошагов){_TO}(?:реш|дума|рассужд)",
                r"цепочк[^ ]* (?:рассужд|мысл|умозакл)|дума[^ ]* вслух|размышлен|докажи|доказательств|обоснуй|подробное решение",
                r"как ты приш[её]л|покажи (?:вычисления|ход)",
            ),
            "ar": any_of(
                rf"(?:فكّ?ر|حل|اشرح|احسب|أجب){_TO}خطوة بخطوة|طريقة تفكير|سلسلة (?:ال)?(?:أفكار|تفكير)|عملية التفكير|استدلال|أثبت أن|برهن",
                r"تعليل|خطوات الحل|طريقة الحل|استنتاج",
            ),
            "hi": any_of(
                r"(?:चरण दर चरण|चरणबद्ध|क्रमवार|स्टेप बाय स्टेप|कदम दर कदम)[^।\n]*(?:सोच|हल|तर्क|हिसाब)",
                r"(?:हर|प्रत्येक|सभी) (?:स्टेप|चरण|कदम)|तर्क|सिद्ध (?:कीजिए|करो|करें)|सोचने की प्रक्रिया|विचार प्रक्रिया|पूरा हल",
            ),
        },
    ),
    "grading": (
        {
            "form": any_of(
                rf"[\"' ]a[\"']?,? {_OR} [\"']?b(?:[\"'.,;:)\n]|$)|<(?:chosen|rejected)>|\[\[a\]\]|\"(?:score|grade|rating|total)\"",
                r"\b(?:score|verdict): ?(?:x|\[|<|int|0|$)",
            ),
            "en": any_of(
                rf"{_ANSWER} ?(?:a|b|1|2|one|two)\b ?[\]:)\n]|rubric",
                r"(?:marking|scoring|grading|evaluation) (?:criteria|scheme|guide|scale)|reward model|peer reviewer|ground truth",
                r"(?:impartial|strict|fair|expert) (?:judge|grader|evaluator|verifier|reviewer|examiner|assessor)",
                r"as an? (?:grader|evaluator|examiner)|(?:reference|gold) (?:answer|response)|student(?:'s)? (?:answer|essay|response)",
                r"(?:human|annotator|rater)(?:'s|s)? (?:would )?prefer|(?:point|graded|holistic) scale|out of (?:ten|five)\b",
                r"deduct [a-z]* ?points?|quality score|(?:final|overall) verdict",
                r"an? (?:[a-z]+ )?(?:score|mark|grade|rating) (?:from|between|of|out|on|for)",
                r"(?:give|assign|award) [a-z]+ an? (?:score|mark|grade|rating)",
                r"(?:answer|output|reply|response|solution|reasoning) (?:is|are) (?:correct|right|valid|sound|better)|hallucinated",
                r"contains? (?:a |any )?hallucinat",
                rf"(?:is|are) (?:the|this|these|that) {_FEW}{_WORK} (?:correct|right|valid|equivalent|sound)",
                rf"(?:whether|if) (?:the|this|each) {_WORK} (?:match|satisf|contain|violat)|pick (?:a|the) (?:winner|better|best)",
                rf"{_WORK} (?:is|are|do|does|would|answers?) {_FEW}(?:better|best|stronger|prefer)",
                rf"(?:grade|score|rate|rank|mark|evaluate|assess|judge|critique) {_FEW}(?:{_WORK}\b|out of|from [01] to"
                r"|on an? [^ ]+ scale)",
                rf"compare (?:the |two |these |both )+(?:[^ ]+ )?{_WORK}\b",
            ),
            "es": any_of(
                r"rúbrica|califica|puntúa|puntuación|juez imparcial",
                rf"(?:evalúa|evaluar|valora) {_FEW}(?:respuesta|redacci|ensayo|traducci|exposici|examen|texto)",
                rf"cuál de (?:las|los) {_FEW}(?:respuestas|opciones|traducciones|textos)|(?:respuesta|opción) es mejor",
                r"(?:pon|ponle|asigna|dale) (?:una |la )?nota|nota (?:sobre|del) \d|del (?:0|1|cero|uno) al \d",
                r"corrige (?:este|el|esta) (?:examen|redacci|ensayo)|respuesta (?:de referencia|del alumno)",
            ),
            "de": any_of(
                r"bewerte (?:die|den|das|diese|folgende|jede|beide)|bewertungs(?:raster|bogen|kriteri|schema|skala)|musterlösung|skala von",
                rf"welche (?:der (?:beiden|zwei) )?(?:antwort|lösung|übersetzung|version){_TO}besser|gib (?:ihr |ihm )?(?:eine |die )?note",
                rf"benote|vergib{_TO}punkte|punktabzug|korrigiere (?:den|die|das|diese[ns]?) (?:aufsatz|klausur|arbeit|essay)",
            ),
            "fr": any_of(
                r"note[rz]? (?:la|le|cette|ce|les|chaque) (?:réponse|copie|texte|rédaction|traduction)|sur 20\b|barème|grille d'évaluation",
                r"juge impartial|évalue[rz]? (?:la|le|cette|les|ces|chaque) (?:réponse|copie|texte|rédaction|traduction|deux)",
                r"laquelle est la meilleure|cette copie|compare[rz]? les deux (?:réponses|copies|traductions|textes)",
                r"attribue[rz]? (?:une |un |des )?(?:note|score|points)|corrigé type",
            ),
            "pt": any_of(
                rf"avali[ae]r? {_FEW}(?:resposta|redação|texto|tradução|solução|trabalho)|rubrica",
                r"corrija (?:esta|a|essa) (?:redação|prova)|gabarito|(?:dê|atribua) (?:a |uma |as )?nota|nota de (?:0|1|cada)",
                r"de (?:0|1) a (?:5|10|100)\b|qual das (?:duas )?(?:respostas|traduções|opções)|resposta é (?:a )?melhor|juiz imparcial",
                r"pontue|pontuação",
            ),
            "tr": any_of(
                r"puanla|puan ver|not ver|(?:yanıt|cevap|kompozisyon|ödev|sınav|metn|çeviri)[^ ]* (?:[^ ]+ )?değerlendir",
                r"(?:yanıt|cevap)[^ ]* hangisi|(?:yanıt|cevap)[^ ]* daha iyi|hangi (?:yanıt|cevap)|rubrik|üzerinden (?:not|puan)",
                r"doğru mu yanlış mı",
            ),
            "vi": any_of(
                r"chấm (?:điểm|bài|thi)|thang (?:điểm )?\d|đánh giá (?:câu trả lời|bài|bản dịch|chất lượng)",
                r"câu (?:trả lời )?nào (?:tốt|hay|đúng) hơn|cho điểm|barem|tiêu chí (?:chấm|đánh giá)|giám khảo",
            ),
            "id": any_of(
                r"(?:beri|berikan|kasih) (?:nilai|skor)|nilailah|nilai (?:jawaban|esai|tugas)|jawaban mana|mana (?:yang )?lebih baik",
                r"rubrik|juri\b|koreksi (?:esai|jawaban|ujian)|kunci jawaban|evaluasi jawaban",
            ),
            "zh": any_of(
                r"打分|评分(?:标准|细则|量表|规则|要求|表|[,。:、]|$)|(?:进行|给|请)[^。\n]*评分|给分|批改|评判|评语|量表|得分|满分|阅卷",
                r"奖励模型|评审|裁判|扣分|哪(?:个|一个|一?句|一?篇|条)(?:回答|回复|翻译|译文|更|答案)",
                r"(?:评估|评价|判断|比较)[^。\n]*(?:回答|答案|回复|输出|译文|作文)|参考答案|标准答案",
            ),
            "ja": any_of(
                r"採点|段階(?:で)?評価|評価(?:基準|して)|点満点|配点|点数|何点|どちらの?(?:回答|翻訳|方)?が(?:優れ|良|よ|正)|判定し",
                r"ルーブリック|審査員|模範解答|正誤",
            ),
            "ko": any_of(
                r"채점|점수|루브릭|평가(?: ?기준|해|하[고여])|(?:어느|어떤) (?:쪽|답변|응답)[^.?\n]*(?:나은|낫|좋)",
                r"더 (?:나은|좋은) (?:답변|응답|쪽)|\d점에서 \d+점|심사위원|모범 ?답안",
            ),
            "ru": any_of(
                rf"оцени(?:те)? {_FEW}(?:ответ|по |сочинени|эссе|работ|перевод|решени|качеств)|по (?:[^ ]+ )?критериям|по шкале|рубрик",
                r"эталонн|(?:выстав|постав)[^ ]* (?:балл|оценк)|балл(?:ы|ов|ах)|сравни(?:те)? (?:два |эти |оба )?(?:ответ|перевод)",
                rf"верно или неверно|как(?:ой|ая) {_FEW}лучше|провер[^ ]+ (?:сочинени|работ|ответ|диктант)",
            ),
            "ar": any_of(
                r"قيّ?م (?:ال)?(?:إجابة|إجابات|مقال|نص|رد|ترجمة)|(?:أعط|ضع|امنح)[^ ]* (?:[^ ]+ )?(?:درجة|علامة)|من (?:عشرة|عشرين)",
                r"أي (?:ال)?إجابتين|سلم (?:ال)?(?:تصحيح|تقدير)|معايير (?:ال)?(?:تقييم|تصحيح)|صحّ?ح (?:مقال|إجاب|ورقة|امتحان)",
                r"الإجابة النموذجية",
            ),
            "hi": any_of(
                r"अंक (?:दो|दें|दीजिए|दे)|मूल्यांकन|(?:उत्तर|जवाब)[^।\n]*(?:बेहतर|सही है या)|रूब्रिक|जाँच(?:ो|ें|कर)|रेटिंग",
                r"में से (?:अंक|नंबर)|नंबर दो|आदर्श उत्तर",
            ),
        },
    ),
    "coding": (
        {
            "form": r"```|#include|=> ?[{<]|\) \{|[)}\]];(?:\n|$)|printf? ?\(|\n@@ |<\?php|<script|<div|#!/",
            "en": any_of(
                r"def [a-z_0-9]+\(|class [a-z_0-9]+[:({]|public (?:static|class|void|string|int)|function ?[a-z_0-9]*\([a-z_0-9, ]*\) ?\{",
                r"fn [a-z_]+\(|import [a-z_][a-z0-9_.]*(?: as [a-z_]+)?\s*(?:;|(?m:$))|from [a-z_][a-z0-9_.]* import ",
                r"import (?:\{|\* as|[a-z_]+ from ['\"])|diff --git|(?:for|while|if) ?\([a-z_$!][^)\n]*[<>=;!][^)\n]*\)",
                r"(?:let|const|var|int|string|float)(?:\[\])? \*?[a-z_]+ ?(?:=[^\n]*)?;",
                r"select (?:\*|distinct |(?:count|sum|avg|min|max)\(|[a-z_0-9.]+(?: as [a-z_]+)?, ?)[^;.]*\bfrom\b",
                r"select [a-z_0-9.]+ from [a-z_0-9.]+ ?(?:;|(?m:$)|where\b|group by|order by|join\b|limit\b)",
                r"(?:type|key|value|index|name|syntax|runtime|attribute|import|reference|range|assertion)error\b|console\.log|system\.out",
                r"fmt\.print|(?:null|illegal|concurrent|index|class|runtime|io|file|sql|number)[a-z]*exception|exception in",
                r"uncaught exception|unhandled exception|traceback \(|fatal error|segmentation fault|nullpointer|stack ?overflow",
                r"stack trace|memory leak|segfault|error (?:ts|cs|c|e)\d\d",
                # What means nothing but a language or a program for code; then what does so beside a word of programming.
                r"(?:javascript|typescript|node\.?js|django|flask app|kubernetes|docker|dockerfile|numpy|pandas|matplotlib|sql|mysql"
                r"|postgres(?:ql)?|sqlite|duckdb|bigquery|mongodb|redis|graphql|html|css|php|jquery|next\.?js|vue\d?|react native|leetcode"
                r"|regexp?|github|kotlin|golang|solidity|terraform|nginx|laravel|flutter|android studio|spring boot|arduino|websockets?"
                r"|rest apis?|api rest|junit|pytest|mypy|webpack|npm|bash|powershell|matlab|cmake|makefile|pytorch|tensorflow|opencv"
                r"|swiftui|xcode|verilog|esp32|vba|vim|localhost)\b",
                r"c\+\+|c#|git (?:rebase|merge|commit|push|pull|reset|stash)",
                r"(?:in|en|em|mit|auf|avec|using|from|di|dengan) (?:(?:python|java|rust|ruby)\b|(?:c|r|go)(?:[.,:;?!\n]|$))",
                r"(?:python|java|r) (?:function|script|program|code|class|module|list|dict|that|which)",
                r"(?:python|java)-(?:skript|programm|code|funktion)",
                r"(?:write|implement|create|design|debug|fix|generate|develop|build|optimi[sz]e|complete|convert|port|document|make"
                rf"|give) {_FEW}(?:function|code (?:to|that|for|in|which|snippet)|query|algorithm|endpoint|web app|regex|web ?server"
                r"|compiler|parser|docstring|patch|data structure|smart contract|(?:api|app|module|server|program|class) (?:that|to|in"
                r"|which|for|called|named|with))\b",
                r"write an? program\b|refactor|(?:software|backend|frontend|embedded) (?:engineer|developer)",
                r"programming (?:problem|task|challenge)|unit tests?\b|failing test|pull request|commit message|type hints|compiler",
                r"compiles but|time complexity|linked list|binary search|competitive programming|codebase|the repo(?:sitory)?\b",
                r"regular expression|flexbox|database schema|async/await|assembly code|sample code|source code|this code|my code",
            ),
            "es": any_of(
                rf"(?:escrib|cre|haz|implement|program|complet|necesito){_TO}(?:función|script|clase|algoritmo|api\b|consulta sql)",
                r"código (?:fuente|en|python|java|que|no)|(?:este|ese|mi) código|depura|refactoriza|compila|página web",
            ),
            "de": any_of(
                rf"(?:schreib|erstell|programmier|implementier|entwickl){_TO}(?:funktion\b|skript|programm\b|klasse\b|abfrage|algorithm)",
                r"programmier|quellcode|(?:dieser|diesen|mein|meinen) code|reguläre[rn]? ausdr|fehlermeldung|kompilier|java-programm",
            ),
            "fr": any_of(
                rf"(?:écri[st]|écrire|crée|créer|implémente|programme|code|besoin){_TO}(?:fonction|script|classe|algorithme|requête|api\b"
                r"|composant)",
                r"(?:ce|mon) code\b|le code (?:php|python|java|source)|expression régulière|débogu|refactor",
            ),
            "pt": any_of(
                rf"(?:escrev|cri|fa[çz]|implement|desenvolv|program){_TO}(?:função|script|classe|algoritmo|api\b|consulta sql)",
                r"testes unitários|(?:esse|este|meu) código|código (?:fonte|em|python|java|que)|depurar|refator",
            ),
            "tr": any_of(
                r"(?:fonksiyon|metot|metod|betik|kod|sorgu)[^ ]* (?:yaz|lazım|oluştur)|(?:şu|bu) kod|kod(?:u|um|da|unu) ",
                r"hata (?:veriyor|alıyorum)|betik",
            ),
            "vi": any_of(
                r"viết (?:một )?(?:hàm|chương trình|code|mã|đoạn code|script|câu lệnh)|đoạn (?:code|mã)|lập trình|sửa lỗi|mã nguồn",
                r"thuật toán",
            ),
            "id": any_of(
                r"(?:buat|buatkan|tulis|tuliskan) (?:program|fungsi|kode|script|skrip|query|aplikasi|website)",
                r"kode (?:php|python|java|program|saya|ini)|algoritma",
            ),
            "zh": any_of(
                r"(?:段|份|行|面|完整|这个|我的|写|示例|源|后的)代码|代码(?:如下|报错|实现|优化|运行|审查|片段|为什么|怎么|里|中|:)|编程",
                r"编写|报错|爬虫|正则|(?:写|实现|定义)[^。,\n]*(?:函数|脚本|程序|类|算法|组件|接口|查询)",
                r"(?:程序|算法|脚本)(?:实现|题|设计)|调试|编译|单元测试|重构|后端|前端|python|java",
            ),
            "ja": any_of(
                r"コード(?:を|の|が|で|は)|スクリプト|プログラム(?:を|が|の)|プログラミング|関数を(?:書|作|実装|リファクタ)|実装し|バグ",
                r"リファクタ|単体テスト|正規表現|コンパイル|エラーが(?:出|発生)|python|java\b|クエリ",
            ),
            "ko": any_of(
                r"코드|코딩|구현해|알고리즘|(?:함수|프로그램)를? ?(?:작성|만들|짜|구현)|스크립트|컴파일|디버|리팩터|단위 테스트|파이썬",
                r"자바|쿼리|에러가|정규식",
            ),
            "ru": any_of(
                rf"(?:напиши|реализуй|создай|перепиши|сделай){_TO}(?:функци|код |программ|скрипт|класс|запрос|метод)",
                r"(?:этот|мой|твой|данный) (?:код|скрипт)|скрипт|python|питон|\bgit\b|коммит|компил|регулярн[^ ]+ выражени|алгоритм",
                r"юнит-тест|отлад",
            ),
            "ar": r"(?:اكتب|أنشئ|صمم|برمج)[^ ]* (?:لي )?(?:دالة|برنامج|سكربت|استعلام|خوارزمية)|كود|بايثون|برمجة|استعلام|خوارزمية",
            "hi": r"(?:यह|इस|मेरा|का) कोड|कोड (?:काम|लिख|बना|में|को)|प्रोग्राम|पाइथन|पायथन|फंक्शन लिख|स्क्रिप्ट|एल्गोरिद|java\b|python",
        },
    ),
    "tools": (
        {
            "form": any_of(
                r"\"(?:parameters|input_schema|tool_calls?|tool_choice|tools|arguments|args|command)\" ?:|\"type\" ?: ?\"function\"",
                r"</?tools?[_a-z]*>|<(?:invoke|tool_result|action)\b",
                r"(?:\n|/ ?)(?:action|acción|ação|действие|行动|行動|aktion|observation)(?: input|输入)? ?[:/]",
                rf"{_TOOLS_BEYOND_LATIN}{_LISTED}|click\(|mouse_move|\n\[\d+\] ?[a-z_]+\(",
            ),
            "en": any_of(
                rf"{_TOOLS}{_LISTED}|tool[_ -]?(?:call|use\b|choice|result|description|schema)|function[_ -]call|api[_ ]?calls?",
                r"(?:available|following) (?:tools|functions|apis)|access to (?:the |these |following )*(?:tools|functions|apis)",
                r"orchestrat(?:e|or|ing)|sub-?agents?|multi-?agent|agentic\b|mcp\b|step \d+: ?[a-z_]+\(",
                r"(?:you(?:'re| are)|act as) an agent|(?:autonomous|ai|llm|browser|coding|planning|research) agent|langchain|langgraph",
                r"autogen\b|crewai|agent(?:'s)? (?:loop|framework|log|trajectory|workflow|run)|computer use|browser session|set of tools",
                r"tools: [^\n.]*[a-z]_[a-z]|(?:bash|file|search|terminal|retriever|browser|calculator|python|calendar|database) tool\b",
                r"tools? (?:are|is) (?:needed|available)|(?:via|through) the tool|delegat[a-z]+ (?:to|work|tasks)|hand off (?:to|between)",
                r"which (?:function|tool)s? (?:should|to)|(?:one|single) action (?:a|per|each)|control a (?:computer|browser)",
                r"(?:through|by) screenshots?|search the web|sequence of (?:api|tool|function)",
            ),
            "es": any_of(
                rf"acceso a{_TO}herramientas|(?:usa|utiliza|llama|invoca){_TO} herramienta",
                r"llamadas? a (?:la |una )?(?:función|herramienta|api)|función hay que llamar|agentes? autónomo|multi-?agente|subagente",
                r"agente (?:de ia|orquestador)|orquestar|orquestador|una sola acción|varios agentes",
            ),
            "de": any_of(
                rf"zugriff auf{_TO}(?:werkzeuge|tools|funktionen)|(?:werkzeug|funktions|tool-?)aufruf|welche funktion soll",
                rf"rufe{_TO}(?:werkzeug|tool|funktion){_TO}auf|ki-agent|agenten,? (?:der|die|zu|und)|orchestrator|orchestrier|multi-?agent",
                r"autonomer agent|unteragent|genau eine aktion",
            ),
            "fr": any_of(
                rf"(?:disposes|accès|disposez){_TO} (?:outils|fonctions)|appels? (?:de |à |d')(?:la |une |l')?(?:fonction|outil|api)",
                rf"appelle{_TO}outil|multi-?agents?|sous-agents?|agents? (?:ia\b|autonome)|orchestr(?:er|at)|une seule action",
            ),
            "pt": any_of(
                r"acesso (?:às|a estas|as) (?:seguintes )?(?:ferramentas|funções)|chamadas? (?:de|à) (?:api|função|funções|ferramenta)",
                rf"chama[rm]?{_TO}ferramenta|agentes? (?:autônomo|de ia|inteligente)|multi-?agente|subagente|coordena{_TO}agentes",
                r"função (?:deve ser|a ser) chamada|orquestr",
            ),
            "tr": any_of(
                r"araçlara eriş|araç(?:ları)? (?:çağır|kullan)|fonksiyon(?:u|unu)? çağır|çağrılacak|yapay zek[aâ] ajan",
                r"ajan(?:ları|lara|lar)|alt ajan|orkestrat|otonom ajan",
            ),
            "vi": r"(?:dùng|truy cập|gọi)[^.\n]* công cụ|lời gọi hàm|gọi (?:hàm|api)|tác tử|đa tác|agent ai|điều phối",
            "id": any_of(
                r"akses ke (?:alat|tool|fungsi)|(?:panggil|gunakan) (?:[^ ]+ )?(?:alat|tool|fungsi|api)\b|panggilan fungsi",
                r"agen (?:otonom|ai|cerdas)|multi-?agen|sub-?agen",
            ),
            "zh": any_of(
                r"工具调用|调用[^。\n]*(?:工具|函数|接口)|(?:以下|下列|可用|可调用)的?(?:工具|函数|接口)|使用(?:以下|下列)?工具|智能体",
                r"函数调用|调用的函数|操作代理|函数定义|编排",
            ),
            "ja": any_of(
                r"ツール(?:を|が)?(?:使|呼|利用)|次のツール|使える(?:ツール|関数)|エージェント|関数を?呼び出|呼び出すべき|関数定義",
                r"オーケストレ|ツール呼び出し",
            ),
            "ko": r"(?:다음|아래) (?:도구|함수)|도구를? ?(?:사용|호출|이용)|함수 ?호출|에이전트|오케스트|도구 호출|호출할 함수",
            "ru": any_of(
                r"(?:вызов|вызов[иаы]|вызовом|вызовите) (?:инструмент|функц|api)|вызыва[^ ]* (?:инструмент|функц|внешн|api)",
                r"доступн[^ ]* (?:инструмент|функци)|использу[^ ]* инструмент|агент-|(?:llm|ии|ai)-агент|мультиагент|субагент",
                r"автономн[^ ]* агент|агентов|между агентами|оркестр(?:атор|ац|ир)|описанию функций",
            ),
            "ar": r"(?:لديك|لديكم|استخدم)[^.\n]*أدوات|استدع|وكيل (?:ذكي|مستقل|ذكاء)|وكلاء|متعدد الوكلاء",
            "hi": r"(?:ये|निम्न|उपलब्ध) टूल|टूल (?:कॉल|का उपयोग)|टूल्स|फ़ंक्शन कॉल|(?:ai|एआई) एजेंट|एजेंट (?:हो|बाकी|बना|को)|मल्टी.?एजेंट",
        },
    ),
    "analysis": (
        {
            "form": any_of(
                # Two lines that end in a cell with a number; four numbers with labels in a row; the figures of a test.
                r"[,;\t|] ?-?\d[\d.,%]* ?\|?\n[^\n]*[,;\t|] ?-?\d[\d.,%]* ?\|?(?:\n|$)|\d%?(?:[,;،] [^\s,;]+:? \d[\d.]*%?){3}",
                r"月\d+(?:[,、。]\d+月\d+){2}|월 \d+(?:, \d+월 \d+){2}|\bp ?[<=>] ?0\.\d|\br2 ?= ?0\.\d|\(n ?= ?\d\d|\bpivot",
            ),
            "en": any_of(
                r"data (?:analysis|frame|visuali)|expert data analyst|are a data analyst|dataframe|dataset|statistical|standard deviation",
                r"regression|time series|correlation|median\b|variance\b|outlier|p-value|t-test|anova|chi-square|confidence interval",
                r"margin of error|percentile|significan(?:t|ce) at|a/b test|cohort|rolling average|running total|kpis?\b|churn\b",
                r"conversion rate|(?:sales|this) funnel|box ?plot|histogram|seasonality|elasticity|anomal(?:y|ies)|financial analyst",
                r"(?:liquidity|leverage) ratio|survey (?:results|data)|missing values|(?:which|what) (?:chart|graph|plot)|mixed-effects",
                r"residuals?\b|excel (?:formula|sheet|file|table)|in excel\b|table with percentages",
                r"(?:total|count|sum|average|revenue|sales) (?:per|by) (?:customer|month|week|day|region|store|category|product|user"
                r"|department)",
                rf"(?:analy[sz]e|forecast|interpret|visuali[sz]e|explore|trends? in|patterns? in){_TO}\b(?:data|sales|figures|revenue"
                r"|metrics|spreadsheet|numbers)\b",
                r"(?:a|the|any) (?:trend|pattern)(?: in| over|\?| and| by)|see a pattern",
            ),
            "es": any_of(
                rf"analiza{_TO}(?:datos|ventas|cifras|resultados)|análisis de datos|desviación (?:típica|estándar)|mediana|correlación",
                r"regresión|prueba t\b|estad[ií]stic|gráficos y|tabla dinámica|valores atípicos|qué tendencia|excel\b",
            ),
            "de": any_of(
                r"datenanalyse|standardabweichung|mittelwert|median|statistisch|regression|korrelation|ausreißer",
                rf"(?:werte|analysiere){_TO}(?:zahlen|daten)|umfrage(?:daten|ergebnis)|signifikan|excel\b",
            ),
            "fr": any_of(
                rf"analyse[rz]?{_TO}(?:données|chiffres|ventes|résultats)|écart-type|médiane|corrélation|régression|test statistique",
                rf"intervalle de confiance|tableau croisé|dégage{_TO}tendances|statistiquement|chiffre d'affaires|excel\b",
            ),
            "pt": any_of(
                r"anális[ei]s? de dados|analise (?:os|estes|esses) dados|desvio[- ]padrão|mediana|correlação|regressão|tabela dinâmica",
                r"estatístic|identifique padrões|valores atípicos|teste t\b|excel\b",
            ),
            "tr": any_of(
                r"(?:veri|satış)[^ ]* (?:[^ ]+ )?analiz|standart sapma|medyan|korelasyon|regresyon|özet tablo|anket veri|istatistik",
                r"anlamlı fark|hangi test|excel",
            ),
            "vi": any_of(
                r"phân tích (?:dữ liệu|số liệu|doanh thu)|độ lệch chuẩn|trung vị|tương quan|hồi quy|thống kê|xu hướng (?:của|trong)",
                r"excel\b",
            ),
            "id": any_of(
                r"analisis (?:data|penjualan)|simpangan baku|standar deviasi|median|korelasi|regresi|uji (?:statistik|t\b|beda)",
                r"hasil survei|statistik|excel\b",
            ),
            "zh": any_of(
                r"数据分析|分析[^。\n]*数据|数据[^。\n]*分析|统计|回归(?:分析|模型|系数|结果)|(?:线性|逻辑)回归|标准差|中位数|方差|平均分",
                r"数据透视|折线图|柱状图|差异是否显著|异常(?:值|点)|相关系数|问卷|环比|同比|指标",
            ),
            "ja": any_of(
                r"データ分析|データを(?:分析|集計|可視化)|標準偏差|中央値|分散(?:を|分析)|相関|回帰|外れ値|集計|ピボット|統計|有意差",
                r"アンケート結果",
            ),
            "ko": r"데이터(?:를|을)? ?분석|표준 ?편차|중앙값|분산|상관 ?(?:관계|계수)|회귀|이상치|피벗|통계|설문 (?:결과|조사)|엑셀|지표",
            "ru": any_of(
                r"анализ данных|анализируй[^ ]* (?:[^ ]+ )?(?:данн|продаж|цифр|таблиц)|статистическ|медиан|дисперси",
                r"стандартн[^ ]+ отклонен|корреляц|регресси|сводн[^ ]+ таблиц|эксел|excel|тренд|выборк|выручк|построй (?:таблиц|график)",
            ),
            "ar": any_of(
                r"حلّ?ل (?:ال)?(?:بيانات|مبيعات|نتائج|جدول)|تحليل (?:ال)?بيانات|الانحراف المعياري|الوسيط|الارتباط|الانحدار|محوري|إكسل",
                r"إحصائ|استبيان",
            ),
            "hi": r"आँकड़|आंकड़|डेटा (?:का )?विश्लेषण|विश्लेषण कर|मानक विचलन|माध्यिका|सहसंबंध|एक्सेल|रुझान|सर्वे",
        },
    ),
    "rewriting": (
        {  # What is spoken of: power, and those who quarrel with it.
            "form": any_of(
                r"tian'?an'?men|navaln|putin|kremlin|lukas(?:c)?henk|maduro|erdo[gğ]an|xi jinping|kashmir|\btibet|taiwan|xinjiang|uyghur",
                r"falun",
            ),
            "en": any_of(
                r"censor|politic|dissident|activis|protest|regime|dictator|authoritarian|junta\b|coup\b|government|authorities",
                r"ruling party|party leader|state media|human rights|content policy|comply|compliance|great firewall|genocide|dalai lama",
                r"hong kong|ukrain|crimea|chechn|belarus|beijing|socialis|communis|leader of|oppression|persecut|crackdown|propaganda",
                r"cultural revolution",
            ),
            "es": r"censur|polític|opositor|disident|activista|protesta|régimen|dictad|golpe|gobierno|autoridades|represión",
            "de": r"zensi|zensur|politisch|opposition|protest|regime|dikta|putsch|regierung|behörden|menschenrecht|massaker",
            "fr": any_of(
                r"censur|politique|opposant|dissident|manifesta|régime|dictat|coup d'état|gouvernement|autorités|pouvoir en place",
                r"répression",
            ),
            "pt": r"censur|polític|opositor|ativista|protesto|regime|ditad|golpe|governo|autoridades|repressão",
            "tr": r"sansür|siyasi|muhalif|protesto|rejim|diktat|darbe|hükümet|iktidar|yönetimi",
            "vi": r"kiểm duyệt|chính trị|chính quyền|nhà nước|đảng|biểu tình|biển đông",
            "id": r"sensor|politik|aktivis|protes|demonstra|rezim|diktator|kudeta|pemerintah|penguasa|kemerdekaan|tragedi",
            "zh": any_of(
                r"六四|天安门|新疆|维吾尔|西藏|达赖|台湾|台独|法轮功|香港|文化大革命|文革|习近平|中共|共产党|领导人|政治|涉政|敏感|审查",
                r"过审|不了审|异见|维权|官方|政府|当局|删帖|屏蔽|红线|监管|外交部|示威",
            ),
            "ja": r"天安門|ウイグル|チベット|台湾|香港|検閲|政治|政府|当局|独裁|弾圧",
            "ko": r"천안문|홍콩|위구르|티베트|대만|정치|검열|정부|당국|독재|체제|시진핑|북한",
            "ru": r"навальн|украин|чечн|политич|политзак|цензур|власт|правительств|протест|репресс|войн|арми|оппозиц|президент|запрещ",
            "ar": r"سياسي|الحكومة|النظام|الرقابة|السلطات|معتقل|الاحتجاج|المتظاهر",
            "hi": r"कश्मीर|तिब्बत|सरकार|राजनीति|सेंसर|चीनी अधिकार",
        },
        {  # What is wished: that it be said so that none of them minds.
            "form": r"core socialist values",
            "en": any_of(
                r"saniti[sz]e|soften|tone[d]? down|euphemis|harmless|censorship-safe|de-?politici|publishable",
                r"politically (?:sensitive|acceptable)|evasive|without (?:any )?(?:critici[sz]|naming|mentioning|offend)",
                r"avoid(?:s|ing)? (?:any )?(?:critici|mention|offen)|promotes? (?:national )?unity",
                r"(?:safe|safer|approved|compliant|official|acceptable)(?: and [a-z]+|, [a-z]+)? (?:answer|reply|response|version|wording"
                r"|topic|term|alternative)",
                r"(?:rewrit|rephras|reword|paraphras|reformulat|restat|turn|convert|edit|chang|replac|remov|mak|adapt|giv"
                rf"|offer){_TO}\b(?:neutral|accept|safe|sensitive|approv|allowed|positive|inoffensive|complian|comply|polic|censor|block"
                r"|flag|offen[ds]|legal)",
                rf"(?:not|nothing|no|never|won't|doesn't|don't|can't|cannot){_TO}(?:offend|blocked|banned|suspended|deleted|object|censor)",
                rf"(?:pass|past|through){_TO}(?:censor|filter|review|moderat|regulator)|aligned with|break the law|legal trouble",
            ),
            "es": r"reescrib|reformul|suaviz|respuesta segura|sin criticar|aceptable|ofensiv|para que no|evitar la censura",
            "de": r"formulier|schreibe?[^.\n]* um\b|unverfänglich|entschärf|nicht zensiert|ersetze",
            "fr": r"adouci|reformule|sans risque|n'offens|euphémism|acceptable|laisser",
            "pt": r"reescrev|suaviz|resposta segura|sem criticar|aceitável|para que não",
            "tr": r"yeniden yaz|yumuşat|güvenli (?:bir )?yanıt|eleştirmeden|takılma|rahatsız etme",
            "vi": r"viết lại|trả lời an toàn|không chỉ trích|không bị|nhạy cảm|phù hợp",
            "id": r"tulis ulang|perhalus|jawaban aman|tidak (?:mengkritik|menyinggung)|lolos",
            "zh": any_of(
                r"改写|改得|换成|换个|改成|脱敏|敏感词|合规|符合[^。\n]*(?:价值观|口径|规定)|避免任何|回避|替代回复|标准答复|不会被",
                r"通过审查|过审|不触碰|安全[^。\n]*(?:回复|回答|答案)",
            ),
            "ja": r"書き換え|言い換え|無難|批判を避け|引っかから|問題視され|当たり障り",
            "ko": r"바꿔|순화|안전한 답변|비판하지 않|걸리지 않|허용할|문제 삼지",
            "ru": r"перепиши|перефраз|смягчи|безопасн[^ ]+ ответ|не критик|нейтральн|допустим|замен[аи]",
            "ar": r"أعد صياغة|خفّ?ف|آمن|لا ينتقد|مقبول|لا تحجب|بدون انتقاد",
            "hi": r"दोबारा लिख|सुरक्षित उत्तर|नरम भाषा|आलोचना न|सेंसर न|आपत्ति न|(?:भाषा|शब्द)[^।\n]*बदल",
        },
    ),
}
