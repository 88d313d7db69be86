"""Who has the floor, whom they call by name, and what was said just before."""

from __future__ import annotations

import re
from dataclasses import replace

from onward.llm.cues import answers
from onward.llm.cues.due_words import due_words, without_due_words
from onward.llm.cues.grammar import Cue, is_hypothetical
from onward.llm.cues.people import People
from onward.llm.cues.speech import Sentence, plain
from onward.llm.cues.words import content

_CALLING = r"(?:^(?:(?i:so|and|now|okay|right|then|but|good|thanks|great)[,.]? )*{0}(?:,|[?]|$)|, {0}[.?!]*$)"
_RECAP = re.compile(
    r"(?i)\b(?:recap|sum up|to summari[sz]e|in summary|summing up|action items)\b|(?:^|\bso,? )actions[.:,]"
)
_NEEDED = re.compile(r"(?i)\b(?:needs?|wants?|deadline|due|has to be|have to be|must be)\b")
_SUITS = re.compile(r"(?i)\b(?:works?|suits?|fine|good|okay|ok|perfect)\b")


class Floor:
    """What one speaker has said so far, and who spoke before."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._calling = re.compile(_CALLING.format(people.pattern))
        self._name = re.compile(people.pattern)
        self._before: Sentence | None = None
        self.partner = ""
        """Who had the floor before."""
        self.called: list[str] = []
        """Who was called by name."""
        self.sums_up = False
        """Whether it goes over what was said."""

    def enter(self, sentence: Sentence) -> None:
        """A sentence is about to be read."""
        if self._before is None or self._before.floor != sentence.floor:
            self.called, self.sums_up = [], False
            self.partner = self._before.speaker if self._before else ""
        self.sums_up = self.sums_up or bool(_RECAP.search(sentence.text))
        called = self._calling.search(plain(sentence.text))
        name = self._name.search(called.group()) if called else None
        self.called = (self._people.named(name.group()) if name else []) or self.called

    def leave(self, sentence: Sentence) -> None:
        """It has been read."""
        self._before = sentence

    def in_context(self, cue: Cue, sentence: Sentence) -> Cue:
        """The cue, with the words of what it is about."""
        topic = content(without_due_words(plain(sentence.text)))
        if cue.pronominal and self._before is not None and sentence.floor - self._before.floor <= 1:
            topic |= content(plain(self._before.text))
        return replace(cue, topic=topic)

    def asked_before(self, cue: Cue, sentence: Sentence) -> str | None:
        """By when what is asked for now was said to be needed: "They need it by Friday. Could you ...?"."""
        before = self._own(sentence)
        if before is None or due_words(cue.said):
            return None
        found = [due.text for due in due_words(before.text) if due.strict or cue.what.startswith("be ")]
        return found[-1] if found and (_NEEDED.search(before.text) or cue.what.startswith("be ")) else None

    def agreed_before(self, cue: Cue, sentence: Sentence) -> str | None:
        """The day that the speaker agreed to just before: "Monday works. I'll bring the lights."."""
        before = self._own(sentence)
        if before is None or due_words(cue.said):
            return None
        found = [due for due in due_words(before.text) if not due.counted]
        agreed = _SUITS.search(before.text) and answers.is_bare(before.text) and "?" not in before.text
        return found[-1].text if found and agreed else None

    def only_thought(self, sentence: Sentence) -> bool:
        """Whether the speaker spoke just before of what may never be."""
        before = self._own(sentence)
        return before is not None and is_hypothetical(plain(before.text))

    def _own(self, sentence: Sentence) -> Sentence | None:
        return self._before if self._before and self._before.floor == sentence.floor else None
