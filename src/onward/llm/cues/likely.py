"""Actions in sentences that the forms do not know, but that are likely to agree on something all the same.

Somebody else says how likely it is of each sentence. Here it is said which of them stand for an action of their own, and
who is to do it and by when, as far as the words around them tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from onward.llm.cues.actions import Action, best_of
from onward.llm.cues.answers import is_bare, refuses
from onward.llm.cues.due_words import due_words, vague_words, without_due_words
from onward.llm.cues.grammar import is_for_a_machine
from onward.llm.cues.people import People
from onward.llm.cues.speech import Sentence, plain
from onward.llm.cues.words import content

LIKELY = 0.5
"""From where on a sentence is likely enough to be an action."""
APART = 2
"""Floors within which it is taken to be of the action that is there already."""
UNCERTAIN = "in words that the rules do not know: check it"

_FIRST = re.compile(r"(?i)\bi(?:'|\b)|\b(?:from|with|on|to|for) me\b|\bmine\b")
_OTHERS_SAY = re.compile(r"(?i)\b(?:says?|told|promised)\b")
_PASSED_ON = re.compile(r"(?i)\b(?:you|please)\b|\?$")
_HANDED_OVER = re.compile(r"(?i)\byou(?:'ll| will)? (?:have|get)\b|^(?:\w+,? ){0,2}(?:it|they)(?:'|\b)")
_SOMEBODY = re.compile(r"(?i)\b(?:he|she)(?:'ll| will|'s to| is to| has to| needs to| can)\b")


def likely_actions(
    sentences: Sequence[Sentence], likely: Sequence[float], known: Sequence[Action], people: People
) -> list[Action]:
    """The actions beside those that are ``known``, each flagged as uncertain, in the order they are spoken of.

    Args:
        sentences: all of a meeting.
        likely: of each sentence, from 0 to 1, that something to do is agreed in it.
        known: what the forms found.
        people: those of the meeting.
    """
    recaps = _recaps(sentences, people)
    taken = {sentence.floor for action in known for sentence in action.sentences}
    found: list[Action] = []
    for place in sorted(range(len(sentences)), key=lambda place: -likely[place]):
        sentence = sentences[place]
        if likely[place] < LIKELY:
            break
        if sentence.floor in recaps:
            continue
        if _says_it(sentence) and not any(abs(sentence.floor - floor) <= APART for floor in taken):
            taken.add(sentence.floor)
            found.append(_action(sentences, place, people))
    return sorted(found, key=lambda action: action.sentences[0].number)


def _recaps(sentences: Sequence[Sentence], people: People) -> set[int]:
    """The floors in which somebody goes from person to person: "Ada, the tables. Bob, the lamp."."""
    called: dict[int, set[str]] = {}
    begins = re.compile(rf"(?:(?i:so|and|then|okay|right)[,.]? )?(?P<name>{people.pattern}),")
    for sentence in sentences:
        if match := begins.match(plain(sentence.text)):
            called.setdefault(sentence.floor, set()).add(match["name"])
    return {floor for floor, names in called.items() if len(names) > 1}


def _says_it(sentence: Sentence) -> bool:
    """Whether a sentence says by itself what is to be done, and is not only an answer, a report, or for a machine."""
    text = plain(sentence.text)
    said = bool(content(without_due_words(text))) and not is_bare(sentence.text) and not text.endswith("?")
    return said and not _OTHERS_SAY.search(text) and not is_for_a_machine(text)


def _action(sentences: Sequence[Sentence], place: int, people: People) -> Action:
    sentence = sentences[place]
    owner = _owner(sentences, place, people)
    return Action(
        plain(sentence.text),
        people.named(owner) or [owner],
        [sentence],
        due=_due(sentences, place),
        vague=vague_words(sentence.text),
        flags=[UNCERTAIN],
        best=sentence,
    )


def _owner(sentences: Sequence[Sentence], place: int, people: People) -> str:
    """Who is called or named as the one who does it, the speaker, or whoever answers."""
    sentence = sentences[place]
    text = plain(sentence.text)
    names = [name for name in re.findall(people.pattern, text) if people.named(name) != [sentence.speaker]]
    if names and text.startswith(names[0]):
        return str(names[0])
    if _FIRST.search(text):
        return sentence.speaker
    if names and not _HANDED_OVER.search(text):  # "It's in by Monday, Ada" is no work of Ada's
        return str(names[0])
    if _SOMEBODY.search(text) and (spoken_of := _last_named(sentences[max(0, place - 3) : place], people)):
        return spoken_of
    if _PASSED_ON.search(text) and not _HANDED_OVER.search(text):
        return _answering(sentences, place) or sentence.speaker
    return sentence.speaker


def _last_named(before: Sequence[Sentence], people: People) -> str:
    for sentence in reversed(before):
        if names := re.findall(people.pattern, plain(sentence.text)):
            return str(names[-1])
    return ""


def _answering(sentences: Sequence[Sentence], place: int) -> str:
    """Who speaks next, and does not refuse."""
    asked = sentences[place]
    for sentence in sentences[place + 1 : place + 8]:
        if sentence.speaker != asked.speaker and not refuses(plain(sentence.text)):
            return sentence.speaker
    return ""


def _due(sentences: Sequence[Sentence], place: int) -> str | None:
    """The words that say when: in the sentence, beside it, or alone in what is said to it."""
    here = sentences[place]
    beside = [sentences[near] for near in (place + 1, place - 1) if 0 <= near < len(sentences)]
    own = [one for one in beside if one.floor == here.floor]
    said = [one for one in sentences[place + 1 : place + 6] if one.floor - here.floor <= APART]
    answers = [one for one in said if is_bare(one.text)]
    before = [one for one in beside if one.number < here.number]
    for sentence in (here, *own, *answers, *before):
        if found := due_words(sentence.text):
            return best_of(found).text
    return None
