"""The actions of a dialogue while it is read: what is new, what was meant before, and by when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from onward.llm.cues.answers import accepts, asks_when, is_bare
from onward.llm.cues.due_words import DueWords, due_words, vague_words, without_due_words
from onward.llm.cues.grammar import Cue
from onward.llm.cues.speech import Sentence, plain
from onward.llm.cues.words import content, points

AGAIN_WITHIN = 6  # floors in which "it" is the thing last spoken of
DATED_WITHIN = 3  # floors in which a date that stands alone belongs to it
SAME_THING = 0.5  # share of the shorter one's words that two actions of one owner share if they are one

_THEN = re.compile(
    r"(?i)^(?:okay|ok|then|ah|oh|actually|no|well|all right|alright|fine|sure|yes|yeah|hm+|so)\b"
)
_OF_WHEN = content(
    "realistic want need expect possible suit think say ready available finished start deadline date soon"
)
_OTHERWISE = re.compile(r"(?i)\b(?:make|let's|say|better|rather|instead|how about|prefer|until)\b")
_RELAY = re.compile(r"(?i)(?:tell|let|ask|remind|inform|pass)\b.*\b(?:him|her|them|it)\b")


@dataclass
class Action:
    """Something to do. ``owners`` is one, or several if the name used fits several; ``sentences`` say so, in order;
    ``best`` is the one of them that says what.

    ``due`` are the last words heard on when, ``vague`` words that give no date. ``weak``: only a need so
    far. ``offered``: an offer that was taken up.
    """

    what: str
    owners: list[str]
    sentences: list[Sentence]
    due: str | None = None
    vague: str | None = None
    flags: list[str] = field(default_factory=list)
    best: Sentence | None = None  # the one that says what
    weak: bool = False
    offered: bool = False
    touched: int = 0  # the floor in which it was last spoken of
    subjects: set[str] = field(default_factory=set)


class Actions:
    """All actions so far. One is in focus as long as its date may still be talked of."""

    def __init__(self) -> None:
        self._all: list[Action] = []
        self._focus: Action | None = None
        self._owner_only = False  # others have gone on to something else
        self._proposed: str | None = None
        self.when_asked = False
        """Whether the sentence before asked by when."""

    def settled(self) -> list[Action]:
        """Those that are more than a need."""
        return [action for action in self._all if not action.weak]

    def add(
        self,
        cue: Cue,
        owners: list[str],
        said: list[Sentence],
        *,
        weak: bool = False,
        flag: str = "",
        due: str | None = None,
        best: Sentence | None = None,
    ) -> Action:
        """Note an action, or that one known already was spoken of again.

        Args:
            cue: what is to be done; stands in the first or the last of ``said``.
            owners: who is to do it.
            said: the sentences that make it one, in order.
            weak: it is only a need so far.
            flag: what to check.
            due: when, if none of the sentences says so.
            best: the sentence that says what, if not the one with the cue.
        """
        known = self._same(cue, owners, said)
        if known is None:
            if not weak:
                self._supersede(owners, said[-1])
            flags = [flag] if flag else []
            known = Action(cue.what, owners, [], weak=weak, flags=flags, offered=cue.kind == "offer")
            self._all.append(known)
        if known.best is None or (points(known.what) and not points(cue.what)):
            known.what = cue.what
            with_cue = (one for one in said if cue.said and cue.said in plain(one.text))
            known.best = best or next(with_cue, said[0])
        elif known.offered and cue.kind in ("commit", "promise") and not points(cue.what):
            known.best, known.offered = said[-1], False  # taken on in the speaker's own words at last
        known.subjects |= content(without_due_words(cue.what))
        known.weak = known.weak and weak
        before = known.due
        for sentence in said:
            self.again(known, sentence, cue)
        if due and known.due == before:
            known.due = due
        return known

    def again(self, action: Action, sentence: Sentence, cue: Cue | None = None) -> None:
        """Note that a sentence speaks of an action, and when it is due if that is said."""
        if sentence not in action.sentences:
            action.sentences.append(sentence)
        action.touched = max(action.touched, sentence.floor)
        self._focus, self._owner_only, self._proposed = action, False, None
        if action.offered and cue is not None and cue.kind == "commit":
            action.best, action.offered = sentence, False  # taken on at last
        found = _due_of(cue, sentence)
        if found:
            action.due = ([due for due in found if due.strict] or found)[-1].text
        elif vague := vague_words(sentence.text):
            action.vague = vague

    def meant(self, sentence: Sentence, what: str) -> Action | None:
        """The action that "it" in a commitment points at: the speaker's own last one, or one to be passed on."""
        last = self._all[-1] if self._all else None
        relayed = _RELAY.match(what) and not due_words(sentence.text)
        if relayed and last and sentence.floor - last.touched <= 2 and last.owners != [sentence.speaker]:
            return last
        if re.search(r"\b(?:him|her)\b", what):  # somebody, not the thing
            return self.latest_of(sentence.speaker, sentence.floor, within=2)
        return self.latest_of(sentence.speaker, sentence.floor, within=AGAIN_WITHIN)

    def latest_of(self, owner: str, floor: int, *, within: int) -> Action | None:
        """The owner's latest action, if it was spoken of within so many floors."""
        for action in reversed(self._all):
            if action.owners == [owner] and floor - action.touched <= within and not action.weak:
                return action
        return None

    def any_of(self, owners: Sequence[str]) -> bool:
        """Whether any of these has something to do."""
        return any(set(owners) & set(action.owners) for action in self._all)

    def drop_last(self, sentence: Sentence) -> None:
        """Somebody parks or takes back what was just spoken of."""
        last = self._all[-1] if self._all else None
        if last and sentence.floor - last.touched <= 1 and sentence.speaker != last.sentences[-1].speaker:
            self._all.remove(last)
        self._focus = None

    # ----------------------------------------------------------------------------------- the same

    def _same(self, cue: Cue, owners: list[str], said: list[Sentence]) -> Action | None:
        sentence = said[-1]
        subjects = content(without_due_words(cue.what))
        restated = cue.kind in ("now", "assign")  # by somebody else, in more words
        for action in reversed(self._all):
            near = sentence.floor - action.touched <= AGAIN_WITHIN
            if not set(owners) & set(action.owners):
                continue
            shared = len(action.subjects & subjects)
            smaller = min(len(action.subjects), len(subjects))
            if smaller and shared / smaller >= SAME_THING and (near or shared > 1):
                return action
            if shared and sentence.floor == action.touched and owners != [sentence.speaker]:
                return action  # "That's Ada. Ada calls them on Monday."
            open_ = restated or (not action.due and len(said) == 1)  # an answer to a request is its own thing
            if open_ and points(action.what) and 1 <= sentence.floor - action.touched <= 2:
                return action
        return None

    def _supersede(self, owners: list[str], sentence: Sentence) -> None:
        """A need that a commitment follows is the commitment's reason, and no action beside it."""
        for action in self._all[-2:]:
            if action.weak and action.owners == owners and sentence.floor - action.touched <= AGAIN_WITHIN:
                self._all.remove(action)

    # -------------------------------------------------------------------------------------- dates

    def date(self, sentence: Sentence, text: str) -> None:
        """Read a sentence without cues: it may say when, agree to when, or leave the subject."""
        asked, self.when_asked = self.when_asked, asks_when(text)
        if self.when_asked and self._focus and content(text) - _OF_WHEN - self._focus.subjects:
            self._focus, self.when_asked = None, False  # when something else is
        action = self._focus
        if action is None or sentence.floor - action.touched > DATED_WITHIN:
            return
        mine = sentence.speaker in action.owners
        found = due_words(sentence.text)
        if found and (asked or is_bare(sentence.text)):
            self._dated(action, sentence, found[-1].text, mine, text)
        elif mine and accepts(text):
            action.due, self._proposed = self._proposed or action.due, None
            action.touched, self._owner_only = sentence.floor, False
        elif len(content(text)) >= 3 and "?" not in text:
            self._focus = None if mine and sentence.floor != action.touched else action
            self._owner_only = True

    def _dated(self, action: Action, sentence: Sentence, words: str, mine: bool, text: str) -> None:
        here = not self._owner_only or sentence.floor == action.touched
        if mine and (here or self._proposed or _THEN.match(text)):
            self.again(action, sentence)
        elif not mine and here:
            if action.due is None and not text.endswith("?"):
                action.due = words
            elif text.endswith("?") or _OTHERWISE.search(text):
                self._proposed = words


def _due_of(cue: Cue | None, sentence: Sentence) -> Sequence[DueWords]:
    """The words of a sentence that say when, as far as they belong to the cue and not to another one in it."""
    found = due_words(sentence.text)
    if cue is None or not cue.said or cue.said not in plain(sentence.text):
        return found
    for part in (cue.what, cue.said):
        if mine := [due for due in found if plain(due.text) in part]:
            return mine
    return found if len(cue.said) * 2 >= len(plain(sentence.text)) else []
