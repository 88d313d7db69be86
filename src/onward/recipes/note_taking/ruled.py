"""Notes without a language model: the agreement reader for what is to be done, rules for what was decided and is open,
and a ranking of sentences for the summary.
"""

from __future__ import annotations

from collections.abc import Sequence

from onward.llm import cues, embedded, extractive
from onward.llm.cues import Heard, Remark, Sentence, content, is_for_a_machine, plain
from onward.recipes.meetings import ActionItem, Finding, Transcript
from onward.recipes.note_taking.agreed import agreed_actions
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


def ruled(transcript: Transcript, step: Step) -> Taken:
    """The notes of a meeting without a language model."""
    heard = cues.hear(transcript.turns, transcript.participants)
    actions = agreed_actions(heard, Record(transcript), step)
    return Taken(
        _summary(heard, actions, step),
        actions,
        [_finding(remark) for remark in heard.decisions],
        [_finding(remark) for remark in heard.questions],
    )


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


def _summary(heard: Heard, actions: Sequence[ActionItem], step: Step) -> list[str]:
    fit = [one for one in heard.sentences if _says_something(one)]
    weights = _weights(heard, actions)
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


def _weights(heard: Heard, actions: Sequence[ActionItem]) -> dict[int, float]:
    """How much more the sentences count in which something was decided, taken on or left open."""
    found = {remark.sentence.number: ASKED for remark in heard.questions}
    quoted = {(action.line, action.quote) for action in actions}
    found |= {one.number: TAKEN_ON for one in heard.sentences if (one.line, one.text) in quoted}
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
