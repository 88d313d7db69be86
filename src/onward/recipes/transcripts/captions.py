"""Captions: WebVTT and SubRip."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from onward.recipes.meetings import Turn
from onward.recipes.transcripts.base import Found, UnreadableTranscript
from onward.recipes.transcripts.spoken_lines import named
from onward.recipes.transcripts.when import written_day

if TYPE_CHECKING:
    from webvtt import Caption, WebVTT

_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TAG = re.compile(r"</?[^<>]*>")
_NO_CAPTIONS = ("WEBVTT", "NOTE", "STYLE", "REGION", "X-TIMESTAMP-MAP")


def read_vtt(text: str) -> Found:
    """The cues of a WebVTT file."""
    import webvtt

    return _found(text, webvtt.from_string)


def read_srt(text: str) -> Found:
    """The subtitles of a SubRip file."""
    from io import StringIO

    import webvtt

    def from_string(text: str) -> WebVTT:
        return webvtt.from_buffer(StringIO(text), format="srt")

    return _found(text, from_string)


def _found(text: str, parse: Callable[[str], WebVTT]) -> Found:
    import webvtt.errors

    _check_blocks(text)
    try:
        parsed: WebVTT = parse(text.rstrip() + "\n")
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError) as error:
        raise UnreadableTranscript(f"damaged, or no captions: {error}") from error
    turns: list[Turn] = []
    title, held = _headed(parsed)
    for caption, line in _with_lines(text, parsed.captions):
        said, began = _said(caption)
        held = held or (written_day(began) if began else None)
        for speaker, words in said:
            if not (turns and _rolls_on(turns[-1], speaker, words)):
                turns.append(Turn(line, speaker, caption.start_in_seconds + _milliseconds(caption), words))
    return Found(turns, title, held)


def _milliseconds(caption: Caption) -> float:
    return float(f"0.{caption.start.rpartition('.')[2]}")


def _headed(parsed: WebVTT) -> tuple[str | None, date | datetime | None]:
    """Title and date, where the header or the first comment says them: ``NOTE Planning, 25 November 2026``."""
    title = parsed.header_text.strip(" -")
    comment = (parsed.header_comments or [""])[0].split("\n")[0]
    before: list[str] = []
    for part in comment.split(","):
        if held := written_day(part):
            return title or ",".join(before).strip() or None, held
        before.append(part)
    return title if title and ":" not in title else None, None


def _check_blocks(text: str) -> None:
    """Refuse words between captions, which the parser passes over: most often the last caption, cut off.

    Raises:
        UnreadableTranscript: there are some.
    """
    started, timed = 0, True
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if not line.strip():
            if not timed:
                raise UnreadableTranscript(f"damaged: line {started} belongs to no caption")
            started, timed = 0, True
            continue
        if not started:
            started, timed = number, line.startswith(_NO_CAPTIONS)
        timed = timed or "-->" in line


def _with_lines(text: str, captions: list[Caption]) -> Iterator[tuple[Caption, int]]:
    """Each caption and the line its words begin in.

    Raises:
        UnreadableTranscript: there is a timing that no caption came of, or the last one has no words.
    """
    timings = [number for number, line in enumerate(text.split("\n"), 1) if "-->" in line]
    if len(timings) != len(captions):
        raise UnreadableTranscript(
            f"damaged: {len(timings)} timings, of which {len(captions)} can be read; "
            f"{_first_unread(text, captions)}"
        )
    if captions and not captions[-1].raw_text.strip():
        raise UnreadableTranscript(f"damaged: cut off in line {timings[-1]}")
    for caption, line in zip(captions, timings, strict=True):
        yield caption, line + 1


def _first_unread(text: str, captions: list[Caption]) -> str:
    read = iter([*(caption.start for caption in captions), ""])
    wanted = next(read)
    for number, line in enumerate(text.split("\n"), 1):
        if "-->" not in line:
            continue
        start = line.partition("-->")[0].strip().replace(",", ".")
        if not wanted or not wanted.endswith(start) or not start:
            return f"the first that cannot is in line {number}"
        wanted = next(read)
    return "one has no words"


def _said(caption: Caption) -> tuple[list[tuple[str, str]], str]:
    """Who says what in a caption, and when the recording says the day was, if it does."""
    raw = caption.raw_text
    if raw.lstrip().startswith("{") and (metadata := _metadata(raw)):
        return [(metadata["speakerName"], metadata["spokenText"])], metadata["startDateTime"]
    first, *voices = _VOICE.split(raw)
    said = [named(_plain(first))] if _plain(first) else []
    said += [(_plain(who), _plain(words)) for who, words in zip(voices[::2], voices[1::2], strict=True)]
    return said, ""


def _metadata(raw: str) -> dict[str, str] | None:
    """The JSON that Teams puts into the cues of its metadata content."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("spokenText"), str):
        return None
    return {name: str(value.get(name) or "") for name in ("speakerName", "spokenText", "startDateTime")}


def _plain(raw: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", raw)).split())


def _rolls_on(last: Turn, speaker: str, words: str) -> bool:
    """Whether a caption only shows the last one's words again, as captions that roll up the screen do."""
    return speaker == last.speaker and words == last.text
