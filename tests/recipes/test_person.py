"""Contact fields, and what of a resume the scorer is given."""

import re
from pathlib import Path

import pytest

from onward.recipes.resume_screening import Person, seen
from onward.recipes.resume_screening.blind import personal
from onward.recipes.resume_screening.person import find_person
from onward.recipes.resume_screening.seen import cut

RESUMES = Path(__file__).parents[2] / "samples" / "resumes"

WHOLE = """\
# Ada Miller

Software engineer · Ms. Ada Miller · 12 Elm Road, Leeds LS1 4AP
ada.miller@example.com | +44 20 7946 0958 | https://example.com/ada | linkedin.com/in/adamiller

Date of birth: 12 May 1980
Nationality: British
Marital status: married
Photo: see attachment

## Profile

She is an engineer, aged 46, and a mother of two. Miller built data pipelines in Python that run every night.
Her team ran the HTTP API that forty customers call, and he who asked got an answer from Ada.
"""
HIDDEN = ["Ada", "Miller", "example.com", "7946", "linkedin", "Elm", "Leeds", "LS1", "1980", "British", "married",
          "Photo", "She ", "Her ", "mother", "46", " he ", "Ms"]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("# Anna Lindqvist", "Anna Lindqvist"),
        ("MARIA GOMEZ, PhD", "Maria Gomez"),
        ("lucas ferreira / porto / lucas@example.com", "Lucas Ferreira"),
        ("Ada Miller - accountant", "Ada Miller"),
        ("Curriculum vitae", "From File"),
        ("I am an accountant with many years behind me", "From File"),
        ("Curriculum Vitae\nAda Miller", "Ada Miller"),
    ],
)
def test_the_name_is_in_the_first_lines_if_one_looks_like_it(first: str, name: str) -> None:
    assert find_person(f"\n{first}\n", Path("from_file.txt")).name == name


def test_contact_fields_are_found() -> None:
    assert find_person(WHOLE, Path("a.txt")) == Person(
        "Ada Miller",
        ("ada.miller@example.com",),
        ("+44 20 7946 0958",),
        ("https://example.com/ada", "linkedin.com/in/adamiller"),
    )


def test_a_number_without_a_country_code_needs_the_country() -> None:
    text = "Ada Miller\nTel. 020 7946 0958\nworked 2015 - 2019 on 1200000 parcels"
    assert find_person(text, Path("a.txt")).phones == ()
    assert find_person(text, Path("a.txt"), "GB").phones == ("+44 20 7946 0958",)


def test_the_scorer_is_given_no_name_gender_age_photo_or_address() -> None:
    given = seen(WHOLE, find_person(WHOLE, Path("ada-miller.txt")), blind=True).text
    assert [word for word in HIDDEN if word in given] == []
    assert "Software engineer" in given
    assert "built data pipelines in Python that run every night" in given
    assert "ran the HTTP API that forty customers call" in given


def test_without_blinding_it_is_given_all() -> None:
    assert seen(WHOLE, find_person(WHOLE, Path("a.txt")), blind=False).text == WHOLE


def test_what_the_scorer_quotes_is_shown_as_the_resume_has_it() -> None:
    text = seen(WHOLE, find_person(WHOLE, Path("a.txt")), blind=True)
    assert (
        text.verbatim("[candidate] built data pipelines in Python") == "Miller built data pipelines in Python"
    )
    assert text.verbatim("Their team ran the HTTP API") == "Her team ran the HTTP API"
    assert text.verbatim("built data pipelines in Rust") is None


@pytest.mark.parametrize("path", sorted(RESUMES.iterdir()), ids=lambda path: path.stem)
def test_no_sample_tells_the_scorer_who_it_is(path: Path) -> None:
    text = path.read_text("utf-8")
    person = find_person(text, path)
    given = seen(text, person, blind=True).text
    for part in person.name.split():
        assert not re.search(rf"\b{part}\b", given), part
    assert not any(email in given for email in person.emails)
    assert "@" not in given
    assert not re.search(r"\b(?:he|she|his|her|him)\b", given, re.I)
    places = "Gothenburg Berlin Seattle Lisbon Bristol Eindhoven Amsterdam Oslo Malmö Hamburg Leeds Leicester Porto"
    places += (
        " Bologna Granada Sofia Manchester Cork London Dallas Lagos Cardiff Brno Toronto Cairo Sheffield Lyon"
    )
    head = "\n".join(text.splitlines()[:5])
    left = [place for place in places.split() if given.count(place) != text.count(place) - head.count(place)]
    assert not left


def test_cutting_maps_every_place_back() -> None:
    text = "one two three four"
    found = cut(text, [(4, 7, ""), (8, 13, "drei"), (8, 10, "x")])
    assert found.text == "one  drei four"
    assert found.verbatim("drei four") == "three four"
    assert found.verbatim("one drei") == "one two three"
    assert cut(text, []).verbatim(text) == text
    assert cut("", []).text == ""


@pytest.mark.parametrize(
    "post",
    ["lab tech, 2009 until now, county hospital", "cook in a hospital since 2013", "Veterinary technologist"],
)
def test_the_post_in_the_head_is_left(post: str) -> None:
    text = f"Ada Miller\nada@example.com\n{post}\n\nruns what is to be run here all day\n"
    assert post in cut(text, personal(text, Person("Ada Miller"))).text


def test_personal_lines_go_and_other_lines_with_such_words_stay() -> None:
    text = "Ada Miller\n\nPROFILE\nAddress: 1 Road\nAge: 40\nAddressed the age structure of the network for all.\n"
    given = cut(text, personal(text, Person("Ada Miller"))).text
    assert "1 Road" not in given
    assert "40" not in given
    assert "Addressed the age structure" in given
