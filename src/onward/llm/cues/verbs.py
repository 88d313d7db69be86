"""The verbs of work that outlasts a meeting, and of what is done within it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from onward.llm.cues.words import word_set


def any_of(words: str | Iterable[str]) -> str:
    """A regular expression for any of the words, the longest first."""
    known = words.split() if isinstance(words, str) else words
    return rf"(?:{'|'.join(sorted(set(known), key=lambda word: (-len(word), word)))})"


KNOWN = word_set(
    """accept add advertise analyse analyze annotate announce answer apply approach approve arrange ask assemble assess
assign attach audit back bake ban benchmark bid bill block blog book borrow brief bring build bump buy calibrate
call cancel carry catalogue chair change chase check choose circulate claim clean clear close coach collect
comment commit compare compile complete compose confirm consult contact convert cook coordinate copy correct
cost count cover create crunch cut deal debug decide define deliver demo deploy describe design develop dig
disable discuss dispatch distribute do document donate double draft draw drill drive drop edit email enable
enquire enrol enroll enter escalate estimate evaluate examine expand experiment explain explore export extend
facilitate feed fetch figure file fill film finalise finalize find finish fix flag follow forecast format
forward frame free gather get give go grab grant graph groom group hand handle hang hire hit hold host implement
import include inform inquire inspect install integrate interview introduce investigate invite invoice involve
iron join jot keep knit knock label lead learn leave lend let lift light list load lock log look loop mail make
manage map mark measure meet mend mention mentor merge message migrate minute mock model moderate monitor move
mow nail negotiate nominate note notify nudge obtain offer onboard open order organise organize own page paint
pass patch pay pencil phone photograph pick pile pin ping pitch plan plant plot plug polish poll pool pop post
practice practise prep prepare present press price print prioritise prioritize process produce profile program
promise promote proof proofread propose protect prove provide provision prune publish pull punch purchase push
put qualify query quote raise reach read rebase rebuild reconcile record recover recruit recycle redo reduce
refactor refine refund register rehearse reimburse release remake remind remove rename renew rent reorganise
repair replace reply report reproduce request reschedule rescue research resend reserve reset reshape resolve
respond restart restore retain retest retry return review revise revoke reword rework rewrite ring rinse roll
rotate route run sample sand scaffold scan schedule scope scrape screen scrub seal search secure select sell
send sequence set settle sew shadow share shift ship shoot shop shorten shortlist shoulder show shrink shut sign
simplify simulate size sketch skim slice smooth solve sort source speak spec specify spell spin split spread
stage stamp start steer stitch stock stop store straighten streamline strip study submit substitute summarise
summarize supply support survey swap sweep switch sync tabulate tackle tag tailor take talk tape taste tear tell
tender test text think throw tidy tie tighten trace track trade train transcribe transfer translate transport
treat triage trigger trim try tune turn tweet type undo unify unlock unpack update upgrade upload use validate
verify vet visit volunteer wait warm warn wash watch water weigh whip wipe wire work wrap write"""
)


def _third(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if verb.endswith("y") and verb[-2] not in "aeou" else f"{verb}s"


BASE = {_third(verb): verb for verb in KNOWN}
"""The plain form of "sends"."""
_CLOSED = any_of(
    """i you he she it we they me him her us them my your his its our their this that these those who what which when where why how
    be am is are was were been being do does did done have has had will would shall should can could may might must ought gonna gotta
    a an the some any all both each every no none much many more most few enough another other one two three four five six seven
    by on at in for to of until till before after from with within without around about towards up out off down over under through
    as than like and or but nor so then if because since when while unless although though not never
    yes yeah yep yup okay ok right well oh ah er um hm mm sure fine good great perfect lovely brilliant wonderful cool nice thanks
    thank cheers please sorry alright hello hi hey welcome maybe perhaps just only also too again still even already yet quite very
    really rather always often sometimes usually once twice here there now soon today tomorrow tonight everybody everyone somebody
    someone anybody anyone nobody something anything nothing everything next last first second new same such better else
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october november december"""
)
_STATES_OF_MIND = any_of(
    """want need like love hate prefer think know believe mean say see hear feel seem look sound appear remember forget hope wish
    guess suppose presume assume suspect reckon doubt wonder agree understand belong depend matter stay remain live own cost exist mind care"""
)
_PAST = any_of(
    """said told thought knew found left kept felt heard went came came got gave took made saw sent spent lost held met paid ran sat
    stood understood wrote spoke broke chose drove fell flew forgot grew led meant rang sold taught threw wore won began brought
    bought built caught felt"""
)
_OBJECT = any_of(
    """the a an it them him her me us that this these those my your our his their all both some any every each one two three up out off
    down back over everything everyone whoever what how whether if when why"""
)
_OTHER = (
    rf"(?!(?:{_CLOSED}|{_STATES_OF_MIND}|{_PAST})\b)(?-i:[a-z])[a-z-]+\b(?!')(?<!ly)(?<!ing)(?<!ed)(?<![^s]s)"
)
_PREPOSITION = any_of("in on with for to at into about through around after by")
VERB = rf"(?:{any_of(KNOWN)}\b|{_OTHER})"
"""A regular expression for a verb where only one can stand, as in "I will send": any word that is none of the closed
classes (pronouns, auxiliaries, prepositions ...), no state of mind and no past."""
WORK = rf"(?!do (?:you|we|they|i)\b)(?:{any_of(KNOWN)}\b|{_OTHER}(?=\s+{_OBJECT}\b))"
"""The same where a noun could stand as well, as after a name: a verb that is known, or one with an object behind it."""
ORDER = rf"(?!do\b.*\?)(?!(?:let (?:me|us)|(?:count|leave) me|scrap|scratch|forget|ditch|strike)\b)(?:{any_of(KNOWN)}(?=\s+{_PREPOSITION}\b)|{VERB}(?=\s+{_OBJECT}\b))"
"""The same where nothing else shows that it is a verb: "Chase him."."""
VERBS = rf"(?:{any_of(map(_third, KNOWN))}\b|(?!(?:{_CLOSED}|{_STATES_OF_MIND}s?|{_PAST}|says|goes|always|sometimes|perhaps|besides|yes|thus|towards|means|wants|needs)\b)[a-z][a-z-]*[^\Ws]s(?=\s+(?:{_OBJECT}|{_PREPOSITION})\b))"
"""The third person of such verbs: "Ada sends"."""

STATE = re.compile(
    r"""(?ix)
    (?:be(?!\ (?:there|present|on\ site)\b)|say|admit|bet|imagine|believe|know|see(?!\ (?:if|whether|them|him|her|to\b|the\ \w+\ (?:on|tomorrow|next)))|hear|have\ (?:to|any|time|room|a\ (?:minute|second|moment)|\w+s[?.]?$)|need|want
    |like|love|hate|miss|remember|understand|agree|guess|suppose|presume|assume|suspect|reckon|doubt|wonder|feel|prefer|hope|wish|expect|promise$)\b
    """
)
"""What is no work, but a state or a thought: "I'll be honest"."""
ON_THE_SPOT = re.compile(
    r"""(?ix)
    (?:speak\ about|argue|stick\ with|go\ with|pass\b(?!\ (?:on|it|th))|let\ (?:you|us|him|her|them)\ (?:go|know\ when|speak|finish|in|talk|continue|start|off)|leave\ (?:it|that)\ (?:at|there|open|for)|leave\ (?:\w+\ ){0,4}(?:until|till)\b
    |leave(?:\ now|\ early|$|[.,])|go(?:\ (?:first|next|ahead|back|on(?!\ (?:the|a|an|my)\b)|now|there|last|over\ (?:this|the|that)\ (?:now|quickly)))|go$
    |start(?:\ (?:with|by|off|us|the\ meeting|things|sharing|recording|here))?$|do(?:$|[,.])|do\ so$|start\ (?:again\ |over\ )?(?:with|by|off|us|the\ (?:meeting|recording)|sharing|recording)
    |stop(?:\ (?:there|here|you|sharing|talking|the\ recording))|hand\ (?:it\ |things\ |you\ )?(?:over|back)|take\ (?:questions|a\ (?:look\ now|seat|breath|step|break))
    |share(?:\ (?:my|the|your)\ screen|\ (?:this|it)\ (?:now|quickly)|$|[,.])|show(?:\ (?:you|us)\b)|pull\ (?:it|that|this|them)?\ ?up|put\ (?:it|that|this|them)?\ ?(?:up(?:$|[,.]|\ there|\ here)|(?:up\ )?on\ the\ (?:screen|board)|in\ the\ (?:chat|minutes|notes))
    |approve\ (?:it|that|this)|hold\ (?:(?:you|him|her|them)\ to|it|that|them|this|on|still|up)|read(?:\ (?:it|this|that|them))?(?:\ (?:out|aloud|now|quickly))?$|speak\ up|scroll|zoom|mute|unmute|repeat|explain(?:\ (?:it|this|that))?(?:\ (?:to\ (?:you|us|everyone)|quickly|again))?$|explain\ (?:you|us|why|how|what)|elaborate|clarify
    |tell\ (?:you|us|me)\b(?!\ (?:by|when|the\ (?:number|result|outcome|price)))|give\ (?:you|us|me)\ (?:an?|the|some)\ (?:\w+\ )?(?:example|overview|update|second|minute|moment|idea|summary|context|background|quick)
    |walk\ (?:you|us|me)|talk\ (?:about|you\ through|us\ through|through)|come\ (?:back\ to|in|along|to\ (?:that|it))|get\ (?:to\ (?:that|it|the)|started|going|back\ to\ (?:that|this|the\ (?:agenda|topic))|used|it$|that$|there)|move\ on|jump|drop\ (?:off|out)|run$|run\ now|head
    |ask\ (?:you|a\ question|one|something|this)|add\ (?:to\ (?:that|this)|that$|one\ thing|something)|mention\ (?:it|that|this|one|something)$|note\ that|point\ out|take\ (?:that|it|this)\ (?:offline|as|back\ to)|think(?:\ (?:so|that|of|it))?|think\ about|try$|try\ to\ be|wait|stay|sit(?:\ down)?(?:$|[,.])|keep\ (?:(?:you|us|me|them|everyone)\ (?:posted|updated|informed|in\ the\ loop)|it\ (?:short|brief|quick)|quiet|going|that\ in\ mind)|call\ (?:it|that|the\ (?:meeting|vote))|do\ (?:with|without|my\ best)|make\ it\ (?:quick|short|brief)|open\ (?:it\ up|the\ floor)|close\ (?:the\ meeting|with)|interrupt|apologi[sz]e|find\ (?:it|that|this)\ (?:hard|odd|funny|strange|difficult|easy|very|a\ bit|interesting)|give\ up|live\ with|look\ (?:like|forward|bad|good)|turn\ (?:on|off)\ (?:my|your)|work\ (?:for|with\ that)|put\ (?:them|him|her)\ on|raise\ (?:a|one)\ (?:point|question|thing)|join\ (?:you|us|in|later)|grab\ a|wrap\ (?:up|it\ up)|skip|pick\ up\ the\ kids|save\ (?:us|time)|cut\ you|catch|remind\ (?:me|us)|confirm\ (?:that|if)\ you|note\ it|say\ so)
    """
)
"""What is done on the spot, unless another day is named: "I'll share my screen"."""
AT_ONCE = re.compile(
    r"(?i)\b(?:now|today|tonight|quickly|in an? (?:minute|second|moment|sec)|right away|(?:this|the) (?:call|meeting)|this (?:morning|afternoon))\b"
)
"""Words for a day that is this one."""

_PARTICIPLE = re.compile(r"(?!present\b)\w+(?:ed|en|nt|ne|ut|lt)\b")
_STATES = word_set("ready done finished online live published")
_DETERMINERS = word_set("the a an that this those these my our your all some it them both")


def plain_form(verb: str) -> str:
    """ "sending" as "send", if it is one of the verbs known here."""
    stem = verb.removesuffix("ing")
    forms = [stem, f"{stem}e", stem[:-1]]
    return next((form for form in forms if form in KNOWN), verb)


def with_verb(what: str, if_none: str) -> str:
    """The work beginning with its verb in the plain form; with ``if_none`` if only a thing is named."""
    verb, _, rest = what.strip(" ,.-").partition(" ")
    if verb.endswith("ing"):
        verb = plain_form(verb)
    elif verb == "be" and _PARTICIPLE.match(rest):
        return f"have it {rest}"  # "it has to be signed"
    elif verb.lower() == "as":
        return f"take it on {what}"  # "as the owner"
    elif verb.lower() in _STATES:
        return f"have it {verb} {rest}".strip()
    elif verb.lower() in _DETERMINERS and not rest:
        return f"see to {verb}"
    elif verb.lower() in _DETERMINERS:
        return f"{if_none} {verb} {rest}".strip()
    return f"{BASE.get(verb.lower(), verb)} {rest}".strip()
