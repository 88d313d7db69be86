"""What people answer when they are asked, and how they put things off."""

from __future__ import annotations

import re

from onward.llm.cues.due_words import without_due_words
from onward.llm.cues.speech import plain
from onward.llm.cues.words import word_set

_LEAD = r"^(?:(?:well|right|mm|hm|oh|ah|so|then|and|er|eh|huh|ha|great|perfect|thanks|no\ problem|not\ a\ problem)[,.!]?\s+)*"
_YES = re.compile(
    rf"""(?ix){_LEAD}(?:i\ can\b(?!'t|\ not)|yes|yeah|yep|yup|sure|ok|okay|of\ course|absolutely|certainly|definitely|happy\ to|gladly|
    will\ do|can\ do|done|fine|all\ right|alright|got\ it|on\ it|no\ problem|no\ worries|sounds\ good|works\ for\ me|makes\ sense|
    deal|agreed|consider\ it|you\ got\ it|i\ will\b|i'll|i'd\ be\ (?:happy|glad)|leave\ it|perfect|good\ idea|understood|noted|right|
    that's\ fine|\w+ing\ (?:it|them|that)\b|by\ all\ means|mhm|mm-hm)\b"""
)
_NO = re.compile(
    r"""(?ix)\b(?:i\ can't|i\ cannot|can't\ do|won't\ be\ able|unable|i'd\ rather\ not|no\ time|don't\ have\ (?:the\ )?(?:time|capacity|
    bandwidth)|i'm\ (?:swamped|off|away|out|on\ (?:leave|holiday|vacation)|too\ busy|fully\ booked)|not\ me\b|not\ my|someone\ else|
    somebody\ else|not\ possible|i\ already|already\ (?:did|done|sent|have)|i\ don't\ think\ so|i\ won't|i\ did\ (?:already|that)|
    i'm\ afraid|i\ (?:always\ )?do\ (?:that|it)\ (?:anyway|already)|sending\ it\ (?:right\ )?now|just\ (?:sent|did|done)|^done[.!]*$|^(?:there[.,!]?\ )?sent[.!]*$|\w+ing\ (?:it|her|him|them)\ (?:right\ )?now\b)"""
)
_NAY = re.compile(
    r"(?i)^(?:(?:well|oh|ah|er|hm|sorry|thanks|thank you|mm)[,.!]?\s+)*(?:no|nope|nah|not really|rather not|don't)\b"
    r"(?! (?:problem|worries|objection))"
)
_DROP = re.compile(
    r"""(?ix)\b(?:let's\ (?:park|not\b|leave|hold\ off|table|postpone|skip|drop|wait|defer|take\ (?:that|this|it)\ offline|come\ back)|
    park\ (?:it|that|this)|never\ mind|nevermind|scratch\ that|forget\ (?:it|that|about)|don't\ bother|no\ need|leave\ (?:it|that|this)
    (?:\ (?:for\ now|open|out|to\ me|alone))?[,.]|not\ now|hold\ off|that's\ kind|not\ necessary|take\ (?:it|that|this)\ offline|
    on\ (?:ice|hold)|we'll\ see|if\ it\ comes\ to\ that|for\ another\ day|next\ year|don't\ worry\ about|not\ worth|come\ back\ to\ that|
    in\ the\ backlog|not\ (?:this|a)\ (?:quarter|priority)|some\ other\ time)"""
)
_TAKES_UP = re.compile(
    rf"""(?ix){_LEAD}(?:(?:okay|ok|well|yes|yeah|and)[,.!]?\s+)*(?:please|thanks|thank\ you|perfect|great|good|lovely|wonderful|brilliant|
    excellent|yes|yeah|sure|that\ would\ be|that'd\ be|go\ ahead|do\ (?:it|that)|sounds\ good|nice|super|awesome|fantastic|
    i'd\ appreciate|that\ works|that's\ (?:fine|great|good|ok|okay|perfect)|that'd\ work|ok|okay|fine|cool|all\ right|deal|works|if\ you\ (?:would|could))\b"""
)
_TAKES_ON = re.compile(
    rf"(?ix){_LEAD}(?:(?:okay|ok|yes|yeah|sure|fine|alright|of\ course|absolutely)[,.!]?\s+)*(?:will\ do|can\ do|on\ it|i'll\b|i\ will\b|i'm\ on|"
    r"consider\ it|no\ problem|happy\ to|gladly|sure[.,!]|of\ course|absolutely|certainly|got\ it|you\ got\ it|understood|noted)"
)
_VOLUNTEERS = re.compile(
    rf"""(?ix){_LEAD}(?:(?:okay|ok|yes|yeah|sure|fine|alright)[,.!]?\s+)*(?:me[.,!]?(?:\ (?:then|please|again))?[.!]?$|mine[.,!]|that's\ me|
    that\ would\ be\ me|it's\ me|leave\ (?:it|that)\ (?:to|with)\ me|on\ it|happy\ to|i\ guess\ (?:me|i)|i'm\ on\ (?:it|that)|i\ got\ (?:it|this|that)|
    i(?:'ll|\ will|\ can|\ could)(?:\ (?:do|take|handle|own|look\ after|look\ into|sort|run|get|have\ a\ (?:go|look)|grab|pick|try)
    (?:\ (?:it|that|this|those|them|on|up|care|one|out|of|to|into))*(?:\W.*)?)?[.,!]*$|i\ can[.,]|i\ (?:do|am|will)[.,!]*$)|^(?:[^\s]+\s+){{1,7}}(?:so,?\ |guess\ )me[.!]*$"""
)
_FILL = word_set(
    """okay ok so then make let lets let's say fine works work good great yes yeah no actually wait oh ah i can do that give
    me well hmm hm mm er um maybe better sorry please right sure perfect lovely brilliant it is s the by for on at not
    today though this week us that'll that's be ready have you we and or but realistic latest end bring again thanks
    thursday's friday's monday's tuesday's wednesday's until till before wonderful how about will what would should done
    o'clock am pm one two three four five six seven eight nine ten eleven twelve half past quarter noon
    it'll morning first thing today's tomorrow's too also then friday's when by"""
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
    return bool(_VOLUNTEERS.match(text)) and not refuses(text)


def drops(text: str) -> bool:
    """Whether it puts off, or takes back, what was spoken of."""
    return bool(_DROP.search(text))


def asks_when(text: str) -> bool:
    """Whether it asks by when, so that the answer's date is the date of what is talked of."""
    return bool(re.search(r"(?i)\b(?:when|deadline|how soon|what date|which day)\b[^.]*\?", text))


def is_bare(sentence: str) -> bool:
    """Whether a sentence says when, and nothing else."""
    rest = re.findall(r"[a-z][a-z']*", plain(without_due_words(sentence)).lower())
    return all(word in _FILL for word in rest)
