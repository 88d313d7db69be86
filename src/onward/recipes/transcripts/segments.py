"""Transcripts in JSON: an object somewhere in which there is a list of segments with the words of each."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from onward.recipes.meetings import Turn
from onward.recipes.transcripts.base import Found, UnreadableTranscript, seconds_of
from onward.recipes.transcripts.when import written_day


class Shape(NamedTuple):
    """Where a program's JSON has what: paths of keys, the first that is there counts."""

    name: str
    segments: str
    text: tuple[str, ...] = ("text",)
    speaker: tuple[str, ...] = ("speaker", "speaker_name", "speakerName", "name")
    start: tuple[str, ...] = ("start", "start_time", "startTime", "timestamp", "ts", "time")
    scale: float = 1.0  # a second in the program's numbers
    title: tuple[str, ...] = ("title", "topic", "subject", "name")
    held: tuple[str, ...] = ("date", "start_time", "startDateTime", "created_at")


SHAPES = (
    Shape(
        "Otter", "speech.transcripts", text=("transcript",), speaker=("speaker_name", "speaker_id"),
        start=("start_offset",), scale=16_000, title=("speech.title",), held=("speech.start_time",),
    ),
    Shape("Zoom", "timeline", speaker=("users.0.username",), start=("ts",), held=("recording_start",)),
    Shape("Teams", "entries", speaker=("speakerDisplayName",), start=("startOffset",)),
    Shape("whisper.cpp", "transcription", start=("offsets.from",), scale=1000),
    Shape("AssemblyAI", "utterances", scale=1000),
    Shape("Deepgram", "results.utterances", text=("transcript",)),
    Shape("Fireflies", "sentences", start=("start_time",)),
    Shape("Whisper", "segments"),
    Shape(
        "a list of segments", "", text=("text", "spokenText", "transcript", "content", "words"),
        speaker=("speaker", "speaker_name", "speakerName", "name", "username"), held=("0.startDateTime",),
    ),
)  # fmt: skip
"""Tried from the first to the last; a file is of the first shape whose list of segments it has."""

_GENERAL = SHAPES[-1]
_LISTS = ("transcript", "turns", "messages", "utterances", "data", "meeting_transcripts", "")


def read_json(text: str) -> Found:
    """The segments of a JSON file.

    Raises:
        UnreadableTranscript: it is damaged, or has no list of segments.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise UnreadableTranscript("damaged: nested too deeply") from error
    except ValueError as error:
        raise UnreadableTranscript(f"damaged, or no JSON: {error}") from error
    for shape, segments in _candidates(value):
        turns = list(_turns(value, shape, segments))
        if turns:
            held = _moment(_first(value, shape.held))
            title = _first(value, shape.title)
            return Found(turns, title if isinstance(title, str) else None, held, _listed(value))
    names = ", ".join(shape.name for shape in SHAPES[:-1])
    raise UnreadableTranscript(f"no list of segments with words in it, as {names} or others write it")


def _candidates(value: Any) -> Iterator[tuple[Shape, list[Any]]]:
    shapes = [*SHAPES[:-1], *(_GENERAL._replace(segments=path) for path in _LISTS)]
    for shape in shapes:
        segments = _at(value, shape.segments)
        if isinstance(segments, list) and any(isinstance(one, dict) for one in segments):
            yield shape, segments


def _turns(value: Any, shape: Shape, segments: list[Any]) -> Iterator[Turn]:
    names = _names_by_id(value)
    for number, segment in enumerate(segments, 1):
        text = _first(segment, shape.text)
        if isinstance(text, str) and text.strip():
            who = _first(segment, shape.speaker)
            speaker = names.get(str(who)) or _label(who)
            yield Turn(number, speaker, _seconds(_first(segment, shape.start), shape.scale), text)


def _label(who: Any) -> str:
    if isinstance(who, dict):
        who = who.get("name") or who.get("display_name") or who.get("displayName")
    if isinstance(who, int):
        return f"Speaker {who}"
    return who if isinstance(who, str) else ""


def _names_by_id(value: Any) -> dict[str, str]:
    """Speakers that segments refer to by id, as Otter's do."""
    speakers = _at(value, "speech.speakers") or _at(value, "speakers") or []
    found = {}
    for one in speakers if isinstance(speakers, list) else []:
        name = _first(one, ("speaker_name", "name", "display_name"))
        if isinstance(name, str) and isinstance(one, dict):
            found[str(one.get("id", one.get("speaker_id")))] = name
    return found


def _listed(value: Any) -> list[str]:
    people = _at(value, "participants") or _at(value, "attendees") or []
    names = [_label(one) for one in people] if isinstance(people, list) else []
    return [name for name in names if name]


def _seconds(start: Any, scale: float) -> float | None:
    if isinstance(start, bool):
        return None
    if isinstance(start, int | float):
        return start / scale if math.isfinite(start) and 0 <= start / scale < 1e7 else None
    if not isinstance(start, str):
        return None
    if start.endswith("s") and start[:-1].replace(".", "", 1).isdecimal():
        return float(start[:-1])
    return seconds_of(start)


def _moment(held: Any) -> date | datetime | None:
    if isinstance(held, str):
        return written_day(held)
    if isinstance(held, int | float) and not isinstance(held, bool) and 1e9 < held < 1e13:
        return datetime.fromtimestamp(held / 1000 if held > 1e11 else held, UTC)
    return None


def _first(value: Any, paths: tuple[str, ...]) -> Any:
    found = (_at(value, path) for path in paths)
    return next((one for one in found if one not in (None, "")), None)


def _at(value: Any, path: str) -> Any:
    step: Callable[[Any, str], Any] = _into
    for key in path.split(".") if path else ():
        value = step(value, key)
    return value


def _into(value: Any, key: str) -> Any:
    if isinstance(value, list):
        return value[int(key)] if key.isdecimal() and int(key) < len(value) else None
    return value.get(key) if isinstance(value, dict) else None
