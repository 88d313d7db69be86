"""The actions of a dialogue while it is read: what is new, what was meant before, and by when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from onward.llm.cues.answers import accepts, asks_when, dates_it, is_adverbial, is_ahead, is_bare
from onward.llm.cues.due_words import DueWords, due_words, vague_words, without_due_words
from onward.llm.cues.grammar import Cue
from onward.llm.cues.speech import Sentence, plain
from onward.llm.cues.times import Times
from onward.llm.cues.words import content, is_empty, points

AGAIN_WITHIN = 6  # floors in which "it" is the thing last spoken of
DATED_WITHIN = 3  # floors in which a date that stands alone belongs to it
SAME_THING = 0.5  # share of the shorter one's words that two actions of one owner share if they are one

_THEN = re.compile(
    r"(?i)^(?:okay|ok|then|ah|oh|actually|no|well|all right|alright|fine|sure|yes|yeah|hm+|so)\b|\bthen\W*$"
)
_OF_WHEN = content(
    "long fast quick quickly soon realistic want need expect possible suit think say ready available finished start deadline date soon"
)
_OTHERWISE = re.compile(r"(?i)\b(?:make|let's|say|better|rather|instead|how about|prefer|until)\b")
_HEADLINE = re.compile(
    r"(?i)^(?:(?:item|point|number) \w+[,:] )?(?:(?:and|next|now|so|okay|right|good),? )*(?:(?:the|your|our|my) )?(?!(?:i|you|he|she|it|we|they|that|this|yes|yeah|no|not)\b)[\w-]+(?: [\w-]+)?[.?:]$"
)
"""A new subject, named by itself: "The poster.", "And printing?"."""
_WANTED = re.compile(
    r"(?i)\b(?:i|we|you)(?:'d|'ll| would| will)?(?: still| really)? (?:need|want|like|have|get|see) (?:it|that|this|them|those|(?:the|my|your) \w+)\b"
)
_WITHDRAWS = re.compile(r"(?i)\b(?:scrap|scratch|forget|ditch|strike|bin)\b")
_WAS = re.compile(r"(?i)\b(?:was|were|did)\b")
_ALSO = re.compile(r"(?i)\b(?:also|too|as well)\b|^\W*and\b")
_BACK_TO = re.compile(
    r"(?i)^(?:\W*\w+){0,4}?\W*\b(?:(?:back to|about|as for|regarding) (?:the|that|your|my|our|this) (?P<what>\w+(?: \w+)?)"
    r"|(?:the|that|your|my|our) (?P<this>\w+(?: \w+)?),? though)\b"
)
_WHEN_IS = re.compile(r"(?i)\bwhen(?:'s| is| are| was) (?:the|your|our|his|her|their|a|\w+'s)\b")
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
    topic: set[str] = field(default_factory=set)  # words of what was said before, where "it" is to be done


class Actions:
    """All actions so far. One is in focus as long as its date may still be talked of."""

    def __init__(self, times: Times) -> None:
        self._all: list[Action] = []
        self.focus: Action | None = None
        self._owner_only = False  # others have gone on to something else
        self._proposed: str | None = None
        self._times = times
        self._asked: int | None = None  # the floor in which was asked by when
        self._headed = 0  # the floor in which the last new subject was named
        self._elsewhere: int | None = None  # the floor in which was asked when something else is

    def settled(self) -> list[Action]:
        """Those that are more than a need; "before the opening" by its day, if that was said."""
        for action in self._all:
            if action.due is None and action.vague:
                action.due = self._times.of_event(action.vague, action.sentences[-1])
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
        known.topic |= cue.topic
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
        self.focus, self._owner_only, self._proposed = action, False, None
        if action.offered and cue is not None and cue.kind == "commit":
            action.best, action.offered = sentence, False  # taken on at last
        found = self.when(sentence, cue)
        if found:
            action.due = best_of(found).text
        elif vague := vague_words(sentence.text):
            action.vague = vague

    def meant(self, sentence: Sentence, cue: Cue) -> Action | None:
        """The action that "it" in a commitment points at: the speaker's own last one, or one to be passed on."""
        last = self._all[-1] if self._all else None
        relayed = _RELAY.match(cue.what) and not due_words(sentence.text)
        if relayed and last and sentence.floor - last.touched <= 2 and last.owners != [sentence.speaker]:
            return last
        somebody = re.search(r"\b(?:him|her)\b", cue.what)  # and not the thing
        known = self.latest_of(sentence.speaker, sentence.floor, within=2 if somebody else AGAIN_WITHIN)
        if known and somebody and not re.search(rf"(?-i:\b[A-Z][a-z])|\b{somebody.group()}\b", known.what):
            return None
        return None if known and is_another(known, cue, sentence) else known

    def latest_of(self, owner: str, floor: int, *, within: int) -> Action | None:
        """The owner's latest action, if it was spoken of within so many floors."""
        for action in reversed(self._all):
            near = floor - action.touched <= within and (action.touched >= self._headed or within <= 2)
            if action.owners == [owner] and near and not action.weak:
                return action
        return None

    def when_asked(self, floor: int) -> bool:
        """Whether it was asked by when, in this floor or the one before."""
        return self._asked is not None and floor - self._asked <= 1

    def ask_when(self, owners: Sequence[str], floor: int) -> None:
        """Somebody by name is asked when."""
        if owners:
            self._asked = floor
        for owner in owners:
            self.focus = self.latest_of(owner, floor, within=AGAIN_WITHIN) or self.focus

    def when(self, sentence: Sentence, cue: Cue | None = None) -> list[DueWords]:
        """The words of a sentence, or of a cue in it, that say when; with the day that "the Friday before" counts from."""
        return self._times.read(_due_of(cue, sentence), sentence)

    def heard(self, sentence: Sentence) -> None:
        """Remember where a new subject begins."""
        text = plain(sentence.text)
        if _HEADLINE.match(text) and not is_bare(text):
            self._headed = sentence.floor

    def any_of(self, owners: Sequence[str]) -> bool:
        """Whether any of these has something to do."""
        return any(set(owners) & set(action.owners) for action in self._all)

    def taken_since(self, asked: Sentence, what: str) -> bool:
        """Whether somebody took on, since it was asked for, what was asked for: "Give it here, I'll do the notice."."""
        words = content(without_due_words(what))
        return any(words & action.subjects and action.touched > asked.floor for action in self._all)

    def drop(self, sentence: Sentence, text: str) -> None:
        """Somebody parks or takes back what was just spoken of, or names."""
        last = self._all[-1] if self._all else None
        if last and sentence.floor - last.touched <= 1 and sentence.speaker != last.sentences[-1].speaker:
            self._all.remove(last)
        elif _WITHDRAWS.search(text) and (named := self._naming(content(text), AGAIN_WITHIN, sentence.floor)):
            self._all.remove(named)
        self.focus = None

    def choose_owner(self, sentence: Sentence, accepted: bool, refused: bool) -> None:
        """One of two people whom a name may mean says that it is him, or that it is not."""
        for action in self._all:
            if len(action.owners) > 1 and sentence.speaker in action.owners:
                if sentence.floor - action.touched > AGAIN_WITHIN:
                    continue
                if accepted:
                    action.owners = [sentence.speaker]
                    self.again(action, sentence)
                elif refused:
                    action.owners = [owner for owner in action.owners if owner != sentence.speaker]

    def return_to(self, sentence: Sentence, text: str) -> None:
        """What somebody names by itself, or comes back to, is what is spoken of from now on: "About the table."."""
        back = _BACK_TO.search(text)
        words = (
            back["what"] or back["this"]
            if back
            else text
            if _HEADLINE.match(text) and not is_bare(text)
            else ""
        )
        known = self._naming(content(words), len(self._all) and sentence.floor, sentence.floor)
        if known:
            self.focus, self._owner_only, self._proposed = known, False, None
            known.touched = sentence.floor

    def _naming(self, words: frozenset[str], within: int, floor: int) -> Action | None:
        """The latest action that words name."""
        for action in reversed(self._all):
            if words & (action.subjects | action.topic) and floor - action.touched <= within:
                return action
        return None

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
            asked = action.sentences[0].speaker != sentence.speaker and not _ALSO.search(sentence.text)
            if open_ and points(action.what) and (not asked) <= sentence.floor - action.touched <= 2:
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
        asked = self.when_asked(sentence.floor)
        if asks_when(text) and self._asked != sentence.floor:
            self._asked = sentence.floor
            if self.focus and (_WAS.search(text) or self._asks_of_another(self.focus, text)):
                named = self._naming(content(text) - _OF_WHEN, AGAIN_WITHIN, sentence.floor)
                self.focus = named or self.focus
                self._asked, self._elsewhere = (sentence.floor, None) if named else (None, sentence.floor)
        found = self.when(sentence)
        if found and (spoken_of := self._spoken_of(sentence, text)):
            self.again(spoken_of, sentence)
            return
        action = self.focus
        if action is None or sentence.floor - action.touched > DATED_WITHIN:
            return
        mine = sentence.speaker in action.owners
        self._owner_only = self._owner_only or action.touched < self._headed
        wanted = bool(_WANTED.search(text)) and is_ahead(text.rstrip("?"))
        elsewhere = self._elsewhere is not None and sentence.floor - self._elsewhere <= 2
        bare = is_bare(sentence.text, action.subjects | action.topic) and not elsewhere
        begun = mine and sentence.floor == action.touched and _begins_with_a_day(found, text)
        if found and (asked or wanted or bare or begun or dates_it(text, action.subjects)):
            self._dated(action, sentence, found[-1].text, mine, text, asked or wanted)
        elif not found and vague_words(text) and dates_it(text, action.subjects):
            action.vague = vague_words(text)
        elif mine and accepts(text) and (self._proposed or action.touched >= self._headed):
            action.due, self._proposed = self._proposed or action.due, None
            action.touched, self._owner_only = sentence.floor, False
        elif self._leaves(action, text, bool(found)) and not (mine and sentence.floor == action.touched):
            self.focus = None if mine else action
            self._owner_only = True

    @staticmethod
    def _asks_of_another(action: Action, text: str) -> bool:
        """Whether a question asks when something else is."""
        words = content(text) - _OF_WHEN
        known = action.subjects | action.topic
        return bool(words - known) or bool(_WHEN_IS.search(text) and not content(text))

    def _leaves(self, action: Action, text: str, dated: bool) -> bool:
        """Whether a sentence is about something else than the action."""
        if text.endswith("?"):
            return dated and len(content(without_due_words(text)) - action.subjects - action.topic) >= 2
        headline = _HEADLINE.match(text) and not (
            dated or is_bare(text) or content(text) <= action.subjects | action.topic
        )
        return bool(headline) or (len(content(text)) >= 3 and not (dated and _WANTED.search(text)))

    def _spoken_of(self, sentence: Sentence, text: str) -> Action | None:
        """The action of the speaker that a sentence names: "then the notes are done by Friday"."""
        words = content(without_due_words(text))
        for action in reversed(self._all):
            near = sentence.floor - action.touched <= AGAIN_WITHIN and sentence.speaker in action.owners
            if near and words and words <= action.subjects | action.topic and is_ahead(text):
                return action
        return None

    def _dated(
        self, action: Action, sentence: Sentence, words: str, mine: bool, text: str, asked: bool
    ) -> None:
        here = asked or not self._owner_only or sentence.floor == action.touched
        if mine and (here or self._proposed or _THEN.search(text) or is_adverbial(text)):
            action.weak = action.weak and sentence.floor != action.touched  # whoever says when means to
            self.again(action, sentence)
        elif not mine and here:
            if (asked or action.due is None) and not text.endswith("?"):
                action.due = words
            elif text.endswith("?") or _OTHERWISE.search(text):
                self._proposed = words


def best_of(found: Sequence[DueWords]) -> DueWords:
    """Of several days the one to be ready by: "by Friday" before "Friday", and "send it on Monday for the tenth"."""
    ready = [due for due in found if due.strict] or [
        due for due in found if not due.text.lower().startswith("for ")
    ]
    return (ready or found)[-1]


def _begins_with_a_day(found: Sequence[DueWords], text: str) -> bool:
    """Such as "Tomorrow, before I forget."."""
    short = len(content(without_due_words(text))) <= 3 and not text.endswith("?")
    return bool(found) and text.lower().startswith(found[0].text.lower()) and short


def is_another(action: Action, cue: Cue, sentence: Sentence) -> bool:
    """Whether "it" is to be done something else with, on another day: "I'll drop it off on Monday"."""
    due = due_words(sentence.text)
    same_verb = content(cue.what.partition(" ")[0]) & action.subjects
    return bool(
        action.due and due and due[-1].text != action.due and not is_empty(cue.what) and not same_verb
    )


def _due_of(cue: Cue | None, sentence: Sentence) -> Sequence[DueWords]:
    """The words of a sentence that say when, as far as they belong to the cue and not to another one in it."""
    found = due_words(sentence.text)
    if cue is None or not cue.said or cue.said not in plain(sentence.text):
        return found
    for part in (cue.what, cue.said):
        if mine := [due for due in found if plain(due.text) in part]:
            return mine
    return found if len(cue.said) * 2 >= len(plain(sentence.text)) else []
