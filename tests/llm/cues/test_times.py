"""Where a meeting says when, and which day that is, if it was said elsewhere: on Tuesday 10 March 2026."""

from datetime import date

import pytest

from onward.llm.cues.speech import sentences
from onward.llm.cues.times import Times, as_read
from onward.recipes.meetings import Turn

DAY = date(2026, 3, 10)


def times(dialogue: str) -> list[tuple[str, str | None]]:
    """The words of a dialogue that say when, and the day that they mean."""
    lines = [line.split(": ", 1) for line in dialogue.splitlines()]
    said = sentences([Turn(number, who, None, text) for number, (who, text) in enumerate(lines, 1)])
    found = Times(said)
    everything = [(sentence, one) for sentence in said for one in found.of(sentence)]
    assert all(sentence.text[one.start : one.end] == one.words for sentence, one in everything)
    return [(one.words, str(one.on(DAY)) if one.on(DAY) else None) for _, one in everything]


@pytest.mark.parametrize(
    ("dialogue", "words", "day"),
    [
        # an event whose day was said before
        ("Ada: The tasting's Saturday the twenty-first.\nBob: I'll chill it two days before the tasting.", "two days before the tasting", "2026-03-19"),
        ("Ada: The tribunal sits on the 26th.\nBob: Fine, the bundle a week ahead of the tribunal.", "a week ahead of the tribunal", "2026-03-19"),
        ("Ada: The regatta, that's the twentieth.\nBob: The flags go up the morning of the regatta.", "the morning of the regatta", "2026-03-20"),
        ("Ada: Next up. The christening.\nBob: Sunday the twenty-second.\nAda: Then I iron the day before the christening.", "the day before the christening", "2026-03-21"),
        ("Ada: The twenty-fifth is our stocktake.\nBob: I count the freezer the night before the stocktake.", "the night before the stocktake", "2026-03-24"),
        ("Ada: We're there for the ceilidh on the thirtieth.\nBob: I sweep up the day after the ceilidh.", "the day after the ceilidh", "2026-03-31"),
        ("Ada: When's the hustings?\nBob: The 24th.\nAda: A week out from the hustings, then.", "A week out from the hustings", "2026-03-17"),
        ("Ada: The May holiday's the fourth of May.\nBob: It goes up the Tuesday after the holiday.", "the Tuesday after the holiday", "2026-05-05"),
        # or is said later, or far away
        ("Ada: The lids two days before the harvest.\nBob: Right.\nAda: Well, the harvest starts on the 28th.", "two days before the harvest", "2026-03-26"),
        ("Ada: Our recital is the twentieth.\n" + "Bob: Hm.\nAda: Well.\n" * 12 + "Bob: I tune it the day before the recital.", "the day before the recital", "2026-03-19"),
        # by what it does
        ("Ada: The offer closes on the 31st.\nBob: I'll post it three days before it closes.", "three days before it closes", "2026-03-28"),
        ("Ada: I think we sail on the eighteenth.\nBob: Then pack the day before we sail.", "the day before we sail", "2026-03-17"),
        ("Ada: The inspector comes on the nineteenth.\nBob: I'll mop before he comes.", "before he comes", "2026-03-19"),
        ("Ada: The ferry docks on the seventeenth.\nBob: Ropes out before the ferry docks.", "before the ferry docks", "2026-03-17"),
        ("Ada: So before the clocks change.\nBob: Which is the twenty-ninth of March.", "before the clocks change", "2026-03-29"),
        # the day spoken of last
        ("Ada: The printer wants it on the twentieth.\nBob: You'll see it two days before that.", "two days before", "2026-03-18"),
        ("Ada: She's only here till Friday.\nBob: I'll have it out of her by then.", "by then", "2026-03-13"),
        ("Ada: Count it on the thirty-first.\nBob: I can't.\nAda: I'll make it the day before, then.", "the day before", "2026-03-30"),
        ("Ada: The pour is the twentieth of April.\nBob: So it's empty by the Sunday.", "by the Sunday", "2026-04-19"),
        ("Ada: The gig is the twentieth. I'd say the day before the gig.\nBob: The day before, noted.", "The day before", "2026-03-19"),
        ("Ada: Not the fourteenth, the dinner is the twenty-first.\nBob: Two days before the dinner, then the Wednesday before that.", "the Wednesday before", "2026-03-18"),
    ],
)  # fmt: skip
def test_a_day_is_counted_from_one_said_elsewhere(dialogue: str, words: str, day: str) -> None:
    assert (words, day) in times(dialogue)


@pytest.mark.parametrize(
    ("dialogue", "words"),
    [
        ("Ada: I'll do it two days before the opening.", "two days before the opening"),
        ("Ada: I'll print the flyers for the opening on Monday.\nBob: And hang them a day before the opening.", "a day before the opening"),
        ("Ada: The finance committee meets on the 12th.\nBob: I want it two days before the tree committee.", "two days before the tree committee"),
        ("Ada: The spring fair is the 28th. The autumn fair is the 30th.\nBob: So the day before the fair.", "the day before the fair"),
        ("Ada: The fair is sometime in June.\nBob: The day before the fair.", "The day before the fair"),
        ("Ada: You get it on Monday.\nBob: Okay, a day before it gets dark.", "a day before it gets dark"),
        ("Ada: They opened on Friday.\nBob: Two days after they open we go.", "Two days after they open"),
    ],
)  # fmt: skip
def test_no_day_where_none_can_be_known(dialogue: str, words: str) -> None:
    assert (words, None) in times(dialogue)


def test_what_is_vague_without_its_event_is_no_time() -> None:
    assert times("Ada: Before the opening, please. And we start when they come.") == []
    assert times("Ada: Before we go on, the show is the 20th and we go on the 20th.")[0][1] == "2026-03-20"


def test_an_event_that_was_moved_is_on_the_last_day_said() -> None:
    said = "Ada: The recital is the twentieth.\nBob: It's full. The recital is the twenty-seventh.\nAda: I tune it the day before the recital."
    assert times(said)[-1] == ("the day before the recital", "2026-03-26")


def test_hesitations_can_be_left_out() -> None:
    said = sentences([Turn(1, "Ada", None, "The show is the 20th, so two um days before that.")])
    assert Times(said).of(said[0])[-1].on(DAY) == date(2026, 3, 20)
    assert Times(said, as_read).of(said[0])[-1].on(DAY) == date(2026, 3, 18)
