"""The grammar: what one sentence says about who is to do what, read without its neighbours.

It gives *cues*: somebody commits to something, is asked, is told, offers; something wants doing and nobody is named.
Whether an action comes of a cue is for the dialogue around it to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from onward.llm.cues.answers import is_habit
from onward.llm.cues.due_words import due_words
from onward.llm.cues.forms import Kind, next_clause, patterns
from onward.llm.cues.people import People
from onward.llm.cues.speech import Sentence, plain
from onward.llm.cues.verbs import AT_ONCE, ON_THE_SPOT, STATE, with_verb
from onward.llm.cues.words import points


@dataclass(frozen=True)
class Cue:
    """What a sentence says of something to do: ``what`` begins with the verb; ``name`` is the one named, or ""."""

    kind: Kind
    what: str
    name: str = ""
    said: str = ""
    """The part of the sentence that is about it, made plain: from the verb to where the next cue begins."""
    topic: frozenset[str] = frozenset()
    """Words of its sentence, and of the one before if only that says what "it" is."""

    @property
    def pronominal(self) -> bool:
        """Whether it says what only by pointing at what was said before: "do it", "send that over"."""
        return points(self.what)


_SOFT_IF = re.compile(
    r"(?i),?\s*\bif (?:you (?:want|like|could|would|can|don't mind|prefer|wish|need)|that's (?:ok|okay|fine|all right|alright)|"
    r"possible|necessary|needed|needs be|(?:nobody|no one)(?: else)? (?:minds|objects|wants to|wants it|does|has time)|it helps|i can|i may)\b"
)
_HYPOTHETICAL = re.compile(
    r"(?i)\b(?:if|unless|in case|suppos\w+|assuming|whether or not|wish|would have|could have|should have|might|in theory|ideally|"
    r"hypothetically|worst case|one day|some ?day|eventually|maybe one)\b"
)
_MAY_I = re.compile(r"(?i)\bmight(?= (?:i|you|we)\b)")
_REPORTED = re.compile(
    r"(?i)\b(?:said|told|thought|promised|says|asked|wanted|meant|supposed|going to have|was|were)\b[^,.;]{0,25}$"
)
_EVENT = re.compile(
    r"(?i)(?:go|come|arrive|leave|return|start|fly|retire|get|turn)(?:e?s)?\b(?! (?:the|a|an|it|them|him|her|to)\b)"
)
_WILL = re.compile(r"(?i)(?:'ll| will| going to| gonna| shall|should|needs?|has to|have to|must)\b")
_QUOTED = re.compile(r'"[^"]{12,}"?')
_FOR_A_MACHINE = re.compile(
    r"(?i)\b(?:ignore (?:all |the |any )*(?:above|previous|prior|other|earlier)|ai (?:note|assist|agent|bot)|note[- ]?taker|language model|"
    r"system prompt|as an ai)\b"
    r"|\bignore (?:the |all |any )*(?:others?|rest)\b[^.?!]*\b(?:write|note|record|assign|put|mark)\b"
    r"|(?:^|[,.!?] *)(?:(?:dear|hey|hi|hello|then|and|so|okay|ok|please),? +)*"
    r"(?:machine|computer|robot|recorder|transcriber|summari[sz]er|assistant"
    r"|(?:what|who)ever(?:'s| is)? (?:mak|writ|tak|record|read|listen)ing [^,.?!]{0,30}?),? +"
    r"(?:please +|kindly +|you +|can +|could +)*(?:note|write|record|put|mark|add|list|assign|give)\b"
)
_ORDER_TO_WRITE = re.compile(r"(?i)(?:and |then |please )*(?:assign|write|note|record|mark|list|add|put)\b")
_IF = re.compile(r"(?i)\b(?:if|unless|in case|provided|assuming)\b")
_AND_IF = re.compile(r"(?i),?\s(?:so|and|but) if\b")  # where another statement begins
_SO_THAT = re.compile(r"(?i)[\w,]\s+(?:so(?: that)?|that|where|when|until|before)\s+$")
_NOT = re.compile(r"(?i)(?:not|never|no|don't)\b")
_WH_BEFORE = re.compile(r"(?i)\b(?:what|how|why|where|which|whom?)\b[^,.;?]*$")
_CLAUSE = re.compile(
    r"(?i)(?<!\bmrs)(?<!\bmr)(?<!\bms)(?<!\bdr)(?<!\bst)(?<!\bno)[.;!?](?=\s|$)|,?\s+(?:and|but|so|because|since|then|while|or|although|which|otherwise)\s+(?=(?:i|we|you|he|she|they|it|that|there|"
    r"then|people|somebody|someone|i'm|i'll|we'll|you'll|they'll|that's|it's|let's)\b)|,\s+(?=(?:i|we|you|he|she|they|it|that|if|"
    r"because|since|okay|ok|right|yes|can|could|would|but|so|do|in case|i'm|i'll|we'll|you'll|that's|it's|let's|unless)\b)"
    r"|\s+(?:because|unless|in case|if)\s|\s-\s|,?\s+and\s+(?=(?:the\s+)?\w+(?:\s+\w+){0,2}?(?:'ll|\s+will|\s+is\s+going\s+to|\s+has\s+to|\s+needs\s+to|"
    r"\s+should|'s\s+\w+ing)\b)"
)


def cues(sentence: str, people: People) -> list[Cue]:
    """What a sentence says of things to do, in the order it says it."""
    text = plain(sentence)
    if is_for_a_machine(text):
        return []
    text = _QUOTED.sub(" ", text)
    found: list[tuple[int, Cue]] = []
    taken: list[tuple[int, int]] = []
    for kind, pattern in patterns(people.pattern):
        for match in _each(pattern, text):
            cue, end = _cue(kind, match, text, people)
            if any(start < end and match.start() < stop for start, stop in taken):
                continue
            taken += [(match.start(), end)] if cue or kind in ("open", "ask", "offer") else []
            found += [(match.start(), cue)] if cue else []
    found.sort(key=lambda one: one[0])
    ends = [*(start for start, _ in found[1:]), len(text)]
    return [replace(cue, said=text[start:end]) for (start, cue), end in zip(found, ends, strict=False)]


def is_for_a_machine(text: str) -> bool:
    """Whether words are addressed to a note taker that is a program."""
    return bool(_FOR_A_MACHINE.search(text))


def _each(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Every match, also of those that the one before reaches over: what goes to the end of the sentence."""
    found, at = [], 0
    while match := pattern.search(text, at):
        found.append(match)
        at = _group_start(match)
    return found


def _group_start(match: re.Match[str]) -> int:
    start = match.start("what")
    return max(start, match.start() + 1) if start >= 0 else match.end()


def _cue(kind: Kind, match: re.Match[str], text: str, people: People) -> tuple[Cue | None, int]:
    groups = match.groupdict()
    group = next((name for name in ("what", "what2", "what3") if groups.get(name)), "what")
    what, begin = groups[group] or "", match.start(group)
    for clause in (_CLAUSE, next_clause(people.pattern)):
        stop = clause.search(what)
        what = what[: stop.start()] if stop else what
    end = begin + len(what)
    before = text[: match.start()]
    if _no_work(what) or _NOT.match(what) or _REPORTED.search(before) or not re.search("[a-z]", what, re.I):
        return None, end
    if _conditional(text, begin, end) or (kind == "ask" and _WH_BEFORE.search(before)):
        return None, end
    if kind == "now" and _EVENT.match(what):
        return None, end
    if (
        kind in ("commit", "promise", "now", "open")
        and is_habit(match.string[match.start() :])
        and not _WILL.search(match.group())
    ):
        return None, end
    if kind == "offer" and _SO_THAT.search(before):
        return None, end
    name = (groups.get("name") or "").strip()
    called = re.search(rf",?\s+(?P<name>{people.pattern})\W*$", what)
    if called and kind in ("ask", "tell"):
        name, what = name or called["name"], what[: called.start()]  # "could you book a room, Bob?"
    return Cue(kind, with_verb(what, "deliver" if kind in ("promise", "ask") else "see to"), name), end


def is_hypothetical(text: str) -> bool:
    """Whether a sentence speaks of what may never be."""
    return bool(_HYPOTHETICAL.search(text))


def _no_work(what: str) -> bool:
    """Whether it is a state, or done on the spot."""
    later = due_words(what) and not AT_ONCE.search(what)
    return bool(STATE.match(what) or (ON_THE_SPOT.match(what) and not later))


def _conditional(text: str, start: int, end: int) -> bool:
    """Whether the clause hangs on an "if", before it or behind."""
    bare = _SOFT_IF.sub(lambda soft: " " * len(soft.group()), _MAY_I.sub("could", text))
    before = re.split(r"[.;!?]", bare[:start])[-1]
    own = _AND_IF.split(bare[start:])[0]
    behind = own[: end - start] + re.split(r"[.;!?]", own[end - start :])[0]
    return bool(_HYPOTHETICAL.search(before)) or bool(_IF.search(behind) and not _asking(own))


def _asking(clause: str) -> bool:
    return bool(
        re.search(
            r"(?i)\b(?:check|see|ask|find out|look|know|confirm|test|figure out|tell|verify|clarify) (?:[\w.']+ ){0,4}(?:if|whether)\b",
            clause,
        )
    )


def goes_to_a_machine(sentences: Sequence[Sentence], number: int) -> bool:
    """Whether a sentence is for a program that takes notes, or goes on with what was: "Machine, note this. Assign it to Bob."."""
    sentence = sentences[number]
    if is_for_a_machine(sentence.text):
        return True
    before = sentences[number - 1] if number else sentence
    same_floor = before.floor == sentence.floor and before is not sentence
    return same_floor and bool(_ORDER_TO_WRITE.match(sentence.text)) and is_for_a_machine(before.text)
