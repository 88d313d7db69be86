"""What a power cut may leave of the files, from what was done to them up to that moment.

The model is stricter than any one file system. Of a file, what was written before its last sync is there; of what
was written since, any sectors may be, torn at 512 or 4,096 bytes, the file as long as if all were (zeros in between)
or not. Of a folder, the names are as they were at its last sync; of what was done to them since, each may have
happened or not, except that nothing happens to a name that is not there.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crash.trace import Op, inodes_of

NAMES = ("create", "rename", "unlink", "mkdir")


@dataclass
class Base:
    """The files before the first operation, all of it on disk: content by inode, inode by path, folders."""

    contents: dict[int, bytes] = field(default_factory=dict)
    paths: dict[str, int] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, root: Path) -> Base:
        paths = inodes_of(root)
        contents = {inode: Path(path).read_bytes() for path, inode in paths.items()}
        return cls(contents, paths, {str(path) for path in root.rglob("*") if path.is_dir()})


def cut(base: Base, ops: Sequence[Op], chance: random.Random) -> Base:
    """The files after a power cut behind these operations, one of the many ways it may be."""
    keep = chance.choice([0.0, 1.0, chance.random()])
    sector = chance.choice([512, 4096])
    names_kept = chance.choice([0.0, 1.0, chance.random()])
    in_order = chance.random() < 0.5
    after = Base({}, dict(base.paths), set(base.folders))
    for inode in {*base.contents, *(op.inode for op in ops if op.inode >= 0)}:
        after.contents[inode] = _content(base.contents.get(inode, b""), inode, ops, keep, sector, chance)
    _names(after, ops, names_kept, in_order, chance)
    return after


def _content(
    content: bytes, inode: int, ops: Sequence[Op], keep: float, sector: int, chance: random.Random
) -> bytes:
    mine = [op for op in ops if op.inode == inode and op.kind in ("write", "truncate", "sync")]
    synced = max((n + 1 for n, op in enumerate(mine) if op.kind == "sync"), default=0)
    found, full = bytearray(content), len(content)
    for op in mine[:synced]:
        _apply(found, op)
    full = len(found)
    for op in mine[synced:]:
        if op.kind == "truncate":
            if chance.random() < keep:
                _apply(found, op)
        else:
            full = max(full, op.offset + len(op.data))
            for start in _pieces(op, sector):
                if chance.random() < keep:
                    end = min((start // sector + 1) * sector, op.offset + len(op.data))
                    piece = op.data[start - op.offset : end - op.offset]
                    _apply(found, Op("write", offset=start, data=piece))
    if chance.random() < 0.3 and len(found) < full:
        found.extend(bytes(full - len(found)))
    return bytes(found)


def _pieces(op: Op, sector: int) -> list[int]:
    """Where the parts of a write begin that reach the disk on their own."""
    end = op.offset + len(op.data)
    later = range((op.offset // sector + 1) * sector, end, sector)
    return [op.offset, *later]


def _apply(content: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        del content[op.offset :]
        content.extend(bytes(op.offset - len(content)))
    elif op.kind == "write":
        content.extend(bytes(max(0, op.offset - len(content))))
        content[op.offset : op.offset + len(op.data)] = op.data


def _names(after: Base, ops: Sequence[Op], keep: float, in_order: bool, chance: random.Random) -> None:
    synced = {op.path: n for n, op in enumerate(ops) if op.kind == "sync folder"}
    lost: set[str] = set()
    for number, op in enumerate(ops):
        if op.kind not in NAMES:
            continue
        folder = str(Path(op.path).parent)
        durable = number < synced.get(folder, -1)
        if not durable and (folder in lost or chance.random() >= keep):
            if in_order:
                lost.add(folder)  # as a journal of the file system's own: nothing later in the folder either
            continue
        _rename(after, op)


def _rename(after: Base, op: Op) -> None:
    folder = str(Path(op.path).parent)
    if op.kind == "mkdir":
        after.folders.add(op.path)
    elif op.kind == "create":
        after.paths[op.path] = op.inode
    elif op.kind == "unlink":
        after.paths.pop(op.path, None)
        after.folders.discard(op.path)
    elif op.path in after.paths:
        after.paths[op.to] = after.paths.pop(op.path)
    elif folder:  # its creation was lost, but not that it was renamed
        after.paths[op.to] = op.inode


def put(state: Base, root: Path) -> None:
    """Make the files below ``root`` those of the state."""
    for path in root.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for folder in sorted(state.folders):
        Path(folder).mkdir(parents=True, exist_ok=True)
    for name, inode in state.paths.items():
        if Path(name).parent.is_dir():
            Path(name).write_bytes(state.contents.get(inode, b""))
