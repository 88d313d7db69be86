"""Reading transcripts of meetings, in the forms that recorders, meeting services and people write them.

| ending | what it is |
| --- | --- |
| ``.vtt``, ``.srt`` | captions, as of Zoom, Teams, Meet, Whisper; speakers in ``<v Name>`` or as ``Name: text`` |
| ``.json`` | Zoom, Teams, Otter, Whisper and WhisperX, whisper.cpp, and lists of segments of the same kind |
| ``.txt``, ``.md`` | lines ``Name: text``, with or without times; Otter's text export |
| ``.docx`` and others | documents of such lines, as Teams and Meet write them |

A file that cannot be read whole is refused with the reason: half a meeting would look like a meeting.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, tzinfo
from pathlib import Path

from onward.recipes.meetings import Transcript
from onward.recipes.transcripts import captions, documents, segments, spoken_lines, when
from onward.recipes.transcripts.base import Found, UnreadableTranscript, decoded, tidy, word_set

__all__ = ["READERS", "UnreadableTranscript", "is_transcript", "read_transcript"]

MAX_BYTES = 64 * 1024 * 1024
"""About two thousand hours of speech; what is larger is something else."""

READERS = {
    ".vtt": captions.read_vtt,
    ".srt": captions.read_srt,
    ".json": segments.read_json,
    ".txt": spoken_lines.read_lines,
    ".md": spoken_lines.read_lines,
}
"""What reads the text of a file, by its ending. Documents are read by :mod:`.documents`."""

RECORDINGS = word_set(".mp3 .m4a .wav .flac .ogg .opus .aac .wma .aiff .mp4 .mov .mkv .webm .avi .wmv .m4v")


def is_transcript(path: Path) -> bool:
    """Whether its name says that a file is a transcript, or a recording, which is refused with a word on it."""
    ending = path.suffix.lower()
    return ending in READERS or ending in documents.ENDINGS or ending in RECORDINGS


def read_transcript(path: Path, *, day: date | None = None, zone: tzinfo | None = None) -> Transcript:
    """The transcript in a file.

    Args:
        path: the file; its ending says how to read it.
        day: the meeting's date; without, the file's own word for it, or its name's. None if none says.
        zone: the time zone that the meeting's day is counted in, where the file gives a moment in UTC.

    Raises:
        UnreadableTranscript: it cannot be read, is damaged, is no transcript, or nobody says anything in it.
    """
    try:
        found = _read(path)
    except UnreadableTranscript as error:
        raise UnreadableTranscript(f"{path.name}: {error}") from error.__cause__
    turns = [replace(turn, speaker=tidy(turn.speaker), text=tidy(turn.text)) for turn in found.turns]
    turns = [turn for turn in turns if turn.text]
    if not turns:
        raise UnreadableTranscript(f"{path.name}: nobody says anything in it")
    held = day or when.day_of(found.held, zone) or when.day_in_name(path.stem, zone)
    people = _people([turn.speaker for turn in turns], [tidy(name) for name in found.listed])
    title = tidy(found.title or "") or when.title_from_name(path.stem)
    return Transcript(path.as_posix(), title, held.isoformat() if held else None, people, turns)


def _people(speakers: list[str], listed: list[str]) -> list[str]:
    """Those who speak, in the order they do, and those listed who are not one of them by another name."""
    people = [name for name in dict.fromkeys(speakers) if name]
    spoken = [set(name.casefold().split()) for name in people]
    for name in dict.fromkeys(listed):
        words = set(name.casefold().split())
        if words and not any(words <= theirs or theirs <= words for theirs in spoken):
            people.append(name)
    return people


def _read(path: Path) -> Found:
    ending = path.suffix.lower()
    if ending in RECORDINGS:
        raise UnreadableTranscript(
            "this is a recording, and notes are taken of transcripts: have it transcribed first, by the "
            "meeting service or by Whisper, and give the .vtt, .srt or .json that comes of it"
        )
    if ending in documents.ENDINGS:
        return spoken_lines.read_lines(documents.text_of(path))
    if ending not in READERS:
        known = ", ".join([*READERS, *sorted(documents.ENDINGS)])
        raise UnreadableTranscript(f"no kind of transcript ends in {ending!r}; there are {known}")
    return READERS[ending](decoded(_bytes_of(path)))


def _bytes_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableTranscript(f"over {MAX_BYTES // 1024**2} MiB are more than any meeting has")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableTranscript(f"cannot be read: {error.strerror}") from error
