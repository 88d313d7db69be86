"""Transcripts, as recorders, meeting services and people write them; and what is none."""

import json
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.recipes.meetings import Transcript, Turn
from onward.recipes.transcripts import UnreadableTranscript, is_transcript, read_transcript
from onward.recipes.transcripts.spoken_lines import named

BERLIN = ZoneInfo("Europe/Berlin")


def read(tmp_path: Path, name: str, content: str | bytes | Any, **options: Any) -> Transcript:
    path = tmp_path / name
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_transcript(path, **options)


def said(transcript: Transcript) -> list[tuple[int, str, float | None, str]]:
    return [(turn.line, turn.speaker, turn.seconds, turn.text) for turn in transcript.turns]


# --------------------------------------------------------------------------------------------- captions

ZOOM_VTT = """WEBVTT

1
00:00:02.310 --> 00:00:05.040
Priya Raman: Good morning, everyone.

2
00:00:05.900 --> 00:00:09.100
Tom Ellis: Morning. One thing: I'll send the report
by Friday.
"""

TEAMS_VTT = """WEBVTT

d0f1a6c2-1/12-0
00:00:03.120 --> 00:00:06.000
<v Priya Raman>Good morning, <i>everyone</i>.</v>

d0f1a6c2-1/13-0
00:00:06.250 --> 00:00:08.500 align:start position:0%
<v.loud Tom Ellis>Fish &amp; chips?</v>
<v Priya Raman>Yes.</v>
"""


def test_zoom_captions(tmp_path: Path) -> None:
    meeting = read(tmp_path, "GMT20261125-233000_Recording.transcript.vtt", ZOOM_VTT, zone=BERLIN)
    assert said(meeting) == [
        (5, "Priya Raman", 2.31, "Good morning, everyone."),
        (9, "Tom Ellis", 5.9, "Morning. One thing: I'll send the report by Friday."),
    ]
    assert meeting.participants == ["Priya Raman", "Tom Ellis"]
    assert meeting.date == "2026-11-26"  # in Berlin it is past midnight


def test_teams_captions(tmp_path: Path) -> None:
    meeting = read(tmp_path, "Weekly sync.vtt", "\ufeff" + TEAMS_VTT.replace("\n", "\r\n"))
    assert said(meeting) == [
        (5, "Priya Raman", 3.12, "Good morning, everyone."),
        (9, "Tom Ellis", 6.25, "Fish & chips?"),
        (9, "Priya Raman", 6.25, "Yes."),
    ]
    assert (meeting.title, meeting.date) == ("Weekly sync", None)


def test_teams_metadata_content(tmp_path: Path) -> None:
    cue = {"startDateTime": "2026-11-25T23:30:00.0+00:00", "speakerName": "Ada", "spokenText": "Hello."}
    text = f"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n{json.dumps(cue)}\n"
    meeting = read(tmp_path, "a.vtt", text, zone=BERLIN)
    assert said(meeting) == [(4, "Ada", 1.0, "Hello.")]
    assert meeting.date == "2026-11-26"


def test_notes_styles_and_captions_that_roll_up(tmp_path: Path) -> None:
    text = (
        "WEBVTT - Planning\nKind: captions\n\nNOTE\nmade by a machine\n\nSTYLE\n::cue { color: lime }\n\n"
        "00:01.000 --> 00:02.000\nwe ship it\n\n00:02.000 --> 00:03.000\nwe ship it\n\n"
        "00:03.000 --> 00:04.000\n<00:03.100><c>on</c> Monday\n"
    )
    meeting = read(tmp_path, "a.vtt", text)
    assert said(meeting) == [(11, "", 1.0, "we ship it"), (17, "", 3.0, "on Monday")]
    assert meeting.title == "Planning"


def test_subtitles(tmp_path: Path) -> None:
    text = "1\n00:00:01,500 --> 00:00:04,000\nPRIYA: Good morning.\n\n2\n01:00:05,250 --> 01:00:06,000\n<i>Hm</i>\n"
    assert said(read(tmp_path, "a.srt", text)) == [
        (3, "PRIYA", 1.5, "Good morning."),
        (7, "", 3605.25, "Hm"),
    ]


@pytest.mark.parametrize("ending", ["vtt", "srt"])
@pytest.mark.parametrize("cut", [5, 8, 20, 27, 29])
def test_captions_that_are_cut_off_are_refused(tmp_path: Path, ending: str, cut: int) -> None:
    whole = "7\n00:00:01.000 --> 00:00:02.000\nWe ship.\n\n8\n"
    last = "00:00:03.000 --> 00:00:04.000\n"
    text = ("WEBVTT\n\n" if ending == "vtt" else "") + whole + last[:cut]
    if ending == "srt":
        text = text.replace(".000", ",000")
    with pytest.raises(UnreadableTranscript, match=r"a\..*damaged"):
        read(tmp_path, f"a.{ending}", text)


# ------------------------------------------------------------------------------------------------- JSON


def test_whisper(tmp_path: Path) -> None:
    segments = [
        {"id": 0, "start": 0.0, "end": 2.0, "text": " Hello there.", "tokens": [1, 2]},
        {"id": 1, "start": 2.5, "end": 4.0, "text": " I'll do it.", "speaker": "SPEAKER_01"},
    ]
    meeting = read(
        tmp_path, "2026-11-20_weekly-sync.json", {"text": "...", "segments": segments, "language": "en"}
    )
    assert said(meeting) == [(1, "", 0.0, "Hello there."), (2, "SPEAKER_01", 2.5, "I'll do it.")]
    assert (meeting.title, meeting.date) == ("Weekly sync", "2026-11-20")


def test_whisper_cpp(tmp_path: Path) -> None:
    entry = {"timestamps": {"from": "00:00:01,500"}, "offsets": {"from": 1500, "to": 4000}, "text": " Hi."}
    assert said(read(tmp_path, "a.json", {"transcription": [entry]})) == [(1, "", 1.5, "Hi.")]


def test_zoom(tmp_path: Path) -> None:
    value = {
        "type": "zoom_transcript",
        "recording_start": "2026-11-25T23:30:00Z",
        "timeline": [
            {"text": "Hi.", "ts": "00:01:02.500", "users": [{"username": "Ada", "user_id": "1"}]},
            {"text": "Hello.", "ts": "00:01:04.000", "users": []},
        ],
    }
    meeting = read(tmp_path, "a.json", value)
    assert said(meeting) == [(1, "Ada", 62.5, "Hi."), (2, "", 64.0, "Hello.")]
    assert meeting.date == "2026-11-25"
    assert read(tmp_path, "a.json", value, zone=BERLIN).date == "2026-11-26"
    assert read(tmp_path, "a.json", value, zone=BERLIN, day=date(2026, 1, 2)).date == "2026-01-02"


def test_teams(tmp_path: Path) -> None:
    entry = {"text": "Hi.", "speakerId": "x", "speakerDisplayName": "Ada", "startOffset": "00:00:03.0500000"}
    value = {"$schema": "...", "type": "Transcript", "entries": [entry], "events": []}
    assert said(read(tmp_path, "a.json", value)) == [(1, "Ada", 3.05, "Hi.")]


def test_otter(tmp_path: Path) -> None:
    value = {
        "status": "OK",
        "speech": {
            "title": "Sync",
            "start_time": 1764111600,
            "speakers": [{"id": 7, "speaker_name": "Mark Berry"}],
            "transcripts": [
                {"transcript": "Hello.", "speaker_id": 7, "start_offset": 24000, "end_offset": 48000},
                {"transcript": "Hm.", "speaker_id": None, "start_offset": 48000},
            ],
        },
    }
    meeting = read(tmp_path, "a.json", value)
    assert said(meeting) == [(1, "Mark Berry", 1.5, "Hello."), (2, "", 3.0, "Hm.")]
    assert (meeting.title, meeting.date) == ("Sync", "2025-11-25")


@pytest.mark.parametrize(
    "value",
    [
        [{"speaker": "Ada", "text": "Hi.", "start": 3}],
        {"transcript": [{"speaker": {"name": "Ada"}, "content": "Hi.", "start": "0:03"}]},
        {"utterances": [{"speaker": "Ada", "text": "Hi.", "start": 3000}]},
        {"sentences": [{"speaker_name": "Ada", "text": "Hi.", "start_time": 3}]},
        {"segments": [], "turns": [{"speaker": "Ada", "text": "Hi.", "timestamp": "00:00:03"}]},
        [{"speakerName": "Ada", "spokenText": "Hi.", "time": "3s"}],
    ],
)
def test_others_of_the_kind(tmp_path: Path, value: Any) -> None:
    assert said(read(tmp_path, "a.json", value)) == [(1, "Ada", 3.0, "Hi.")]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "null", '"text"', '{"segments": [1, 2]}', '{"segments": [{"text": " "}]}', "[" * 100_000,
     '{"segments": [{"text": {"a": 1}}]}', '[{"role": "user"}]'],
)  # fmt: skip
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableTranscript, match=r"a\.json: "):
        read(tmp_path, "a.json", text)


# ------------------------------------------------------------------------------------------ plain lines


def test_lines_with_names(tmp_path: Path) -> None:
    text = """# Planning

Date: Wednesday, November 25th, 2026, 14:00
Participants: Ada Lovelace, Grace Hopper (remote) and Linus

[00:01] Ada Lovelace: Good morning. Here is the thing: we ship.
and that is that
**Grace (01:02:03):** Okay.
- Linus: Decision: we ship at 10:30.
Note: nobody objects.
"""
    meeting = read(tmp_path, "a.md", text)
    assert said(meeting) == [
        (6, "Ada Lovelace", 1.0, "Good morning. Here is the thing: we ship."),
        (7, "Ada Lovelace", None, "and that is that"),
        (8, "Grace", 3723.0, "Okay."),
        (9, "Linus", None, "Decision: we ship at 10:30."),
        (10, "Linus", None, "Note: nobody objects."),
    ]
    assert (meeting.title, meeting.date) == ("Planning", "2026-11-25")
    assert meeting.participants == ["Ada Lovelace", "Grace", "Linus"]


def test_names_above_the_text(tmp_path: Path) -> None:
    text = "Ada Lovelace  0:05  \nGood morning.\nLet us start.\n\nDoe, Jane   1:02:03\nYes: go on.\n"
    assert said(read(tmp_path, "Note.txt", text)) == [
        (2, "Ada Lovelace", 5.0, "Good morning."),
        (3, "Ada Lovelace", None, "Let us start."),
        (6, "Doe, Jane", 3723.0, "Yes: go on."),
    ]


def test_times_alone(tmp_path: Path) -> None:
    text = "[00:00.000 --> 00:05.000]  We ship.\n00:07\nOn Monday.\n"
    assert said(read(tmp_path, "a.txt", text)) == [(1, "", 0.0, "We ship."), (3, "", 7.0, "On Monday.")]


def test_names_in_lower_case_must_come_again(tmp_path: Path) -> None:
    text = "project manager: Hi.\nmarketing: Hi.\nmarketing: So.\nproject manager: Well.\n"
    text += "project manager: This, then: stop.\nthis, then: stop.\nmarketing: Bye.\n"
    meeting = read(tmp_path, "a.txt", text)
    assert meeting.participants == ["project manager", "marketing"]
    assert said(meeting)[-2] == (6, "project manager", None, "this, then: stop.")


@pytest.mark.parametrize(
    "text", ["", "Dear all,\nplease come.\n", "Note: this is none.\nhttp://a.b/c\n", "10 % of it\n"]
)
def test_text_without_speakers_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableTranscript, match=r"a\.txt: no line begins with a speaker"):
        read(tmp_path, "a.txt", text)


@pytest.mark.parametrize(
    ("caption", "found"),
    [
        ("Ada: Hi.", ("Ada", "Hi.")),
        ("Juan de la Cruz (Guest): Hi.", ("Juan de la Cruz (Guest)", "Hi.")),
        ("Speaker 1: Hi.", ("Speaker 1", "Hi.")),
        ("So: we ship.", ("", "So: we ship.")),
        ("We ship at 10:30.", ("", "We ship at 10:30.")),
        ("the thing is: we ship", ("", "the thing is: we ship")),
    ],
)
def test_names_in_captions(caption: str, found: tuple[str, str]) -> None:
    assert named(caption) == found


# -------------------------------------------------------------------------------------------- documents


def test_word_documents(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_paragraph("Planning")
    document.add_paragraph("Date: 25 November 2026")
    document.add_paragraph("Ada Lovelace   0:03\nGood morning.")
    document.add_paragraph("Grace: Morning.")
    document.save(str(tmp_path / "a.docx"))
    meeting = read_transcript(tmp_path / "a.docx")
    assert [turn.text for turn in meeting.turns] == ["Good morning.", "Morning."]
    assert meeting.participants == ["Ada Lovelace", "Grace"]
    assert meeting.date == "2026-11-25"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04rubbish", b"Ada: Hi."])
def test_damaged_documents_are_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableTranscript, match=r"a\.docx: .*damaged"):
        read(tmp_path, "a.docx", content)


# ---------------------------------------------------------------------------------------- anything else


@pytest.mark.parametrize("name", ["a.mp3", "a.MP4", "a.wav"])
def test_recordings_are_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    assert is_transcript(Path(name))
    with pytest.raises(UnreadableTranscript, match="this is a recording"):
        read(tmp_path, name, b"\0\1")


def test_unknown_endings_name_the_known(tmp_path: Path) -> None:
    assert not is_transcript(Path("a.xyz"))
    with pytest.raises(UnreadableTranscript, match=r"'\.xyz'; there are \.vtt, \.srt"):
        read(tmp_path, "a.xyz", "Ada: Hi.")


@pytest.mark.parametrize("ending", ["vtt", "srt", "json", "txt"])
@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\xe4\xf6", b"a\0b", b"\xed\xa0\x80"])
def test_what_is_no_text_is_refused(tmp_path: Path, ending: str, content: bytes) -> None:
    with pytest.raises(UnreadableTranscript):
        read(tmp_path, f"a.{ending}", content)


def test_utf_16_and_what_is_not_seen(tmp_path: Path) -> None:
    text = "Ad\u200ba: Hi\u2028there,\u202e \x1b[31mred.\n"
    assert said(read(tmp_path, "a.txt", text.encode("utf-16"))) == [(1, "Ada", None, "Hi there, [31mred.")]


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTranscript, match="No such file"):
        read_transcript(tmp_path / "gone.vtt")


@given(text=st.text(), ending=st.sampled_from(["vtt", "srt", "json", "txt"]))
def test_any_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str, ending: str
) -> None:
    tmp_path = tmp_path_factory.mktemp("any")
    try:
        content = text.encode()
    except UnicodeEncodeError:
        content = text.encode("utf-8", "surrogatepass")
    prefix = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n" if ending == "vtt" else b""
    try:
        meeting = read(tmp_path, f"a.{ending}", prefix + content)
    except UnreadableTranscript:
        return
    assert all(isinstance(turn, Turn) and turn.text.strip() and turn.line > 0 for turn in meeting.turns)


scalars = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
keys = st.sampled_from(
    [
        "segments",
        "text",
        "speaker",
        "start",
        "timeline",
        "ts",
        "users",
        "speech",
        "transcripts",
        "title",
        "entries",
    ]
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


@given(value=values)
def test_any_json_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    try:
        meeting = read(tmp_path_factory.mktemp("any"), "a.json", json.dumps(value))
    except UnreadableTranscript:
        return
    assert all(turn.text and (turn.seconds is None or turn.seconds >= 0) for turn in meeting.turns)
