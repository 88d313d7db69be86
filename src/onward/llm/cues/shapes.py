"""The shape of a sentence: who is spoken of, in which tense and mood, what it answers, whether it names a day or a person.

These are the words of the closed classes and what the rules see in a sentence; they say nothing of its subject.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from onward.llm.cues import answers
from onward.llm.cues.due_words import due_words, vague_words
from onward.llm.cues.forms import KINDS
from onward.llm.cues.grammar import cues, is_hypothetical
from onward.llm.cues.people import People
from onward.llm.cues.speech import Sentence, plain
from onward.llm.cues.verbs import ORDER
from onward.llm.cues.words import content

_WORDS = {
    "I": r"\bi\b",
    "you": r"\byou\b",
    "we": r"\bwe\b",
    "he or she": r"\b(?:he|she|they)\b",
    "it": r"\b(?:it|that|this|them)\b",
    "me": r"\bme\b",
    "I will": r"\bi(?:'ll| will|'m going to|'m \w+ing)\b",
    "I would": r"\bi(?:'d| would|'ve| have)\b",
    "will": r"'ll\b|\b(?:will|going to|gonna|shall)\b",
    "can": r"\b(?:can|could|would|may|might)\b",
    "must": r"\b(?:should|must|have to|has to|need|needs|ought)\b",
    "is to": r"\b(?:is|are|'s|'re) to \w+",
    "you have it": r"\byou(?:'ll| will)? (?:have|get)\b",
    "passive": r"\b(?:is|are|be|gets?|being) \w+(?:ed|en|t)\b",
    "past": r"\b(?:was|were|did|had|been|went|got|said|\w+ed)\b",
    "over": r"\b(?:already|yesterday|last|ago|done|finished|sent)\b",
    "not": r"n't\b|\b(?:not|no|never|nothing|nobody)\b",
    "if": r"\b(?:if|unless|whether|maybe|perhaps|might)\b",
    "asks": r"\?$",
    "asks what": r"^(?:who|what|when|where|why|how|is|are|do|does|did|has|have)\b",
    "somebody": r"\b(?:someone|somebody|anyone|who)\b",
    "please": r"\b(?:please|thanks|thank you)\b",
    "so": r"^(?:so|then|right|okay|good|fine|and)\b",
    "let": r"\blet(?:'s| me)\b",
    "mine": r"\b(?:mine|on me|with me|leave it)\b",
    "action": r"\b(?:action|deadline|due)\b",
    "by": r"\b(?:by|before|until|no later)\b",
    "soon": r"\b(?:today|tomorrow|tonight|this week|next week)\b",
    "always": r"\b(?:always|usually|every|each)\b",
    "order": rf"^{ORDER}",
}
_PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _WORDS.items()}
_ANSWERS: dict[str, Callable[[str], bool]] = {
    "accepts": answers.accepts,
    "refuses": answers.refuses,
    "volunteers": answers.volunteers,
    "commits": answers.commits,
    "takes up": answers.takes_up,
    "drops": answers.drops,
    "asks when": answers.asks_when,
    "is bare": answers.is_bare,
    "is hypothetical": is_hypothetical,
    "is habit": answers.is_habit,
}
_LENGTHS = {"no content": (0, 0), "little": (1, 2), "some": (3, 6), "much": (7, 10**6)}  # words of content
_DAYS = ("day", "by a day", "vague day")
_NAMES = ("name", "begins with a name")

SHAPES = (*_WORDS, *(f"cue: {kind}" for kind in KINDS), *_DAYS, *_ANSWERS, *_NAMES, *_LENGTHS)
"""What each number of :func:`shape` says, in their order."""


def shape(sentence: Sentence, people: People) -> list[float]:
    """The shape of a sentence as numbers, 1 for what holds and 0 for what does not."""
    text = plain(sentence.text)
    kinds = {cue.kind for cue in cues(sentence.text, people)}
    days = due_words(sentence.text)
    named = re.search(people.pattern, text)
    words = len(content(text))
    holds = [
        *(bool(pattern.search(text)) for pattern in _PATTERNS.values()),
        *(kind in kinds for kind in KINDS),
        *(bool(days), any(day.strict for day in days), vague_words(sentence.text) is not None),
        *(answer(text) for answer in _ANSWERS.values()),
        *(named is not None, named is not None and named.start() == 0),
        *(least <= words <= most for least, most in _LENGTHS.values()),
    ]
    return [float(one) for one in holds]
