"""The people of a meeting, by the names that are used in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from onward.llm.cues.speech import has_capitals
from onward.llm.cues.words import word_set

_TITLES = frozenset(
    {"the", "dr", "dr.", "mr", "mr.", "mrs", "mrs.", "ms", "ms.", "prof", "prof.", "professor"}
)
_ALSO_WORDS = frozenset(
    {"will", "mark", "may", "rose", "grace", "hope", "joy", "faith", "bill", "rich", "art", "jack", "pat", "sue",
     "frank", "grant", "drew", "dale", "guy", "max", "ray", "jean", "summer", "april", "june", "august", "chase", "miles"}
)  # fmt: skip
_CAPITAL = re.compile(r"\b[A-Z][a-zà-öø-ÿ]+(?:[-'][A-Z][a-zà-öø-ÿ]+)?\b")
_BEGUN = re.compile(r"(?:^|(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bProf)[.?!:])\s*$")
_NO_PEOPLE = word_set(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december christmas easter thanksgiving english german french spanish okay ok yes no well
    so and but then the this that these those there it i we you he she they what who when where why how if my our your
    his her their not nobody somebody someone anybody anyone everybody everyone nothing something everything maybe
    perhaps please thanks thank great good right fine sure perfect lovely also just let sorry hello hi morning next last
    first second third one two three all both each some any mr mrs ms dr sir madam god internet excel word teams zoom
    slack google microsoft finance legal marketing sales support engineering accounting management"""
)


class People:
    """Who is who: those present by full name, first or last name, and others the meeting speaks of."""

    def __init__(self, present: Sequence[str], texts: Iterable[str] = ()) -> None:
        self.present = [name for name in dict.fromkeys(present) if name]
        texts = list(texts)
        self._case = 0 if has_capitals(texts) else re.I
        self._by_alias: dict[str, list[str]] = {}
        for name in self.present:
            for alias in _aliases(name):
                if not (self._case and alias in _ALSO_WORDS):
                    self._by_alias.setdefault(alias, []).append(name)
        self.absent = [] if self._case else _spoken_of(texts, self._by_alias)
        self.pattern = self._pattern()

    def _pattern(self) -> str:
        """A regular expression for any name, longest first; it never matches if there is none."""
        shown = {alias: name for alias, names in self._by_alias.items() for name in names}
        names = [*(_as_written(alias, name) for alias, name in shown.items()), *map(re.escape, self.absent)]
        names.sort(key=len, reverse=True)
        flags = "i" if self._case else "-i"
        return rf"(?{flags}:\b(?:{'|'.join(names)})\b)" if names else r"(?!)"

    def named(self, name: str) -> list[str]:
        """The people present whom a name may mean: none, one, or several of the same name."""
        return self._by_alias.get(" ".join(name.casefold().split()), [])


def _aliases(name: str) -> list[str]:
    words = re.sub(r"\(.*?\)", "", name).casefold().replace(",", " ").split()
    bare = [word for word in words if word not in _TITLES]
    aliases = [" ".join(words), " ".join(bare)]
    if len(bare) > 1:
        aliases += [bare[0], bare[-1]]
        if words != bare:
            aliases.append(f"{words[0]} {bare[-1]}")
    return list(dict.fromkeys(alias for alias in aliases if len(alias) > 1))


def _as_written(alias: str, name: str) -> str:
    """The alias with the capitals it has in the name."""
    at = name.casefold().find(alias)
    written = name[at : at + len(alias)] if at >= 0 else alias.title()
    return re.escape(written).replace(r"\ ", r"\s+")


def _spoken_of(texts: list[str], known: dict[str, list[str]]) -> list[str]:
    """Words that look like the names of people who do not speak: always with a capital, also within a sentence."""
    within: Counter[str] = Counter()
    small: set[str] = set()
    for text in texts:
        small.update(re.findall(r"\b[a-z]+\b", text))
        for match in _CAPITAL.finditer(text):
            within[match.group()] += 0 if _BEGUN.search(text[: match.start()]) else 1
    return [
        word
        for word in within
        if within[word]
        and word.lower() not in _NO_PEOPLE
        and word.lower() not in small
        and word.casefold() not in known
    ]
