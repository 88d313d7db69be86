"""The words of a sentence that say what it is about."""

from __future__ import annotations

import re

from onward.llm.cues.due_words import without_due_words


def word_set(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


_STOP = word_set(
    """
    a an the this that these those it its i me my we us our you your he him his she her they them their to
    of for in on at by with from into about over out up off and or but so then than as if do does did done
    get got have has be is are was were will would can could should just also too not all any some there
    here when where which who what how go put take make one ones thing things something anything okay ok
    yes yeah no please well really very again back down myself together forward along away around round through across ahead yourself himself herself itself themselves ready done finished latest earliest care
    """
)


def content(text: str) -> frozenset[str]:
    """The words of a text that carry meaning, without their endings: what two sentences on one thing share."""
    words = re.findall(r"[a-z0-9][a-z0-9-]*", re.sub(r"'[a-z]+", "", text.lower()))
    return frozenset(stem(word) for word in words if word not in _STOP and len(word) > 1)


def stem(word: str) -> str:
    """A word without the commonest English endings: enough to see "labels" in "label"."""
    for ending in ("ations", "ation", "ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


_DO = word_set(
    "do take get have make handle see sort deal go give put keep bring look care manage own run be try deliver"
)


def is_empty(what: str) -> bool:
    """Whether its verb says no more than "do": it takes what was said before to know what is meant."""
    return what.split(" ", 1)[0].lower() in _DO


_POINTERS = re.compile(r"(?i)\b(?:it|that|this|them|those|him|her|so|one)\b")


def points(what: str) -> bool:
    """Whether words only point at what was said before: "do it", "send that over by Friday"."""
    bare = without_due_words(what).strip(" .,!-")
    if re.match(r"(?i)do (?:it|that|this|so)\b", bare):
        return True
    verb, _, rest = bare.partition(" ")
    return not content(rest) and bool(_POINTERS.search(rest) or len(bare.split()) <= 2 or not content(verb))
