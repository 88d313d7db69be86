"""The ranking as CSV, XLSX and HTML, and the check of groups."""

import csv
import io
import zipfile
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from onward.errors import StoreUnwritable, UsageError
from onward.recipes.resume_screening import (
    Outcome,
    Period,
    Person,
    Score,
    Screening,
    Unscreened,
    Years,
    check,
    check_outputs,
    from_description,
    rank,
    read_groups,
    write_outputs,
)
from onward.recipes.resume_screening.groups import fisher
from onward.recipes.resume_screening.page import page

TODAY = date(2026, 11, 25)
JOB = from_description("# Clerk\n## Must have\n- Counting\n## Nice to have\n- Ships\n")


def screening(file: str, total: float, name: str = "", **more: Any) -> Screening:
    known: dict[str, Any] = {
        "person": Person(name or file),
        "scores": (),
        "years": Years(),
        "gaps": (),
        "reason": "One. Two.",
        "flags": (),
        "mark": file,
        "model": "the model",
    }
    return Screening(file=file, total=total, **(known | more))


def outcome(*ranked: Screening, lost: tuple[Unscreened, ...] = (), **more: Any) -> Outcome:
    return Outcome(JOB, ranked, lost, TODAY, **more)


# ----------------------------------------------------------------------------------------- the order


def test_equal_totals_are_ordered_by_file() -> None:
    made = [screening("b", 10), screening("c", 20), screening("a", 10)]
    for given in (made, made[::-1]):
        assert [s.file for s in rank(given)] == ["c", "a", "b"]


def test_files_that_seem_to_be_of_one_person_are_flagged_on_each() -> None:
    lee = screening("a", 5, "Jo Lee")
    found = rank([
        lee,
        screening("b", 4, "JO LEE"),
        screening("c", 3, "J. Lee", person=Person("J. Lee", ("Jo@x.org",))),
        screening("d", 2, "X", person=Person("X", ("jo@x.org",))),
        screening("e", 1, "Y", mark="a"),
        screening("f", 0, "Z"),
    ])  # fmt: skip
    assert found[0].flags == (
        "another resume has the same name: two people, or two files of one?: b",
        "the same text as another file: e",
    )
    assert found[1].flags == ("another resume has the same name: two people, or two files of one?: a",)
    assert found[2].flags == ("two files of one person, by e-mail or telephone: d",)
    assert found[5].flags == ()


# ----------------------------------------------------------------------------------------- the table

NASTY = '=HYPERLINK("http://example.org","x")'
SCORES = (Score("@SUM(1)", True, 3, 0.5, '+1 more, "quoted"\nline'), Score("b", False, 1, 0.0))


def test_the_csv_holds_no_formula() -> None:
    made = screening("-cv.txt", 50.5, NASTY, scores=SCORES, years=Years((Period(24180, 24240, "l"),)))
    write_outputs(outcome(made, lost=(Unscreened("＝x.pdf", "only text"),)), [Path("new/ranking.csv")])
    raw = Path("new/ranking.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    header, first, last = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert header[:6] == ["rank", "name", "file", "total", "flags", "years proven"]
    assert header[11:] == ["score: @SUM(1)", "evidence: @SUM(1)", "score: b", "evidence: b", "model"]
    assert first[:6] == ["1", "'" + NASTY, "'-cv.txt", "50.5", "", "5.0"]
    assert first[11:] == ["0.5", '\'+1 more, "quoted"\nline', "0.0", "", "the model"]
    assert last[:5] == ["", "", "'＝x.pdf", "", "not screened: only text"]


def test_the_workbook_holds_texts_and_numbers_and_no_formula_or_link() -> None:
    import openpyxl

    made = screening(
        "-cv.txt", 50.5, NASTY, scores=SCORES, person=Person(NASTY, links=("https://example.org",))
    )
    fairness = check([made, screening("b", 1)], {"-cv.txt": "A", "b": "B"}, 1)
    write_outputs(outcome(made, fairness=fairness), [Path("ranking.xlsx")])
    book = openpyxl.load_workbook("ranking.xlsx")
    assert book.sheetnames == ["Ranking", "Groups"]
    rows = [[cell.value for cell in row] for row in book["Ranking"].iter_rows()]
    assert rows[1][:4] == [1, "'" + NASTY, "'-cv.txt", 50.5]
    assert "rejects nobody" in str(rows[3][0])
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert [cell for cell in cells if cell.hyperlink] == []


def test_the_same_ranking_is_the_same_file() -> None:
    paths = [Path(name) for name in ("a.csv", "a.xlsx", "a.html")]
    write_outputs(outcome(screening("a", 1, scores=SCORES)), paths)
    first = [path.read_bytes() for path in paths]
    assert b"2026-11-25T00:00:00Z" in zipfile.ZipFile("a.xlsx").read("docProps/core.xml")
    write_outputs(outcome(screening("a", 1, scores=SCORES)), paths)
    assert [path.read_bytes() for path in paths] == first


def test_a_failed_write_leaves_the_old_file(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Path("ranking.csv")
    write_outputs(outcome(screening("a", 1)), [out])
    before = out.read_bytes()
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(StoreUnwritable, match=r"ranking\.csv: cannot be written: No space left"):
        write_outputs(outcome(screening("b", 1)), [out])
    assert [path.name for path in Path().iterdir()] == ["ranking.csv"]
    assert out.read_bytes() == before


def test_a_missing_package_is_told_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onward.recipes.extras.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"a\.xlsx: a spreadsheet needs the package xlsxwriter: pip install"):
        check_outputs([Path("a.csv"), Path("a.xlsx")])


def test_an_output_says_by_its_name_what_it_is() -> None:
    with pytest.raises(UsageError, match=r"ranking.pdf: the ranking's name ends in \.csv, \.xlsx, \.html"):
        check_outputs([Path("ranking.csv"), Path("ranking.pdf")])
    Path("folder.csv").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        check_outputs([Path("folder.csv")])


# ------------------------------------------------------------------------------------------ the page


class Page(HTMLParser):
    """What is on a page: tags, attributes that load something, and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [f"{k}={v}" for k, v in attrs if k in ("src", "href", "onload", "onerror")]

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(*ranked: Screening, **more: Any) -> Page:
    return Page(page(JOB, ranked, more.pop("lost", ()), today=TODAY, **more).decode())


def test_the_page_shows_hostile_text_as_text() -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)> $title ${x}'
    job = from_description(f"# {hostile}\n## Must have\n- {hostile}\n")
    made = screening(
        hostile, 90, hostile, flags=(hostile,), reason=hostile, gaps=(hostile,), model=hostile,
        scores=(Score(hostile, True, 3, 0.9, hostile), Score(hostile, True, 3, 0.1, None, hostile, hostile)),
        years=Years((Period(24180, None, hostile),), (hostile,)),
        person=Person(hostile, (hostile,), (hostile,), (hostile,)),
    )  # fmt: skip
    found = Page(page(job, [made], [Unscreened(hostile, hostile)], today=TODAY).decode())
    assert found.text.count(hostile) >= 18
    assert not {"script", "img", "link", "iframe", "a"} & found.tags
    assert found.loads == []


def test_the_page_says_what_it_is_for_and_who_scored() -> None:
    text = " ".join(shown(screening("a", 1, scores=SCORES)).text.split())
    assert "It rejects nobody, and must not be used to." in text
    assert "Scored by the model." in text
    assert "no evidence found" in text
    assert "were taken out before a resume was scored" in text
    rules = shown(screening("a", 1, model="rules + a small one"), blind=False).text
    assert "These are rules over a small model of word meanings" in rules
    assert "--no-blind" in rules


def test_the_page_lists_what_could_not_be_screened() -> None:
    found = shown(lost=(Unscreened("scan.pdf", "it is a scan"),)).text
    assert "Not screened: 1" in found
    assert "0 ranked · 1 not screened" in found


# ------------------------------------------------------------------------------------------ groups


def pool(*groups: str) -> tuple[list[Screening], dict[str, str]]:
    """Candidates of these groups, best first."""
    made = [screening(f"in/{n}.txt", 100 - n, f"N{n}") for n in range(len(groups))]
    return made, {f"{n}.txt": group for n, group in enumerate(groups) if group}


def test_selection_rates_and_impact_ratios() -> None:
    made, group_of = pool(*"AAAABAAABBBBBBBB")
    found = check(made, group_of, 8)
    assert [(g.name, g.candidates, g.selected, g.rate) for g in found.groups] == [
        ("A", 7, 7, 1.0),
        ("B", 9, 1, 1 / 9),
    ]
    assert [row[4] for row in found.table()[1:]] == [1.0, 0.11]
    (warning,) = found.warnings
    assert warning.startswith(
        "B: 1 of 9 are among the top 8, 11% of the highest rate, and under four fifths (Uniform"
    )
    assert "29 CFR 1607.4(D)" in warning
    assert "Chance alone would hardly do that (p = 0.001)" in warning


def test_small_numbers_are_said_to_be_small() -> None:
    made, group_of = pool(*"AABB")
    (warning,) = check(made, group_of, 1).warnings
    assert "small enough for chance (p = 1.00); that does not show it was" in warning


def test_four_fifths_is_no_warning_and_less_is() -> None:
    made, group_of = pool(*"AAAAABBBBAB")  # top 9: 5 of 6 and 4 of 5
    assert check(made, group_of, 9).warnings == ()


def test_who_states_no_group_is_counted_and_not_compared() -> None:
    made, group_of = pool("A", "B", "", "")
    found = check(made, group_of, 2)
    assert [(g.name, g.candidates, found.ratio(g)) for g in found.groups] == [
        ("A", 1, 1.0),
        ("B", 1, 1.0),
        ("(not stated)", 2, None),
    ]
    assert found.warnings == ()


def test_groups_may_be_given_by_path_by_name_or_by_file_and_strangers_are_said() -> None:
    made, _ = pool("A", "B", "C")
    found = check(made, {"in/0.txt": "A", "N1": "B", "2.txt": "C", "who.txt": "D"}, 1)
    assert {g.name for g in found.groups} == {"A", "B", "C"}
    assert found.warnings[-1] == "in the groups file, but not in the ranking: who.txt"


@pytest.mark.parametrize("top", [0, 2, 5])
def test_the_top_is_some_of_all(top: int) -> None:
    made, group_of = pool("A", "B")
    with pytest.raises(UsageError, match=f"--top {top}: with 2 candidates, give a number from 1 to 1"):
        check(made, group_of, top)


def test_a_groups_file_that_names_nobody_is_refused() -> None:
    made, _ = pool("A", "B")
    with pytest.raises(UsageError, match="names none of the candidates"):
        check(made, {"other": "A"}, 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [("file,group\n", "nothing under it"), ("file,group\na.txt\n", "record 2"), ("", "nothing under it")],
)
def test_a_groups_file_that_cannot_be_meant_says_where(text: str, why: str) -> None:
    Path("groups.csv").write_text(text)
    with pytest.raises(UsageError, match=why):
        read_groups(Path("groups.csv"))


def test_a_groups_file_is_read() -> None:
    Path("groups.csv").write_text("\ufefffile,group\n a.txt , A \n\nb.txt,\n", "utf-8")
    assert read_groups(Path("groups.csv")) == {"a.txt": "A", "b.txt": "(not stated)"}


def test_fisher_is_the_one_of_the_tea_tasting() -> None:
    assert fisher((3, 4), (1, 4)) == pytest.approx(34 / 70)
    assert fisher((4, 4), (0, 4)) == pytest.approx(2 / 70)
    assert fisher((0, 3), (0, 5)) == 1.0
