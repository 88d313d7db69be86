"""The forms in which people commit, ask, tell, offer and assign. One line is one form."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, get_args

from onward.llm.cues.verbs import ORDER, VERB, VERBS, WORK

Kind = Literal["commit", "promise", "need", "assign", "now", "ask", "tell", "order", "every", "open", "offer"]
"""
commit: "I'll send it". promise: "you get it", "I'm sending it", if it says when. need: "I have to send it", weaker. assign: "Ada will send it". now: "Ada sends it", which may only say what she does every day. ask: "can you send it?".
tell: "Bob, please send it". order: "send it", to nobody by name. every: "everybody, please send it". open: "somebody should send it", "who sends it?". offer: "I could send it".
"""

KINDS: tuple[Kind, ...] = get_args(Kind)

_SO = r"(?:and |so |but |then |okay,? |now,? |well,? )*"
_LATER = r"(?:also |then |now |quickly |personally |definitely |certainly |still |both |all |first |rather |\w+ly )*"
_WILL = (
    r"(?:'ll| will| shall|'m going to|'m gonna| am going to|'m happy to|'d be happy to| gonna| promise to| volunteer to"
    r"|'m going to have to)(?: make sure (?:to|that i|i)| see to it that i| try to| try and)?"
)
_ASKING = (
    r"(?:(?:would|are|will) you (?:be )?(?:able|willing|happy|free|available|okay|ok|prepared|ready|up) (?:to|for)|(?:would|do) you mind|(?:can|could|would|will|might) you(?: be able to| be willing to)?|(?:can|could|may) i (?:ask|get) you to|do you think you (?:can|could)"
    r"|any chance (?:you|of you) (?:can|could)|(?:it would|it'd|that'd) be (?:great|good|nice|helpful|useful|lovely) if you (?:can|could|would)"
    r"|why don't you|how about you|maybe you (?:can|could)|i was (?:hoping|wondering if|thinking) you(?:'d| could| would| might)?"
    r"|i'd appreciate (?:it )?if you(?:'d| could| would)?)"
)
_TELLING = (
    r"(?:you(?:'ll| will)(?: have to| need to|(?! (?:get|find|receive|see|hear|notice|feel|want|like|love|know)\b))|you need to|you have to|you should|you must|you've got to|you're going to|please|i(?:'d|'ll| would)? need you to"
    r"|i(?:'d| would) like you to|i want you to|if you could|make sure you|don't forget to|remember to)"
)
_EVERY = r"(?:everyone|everybody|all of you|you all|each of you|both of you|team|folks)"
_MORE = r"(?:also |both |all |please |maybe |perhaps |kindly |then |quickly )*"

FORMS: list[tuple[Kind, str]] = [
    ("open", rf"\b(?:can|could|would|will) (?:someone|somebody|anyone|anybody|one of you|one of us) (?:please )?{_LATER}(?P<what>\w.*)"),
    ("open", r"\b(?:someone|somebody|one of us)(?: really)? ?(?:should|has to|needs to|must|ought to|might|could|would have to|will have to|'ll have to|'s got to|has got to|wants to) (?:really |please |also )*(?P<what>\w.*)"),
    ("open", rf"(?:^{_SO}|, )who (?:can|could|will|would|wants to|would like to|is going to|should|has to)(?: be the one to)? (?P<what>{VERB}\b.*)"),
    ("open", rf"{_SO}who(?:'s| is) (?:(?:going to|gonna) (?P<what>{VERB}\b.*\?)|(?P<what2>(?!going|getting|being|having|missing)\w+ing\b.*\?))"),
    ("open", rf"^{_SO}who (?P<what>{VERBS}\b(?:.*\?|(?: \w+){{0,4}}$))"),
    ("open", r"\b(?:any volunteers (?:to|for)|we(?: still|'ll|'d)? need (?:someone|somebody|a volunteer) (?:to|who can|for)) (?P<what>\w.*)"),
    ("open", r"\b(?:do|don't|will|would) we (?:still |also )*need (?P<what>(?:another|a second|a third|a volunteer|someone|somebody|anyone|anybody)\b.*\?)"),
    ("every", rf"\b{_EVERY},? (?:{_TELLING}|needs to|has to|should|must) {_MORE}(?P<what>\w.*)"),
    ("every", rf"\b(?:please|can|could),? {_EVERY},? (?P<what>{VERB}\b.*)"),
    ("ask", rf"<NAME>,? {_ASKING} {_MORE}(?P<what>\w.*)"),
    ("promise", r"(?<!can )(?<!could )(?<!will )(?<!would )(?<!do )(?<!n't )(?<!did )(?<!should )\byou(?:'ll|'d| will)? (?:get|have|find|receive) (?P<what>(?:the|a|an|it|them|that|my|all|your|those|this|one|another|first|both|some)\b.*)"),
    ("promise", r"\b(?:\w+(?:'s| is|'re| are| will)|\w+'ll) (?:get|getting|have|having|receive|receiving) (?P<what>.{2,40}? from me\b.*)"),
    ("tell", rf"<NAME>,? {_TELLING} {_MORE}(?P<what>\w.*)"),
    ("tell", r"<NAME>,? you(?:'re| are) (?:on|doing|handling|taking|responsible for|in charge of) (?P<what>\w.*)"),
    ("tell", r"<NAME>,? (?P<what>that|it|this)(?: one)?(?:'s| is) (?:(?:on|for|with) )?(?:you|yours)\b"),
    ("tell", r"<NAME>,? (?P<what>(?:the|that|this|your) [^,.;]{2,50}?) (?:is|are)(?: on| with| for)? (?:you|yours)\b"),
    ("ask", r"\bwhen (?:can|could|will|do|would) (?:i|we|they|people) (?:get|have|see|expect|read|look at|review|try|test|use) (?P<what>.*\?)"),
    ("ask", r"\bwhen (?:can|could|will|does|do|is|are|would) (?P<what>(?:the|that|this|it|they|your|those)\b[^?]{0,40}?)(?= (?:be )?(?:ready|done|finished|online|live|out|available|complete|in place|go live|go out|come out)\b[^?]*\?)"),
    ("ask", r"\b(?:can|could|would|will) the \w+ (?:please |be so kind as to |kindly |also )*(?P<what>(?!\w+ (?:be|have)\b)\w.*\?)"),
    ("ask", r"\b(?:i|we)(?:'ll| will| still| also| just)* need (?P<what>(?:the|your|a|an|those|all|some) .*?) from (?:each of |both of |all of )?you\b"),
    ("assign", r"\b(?P<name>(?-i:[A-Z][a-z]+)) says (?:she|he|they)(?:'ll| will) (?P<what>\w.*)"),
    ("offer", r"\bi (?:thought|was thinking) (?:i'd|i could|i would|i might) (?P<what>\w.*)"),
    ("tell", rf"<NAME>,? you(?: can)? (?P<what>{WORK}\b.*)"),
    ("ask", rf"\b{_ASKING} {_MORE}(?P<what>\w.*)"),
    ("tell", rf"\b{_TELLING} {_MORE}(?P<what>\w.*)"),
    ("tell", rf"(?:^|[,.]\s*)(?:so |then |and |no,? )*you (?P<what>{WORK}\b.*)"),
    ("tell", rf"^{_SO}<NAME>, (?:(?:please|then|maybe|just) )*(?P<what>{WORK} \w.*)"),
    ("tell", rf"<NAME>, (?:(?:please|then|maybe|just) )*(?P<what>{ORDER}.*)"),
    ("tell", rf"^{_SO}(?P<what>{ORDER}[^,]*), <NAME>(?!'s)\b"),
    ("ask", r"\b(?:can|could|may|might) (?:i|we) (?:leave|give|hand|pass|assign) (?P<what>.{2,40}?) (?:with|to) you\b"),
    ("ask", r"\b(?:can|could|may|might) (?:i|we) (?:please )?(?:have|get) (?P<what>(?:the|a|an|your|that|those|some)\b.*?) from you\b"),
    ("open", r"\b(?:can|could|may|might) (?:i|we) (?:please )?(?:have|get) (?P<what>(?:the|a|an|your|that|those|some|it|them|this)\b.*\?)"),
    ("ask", r"\blet's (?P<what>(?:have|get) (?:the|a|an|that|those|it|them|this)\b.* (?:by|before|until|till|on|for) .*)"),
    ("open", r"\bif (?:someone|somebody|anyone|anybody) (?:can |could |would )?(?P<what>(?:give|send|get|bring|tell|show)s? (?:me|us)\b.*)"),
    ("offer", rf"\b(?:do you want me|would you like me|want me) to {_LATER}(?P<what>\w.*)"),
    ("offer", rf"\bwhy don't i {_LATER}(?P<what>{VERB}\b.*)"),
    ("open", rf"\b(?:can|could) we (?:please )?(?P<what>(?!have\b|get\b){VERB}\b.*\?)"),
    ("open", r"\b(?:i|we)(?:'ll| will| still| also| just)* need (?P<what>(?:another|a second|a third|one more) \w+ (?:for|to|on|in)\b.*)"),
    ("offer", rf"\b(?:should|shall) i {_LATER}(?P<what>{VERB}\b.*)"),
    ("offer", rf"\bi (?:can|could|might be able to) {_LATER}(?P<what>\w.*)"),
    ("tell", r"<NAME>,? don't forget (?P<what>\w.*)"),
    ("tell", r"\blet (?:me|us) have (?P<what>(?:the|your|a|an|those|all)\b.*)"),
    ("ask", r"\b(?:i|we)(?:'ll| will)? need from (?:you|both of you|all of you|you two|you guys) (?P<what>\w.*)"),
    ("offer", rf"\bi(?:'d| would) {_LATER}(?P<what>(?!(?:defer|postpone|park|wait|leave|skip|avoid|drop|keep)\b){VERB} (?!(?:it|that|them|this)\W*$).*)"),
    ("offer", rf"\bi(?:'d| would) be (?:glad|willing) to {_LATER}(?P<what>\w.*)"),
    ("commit", rf"\bi{_WILL} {_LATER}(?P<what>{VERB}\b.*)"),
    ("promise", rf"\bi{_WILL} (?!not\b|never\b|be\b){_LATER}(?P<what>\w.*)"),
    ("commit", rf"\blet me (?P<what>{VERB}\b[^.;]*\b(?:get back to|let you know|come back to|report back)\b.*)"),
    ("commit", r"\blet me (?P<what>(?:get back|follow up|look into|check with|find out|talk to|reach out|take (?:that|this|it) (?:one|away|back)|dig|chase)\b.*)"),
    ("promise", rf"\blet me (?P<what>{VERB}\b.*)"),
    ("commit", r"\b(?:leave|give) (?P<what>(?:it|that|this)) (?:with|to) me\b"),
    ("commit", r"\b(?:put|sign|count) me (?:down|up|in) for (?P<what>\w.*)"),
    ("commit", r"\bi(?:'m| am) on (?P<what>it|that)\b|\bconsider (?P<what2>it|that) \w+|\bi(?:'ve)? got (?P<what3>this|it|that)(?: one)?[.,!]?$"),
    ("commit", r"\b(?P<what>(?:the|that|this|those|these)\b[^,.;]{0,40}?)(?:'s| is| are) (?:mine|on me|with me)\b"),
    ("commit", r"\b(?:can|could|may) i (?P<what>(?:get|come) back to you\b.*)"),
    ("offer", rf"\bi was (?:planning|thinking|going|hoping|about) (?:on |of |to ){_LATER}(?P<what>(?:{VERB}|\w+ing)\b.*)"),
    ("commit", rf"(?<!because )\bthen i (?P<what>{VERB}\b(?!ed).*)"),
    ("commit", r"(?:^|[,.] )(?:okay,? |yes,? |so |and )*i (?P<what>(?:check|send|write|order|bring|call|ring|book|draft|prepare|do|make|file|update|sign|handle|take|test|review|fix|tell|ask|print|deliver|collect|buy|post|email|organise|organize|look after) (?:the|a|an|all|that|those|these|this|it|them|her|him|both|one|everything)\b.*)"),
    ("promise", r"\bi(?:'m| am) (?P<what>(?!going|gonna|not|just|also|looking|thinking|trying|saying|asking|having|talking|wondering|getting)\w+ing\b.*)"),
    ("promise", r"\bi(?:'m| am) (?P<what>going (?:to (?:the|a|an|my|his|her|their|our)|over|round|down|in|up|back|there)\b.*)"),
    ("promise", r"(?:^|, )(?:it |they |that )?(?:should|will|'ll|it'll|they'll) be (?P<what>(?:ready|done|finished|online|live|published)\b.*)"),
    ("promise", r"\bi (?P<what>(?:see|meet|talk to|speak to|speak with)\b.*)"),
    ("promise", rf"(?:^|[,.] ){_SO}i (?!(?:propose|suggest|recommend)\b)(?!(?:put|set|read|cut|let|hit|cost|spread|split)\b.*\b(?:this morning|today|earlier|already)\b)(?P<what>{VERB}\b.*)"),
    ("promise", r"\bi(?:'ll| will) be (?P<what>\w+ing\b.*)"),
    ("promise", rf"\bi (?:plan|intend|aim) to {_LATER}(?P<what>\w.*)"),
    ("promise", r"\bwe(?:'ll| will) (?P<what>(?:send|deliver|provide|ship|prepare|return|respond|reply|share|get back|come back to you|let you know|get you|get that|have (?:it|that|the|a))\b.*)"),
    ("need", rf"\bi(?:'ve| have)?(?: still| also| only| just| \w+ly)* (?:need to|have to|got to|must|gotta|ought to|should) {_LATER}(?P<what>\w.*)"),
    ("need", r"\bi (?:still )?(?P<what>owe (?:all of |both of )?(?:you|<NAME>)\b.*)"),
    ("assign", rf"<NAME>(?:'ll| will| is going to|'s going to| has to| needs to| should| must| is to|'s to| ought to| can)(?! not| never|n't) {_LATER}(?P<what>\w.*)"),
    ("now", r"<NAME>(?:'s| is) (?P<what>(?!going|gonna|not|just|also)\w+ing\b.*)"),
    ("now", r"<NAME> (?:promised|agreed|offered|volunteered|is meant|is supposed) to (?P<what>\w.*)"),
    ("now", rf"<NAME> (?P<what>{VERBS}\b.*)"),
    ("assign", rf"\b(?:let's )?(?:have|get|let|ask|want|need|like) <NAME> (?:to (?P<what>{VERB}\b.*)|(?P<what2>{WORK}\b.*))"),
    ("assign", r"\b(?:action|action item|to[- ]?do|task)s?(?: item)?s? (?:for|on|to) <NAME>(?: is)?[:,]? (?:to |is to )?(?P<what>\w.*)"),
    ("assign", r"\b(?P<what>this|that|it)(?: one)?(?:'s| is| goes| should go| can go) (?:for|on|with|to) <NAME>"),
    ("assign", r"\bput <NAME>(?: down)? (?P<what>(?:as|on|in charge of|for)\b.*)"),
    ("assign", rf"^<NAME>(?: to|:) (?P<what>{WORK}\b.*)"),
    ("assign", r"<NAME> (?:owns|is responsible for|is in charge of|is on the hook for|takes over|takes care of|is taking|has got) (?P<what>\w.*)"),
    ("assign", r"\b(?:assign|give|leave) (?P<what>(?:it|that|this|the \w+(?: \w+)?)) (?:to|with) <NAME>"),
    ("open", rf"\bwe(?:'ll| will| still| really| also)* (?:need to|have to|should|must|ought to|gotta|'ve got to) {_LATER}(?P<what>{VERB}\b.*)"),
    ("open", r"\b(?P<what>(?:the|that|this|those|these|our) [^,.;]{2,40}? (?:needs? to be|has to be|have to be|should be) \w+(?:ed|en|t|ne)\b.*)"),
    ("open", r"^(?:so |then |and |but )*(?:it|that|this|they|those) (?:needs? to|has to|have to|must) (?P<what>(?:be \w+(?:ed|en|t|ne)|go|come|get)\b.*)"),
    ("order", rf"^{_SO}(?:(?:please|then|just) )*(?P<what>{ORDER}.*)"),
]  # fmt: skip
"""Kind and pattern, in the order they are tried. ``what`` is where the work begins, <NAME> anybody's name."""


@lru_cache(maxsize=8)
def next_clause(names: str) -> re.Pattern[str]:
    """Where in a list of who does what the next one begins."""
    return re.compile(
        rf",?\s+(?:and\s+)?(?={names}(?:'ll|\s+(?:will|has to|needs to|is going to|{VERBS}))\b)", re.I
    )


@lru_cache(maxsize=8)
def patterns(names: str) -> list[tuple[Kind, re.Pattern[str]]]:
    """The forms, compiled for the names of a meeting."""
    return [(kind, re.compile(form.replace("<NAME>", f"(?P<name>{names})"), re.I)) for kind, form in FORMS]
