"""Who does what by when, over several turns: forms and turns of talk rather than verbs, and dates said beside the thing.

``dialogues/`` holds invented meetings whose answers were written before the rules were tried on them. A line of NAME.gold:
owner, what, the dates that count as right ("-": none), and the lines it is spoken of in.
"""

from datetime import date
from pathlib import Path

import pytest

from onward.llm.cues import Action, hear
from onward.llm.grounding import due_date
from tests.llm.cues.test_cues import found

DIALOGUES = Path(__file__).parent / "dialogues"


@pytest.mark.parametrize(
    ("dialogue", "owner", "what"),
    [
        ("Ada: I'll whitelist the addresses.", "Ada", "whitelist the addresses"),
        ("Ada: Has anybody heard from Eve?\nBob: No. I'll ring her.", "Bob", "ring her"),
        ("Ada: Chase him.\nBob: I will.", "Bob", "Chase him"),
        ("Ada: Try them again please.\nBob: Will do.", "Bob", "Try them again please"),
        ("Ada: Bob, nudge the printers please.\nBob: Yes.", "Bob", "nudge the printers please"),
        ("Ada: Bob, would you be up for drafting the plan?\nBob: Sure.", "Bob", "draft the plan"),
        ("Ada: We need a licence.\nAda: Bob, might I leave that with you?\nBob: Go on then.", "Bob", "see to that"),
        ("Ada: Could I have a draft from you?\nBob: Of course.", "Bob", "deliver a draft"),
        ("Ada: Somebody should pick her up.\nBob: I'd happily do that.", "Bob", "pick her up"),
        ("Ada: Who's putting the notes together?\nBob: I suppose I could.", "Bob", "put the notes together"),
        ("Ada: The badge I do. And the locker?\nBob: The locker's mine then.", "Bob", "see to The locker"),
        ("Ada: I was planning on contacting him.\nBob: Please do.", "Ada", "contact him"),
        ("Ada: I'd rather put it behind a flag.\nBob: Okay, do that.", "Ada", "put it behind a flag"),
        ("Ada: She's getting the form from me tomorrow.\nBob: Good.", "Ada", "deliver the form from me tomorrow"),
        ("Ada: Who's ringing the daughter?\nBob: I could, I've talked to her before-\nEve: No, it should be me.", "Eve", "ring the daughter"),
        ("Ada: So that goes to Eve, the forms.", "Eve", "see to that"),
        ("Ada: The results table. Bob, that's you.\nBob: It's with me, yes.", "Bob", "see to that"),
        ("Ada: Somebody has to be there to sign.\nBob: Me, yes.", "Bob", "be there to sign"),
        ("Ada: Why don't I go in and make a fuss?\nBob: Oh, would you?", "Ada", "go in and make a fuss"),
        ("Ada: Then it needs to go on the list.\nBob: On it.", "Bob", "go on the list"),
        ("Ada: Bob can cover my group.\nBob: Fine.\nAda: I'll talk to her.", "Ada", "talk to her"),
        ("Ada: Who did the permit last year?\nBob: I'll do it again.", "Bob", "do it again"),
        ("Ada: Cancel it. Bob, you send the notice?\nBob: Yes.", "Bob", "send the notice"),
        ("Ada: I could run a session.\nBob: When could you do it?", "Ada", "run a session"),
        ("Ada: I can have the form up by Friday.\nBob: Who wants tea?\nAda: Me.\nBob: Milk?\nAda: No.", "Ada", "have the form up by Friday"),
        ("Ada: When will the page be ready?\nBob: On Monday.", "Bob", "deliver the page"),
    ],
)  # fmt: skip
def test_forms_of_taking_on(dialogue: str, owner: str, what: str) -> None:
    assert [(who, it) for who, it, _ in found(dialogue, "Eve")][-1:] == [(owner, what)]


@pytest.mark.parametrize(
    ("dialogue", "due"),
    [
        ("Ada: I'll ring the printer.\nBob: Before the weekend, ideally.\nAda: Sure, tonight then.", "tonight"),
        ("Ada: I'll do the notes.\nBob: How quickly?\nAda: By Thursday, if I can.", "By Thursday"),
        ("Ada: Bob, you send the notice?\nBob: Yup. Goes out today.", "today"),
        ("Ada: Shall I ask the caretaker?\nBob: Would you?\nAda: I'm there on Monday anyway.", "on Monday"),
        ("Ada: I only have to schedule it. I was thinking Thursday.\nBob: That's a holiday.\nAda: Ah. Then Friday.", "Friday"),
        ("Ada: Bob, print a correction. In tomorrow's paper.\nBob: Will do.", "tomorrow"),
        ("Ada: Could you draft the plan?\nBob: Sure.\nAda: The board meets on the thirtieth, so I need it a week earlier.", "on the thirtieth, so I need it a week earlier"),
        ("Ada: Bob, go through the index. The hearing is on the 21st. I'd want it three days before.\nBob: Okay.", "on the 21st … three days before"),
        ("Ada: I'll cut the portrait down. It's with you tomorrow at noon.", "tomorrow at noon"),
        ("Ada: Let's have it running by Wednesday.\nBob: Make it Friday?\nAda: All right.", "Friday"),
        ("Ada: Bob, can you see to the licence?\nBob: Yes. What's the deadline?\nAda: It says ten days' notice. So the thirteenth at the latest.", "the thirteenth"),
        ("Ada: I'll type up the minutes.\nBob: I was away, you know, skiing mostly.\nAda: The minutes will be done by Tuesday.", "by Tuesday"),
        ("Ada: The opening is on the 14th.\nBob: Good. I'll paint the door before the opening.", "before the opening … on the 14th"),
        ("Ada: I would send out the letter on Thursday, for the twenty-third.\nBob: Do that.", "on Thursday"),
        ("Ada: I'll do the roster by Friday.\nBob: Good. Falls. We had four of them in February.\nAda: Back to the roster. I said Friday.\nBob: So the roster's Monday?\nAda: Monday, yes.", "Monday"),
        ("Bob: Ada, can you make a slide?\nAda: Sure. When's the conference?\nBob: The 14th. But I'd need the slide by the tenth.", "by the tenth"),
        ("Ada: Does Monday suit you?\nBob: Monday works for me. I'll bring the lights.", "Monday"),
        ("Ada: I'll do it again, it's only a form. Tomorrow, before I forget.", "Tomorrow"),
        ("Ada: Could you make a plan?\nBob: Hm, the twenty-fifth?\nAda: Can you make it the twenty-fourth?\nBob: Okay.", "the twenty-fourth"),
        ("Ada: I can run the numbers.\nBob: Yes please. Can I have them on Wednesday?\nAda: Wednesday morning, sure.", "Wednesday morning"),
        ("Ada: The council comes on the 5th.\nBob: I'll have the plan ready by then.", "on the 5th … by then"),
        ("Ada: Could we do a rehearsal?\nBob: So the fourteenth. I'll set it up.", "the fourteenth"),
        ("Ada: I'll send the list.\nBob: Skips. They get emptied tomorrow.", None),
        ("Ada: I'll send the list.\nBob: Are we having the party on Friday or was it moved?\nAda: Friday.", None),
        ("Ada: I'll send the list. They're usually here within a day.", None),
    ],
)  # fmt: skip
def test_dates_said_beside_the_thing(dialogue: str, due: str | None) -> None:
    assert [when for _, _, when in found(dialogue)] == [due]


@pytest.mark.parametrize(
    "dialogue",
    [
        "Ada: I really like Jeff Buckley.\nBob: Sure.",
        "Ada: You'll get instructions later.\nBob: No problem.",
        "Ada: I would defer that to the autumn.\nBob: Agreed.",
        "Ada: I'll mention it. It's quickly said.",
        "Ada: Wine for the interval.\nBob: Will do.",
        "Ada: You press the lever and the lid opens.\nBob: Yes.",
        "Ada: I'll hold you to that.",
        "Ada: Do all of us know that?\nBob: Sure.",
        "Ada: So: Eve surtitles and printer.",
        "Ada: I do the till every night.\nBob: Fine.",
        "Ada: I'll get some quotes.\nBob: With what money?\nAda: Fair enough. Scrap the quotes.",
        "Ada: Do you want me to ring them? I can do it after this.\nBob: Oh, that'd be, actually, no.",
        "Ada: So Eve goes home on Tuesday.",
        "Ada: Would the battery be enough?\nBob: Yes.",
    ],
)
def test_no_forms_of_taking_on(dialogue: str) -> None:
    assert found(dialogue) == []


def test_what_is_left_open_at_the_end_of_a_turn_does_not_undo_what_was_taken_on_before_it() -> None:
    dialogue = "Ada: Bob, can you see to the licence?\nBob: Yes.\nAda: If it rains we move. But let's not go there yet."
    assert [what for _, what, _ in found(dialogue)] == ["see to the licence"]


# ------------------------------------------------------------------------------------- whole dialogues


def score(gold: Path) -> tuple[int, int, int, int, int]:
    """Of a dialogue: actions wanted, found, right; of the right ones, owners and dates right."""
    from onward.recipes.transcripts import read_transcript

    day = date.fromisoformat(gold.name[:10])
    transcript = read_transcript(gold.with_suffix(".txt"), day=day)
    left = [line.split("|") for line in gold.read_text("utf-8").splitlines()]
    wanted, heard = len(left), hear(transcript.turns, transcript.participants).actions
    pairs = []
    for action in heard:
        lines = {str(one.line) for one in action.sentences}
        fitting = [label for label in left if lines & set(label[3].split(","))]
        fitting.sort(
            key=lambda label: (label[0] not in action.owners, -len(lines & set(label[3].split(","))))
        )
        if fitting:
            left.remove(fitting[0])
            pairs.append((action, fitting[0]))
    owners = sum(action.owners[0] in label[0].split("/") for action, label in pairs if action.owners)
    dates = sum(due_of(action, day) in label[2].split(",") for action, label in pairs)
    return wanted, len(heard), len(pairs), owners, dates


def due_of(action: Action, day: date) -> str:
    return str(due_date(action.due, day).date or "-") if action.due else "-"


def test_whole_dialogues() -> None:
    wanted, there, right, owners, dates = map(
        sum, zip(*map(score, sorted(DIALOGUES.glob("*.gold"))), strict=True)
    )
    assert 2 * right / (there + wanted) >= 0.9
    assert owners / right >= 0.95
    assert dates / right >= 0.9
