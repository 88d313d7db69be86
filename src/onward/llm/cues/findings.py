"""Decisions, and questions that stay open, found by what is said around them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onward.llm.cues.answers import accepts, is_bare, refuses, takes_up
from onward.llm.cues.due_words import due_words
from onward.llm.cues.speech import Sentence, plain
from onward.llm.cues.words import content

FOLLOWS_WITHIN = 5  # floors in which a question belongs to the one that stayed open
SAME_WITHIN = 8  # floors in which the same words are the same decision or question

_SO = r"^(?:(?:so|then|okay|ok|fine|right|alright|all right|good|great|and|no|yes|yeah|well|but|perfect|deal|agreed)[,.!]? )*"
_SETTLED = re.compile(
    r"""(?ix)\b(?:(?:that's|that\ is|it's|it\ is|so\ it's|then\ it's|this\ is)\ (?:now\ |all\ )?(?:decided|settled|agreed|fixed|final|definite|
    a\ deal|official|approved)|we(?:'ve|\ have)?\ (?:all\ )?(?:decided|agreed|resolved|settled\ on|chosen|approved)|
    (?:decision|resolved|decided|agreed):|call\ (?:that|it)\ (?:fixed|decided|agreed|settled|done)|
    (?:is|are)\ (?:hereby\ )?(?:approved|adopted|carried|renewed|rejected|settled|agreed)|unanimous(?:ly)?|(?:is|are)\ therefore|motion\ (?:passes|carries|carried))\b"""
)
_CHOSEN = re.compile(
    rf"""(?ix){_SO.replace(" ", chr(92) + " ")}(?:(?:we|we'll|we\ will|we're|let's)\ (?:just\ |all\ |now\ )?(?:go(?:ing)?\ (?:with|for|ahead)|do\ without|
    stick(?:ing)?\ (?:with|to)|keep(?:ing)?\ (?!in\ mind|an\ eye|it\ (?:short|brief|quick)|going)|stay\ with|settle\ (?:on|for)|defer|postpone|cancel(?:ing)?|
    drop(?:ping)?|choose|pick|switch(?:ing)?\ to|use|using|do\ (?:that|it)[,.]|turn\ (?:it|that|them|the)|move\ (?:it|that|the)|stop\ \w+ing|don't\ (?!know|think|have|need|want|see)\w+)|
    (?:the\ )?\w+\ (?:it\ is|wins)(?:[.,!]|$)|no\ \w+(?:\ \w+){{0,4}}?\ (?:from|until|till|before|this|next)\b)"""
)
_THEREFORE = re.compile(
    r"(?i)^(?:(?:okay|ok|fine|right|good|great|well|yes|no)[,.!]? )*(?:so|then),? (?:we (?:all )?(?:don't |do not |won't )?+(?!need|have|had|should|could|"
    r"can|would|might|want|know|think|see|are|were|was|got|get|did|just|hope|talked|said|saw|went|\w+ed\b)\w+|no \w+|"
    r"(?:it|(?:the|all|every) \w+(?: \w+)??) (?:(?!is\b|was\b|has\b|does\b|says\b|means\b|looks\b|seems\b|needs\b|depends\b|sounds\b|works\b|makes\b)[a-z]+s|go|move|stay|stop|start|will)\b)"
)
_NEXT_TIME = re.compile(r"(?i)\bnext (?:meeting|time|call|session|one)\b(?! (?:we|you|i|i'll)\b)")
_ALL_AGREE = re.compile(
    r"(?i)(?:\b(?:agreed|objections|all in favou?r|okay with (?:that|everyone)|(?:fine|ok|okay|happy|good|works?)(?: with (?:that|this))? (?:for|by|with) "
    r"(?:everyone|everybody|you all|all|all of you)|everyone|everybody (?:fine|ok|okay|happy|agree\w*|good)(?: with (?:that|this))?|"
    r"call (?:that|it) (?:fixed|agreed|decided|settled)|does anybody mind|anyone against)\b[^.]*)\?$"
)
_ASSENT = re.compile(r"(?i)\bworks?\b|\bagreed\b|\bcall (?:that|it) \w+")
_NO_DECISION = re.compile(
    r"(?i)\b(?:if|unless|might|maybe|would|could|should we|park|offline|later|not yet|i don't want to decide|don't decide|haven't|what if|suppose)\b"
)
_LEFT_OPEN = re.compile(
    r"""(?ix)(?:\b(?:i|we|he|she|they)(?:\ honestly|\ really|\ still|\ simply|\ actually|\ just)*\ (?:don't|do\ not|didn't)\ (?:really\ |actually\ |yet\ )?know
    (?:\ (?:yet|either|that|myself))?(?:[.!]|$|,?\ (?:how|who|what|about|whether|if|where|when|which|honestly|to\ be\ honest|sorry))|
    \bno\ idea\b|\bgood\ question\b|\bnot\ (?:sure|certain|clear|known|a\ hundred\ percent\ sure)\b|\bunclear\b|\bwho\ knows\b|
    \b(?:stays|remains|(?:that|this|it|question|which)(?:'s|\ is)|still|leave\ (?:that|it|this))\ (?:still\ )?open\b|\bopen\ question\b|\b(?:don't|can't|won't|cannot)\ (?:want\ to\ )?decide\b|
    \b(?:take|taking)\ (?:that|this|it)\ away\b|\b(?:that|this)\ i\ (?:need|have)\ to\ (?:take\ away|check|find\ out|clarify)\b|\bnot\ heard\b|\bhaven't\ heard\b|
    \bnever\ got\ an\ answer\b|\b(?:hasn't|haven't|has\ not|have\ not|never)\ (?:answered|replied|decided|responded)\b|\bneed(?:s)?\ to\ (?:find\ out|clarify)\b|
    \bto\ be\ (?:decided|determined|confirmed|clarified)\b|\btbd\b|\bi'd\ have\ to\ (?:ask|check|speak|talk|find)\b|\bcan't\ (?:say|tell)\b|\bhaven't\ got\ any\b|\b(?:solve|settle)\ (?:this|that|it)\ today\b|\blet's\ park\b|\bleave\ that\b|\bcome\ back\ to\ (?:that|this|it)\b)"""
)
_QUESTION_IS = re.compile(r"(?i)\bquestion is (?:whether|if|who|what|when|where|how|which)\b")
_SAID_OPEN = re.compile(
    r"(?i)\b(?:open question|still open|(?:that's|is|stays|remains) open|question (?:is|remains)|don't know about|still (?:need|have) to (?:decide|find out|clarify)|not decided)\b"
)
_COURTESY = re.compile(
    r"(?ix)(?:\b(?:can|could|would|will)\ you\b|can\ you\ (?:hear|see)|shall\ we\ (?:start|begin)|any(?:thing)?\ (?:else|other|questions)|"
    r"how\ are\ you|right\?$|okay\?$|isn't\ it\?$|doesn't\ it\?$|you\ know\?$|yes\?$|no\?$|is\ it\ on|are\ we\ done|can\ i\b|may\ i\b)"
)


@dataclass(frozen=True)
class Remark:
    """A decision or an open question: in short, and the sentence it was said in."""

    text: str
    sentence: Sentence
    explicit: bool = False  # the sentence itself says that it is decided


def find_decisions(sentences: list[Sentence]) -> list[Remark]:
    """What was decided, in the order it was."""
    found: list[Remark] = []
    for sentence in sentences:
        text = plain(sentence.text)
        said = _decided(sentence, text, sentences)
        if said is not None:
            _keep(found, said)
    return found


def find_questions(sentences: list[Sentence]) -> list[Remark]:
    """The questions that stayed open: somebody says that the answer is not known, or the thing is left."""
    found: list[Remark] = []
    for sentence in sentences:
        text = plain(sentence.text)
        if not _LEFT_OPEN.search(text):
            continue
        asked = _asked_before(sentence, sentences)
        begun = asked or sentence
        if found and 0 <= begun.floor - found[-1].sentence.floor <= FOLLOWS_WITHIN:
            continue  # more on the question that is open already
        if asked is not None:
            found.append(Remark(asked.text, asked))
        elif _SAID_OPEN.search(text) and len(content(text)) >= 3:
            found.append(Remark(sentence.text, sentence))
    return found


def _decided(sentence: Sentence, text: str, sentences: list[Sentence]) -> Remark | None:
    agreed = _ALL_AGREE.search(text) and _assented(sentence, sentences)
    if not agreed and (text.endswith("?") or _NO_DECISION.search(text)):
        return None
    if _NEXT_TIME.search(text) and due_words(sentence.text):
        return _next_time(sentence, sentences)
    if agreed or _SETTLED.search(text):
        left = _ALL_AGREE.sub("", _SETTLED.sub("", text))
        about = sentence if len(content(left)) >= 2 else _statement_before(sentence, sentences)
        return Remark(about.text, about, explicit=about is sentence and not agreed) if about else None
    if (_CHOSEN.search(text) or _THEREFORE.search(text)) and len(content(text)) >= 2:
        return Remark(sentence.text, sentence, explicit=True)
    return None


def _assented(sentence: Sentence, sentences: list[Sentence]) -> bool:
    """Whether others say yes to what was asked, and none of them no."""
    replies = [plain(s.text) for s in _after(sentence, sentences, floors=3) if s.speaker != sentence.speaker]
    yes = any(accepts(reply) or takes_up(reply) or _ASSENT.search(reply) for reply in replies)
    return (yes or "objections" in sentence.text.lower()) and not any(refuses(reply) for reply in replies[:2])


def _next_time(sentence: Sentence, sentences: list[Sentence]) -> Remark:
    """The next meeting's date, as it was left after all who cannot come then have spoken."""
    later = [
        s
        for s in _after(sentence, sentences, floors=10)
        if due_words(s.text)
        and is_bare(s.text)
        and "?" not in s.text
        and re.match(r"(?i)so\b|okay|then", s.text)
    ]
    last = later[-1] if later else sentence
    return Remark(sentence.text if last is sentence else f"Next meeting: {last.text}", last)


def _statement_before(sentence: Sentence, sentences: list[Sentence]) -> Sentence | None:
    """What "that's settled" is about: the last statement of substance, of the same speaker if there is one."""
    stated = [
        earlier
        for earlier in reversed(sentences[max(0, sentence.number - 10) : sentence.number])
        if sentence.floor - earlier.floor <= 3 and _is_statement(plain(earlier.text))
    ]
    own = [earlier for earlier in stated if earlier.speaker == sentence.speaker]
    return next(iter(own or stated), None)


def _is_statement(text: str) -> bool:
    return len(content(text)) >= 2 and not text.endswith("?") and not _NO_DECISION.search(text)


def _asked_before(sentence: Sentence, sentences: list[Sentence]) -> Sentence | None:
    """The question of substance that was last asked, if it was not long ago."""
    for earlier in reversed(sentences[max(0, sentence.number - 16) : sentence.number + 1]):
        if sentence.floor - earlier.floor > SAME_WITHIN:
            return None
        text = plain(earlier.text)
        if (text.endswith("?") or _QUESTION_IS.search(text)) and _is_question(text):
            return earlier
    return None


def _is_question(text: str) -> bool:
    return (
        len(content(text)) >= 1
        and len(text.split()) >= 4
        and not _COURTESY.search(text)
        and not _LEFT_OPEN.search(text.replace("I don't know", ""))
    )


def _after(sentence: Sentence, sentences: list[Sentence], floors: int) -> list[Sentence]:
    return [
        s for s in sentences[sentence.number + 1 : sentence.number + 30] if s.floor - sentence.floor <= floors
    ]


def _keep(found: list[Remark], remark: Remark) -> None:
    """Add a remark, in the place of an earlier one on the same thing that says less."""
    words = content(remark.text)
    for at, other in enumerate(found):
        known = content(other.text)
        near = remark.sentence.floor - other.sentence.floor <= SAME_WITHIN
        if other.sentence == remark.sentence or (
            near and len(words & known) * 2 >= min(len(words), len(known))
        ):
            if remark.explicit or (len(words) >= len(known) and not other.explicit):
                found[at] = remark
            return
    found.append(remark)
