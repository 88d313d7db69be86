"""The dialogue: which of the cues become actions, given what was answered to them.

A request is one when it is accepted, an offer when it is taken up, a commitment at once. What is declined, parked or
taken back goes; what is said of the same thing again, by when above all, is added to what is there.
"""

from __future__ import annotations

import re
from dataclasses import replace

from onward.llm.cues import answers
from onward.llm.cues.actions import AGAIN_WITHIN, Action, Actions, is_another
from onward.llm.cues.due_words import due_words
from onward.llm.cues.floor import Floor
from onward.llm.cues.grammar import Cue, cues
from onward.llm.cues.pending import Pending
from onward.llm.cues.people import People
from onward.llm.cues.speech import Sentence, plain
from onward.llm.cues.times import Times
from onward.llm.cues.words import content, is_empty, points

ANSWER_WITHIN = 4
"""Floors in which a request or an offer is answered, if it is."""

UNANSWERED = "nobody was heard to say yes"
EVERYONE = "for everybody"

_WILL = re.compile(r"(?i)(?:'ll|’ll| will| gonna| going to)\b")
_TILL_WHEN = re.compile(
    r"(?i)(?:\bwhen\b.*|^(?:so |and |then )?(?:can|could|may|might) (?:i|we) (?:have|get)) (?:it|them|that|this|those)\b"
)
_CAN = re.compile(r"(?i)\bi can\b")
_PLURAL = re.compile(r"(?i)\b(?:both|you two|you guys|all of you|you all)\b")
_DOES_THAT = re.compile(
    r"(?P<name>[A-Z][a-zà-ÿ]+)(?:'s| is| has)? (?:does|doing|do|can do|will do|got|handles|on) (?:that|it|this)\b"
)
_POINTED = re.compile(r"(?i)\b(?:it|that|this|them|those)\b|^do$")
_BARE_NAME = r"(?i)^(?:(?:well|um|probably|maybe|i think)[,]? )*(?:(?:that's|it's|that is|that would be|that'd be|ask) {0}(?:[.,!?]|$)|{0}[.!?]*$)"


def find_actions(sentences: list[Sentence], people: People) -> list[Action]:
    """The actions that come of a dialogue, in the order they come up."""
    dialogue = Dialogue(people, Times(sentences))
    for sentence in sentences:
        dialogue.hear(sentence)
    return dialogue.end()


class Dialogue:
    """What was heard so far, and what came of it."""

    def __init__(self, people: People, times: Times) -> None:
        self._people = people
        self._actions = Actions(times)
        self._pending: list[Pending] = []
        self._floor = Floor(people)
        self._named = re.compile(_BARE_NAME.format(people.pattern))
        self._name = re.compile(people.pattern)

    def hear(self, sentence: Sentence) -> None:
        """Take in the next sentence."""
        self._floor.enter(sentence)
        self._hear(sentence, plain(sentence.text))
        self._floor.leave(sentence)
        self._actions.heard(sentence)

    def _hear(self, sentence: Sentence, text: str) -> None:
        self._forget(sentence.floor)
        self._actions.return_to(sentence, text)
        found = [self._floor.in_context(cue, sentence) for cue in cues(sentence.text, self._people)]
        if answers.drops(text) and not found:
            self._pending = [one for one in self._pending if sentence.floor - one.sentence.floor > 2]
            if not self._floor.only_thought(sentence):  # that then is dropped, and no action
                self._actions.drop(sentence, text)
            return
        self._actions.choose_owner(
            sentence, answers.accepts(text) or answers.volunteers(text), answers.refuses(text)
        )
        settled = self._answer(sentence, text, found)
        if any(cue.kind == "commit" for cue in found):  # beside it, a need or a plan is its reason
            found = [cue for cue in found if cue.kind not in ("need", "promise")]
        if len(found) == 1:
            found = [replace(found[0], said=text)]  # all of the sentence is about it
        for cue in found:
            if not (settled and cue.pronominal and cue.kind in ("commit", "offer", "assign", "now")):
                self._take(cue, sentence)
        if not found:
            self._date(sentence, text)

    def _waiting(self, cue: Cue, sentence: Sentence) -> None:
        """A request or an offer waits for its answer; unless it names somebody, of whoever was called by name before."""
        owners = self._people.named(cue.name) if cue.name else []
        if not owners and cue.kind in ("ask", "tell", "order") and sentence.speaker not in self._floor.called:
            owners = self._floor.called
        if cue.kind != "order":  # "Cancel it. Bob, you send the notice?" is one thing
            self._pending = [one for one in self._pending if not one.is_part_of(cue, sentence)]
        due = self._floor.asked_before(cue, sentence)
        self._pending.append(Pending(cue, sentence, owners, due, partner=self._floor.partner))

    def end(self) -> list[Action]:
        """The actions, once the last sentence was heard."""
        self._forget(10**9)
        return self._actions.settled()

    def _forget(self, floor: int) -> None:
        """What waited too long is over."""
        late = [one for one in self._pending if floor - max(one.sentence.floor, one.last) > ANSWER_WITHIN]
        for one in late:
            self._lapse(one)

    def _lapse(self, one: Pending) -> None:
        """Nobody answered. What one person was told, or could do by a day that was named, stands, with a flag."""
        self._pending.remove(one)
        told = one.cue.kind == "tell" and one.owners and one.cue.name and not one.cue.pronominal
        told = told and not self._actions.taken_since(one.sentence, one.cue.what)
        said_when = one.cue.kind == "offer" and _CAN.search(one.sentence.text) and due_words(one.cue.said)
        if told or (said_when and "?" not in one.sentence.text):
            self._actions.add(one.cue, one.owners or [one.sentence.speaker], [one.sentence], flag=UNANSWERED)

    # ------------------------------------------------------------------------------------ answers

    def _answer(self, sentence: Sentence, text: str, found: list[Cue]) -> bool:
        """Settle what this sentence answers; whether it took something on."""
        settled = False
        for one in list(self._pending):
            if one.countered and one.sentence.speaker == sentence.speaker:
                self._answer_counter(one, sentence, text)
            elif not one.is_for(sentence):
                continue
            elif one.cue.kind == "offer":
                self._answer_offer(one, sentence, text, found)
            elif answers.refuses(text) and not answers.volunteers(text):
                one.taken_by.append(sentence.speaker)  # somebody else may do it
                if one.cue.kind != "open" and not due_words(sentence.text):
                    self._pending.remove(one)
            elif self._is_taken(one, sentence, text):
                settled = self._settle(one, sentence, found) or settled
            elif one.cue.kind == "open":
                settled = self._answer_by_name(one, sentence, text, found) or settled
        return settled

    def _answer_counter(self, one: Pending, sentence: Sentence, text: str) -> None:
        dated = answers.is_bare(sentence.text) and due_words(sentence.text)
        if dated and text.endswith("?"):
            one.countered, one.due, one.last = (
                None,
                dated[-1].text,
                sentence.floor,
            )  # "Could you make it Thursday, then?"
        elif one.countered and (answers.takes_up(text) or dated):
            self._pending.remove(one)
            who, due = one.countered
            self._actions.add(one.cue, [who], [one.sentence]).due = due

    def _answer_offer(self, one: Pending, sentence: Sentence, text: str, found: list[Cue]) -> None:
        asked = [
            c for c in found if c.kind in ("ask", "tell", "order") and content(c.what) & content(one.cue.what)
        ]
        dated = answers.is_bare(sentence.text) and due_words(sentence.text)
        if not asked and (answers.refuses(text) or answers.drops(text)):
            self._pending.remove(one)
        elif not asked and sentence.floor - one.sentence.floor > 2:
            self._lapse(one)
        elif asked or answers.takes_up(text) or answers.asks_you_when(text) or dated:
            self._pending.remove(one)
            taken = self._actions.add(one.cue, [one.sentence.speaker], [one.sentence], due=one.due)
            taken.touched = sentence.floor

    def _answer_by_name(self, one: Pending, sentence: Sentence, text: str, found: list[Cue]) -> bool:
        """ "Who calls them?" - "That's Victor." """
        named = self._named.match(text)
        does = _DOES_THAT.match(text)
        pointing = [cue.name for cue in found if cue.kind in ("now", "assign") and cue.pronominal]
        called = self._name.search(named.group()) if named else None
        name = called.group() if called else does["name"] if does else pointing[0] if pointing else ""
        owners = (self._people.named(name) or [name]) if name else []
        if not owners or owners == [one.sentence.speaker]:
            return False
        self._pending.remove(one)
        self._actions.add(one.cue, owners, [one.sentence, sentence])
        return True

    def _is_taken(self, one: Pending, sentence: Sentence, text: str) -> bool:
        if one.cue.kind == "open":
            return answers.volunteers(text)
        dated = answers.is_bare(sentence.text) and due_words(sentence.text)
        if dated and "?" in text and not answers.accepts(text):
            one.countered = (sentence.speaker, self._actions.when(sentence)[-1].text)
            one.last = sentence.floor
            return False
        if one.cue.kind == "order" and one.partner == sentence.speaker:
            meant = due_words(sentence.text) or due_words(one.cue.said) or "please" in one.cue.said.lower()
            said_yes = answers.commits(text) or (meant and answers.accepts(text))
            return bool(said_yes) and sentence.floor - one.sentence.floor == 1
        if one.cue.kind == "order" or (one.cue.kind == "tell" and not one.cue.name):
            return answers.commits(text)
        return answers.accepts(text) or bool(dated)

    def _settle(self, one: Pending, sentence: Sentence, found: list[Cue]) -> bool:
        """The speaker takes on what was asked for, in the words that say best what it is."""
        mine = [cue for cue in found if cue.kind in ("commit", "offer") and not cue.pronominal]
        cue = one.cue
        if mine and (cue.pronominal or not content(mine[0].what) & content(cue.what)):
            if not cue.pronominal:
                return False  # "Sure. I'll also ..." is another thing; what was asked still waits
            cue = mine[0]
        words = [other for other in found if other.kind in ("commit", "offer")]
        self._take_on(one, cue, sentence, best=sentence if words and one.cue.kind == "open" else None)
        return True

    def _take_on(self, one: Pending, cue: Cue, sentence: Sentence, best: Sentence | None = None) -> None:
        if _PLURAL.search(one.sentence.text):
            one.taken_by.append(sentence.speaker)
        else:
            self._pending.remove(one)
        self._actions.add(cue, [sentence.speaker], [one.sentence, sentence], due=one.due, best=best)

    # --------------------------------------------------------------------------------------- cues

    def _take(self, cue: Cue, sentence: Sentence) -> None:
        if cue.kind in ("promise", "assign", "now") and self._floor.sums_up:
            owners = self._people.named(cue.name) or [cue.name or sentence.speaker]
            if self._actions.any_of(owners):
                return  # a recap names what was spoken of before
        match cue.kind:
            case "commit":
                self._commit(cue, sentence)
            case "promise" if due_words(sentence.text):
                self._promise(cue, sentence)
            case "need":
                self._actions.add(cue, [sentence.speaker], [sentence], weak=not due_words(cue.said))
            case "assign":
                self._assign(cue, sentence)
            case "now" if due_words(cue.said) or re.match(
                r"(?i)(?:so|then|okay|and)\b", plain(sentence.text)
            ):
                self._assign(cue, sentence)
            case "now" if self._people.named(cue.name):
                self._waiting(replace(cue, kind="ask"), sentence)
            case "offer":
                self._offer(cue, sentence)
            case "every" if due_words(cue.said):
                self._actions.add(cue, [], [sentence], flag=EVERYONE)
            case "order":
                self._order(cue, sentence)
            case "ask" | "open" | "tell" if self._only_dates(cue, sentence):
                self._date(sentence, plain(sentence.text))
            case "ask" | "tell" | "open":
                self._waiting(cue, sentence)

    def _commit(self, cue: Cue, sentence: Sentence) -> None:
        asked = self._asked(cue, sentence)
        if asked is not None:
            best = sentence if asked.cue.kind == "open" else None
            self._take_on(asked, asked.cue if cue.pronominal else cue, sentence, best)
        elif cue.pronominal and (known := self._actions.meant(sentence, cue)):
            self._actions.again(known, sentence, cue)
        elif (
            not cue.pronominal or not is_empty(cue.what) or _WILL.search(sentence.text) or due_words(cue.said)
        ):
            self._actions.add(
                cue, [sentence.speaker], [sentence], due=self._floor.agreed_before(cue, sentence)
            )

    def _asked(self, cue: Cue, sentence: Sentence) -> Pending | None:
        """The request that a commitment answers."""
        waiting = [one for one in self._pending if one.cue.kind != "offer" and one.is_for(sentence)]
        alike = [one for one in waiting if content(one.cue.what) & content(cue.what)]
        if alike:
            return alike[-1]
        return waiting[-1] if waiting and (cue.pronominal or waiting[-1].cue.pronominal) else None

    def _promise(self, cue: Cue, sentence: Sentence) -> None:
        """ "You'll have it on Monday" says when, of what the speaker was asked, took on or offered just now."""
        mine = [
            one
            for one in self._pending
            if one.cue.kind == "offer" and one.sentence.speaker == sentence.speaker
        ]
        if mine:
            self._pending.remove(mine[-1])
            self._actions.add(mine[-1].cue, [sentence.speaker], [mine[-1].sentence])
        elif asked := self._asked(cue, sentence):
            self._take_on(asked, asked.cue if cue.pronominal else cue, sentence)
            return
        within = AGAIN_WITHIN if cue.pronominal else 1
        known = self._actions.latest_of(sentence.speaker, sentence.floor, within=within)
        if known is None:
            self._actions.add(cue, [sentence.speaker], [sentence])
            return
        self._actions.again(known, sentence, cue)
        if points(known.what) and cue.what.startswith("deliver ") and not cue.pronominal:
            known.what = re.sub(
                r"\b(?:it|that|this|them|those)\b.*", cue.what.removeprefix("deliver "), known.what
            )

    def _offer(self, cue: Cue, sentence: Sentence) -> None:
        opened = [one for one in self._pending if one.cue.kind != "offer" and one.is_for(sentence)]
        known = self._actions.latest_of(sentence.speaker, sentence.floor, within=2)
        if cue.pronominal and opened and is_empty(cue.what) and _POINTED.search(cue.what):
            self._commit(cue, sentence)
        elif known and due_words(cue.said) and self._on_the_same(known, cue, sentence):
            self._actions.again(known, sentence, cue)
        elif same := self._offered_before(cue, sentence):
            same.due = due_words(cue.said)[-1].text if due_words(cue.said) else same.due
        else:
            self._pending.append(Pending(cue, sentence, []))

    @staticmethod
    def _on_the_same(known: Action, cue: Cue, sentence: Sentence) -> bool:
        same = cue.pronominal or bool(content(cue.what) & known.subjects)
        return same and not is_another(known, cue, sentence)

    def _offered_before(self, cue: Cue, sentence: Sentence) -> Pending | None:
        """What "I can do it" offers again."""
        for one in self._pending:
            if one.cue.kind == "offer" and one.sentence.floor == sentence.floor and cue.pronominal:
                return one
        return None

    def _order(self, cue: Cue, sentence: Sentence) -> None:
        """ "Push them" says more on what somebody was asked or took on just now; if there is nothing, it asks."""
        dated = due_words(sentence.text)
        by_the_way = cue.pronominal or not (due_words(cue.said) or "please" in cue.said.lower())
        more = self._spoken_of(sentence) and by_the_way
        answering = self._actions.focus or any(one.is_for(sentence) for one in self._pending)
        if more or (answering and dated and answers.is_bare(sentence.text)):  # "Make it Monday"
            self._date(sentence, plain(sentence.text))
        else:
            self._waiting(cue, sentence)

    def _only_dates(self, cue: Cue, sentence: Sentence) -> bool:
        """Whether it asks for a day only: "When can I have it?", "Can you make it Monday?"."""
        bare = cue.kind != "open" and due_words(sentence.text) and answers.is_bare(sentence.text)
        return bool(_TILL_WHEN.search(sentence.text) or bare) and self._spoken_of(sentence)

    def _spoken_of(self, sentence: Sentence) -> bool:
        """Whether the speaker asked somebody for something just now, or somebody else took something on."""
        speaker, floor = sentence.speaker, sentence.floor
        asked = [
            one
            for one in self._pending
            if one.sentence.speaker == speaker and floor - one.sentence.floor <= ANSWER_WITHIN
        ]
        focus = self._actions.focus
        return bool(asked or (focus and floor - focus.touched <= 2 and speaker not in focus.owners))

    def _assign(self, cue: Cue, sentence: Sentence) -> None:
        owners = self._people.named(cue.name) or [cue.name]
        if owners == [sentence.speaker] or (self._floor.sums_up and self._actions.any_of(owners)):
            return
        self._actions.add(cue, owners, [sentence])

    # -------------------------------------------------------------------------------------- dates

    def _date(self, sentence: Sentence, text: str) -> None:
        """Read a sentence without cues: it may say when."""
        if answers.asks_when(text):
            self._actions.ask_when(self._floor.called, sentence.floor)
        found = self._actions.when(sentence)
        proposed = [one for one in self._pending if one.is_proposed_before(sentence)]
        if proposed and found and answers.is_bare(sentence.text):
            proposed[-1].due = found[-1].text  # "Could we do a dry run?" - "So the fourteenth."
            return
        for one in self._pending:
            offered = one.cue.kind == "offer" and one.sentence.floor == sentence.floor
            mine = one.sentence.speaker == sentence.speaker and (
                one.cue.kind in ("ask", "tell", "order") or offered
            )
            about = content(one.cue.what)
            said_so = answers.is_bare(sentence.text) or answers.dates_it(text, about)
            if mine and found and (said_so or self._actions.when_asked(sentence.floor)):
                one.due = found[-1].text
        self._actions.date(sentence, text)
