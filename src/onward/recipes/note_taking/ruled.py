"""Notes by rules: cues for what is to be done, decided and open, and a ranking of sentences for the summary.

Beside the rules, a small classifier says where something is agreed in words that they do not know.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from onward.llm import agreement, cues, embedded, extractive
from onward.llm.cues import (
    Action,
    Heard,
    Remark,
    Sentence,
    content,
    due_words,
    is_for_a_machine,
    likely_actions,
    plain,
    points,
    shape,
)
from onward.recipes.meetings import ActionItem, Finding, Transcript
from onward.recipes.note_taking.checking import Record, Taken, sentence_case
from onward.recipes.note_taking.steps import Step

PART = 150
"""Sentences ranked at a time; each part is a saved step."""
FROM_PART = 12
"""Sentences of a part that stay in the running."""
SHORTEST, LONGEST = 3, 40
"""Words of substance, and words, that a sentence of a summary has."""
DECIDED, TAKEN_ON, ASKED = 3.0, 1.5, 1.5
"""How much more sentences count in which something was decided, taken on, left open."""
FULL = 12
"""Words of substance from which a sentence counts no more for its length."""
FEWEST, MOST, ONE_IN = 5, 14, 10
"""Sentences of a summary: one in so many, within these bounds."""
_TRAILING = re.compile(r"(?i)[\s,.;:]*(?:\b(?:please|promise|then|though|okay|ok|right|so|and)\b[\s,.;:]*)*$")
CONTEXT = 6
"""Sentences in which that is found what "it" means."""


def ruled(transcript: Transcript, step: Step) -> Taken:
    """The notes of a meeting by rules."""
    record = Record(transcript)
    heard = cues.hear(transcript.turns, transcript.participants)
    return Taken(
        _summary(heard, step),
        action_items(heard, _likely(heard, step), record),
        [_finding(remark) for remark in heard.decisions],
        [_finding(remark) for remark in heard.questions],
    )


def _likely(heard: Heard, step: Step) -> list[float]:
    """Of each sentence how likely something is agreed in it."""
    if not heard.sentences:
        return []
    texts = [plain(one.text) or one.text for one in heard.sentences]
    shapes = [shape(one, heard.people) for one in heard.sentences]
    found: list[float] = step("agreed", agreed, texts, shapes, [one.speaker for one in heard.sentences])
    return found


def agreed(texts: list[str], shapes: list[list[float]], speakers: list[str]) -> list[float]:
    """How likely it is of each sentence that something is agreed in it, by the classifier."""
    vectors = embedded.load(threads=1).embed(texts).astype(float)
    return agreement.likelihoods(agreement.features(vectors, shapes, speakers))


def action_items(heard: Heard, likely: Sequence[float] | None, record: Record) -> list[ActionItem]:
    """What the rules found, and what is likely beside it; without likelihoods, the rules alone."""
    if likely is not None:
        more = likely_actions(heard.sentences, likely, heard.actions, heard.people)
        heard = replace(heard, actions=[*heard.actions, *more])
    quoted: set[int] = set()
    found = []
    for action in reversed(heard.actions):  # of two in one sentence, the earlier is more often said again
        best = action.best or action.sentences[0]
        others = [one for one in action.sentences if one.number not in quoted and len(content(one.text)) >= 2]
        sentence = others[0] if best.number in quoted and others else best
        quoted.add(sentence.number)
        found.append(_action(action, sentence, heard, record))
    return sorted(found, key=lambda one: one.line)


def _action(action: Action, sentence: Sentence, heard: Heard, record: Record) -> ActionItem:
    if len(action.owners) > 1:
        owner, flags = None, [f"owner: {' or '.join(action.owners)}?"]
    else:
        owner, flags = record.owner("".join(action.owners), sentence.speaker)
    due, words, doubts = record.due(action.due, action.vague)
    return ActionItem(
        _what(action, sentence, heard.sentences),
        owner,
        due,
        words,
        sentence.text,
        sentence.line,
        sentence.seconds,
        sentence.speaker or None,
        [*flags, *doubts, *action.flags],
    )


def _what(action: Action, sentence: Sentence, sentences: list[Sentence]) -> str:
    """What is to be done; where it only points ("send it"), with the sentence it points back to."""
    what = action.what
    while (found := due_words(what)) and _TRAILING.fullmatch(what, found[-1].end):
        what = what[: found[-1].start]
    if (
        sentence.speaker and sentence.speaker not in action.owners
    ):  # "send me the price", as the one asked has it
        what = re.sub(r"(?i)\bme\b", sentence.speaker, re.sub(r"(?i)\bmy\b", f"{sentence.speaker}'s", what))
    what = sentence_case(_TRAILING.sub("", what) or action.what)
    if not points(action.what):
        return what
    for earlier in reversed(sentences[max(0, sentence.number - CONTEXT) : sentence.number]):
        said = plain(earlier.text)
        if len(content(said)) >= 3:
            return f"{what} ({_clipped(said)})"
    return what


def _clipped(text: str, most: int = 90) -> str:
    text = text.strip(" .")
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"


def _finding(remark: Remark) -> Finding:
    sentence = remark.sentence
    return Finding(
        sentence_case(plain(remark.text)),
        sentence.text,
        sentence.line,
        sentence.seconds,
        sentence.speaker or None,
    )


# ------------------------------------------------------------------------------------------- the summary


def _summary(heard: Heard, step: Step) -> list[str]:
    fit = [one for one in heard.sentences if _says_something(one)]
    weights = _weights(heard)
    left = fit
    if len(fit) > PART:
        left = []
        parts = [fit[start : start + PART] for start in range(0, len(fit), PART)]
        for number, part in enumerate(parts, 1):
            best = step(f"part {number} of {len(parts)}", central, *_weighed(part, weights), FROM_PART)
            left += [part[place] for place in best]
    count = max(FEWEST, min(MOST, len(heard.sentences) // ONE_IN))
    places = step("summary", central, *_weighed(left, weights), count)
    return [_line(left[place]) for place in places]


def _weights(heard: Heard) -> dict[int, float]:
    """How much more the sentences count in which something was decided, taken on or left open."""
    found = {remark.sentence.number: ASKED for remark in heard.questions}
    found |= {action.best.number: TAKEN_ON for action in heard.actions if action.best}
    return found | {remark.sentence.number: DECIDED for remark in heard.decisions}


def _weighed(sentences: list[Sentence], weights: dict[int, float]) -> tuple[list[str], list[float]]:
    texts = [one.text for one in sentences]
    return texts, [
        min(len(content(plain(one.text))), FULL) * weights.get(one.number, 1.0) for one in sentences
    ]


def central(texts: list[str], weights: list[float], count: int) -> list[int]:
    """The places of the sentences that stand for all, in order."""
    vectors = embedded.load(threads=1).embed(texts).astype(float)
    return extractive.select(vectors, extractive.rank(vectors, weights), count)


def _says_something(sentence: Sentence) -> bool:
    return (
        len(content(plain(sentence.text))) >= SHORTEST
        and len(sentence.text.split()) <= LONGEST
        and not is_for_a_machine(sentence.text)
    )


def _line(sentence: Sentence) -> str:
    return f"{sentence.speaker}: {sentence.text}" if sentence.speaker else sentence.text
