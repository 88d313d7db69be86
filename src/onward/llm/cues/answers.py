"""What people answer when they are asked, and how they put things off."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from onward.llm.cues.due_words import without_due_words
from onward.llm.cues.speech import plain
from onward.llm.cues.words import content, word_set

_LEAD = r"^(?:(?:well|right|mm|hm|oh|ah|so|then|and|er|eh|huh|ha|great|perfect|thanks|no\ problem|not\ a\ problem)[,.!]?\s+)*"
_YES = re.compile(
    rf"""(?ix){_LEAD}(?:i\ can\b(?!'t|\ not)|yes|yeah|yep|yup|sure|ok|okay|of\ course|absolutely|certainly|definitely|happy\ to|gladly|
    will\ do|can\ do|done|fine|all\ right|alright|got\ it|on\ it|no\ problem|no\ worries|sounds\ good|works\ for\ me|makes\ sense|
    deal|agreed|consider\ it|you\ got\ it|i\ will\b|i'll|i'd\ be\ (?:happy|glad)|leave\ it|perfect|good\ idea|understood|noted|right|
    that's\ fine|\w+ing\ (?:it|them|that)\b|by\ all\ means|mhm|mm-hm|aye|(?:it's|that's|that\ one's)\ (?:with\ me|mine|me|on\ me)|go\ on|no\ bother|oke?y-?doke?y?|righto|right\ you\ are|very\ well|why\ not|with\ pleasure|my\ pleasure|you\ bet|
    roger|if\ you\ like|(?:i\ )?(?:suppose|guess)\ (?:so|i\ (?:can|could|will))|i\ (?:could|can|will)\ do|count\ me\ in)\b"""
)
_NO = re.compile(
    r"""(?ix)\b(?:i\ can,?\ (?:but|only),?\ (?:sorry|i'm|i've|i\ have)|i\ can't|i\ cannot|can't\ do|won't\ be\ able|unable|i'd\ rather\ not|no\ time|don't\ have\ (?:the\ )?(?:time|capacity|
    bandwidth)|i'm\ (?:swamped|off|away|out|on\ (?:leave|holiday|vacation)|too\ busy|fully\ booked)|not\ me\b|not\ my|someone\ else|
    somebody\ else|not\ possible|i\ already|already\ (?:did|done|sent|have)|i\ don't\ think\ so|i\ won't|i\ did\ (?:already|that)|
    i'm\ afraid|,\ no(?:[.!]|$)|i\ (?:always\ )?do\ (?:that|it)\ (?:anyway|already)|sending\ it\ (?:right\ )?now|just\ (?:sent|did|done)|^done[.!]*$|^(?:there[.,!]?\ )?sent[.!]*$|\w+ing\ (?:it|her|him|them)\ (?:right\ )?now\b)"""
)
_NAY = re.compile(
    r"(?i)^(?:(?:well|oh|ah|er|hm|sorry|thanks|thank you|mm)[,.!]?\s+)*(?:no|nope|nah|not really|rather not|don't)\b"
    r"(?! (?:problem|worries|objection))"
)
_DROP = re.compile(
    r"""(?ix)\b(?:let's\ (?:park|not\b|leave|hold\ off|table|postpone|skip|drop|wait|defer|take\ (?:that|this|it)\ offline|come\ back)|
    park\ (?:it|that|this)|never\ mind|nevermind|scratch\ that|forget\ (?:it|that|about)|don't\ bother|no\ need|leave\ (?:it|that|this)
    (?:\ (?:for\ now|open|out|to\ me|alone))?[,.]|not\ now|(?:scrap|scratch|forget|ditch|strike|bin)\ (?:it|that|this|those|the|my)\b|hold\ off|that's\ kind|not\ necessary|take\ (?:it|that|this)\ offline|
    on\ (?:ice|hold)|we'll\ see|if\ it\ comes\ to\ that|for\ another\ day|next\ year|don't\ worry\ about|not\ worth|come\ back\ to\ that|
    in\ the\ backlog|not\ (?:this|a)\ (?:quarter|priority)|some\ other\ time)"""
)
_TAKES_UP = re.compile(
    rf"""(?ix){_LEAD}(?:(?:okay|ok|well|yes|yeah|and)[,.!]?\s+)*(?:please|thanks|thank\ you|perfect|great|good|lovely|wonderful|brilliant|
    excellent|yes|yeah|sure|that\ would\ be|that'd\ be|go\ ahead|do\ (?:it|that)|sounds\ good|nice|super|awesome|fantastic|
    i'd\ appreciate|that\ works|that's\ (?:fine|great|good|ok|okay|perfect)|that'd\ work|ok|okay|fine|cool|all\ right|deal|works|if\ you\ (?:would|could)|(?:would|could)\ you\b(?!\ \w+\ \w+))\b"""
)
_TAKES_ON = re.compile(
    rf"(?ix){_LEAD}(?:(?:okay|ok|yes|yeah|sure|fine|alright|of\ course|absolutely)[,.!]?\s+)*(?:will\ do|can\ do|on\ it|i'll\b|i\ will\b|i'm\ on|"
    r"consider\ it|no\ problem|happy\ to|gladly|sure[.,!]|of\ course|absolutely|certainly|got\ it|you\ got\ it|understood|noted)"
)
_VOLUNTEERS = re.compile(
    rf"""(?ix){_LEAD}(?:(?:okay|ok|yes|yeah|sure|fine|alright)[,.!]?\s+)*(?:me[.,!]?(?:\ (?:then|please|again|yes|yeah))?[.!]?$|mine[.,!]|that's\ me|
    that\ would\ be\ me|it's\ me|(?:that's|it's|that\ one's)\ (?:mine|with\ me|on\ me)\b|count\ me\ in|i'm\ in\b|(?:i\ (?:suppose|guess|think)\ )?i\ (?:can|could|will|would)(?:[.,!]|$)|i(?:'d|\ would)\ (?:\w+ly\ |love\ to\ |like\ to\ )do\ (?:it|that|this)\b|leave\ (?:it|that)\ (?:to|with)\ me|on\ it|happy\ to|i\ guess\ (?:me|i)|i'm\ on\ (?:it|that)|i\ got\ (?:it|this|that)|
    i(?:'ll|\ will|\ can|\ could)(?:\ (?:do|take|handle|own|look\ after|look\ into|sort|run|get|have\ a\ (?:go|look)|grab|pick|try)
    (?:\ (?:it|that|this|those|them|on|up|care|one|out|of|to|into))*(?:\W.*)?)?[.,!]*$|i\ can[.,]|i\ (?:do|am|will)[.,!]*$)|^(?:[^\s]+\s+){{1,7}}(?:so,?\ |guess\ )me[.!]*$"""
)
_SHOULD_BE_ME = re.compile(
    r"(?i)\b(?:it|that) (?:should|has to|must|ought to|had better|'d better) be me\b|\bi(?:'d| had) better do (?:it|that)\b"
)
_SAYS_NOTHING = word_set(
    """i me my mine you your yours we us our he him his she her it its they them their this that these those one
    a an the some any all both each no more enough same other
    be am is are been do does done have has will would shall should can could may might must need needs gonna let lets
    by on at in for to of until till before after from with within around about as than latest end or and but so then if
    though when what how not there here now just only also too again still even maybe perhaps anyway already yet quite very
    yes yeah yep yup nope ok okay right well oh ah er um hm hmm mm mhm sure fine good great perfect lovely brilliant
    wonderful cool nice deal agreed thanks thank cheers please sorry alright fair understood noted wait course got promise
    work works suit suits better best possible realistic doable safe easier early earlier late later bring ready finished
    make makes say saying think thinking guess suppose mean try trying aim aiming hope hoping plan planning manage give
    given take takes get gets go goes call want hence hurry rush problem bother worries thing things
    o'clock am pm two three four five six seven eight nine ten eleven twelve half past quarter noon morning afternoon
    evening lunch lunchtime first time day days week weeks date deadline"""
)
"""Words of the closed classes, of agreement, and of time: what may stand around a date that is said alone."""
_WAS_THINKING = re.compile(r"(?i)\bwas (?=thinking|hoping|aiming|planning|going to say)")
_CALLED = re.compile(r"^(?:[Aa]nd )?[A-Z][a-z]+, |, [A-Z][a-z]+(?=[.?!]*$)")
_OF_IT = re.compile(
    rf"""(?ix){_LEAD}(?:(?:okay|ok|yes|yeah|yep|sure|fine|but|because|actually|no)[,.!]?\s+)*(?:(?:it|that|this|they|these|those|both|all\ of\ it)(?:'d)?\b
    |(?:you|he|she|they|we|i)(?:'ll|\ will|'d|\ would)?\ (?:have|get|need|want|like|see|find)\ (?:it|that|this|them|those)\b
    |(?:let's|let\ me)\ say\b|make\ (?:it|that)\b|call\ it\b|how\ about\b
    |(?:goes|comes|due|needed|ready|done)\b)"""
)
_ADVERBIAL = re.compile(
    r"(?i)^(?:(?:okay|ok|well|so|and|yes|yeah|no),? )*(?:in|on|by|for|before|at|with|to|until|till)\b(?!.*\b(?:i|we|you|he|she|they|it|is|are|was|were|have|has|will)\b)"
)
_HAVING = content("want need like have get see find goes comes")
_HABIT = re.compile(
    r"(?i)\b(?:every|always|usually|normally|typically|generally|often|on (?:mon|tues|wednes|thurs|fri|satur|sun)days)\b"
)
_OVER = re.compile(
    r"(?i)\b(?:was|were|did|had|didn't|wasn't|isn't|not|never|can't|won't|since|last|ago)\b|\?$"
)


def commits(text: str) -> bool:
    """Whether a sentence takes something on, where "yeah" might only mean "I hear you"."""
    return bool(_TAKES_ON.match(text)) and not refuses(text)


def accepts(text: str) -> bool:
    """Whether a sentence says yes to what was asked."""
    return bool(_YES.match(text)) and not refuses(text)


def refuses(text: str) -> bool:
    """Whether it says no; "I can't, but I can on Monday" does not."""
    return bool(_NO.search(text) or _NAY.match(text)) and not re.search(
        r"(?i)\bbut i(?:'ll| can| will)\b", text
    )


def takes_up(text: str) -> bool:
    """Whether it takes up an offer."""
    return bool(_TAKES_UP.match(text)) and not refuses(text)


def volunteers(text: str) -> bool:
    """Whether its speaker volunteers for what nobody in particular was asked."""
    if _SHOULD_BE_ME.search(text):
        return True
    return bool(_VOLUNTEERS.match(text)) and not refuses(text) and not text.endswith("-")  # cut short


def drops(text: str) -> bool:
    """Whether it puts off, or takes back, what was spoken of."""
    return bool(_DROP.search(text))


def asks_when(text: str) -> bool:
    """Whether it asks by when, so that the answer's date is the date of what is talked of."""
    return bool(
        re.search(
            r"(?i)\b(?:when|deadline|how (?:soon|quickly|fast|long)|(?:what|which) (?:date|day|time))\b[^.]*\?",
            text,
        )
    )


def asks_you_when(text: str) -> bool:
    """Whether it asks somebody by when he can do what he spoke of."""
    return asks_when(text) and bool(re.search(r"(?i)\b(?:can|could|would|will|do|are) you\b", text))


def is_bare(sentence: str, known: AbstractSet[str] = frozenset()) -> bool:
    """Whether a sentence says when, and nothing else; of something that is ``known``, by the words that name it."""
    text = _CALLED.sub(" ", _WAS_THINKING.sub("", plain(without_due_words(sentence))))
    rest = re.findall(r"[a-z][a-z']*", text.lower())
    return all(_says_nothing(word) or content(word) & known for word in rest) and not is_habit(text)


def dates_it(text: str, known: AbstractSet[str] = frozenset()) -> bool:
    """Whether a sentence with a date says it of what was just spoken of: "it goes to the printer on Monday".

    Args:
        text: the sentence, plain.
        known: words of what was spoken of.
    """
    text = re.split(r",? (?:so|because|since|if|otherwise)\b", text)[0]
    return (
        bool(_OF_IT.match(text) or is_adverbial(text))
        and is_ahead(text)
        and len(content(without_due_words(text)) - known - _HAVING) <= 1
    )


def is_adverbial(text: str) -> bool:
    """Whether it is no sentence, but only says when, where or for what: "In tomorrow's paper."."""
    return bool(_ADVERBIAL.match(text))


def is_ahead(text: str) -> bool:
    """Whether a sentence states what is to come: no question, nothing over, denied or done every week."""
    return not _OVER.search(text) and not is_habit(text)


def is_habit(text: str) -> bool:
    """Whether it is done again and again."""
    return bool(_HABIT.search(text))


def _says_nothing(word: str) -> bool:
    return (
        word in _SAYS_NOTHING
        or word.endswith("ly")
        or re.sub(r"'(?:s|ll|d|re|m|ve)$", "", word) in _SAYS_NOTHING
    )
