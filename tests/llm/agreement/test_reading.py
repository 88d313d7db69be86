"""The reader with its weights: what it sees in a small meeting, that it repeats itself, and whose weights it has."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pytest

np = pytest.importorskip("numpy")

from onward.llm import embedded  # noqa: E402
from onward.llm.agreement import NAME, WEIGHTS, Reading, Said, items, learned, read  # noqa: E402
from onward.llm.agreement.features import BESIDE, SHAPE, features  # noqa: E402
from onward.llm.agreement.heads import BUCKETS, distances  # noqa: E402
from onward.llm.agreement.relations import FAR, KINDS, to_people, to_sentences, to_times  # noqa: E402
from onward.llm.agreement.windows import windows  # noqa: E402
from onward.llm.cues import hear  # noqa: E402
from onward.recipes.meetings import Turn  # noqa: E402
from onward.recipes.note_taking.agreed import said_in  # noqa: E402

VERSIONS = {"agreement reader 2": "8ea68d60779c6b95"}
"""The weights that each version has; new ones are a new version, since the notes say which made them."""

MEETING = """\
Ada Byron: Morning. The weather is awful today, isn't it?
Bob Hall: Terrible. I was soaked on the way in.
Ada Byron: Right. The price list. Bob, could you send it to the printer?
Bob Hall: Sure, I'll send it on Thursday.
Ada Byron: Lovely. And did you see the match?
Bob Hall: Only the second half. What a goal."""


def heard(text: str = MEETING) -> list[Said]:
    spoken = [line.split(": ", 1) for line in text.splitlines()]
    turns = [Turn(n, who, None, words) for n, (who, words) in enumerate(spoken, 1)]
    return said_in(hear(turns, list(dict.fromkeys(turn.speaker for turn in turns))))


def reading(said: Sequence[Said]) -> Reading:
    return read(said, embedded.load(threads=1), learned())


def test_a_version_is_its_weights() -> None:
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:16] == VERSIONS[NAME]


def test_what_is_agreed_is_found_with_who_and_when() -> None:
    said = heard()
    (item,) = items(reading(said))
    assert "send it" in said[item.best].text
    assert max(item.people, key=lambda who: item.people[who]) == ("Bob Hall",)
    sentence, place = max(item.times, key=lambda when: item.times[when]) or (0, 0)
    time = said[sentence].times[place]
    assert "Thursday" in said[sentence].text[time.start : time.end]


def test_likelihoods_are_such() -> None:
    found = reading(heard())
    for sentence in found.sentences:
        assert 0 < sentence.agreed < 1
        assert 0 < sentence.telling < 1
        assert sum(sentence.people.values()) == pytest.approx(1, abs=1e-4)
        assert sum(sentence.times.values()) == pytest.approx(1, abs=1e-4)
    assert all(0 < likely < 1 and a < b for (a, b), likely in found.same.items())


def test_it_says_the_same_each_time_and_whatever_is_read_beside_it() -> None:
    said = heard()
    assert reading(said) == reading(said)
    long = heard("\n".join([MEETING] * 30))
    assert len(reading(long).sentences) == len(long)


def test_a_meeting_of_nothing_is_read_too() -> None:
    assert reading([]).sentences == []
    assert items(reading(heard("Ada Byron: ..."))) == []


def test_a_sentence_has_its_shape_and_those_beside_it_by_who_says_them() -> None:
    rows = features([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], ["Ada", "Ada", "Bob"])
    same_before, other_before, same_after, other_after = np.split(rows[1, 2:], 4)
    assert list(rows[1, :2] / SHAPE) == [0, 1]
    assert list(same_before / BESIDE) == pytest.approx([1, 0, 1])
    assert not other_before.any()
    assert not same_after.any()
    assert list(other_after / BESIDE) == pytest.approx([1, 1, 1])
    assert not rows[0, 2:8].any()  # nobody spoke before the first


def test_distances_are_told_apart_by_their_power_of_two_and_by_which_comes_first() -> None:
    assert distances([10], [10, 11, 9, 13, 7, 500]).tolist() == [[0, 2, 3, 4, 5, BUCKETS - 2]]
    assert distances([500], [1]).tolist() == [[BUCKETS - 1]]


def test_relations_tell_who_speaks_and_who_is_named() -> None:
    said = heard()
    (window,) = windows(said, embedded.load(threads=1).pieces)
    here = next(n for n, one in enumerate(said) if "could you" in one.text)
    found: Any = to_people(said, window)[here]
    floors = [said[span.sentence].floor - said[here].floor for span in window.people]
    assert [number // 8 for number in found] == [FAR + max(-FAR, min(FAR, apart)) for apart in floors]
    (named,) = [n for n, span in enumerate(window.people) if span.of is not None]
    speaks = [n for n, apart in enumerate(floors) if apart == 0 and n != named]
    assert found[named] % 8 < 2  # Bob is named, and is not who speaks
    assert [found[n] % 8 // 2 for n in speaks] == [3]  # Ada has the floor, and is who speaks
    assert to_times(said, window).shape == (len(said), 2)  # today, on Thursday
    assert to_sentences(said, window).max() < KINDS
