"""What waits for an answer: a request, an offer, a need."""

from __future__ import annotations

from dataclasses import dataclass, field

from onward.llm.cues.grammar import Cue
from onward.llm.cues.speech import Sentence


@dataclass
class Pending:
    """A request, an offer or a need that waits for its answer. ``owners`` are whom it is for; none: anyone."""

    cue: Cue
    sentence: Sentence
    owners: list[str]
    due: str | None = None  # when, in the words of who asks, said after the request itself
    countered: tuple[str, str] | None = None  # who would do it at another time, and when
    last: int = 0  # the floor in which its day was last talked of
    taken_by: list[str] = field(default_factory=list)
    partner: str = ""  # who spoke before it was said

    def is_part_of(self, cue: Cue, sentence: Sentence) -> bool:
        """Whether it only says before what the same speaker then asks somebody for."""
        pointing = self.cue.kind == "order" and self.cue.pronominal and not cue.pronominal
        return pointing and self.sentence.floor == sentence.floor

    def is_proposed_before(self, sentence: Sentence) -> bool:
        """Whether somebody else asked just now, of nobody in particular, whether it could be done."""
        other = self.cue.kind == "open" and self.sentence.speaker != sentence.speaker
        return other and "?" in self.sentence.text and sentence.floor - self.sentence.floor <= 1

    def is_for(self, sentence: Sentence) -> bool:
        """Whether this sentence may answer it."""
        if self.sentence.speaker == sentence.speaker:
            return self.cue.kind == "open" and self.sentence.floor != sentence.floor
        if sentence.speaker in self.taken_by:
            return False
        return self.cue.kind in ("offer", "open") or not self.owners or sentence.speaker in self.owners
