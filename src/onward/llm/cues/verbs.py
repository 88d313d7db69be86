"""The verbs of work that outlasts a meeting, and of what is done within it."""

from __future__ import annotations

import re

from onward.llm.cues.words import word_set

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
_LONGEST_FIRST = sorted(KNOWN, key=lambda verb: (-len(verb), verb))
VERB = rf"(?:{'|'.join(_LONGEST_FIRST)})"
"""A regular expression for a verb of work, as in "I will send"."""
VERBS = rf"(?:{'|'.join(map(_third, _LONGEST_FIRST))})"
"""The same for the third person: "Ada sends"."""

ON_THE_SPOT = re.compile(
    r"""(?ix)
    (?:be\b|speak\ about|say|admit|assume|bet|guess|suppose|imagine|believe|know|see(?!\ (?:if|whether|them|him|her|to\ it|the\ \w+\ (?:on|tomorrow|next)))|hear
    |have\ to|need|want|like|love|hate|miss|remember|understand|wonder|agree|argue|stick\ with|go\ with|pass\b(?!\ (?:on|it|th))
    |let\ (?:you|us|him|her|them)\ (?:go|know\ when|speak|finish|in|talk|continue|start|off)|leave\ (?:it|that)\ (?:at|there|open|for)
    |leave(?:\ now|\ early|$|[.,])|go(?:\ (?:first|next|ahead|back|on|now|there|through|last|over\ (?:this|the|that)\ (?:now|quickly)))|go$
    |start(?:\ (?:with|by|off|us|the\ meeting|things|sharing|recording|here))?$|do(?:$|[,.])|do\ so$|start\ (?:again\ |over\ )?(?:with|by|off|us|the\ (?:meeting|recording)|sharing|recording)
    |stop(?:\ (?:there|here|you|sharing|talking|the\ recording))|hand\ (?:it\ |things\ |you\ )?(?:over|back)|take\ (?:questions|a\ (?:look\ now|seat|breath|step|break))
    |share(?:\ (?:my|the|your)\ screen|\ (?:this|it)\ (?:now|quickly)|$|[,.])|show(?:\ (?:you|us)\b)|pull\ (?:it|that|this|them)?\ ?up|put\ (?:it|that|this|them)?\ ?(?:up|on\ the\ screen|in\ the\ (?:chat|minutes|notes))
    |hold\ (?:it|that|them|this|on|still|up)|read(?:\ (?:it|this|that|them))?(?:\ (?:out|aloud|now|quickly))?$|speak\ up|scroll|zoom|mute|unmute|repeat|explain(?:\ (?:it|this|that))?(?:\ (?:to\ (?:you|us|everyone)|quickly|again))?$|explain\ (?:you|us|why|how|what)|elaborate|clarify
    |tell\ (?:you|us|me)\b(?!\ (?:by|when|the\ (?:number|result|outcome|price)))|give\ (?:you|us|me)\ (?:an?|the|some)\ (?:\w+\ )?(?:example|overview|update|second|minute|moment|idea|summary|context|background|quick)
    |walk\ (?:you|us|me)|talk\ (?:about|you\ through|us\ through|through)|come\ (?:back\ to|in|along|to\ (?:that|it))|get\ (?:to\ (?:that|it|the)|started|going|back\ to\ (?:that|this|the\ (?:agenda|topic))|used|it$|that$|there)|move\ on|jump|drop\ (?:off|out)|run$|run\ now|head
    |ask\ (?:you|a\ question|one|something|this)|add\ (?:to\ (?:that|this)|that$|one\ thing|something)|mention|note\ that|point\ out|take\ (?:that|it|this)\ (?:offline|as|back\ to)|think(?:\ (?:so|that|of|it))?|think\ about|try$|try\ to\ be|wait|stay|sit(?!\ down\ with)|keep\ (?:(?:you|us|me|them|everyone)\ (?:posted|updated|informed|in\ the\ loop)|it\ (?:short|brief|quick)|quiet|going|that\ in\ mind)|call\ (?:it|that|the\ (?:meeting|vote))|do\ (?:with|without|my\ best)|make\ it\ (?:quick|short|brief)|open\ (?:it\ up|the\ floor)|close\ (?:the\ meeting|with)|interrupt|apologi[sz]e|find\ (?:it|that|this)\ (?:hard|odd|funny|strange|difficult|easy|very|a\ bit|interesting)|give\ up|live\ with|look\ (?:like|forward|bad|good)|turn\ (?:on|off)\ (?:my|your)|work\ (?:for|with\ that)|put\ (?:them|him|her)\ on|raise\ (?:the|a|this|that|one)\b|join\ (?:you|us|in|later)|grab\ a|wrap\ (?:up|it\ up)|skip|pick\ up\ the\ kids|save\ (?:us|time)|cut\ you|catch|remind\ (?:me|us)|confirm\ (?:that|if)\ you|note\ it|say\ so)
    """
)
"""What is done on the spot, or says nothing of work: "I'll share my screen", "I'll be honest"."""

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
    elif verb.lower() in _STATES:
        return f"have it {verb} {rest}".strip()
    elif verb.lower() in _DETERMINERS:
        return f"{if_none} {verb} {rest}".strip()
    return f"{BASE.get(verb.lower(), verb)} {rest}".strip()
