"""The blocks of a text: which lines were one before a page broke them."""

from onward.recipes.resume_screening.blocks import blocks


def texts(text: str) -> list[str]:
    return [block.text for block in blocks(text)]


def test_lines_that_fill_their_paragraph_go_on() -> None:
    text = "I moved to the harbour office in the spring, where I counted\nships for the statistics.\n"
    assert texts(text) == [
        "I moved to the harbour office in the spring, where I counted ships for the statistics."
    ]


def test_a_line_with_room_for_the_next_word_was_ended_on_purpose() -> None:
    text = (
        "Looked after the cranes of the northern quay and their logs\n"
        "trained the new ones in everything that the port office wants to know of a crane driver\n"
    )
    assert len(texts(text)) == 2


def test_notes_in_lower_case_stay_apart_however_long_one_of_them_is() -> None:
    text = (
        "lab tech, county hospital\n"
        "chemistry and blood counts, i feed them, clean them, and get them going again when nobody else is there\n"
        "controls before the first patient, always\n"
    )
    assert len(texts(text)) == 3


def test_notes_in_lower_case_that_fill_two_lines_are_wrapped() -> None:
    text = (
        "school kitchens, twelve years. the last six i ran one of them, and i do the plan\n"
        "of who works when. every fridge is read twice a day and written down in a book\n"
        "that the inspector likes.\n"
    )
    assert len(texts(text)) == 1


def test_headings_and_bullets_are_told_apart() -> None:
    text = "# Ada Miller\n\n**Work:**\n- counted ships\n  and cranes\nlater\n"
    assert [(block.role, block.text) for block in blocks(text)] == [
        ("heading", "Ada Miller"),
        ("heading", "Work"),
        ("bullet", "counted ships and cranes"),
        ("text", "later"),
    ]
