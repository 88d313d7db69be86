"""The folder the notes go to: written so that a crash leaves whole documents, and what people changed alone."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from onward.outputs import files
from onward.recipes.meetings import Notes, NotNotes, read_notes
from onward.recipes.naming import file_name

RECORD = ".onward-notes.json"
"""What onward wrote into the folder: each document's digest, and what the notes of each transcript were made of."""


class Published(NamedTuple):
    """What became of the documents: ``kept`` were changed by people, or are not onward's."""

    written: list[Path]
    unchanged: list[Path]
    kept: list[Path]


class Folder:
    """A folder of notes, and the record of what onward wrote there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._record = _read(path / RECORD)

    def known(self, transcript: Path, made_by: str) -> Notes | None:
        """The notes of a transcript that are there already, made of the same content in the same way."""
        made = self._record["made"].get(transcript.as_posix())
        if not made or made["by"] != made_by or made["of"] != _digest_of(transcript):
            return None
        try:
            return read_notes(self.path / f"{made['name']}.json")
        except NotNotes:
            return None

    def names_of(self, sources: Sequence[str]) -> dict[str, str]:
        """A file name for the notes of each transcript, without its ending: its own, as far as those differ."""
        plain = {source: file_name(Path(source).stem, "meeting") for source in sources}
        count = Counter(name.casefold() for name in plain.values())
        return {
            source: name
            if count[name.casefold()] == 1 and name.casefold() != "index"
            else f"{name}-{_short(source)}"
            for source, name in plain.items()
        }

    def publish(
        self, documents: Mapping[str, str], sources: Mapping[str, str], made_by: str, force: bool = False
    ) -> Published:
        """Write documents, each whole or not at all; doing it again after a crash, or for nothing, does no harm.

        Args:
            documents: text by file name.
            sources: the transcripts, and the names of their notes.
            made_by: what made the notes, for :meth:`known`.
            force: write over what is not as onward left it.

        Raises:
            StoreUnwritable, UsageError: a document cannot be written.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        known = self._record["files"]
        content = {name: text.encode() for name, text in documents.items()}
        done = Published([], [], [])
        for name, body in content.items():
            found = _digest_of(self.path / name)
            ours = found is None or force or found in known.get(name, ())
            kind = done.unchanged if found == _digest(body) else done.written if ours else done.kept
            kind.append(self.path / name)
        made = {
            source: {"of": _digest_of(Path(source)), "by": made_by, "name": name}
            for source, name in sources.items()
            if self.path / f"{name}.json" not in done.kept
        }
        # What is about to be written is on record first: after a crash in between, both are known for onward's own.
        both = {path.name: [*known.get(path.name, ()), _digest(content[path.name])] for path in done.written}
        self._save({**known, **both}, self._record["made"])
        for path in done.written:
            _write(path, content[path.name])
        mine = [*done.written, *done.unchanged]
        self._save({**known, **{path.name: [_digest(content[path.name])] for path in mine}}, made)
        return done

    def _save(self, known: dict[str, Any], made: dict[str, Any]) -> None:
        record = {"format": 1, "files": known, "made": made}
        body = json.dumps(record, indent=1, sort_keys=True).encode()
        if record != self._record:
            _write(self.path / RECORD, body)
            self._record = record


def _write(path: Path, body: bytes) -> None:
    written = files.write_temporary(path, [body])
    files.replace(written.path, path)
    files.sync_folder(path.parent)


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text("utf-8"))
        return {"format": 1, "files": dict(record["files"]), "made": dict(record["made"])}
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return {"format": 1, "files": {}, "made": {}}  # without it, what is there is other people's


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=32).hexdigest()


def _digest_of(path: Path) -> str | None:
    try:
        return _digest(path.read_bytes())
    except OSError:
        return None


def _short(source: str) -> str:
    return _digest(source.encode())[:8]
