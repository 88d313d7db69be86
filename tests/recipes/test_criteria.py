"""Criteria: read from a job description, written as YAML, edited, read back."""

from pathlib import Path

import pytest

from onward.errors import UsageError
from onward.recipes.resume_screening import Criteria, from_description, from_yaml, read_description, to_yaml

SAMPLES = Path(__file__).parents[2] / "samples"
JOB = from_description((SAMPLES / "job.md").read_text("utf-8"))


def test_criteria_are_the_bullets_under_their_headings() -> None:
    assert JOB.title == "Senior backend and data engineer (Python)"
    assert [c.must for c in JOB.criteria] == [True] * 6 + [False] * 5
    assert JOB.criteria[0].text == "Several years of professional software development in Python"
    assert JOB.criteria[0].weight == 3 * JOB.criteria[-1].weight
    assert not any("holiday" in c.text for c in JOB.criteria)
    assert len(JOB.musts) == 6


def test_a_wrapped_requirement_is_one() -> None:
    job = from_description(
        "**Cook**\n\n**Requirements:**\n1. Cooking for hundreds,\n   every day\n2. A driving licence\n"
    )
    assert [c.text for c in job.criteria] == ["Cooking for hundreds, every day", "A driving licence"]


def test_a_job_without_requirements_says_how_to_write_them() -> None:
    with pytest.raises(UsageError, match='under a heading "## Must have"'):
        from_description("# Cook\n\nWe look for somebody nice.\n\n- free lunch\n")


def test_a_known_demand_has_the_names_of_its_tools_and_another_one_its_own_words() -> None:
    job = from_description("# X\n## Must have\n- Relational databases\n- Planning shifts in SAP\n")
    databases, shifts = job.criteria
    assert {"PostgreSQL", "MySQL"} < set(databases.names)
    assert "schema" in databases.words
    assert (shifts.names, shifts.words) == (("SAP",), ("plan*", "shift*"))


def test_what_is_written_is_read_back_the_same() -> None:
    text = to_yaml(JOB, source="job.md", name="criteria.yaml")
    assert from_yaml(text, "criteria.yaml") == JOB
    assert text.startswith("# What job.md asks for")


def test_an_edited_file_needs_no_more_than_texts() -> None:
    criteria = from_yaml(
        "title: Cook\ncriteria:\n- text: Baking bread\n- {text: Kafka, must: false, weight: 2}", "c"
    )
    assert [(c.text, c.must, c.weight) for c in criteria.criteria] == [
        ("Baking bread", True, 3),
        ("Kafka", False, 2),
    ]
    assert criteria.criteria[0].words == ("bread",) or "bread*" in criteria.criteria[0].words
    assert "Kinesis" in criteria.criteria[1].names


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("title: [", "c.yaml is not YAML"),
        ("title: Cook", "c.yaml: .*criteria"),
        ("title: Cook\ncriteria: []", "c.yaml has no criteria"),
        ("title: Cook\ncriteria: [{text: a, weight: much}]", r"c.yaml: .*criteria\[0\]"),
        ("title: Cook\ncriteria: [{text: a, weight: 0}]", "at least one is more"),
        ("title: Cook\ncriteria: [{text: a, weight: -1}]", "weights are 0 or more"),
        ("!!python/object/apply:os.system [echo]", "c.yaml is not YAML"),
    ],
)
def test_a_file_that_cannot_be_meant_says_where(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        from_yaml(text, "c.yaml")


def test_a_job_description_may_be_missing() -> None:
    with pytest.raises(UsageError, match=r"missing\.md cannot be read"):
        read_description(Path("missing.md"))


def test_criteria_are_a_value() -> None:
    assert isinstance(JOB, Criteria)
    assert hash(JOB.criteria[0]) == hash(JOB.criteria[0])
