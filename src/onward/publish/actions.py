"""Publishing: what is written where when a run finishes, and whether it is still what was written.

The order of the actions, and what a crash between two of them means, is in :mod:`onward.publish.finishing`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import xxhash

from onward.errors import OutputExists, StoreCorrupt, UsageError
from onward.journal.blocks import Index
from onward.journal.outcomes import Entry, Identity, failed, identities, results, surveyed
from onward.journal.records import Head
from onward.model import Counts, Marker, OutputRecord, RunInfo
from onward.outputs import Format, files, format_for
from onward.stores.base import Reader

FAILURES_SUFFIX = ".failures.jsonl"


class Output(msgspec.Struct, frozen=True):
    """Where results go: an absolute path, its format, and whether a file of someone else may be replaced."""

    path: Path
    format: Format
    force: bool = False

    @property
    def failures(self) -> Path:
        return self.path.with_name(self.path.name + FAILURES_SUFFIX)


def output_at(
    path: str | os.PathLike[str] | None, *, force: bool = False, format_name: str | None = None
) -> Output | None:
    """The output that ``output=`` names.

    Raises:
        UsageError: its suffix names no format, or it cannot be a file.
    """
    if path is None:
        return None
    target = files.target_of(path)
    files.check_target(target)
    return Output(target, format_for(Path(path).absolute(), format_name), force)


def refuse_foreign(output: Output, marker: Marker | None) -> None:
    """Keep from replacing a file that this run did not write.

    Raises:
        OutputExists: there is one.
    """
    ours = [r for r in (marker.output, marker.failures) if r] if marker else []
    for path in (output.path, output.failures):
        if output.force or not path.exists() or not path.stat().st_size:
            continue
        if not any(record.path == str(path) and intact(record) for record in ours):
            raise OutputExists(
                f"{path} exists and was not written by this run; move it, give another output, or force=True (--force)",
                ({"force": True},),
            )


def refuse_input(output: Output | None, source: Path | None) -> None:
    """Keep from replacing what the items are read from, or from adding to it.

    Raises:
        UsageError: the output, or the file of failures beside it, is the input or lies in its folder.
    """
    if output is None or source is None or not source.exists():
        return
    for path in (output.path, output.failures):
        if path.exists() and path.samefile(source):
            raise UsageError(f"{path} is the input; give another output")
    if source.is_dir() and output.path.parent.resolve().is_relative_to(source.resolve()):
        raise UsageError(
            f"{output.path} lies in the input folder {source}, where the next start would take it for an item; "
            "give another output"
        )


def intact(record: OutputRecord) -> bool:
    """Whether a published file is as it was published."""
    path = Path(record.path)
    return path.is_file() and path.stat().st_size == record.bytes and files.digest(path) == record.digest


class Survey:
    """One pass over the outcomes for everything the marker says of them.

    Args:
        kept: by ordinal, the digests of contents that outcomes made from others stand for.
    """

    def __init__(self, reader: Reader, head: Head, kept: Mapping[int, int]) -> None:
        self._reader = reader
        self._head = head
        self._kept = kept
        self._input = xxhash.xxh3_128()
        counted = Counter(succeeded=0, failed=0, skipped=0)
        for piece in identities(reader, head) if kept else surveyed(reader, head):
            counted.update(self._whole(piece) if isinstance(piece, Index) else self._one(piece))
        self.counts = Counts(**counted)
        self.input_digest = self._input.hexdigest()
        self._check()

    def _one(self, identity: Identity) -> dict[str, int]:
        digest = self._kept.get(identity.ordinal, identity.digest)
        self._input.update(identity.key + digest.to_bytes(8, "little"))
        return {identity.status: 1}

    def _whole(self, index: Index) -> dict[str, int]:
        self._input.update(index.identities())
        header = index.header
        failed, skipped = len(header.failed), len(header.skipped)
        return {"succeeded": header.count - failed - skipped, "failed": failed, "skipped": skipped}

    def _check(self) -> None:
        if self.counts != self._head.counts:
            raise StoreCorrupt(
                f"the store holds {self.counts.settled} outcomes, its checkpoint says {self._head.counts.settled}; "
                "outcomes are missing or damaged"
            )

    def results(self) -> Iterator[bytes]:
        return results(self._reader, self._head)

    def failed(self) -> Iterator[Entry]:
        return failed(self._reader, self._head)


class _Results:
    """The results as JSON, to be iterated over as often as a format needs."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey

    def __iter__(self) -> Iterator[bytes]:
        return self._survey.results()


def _failures(survey: Survey) -> Iterator[bytes]:
    for entry in survey.failed():
        outcome = entry.outcome
        line = {"position": outcome.position, "key": outcome.key, "error": outcome.error}
        yield msgspec.json.encode({**line, "attempts": outcome.attempts}) + b"\n"


def write(survey: Survey, output: Output, token: str) -> tuple[OutputRecord, OutputRecord | None]:
    """Write results, and failures if there are any, beside their places; durable on return."""
    results = files.write_temporary(output.path, output.format.chunks(_Results(survey)), token)
    record = OutputRecord(
        str(output.path), output.format.name, survey.counts.succeeded, results.bytes, results.digest
    )
    lost = None
    if survey.counts.failed:
        failures = files.write_temporary(output.failures, _failures(survey), token)
        lost = OutputRecord(
            str(output.failures), "jsonl", survey.counts.failed, failures.bytes, failures.digest
        )
    files.sync_folder(output.path.parent)  # the names, too, are there before they are announced
    return record, lost


def put_in_place(marker: Marker, token: str) -> bool:
    """Rename what was written to where it belongs; done already counts as done.

    Returns:
        False if a file is neither in its place nor beside it: then it must be written again.
    """
    for record in (marker.output, marker.failures):
        if record is None:
            continue
        path = Path(record.path)
        temporary = files.temporary_path(path, token)
        if temporary.exists() and files.digest(temporary) == record.digest:
            files.replace(temporary, path)
        elif not intact(record):
            return False
        files.sync_folder(path.parent)
    return True


def token_of(info: RunInfo) -> str:
    """Tells this run's temporary files from another's."""
    return xxhash.xxh3_64_hexdigest(f"{info.job}\0{info.run}\0{info.created}".encode())


def outdated_failures(before: RunInfo, failures: OutputRecord | None) -> OutputRecord | None:
    """The failures file that this run published before, if nothing stands for it any more."""
    old = before.marker and (before.marker.failures or before.marker.outdated)
    return old if old and failures is None else None


def remove_outdated(marker: Marker) -> None:
    """Delete the failures file that is outdated, unless it was changed since."""
    if marker.outdated is not None and intact(marker.outdated):
        files.remove(Path(marker.outdated.path))
