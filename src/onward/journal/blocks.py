"""What is inside a block: how one checkpoint's outcomes become two byte strings and back.

``index`` says which items are settled, without their results: a header as JSON, then packed columns. A resume
reads only indexes. ``payload`` holds keys, results, attempts, durations and failures as JSON columns, which
compress better than rows. Both end in a 64-bit XXH3 checksum over themselves and the block's place.

    index    = length of header (4 bytes) | header | digests, 8 bytes an item | key digests, 16 bytes an item
               | moves, 16 bytes each | checksum
    payload  = one byte: 0 plain, 1 Zstandard | JSON | checksum
"""

from __future__ import annotations

import hashlib
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from onward.errors import StoreCorrupt
from onward.journal.batch import Batch
from onward.journal.formats import brought_up, format_of, newest
from onward.journal.records import seal, unseal
from onward.model import Block, Failure, Key, Outcome, Status

COMPRESS_FROM = 512
"""Bytes of payload below which compression does not pay."""

PIECE = 500
"""Results that are put together and compressed at a time."""


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """The readable part of an index. ``runs`` are the ordinals in settlement order, as [start, length] runs;
    ``format`` is that of the whole block."""

    format: int = 1
    count: int = 0
    runs: list[tuple[int, int]] = []
    failed: list[int] = []
    skipped: list[int] = []
    keyed: bool = False
    moves: int = 0
    epoch: int = 0

    def ordinals(self) -> Iterator[int]:
        """The ordinals in settlement order."""
        for start, length in self.runs:
            yield from range(start, start + length)


class Payload(msgspec.Struct, frozen=True, omit_defaults=True):
    """The columns of a payload. ``durations`` are microseconds; ``keys`` and ``attempts`` may be absent."""

    values: msgspec.Raw = msgspec.Raw(b"[]")
    durations: list[int] = []
    keys: list[Key] | None = None
    attempts: list[int] | None = None
    errors: dict[int, Failure] = {}


class Index(msgspec.Struct, frozen=True):
    """An index, read: the header, the items' digests, their packed key digests, and the moves."""

    header: Header
    digests: array[int]
    keys: bytes
    moves: array[int]

    def identities(self) -> bytes:
        """Each item's key digest, if it has one, and digest, one item after the other."""
        if not self.keys:
            return self.digests.tobytes()
        names = array("Q", self.keys)
        found = array("Q", bytes(24 * len(self.digests)))
        found[::3], found[1::3], found[2::3] = names[::2], names[1::2], self.digests
        return found.tobytes()


def key_digest(key: Key) -> bytes:
    """128 bits that stand for a key (BLAKE2b); ``1`` and ``"1"`` differ."""
    return key_digests((key,))[0]


def key_digests(keys: Iterable[Key]) -> list[bytes]:
    """As :func:`key_digest`, of many."""
    found = []
    for key in keys:
        hasher = _fresh()  # a copy takes half as long as a new one
        hasher.update(b"i%d" % key if isinstance(key, int) else b"s" + key.encode("utf-8", "surrogatepass"))
        found.append(hasher.digest())
    return found


_fresh = hashlib.blake2b(digest_size=16).copy


def pack(
    seq: int,
    batch: Batch,
    *,
    keyed: bool,
    superseding: bool = False,
    moves: Sequence[tuple[int, int]] = (),
    epoch: int = 0,
) -> Block:
    """One block from what settled since the last one, in settlement order.

    Args:
        superseding: some of these items had an outcome before.
        moves: (ordinal, position) of items whose position is not their ordinal.
        epoch: which reading of the input the moves belong to.
    """
    ordinals = [item.ordinal for item in batch.items]
    others = batch.others.values()
    runs = _runs(ordinals)
    header = Header(
        format=newest(),
        count=len(ordinals),
        runs=runs,
        failed=[s.item.ordinal for s in others if s.status == "failed"],
        skipped=[s.item.ordinal for s in others if s.status == "skipped"],
        keyed=keyed,
        moves=len(moves),
        epoch=epoch,
    )
    return Block(
        seq=seq,
        first=_ends(runs)[0],
        last=_ends(runs)[1],
        marked=bool(superseding or header.failed or header.skipped or moves),
        index=_pack_index(seq, header, batch, moves),
        payload=_pack_payload(seq, batch, keyed),
    )


def _runs(ordinals: Sequence[int]) -> list[tuple[int, int]]:
    if ordinals and ordinals == list(range(ordinals[0], ordinals[0] + len(ordinals))):
        return [(ordinals[0], len(ordinals))]
    runs: list[list[int]] = []
    for ordinal in ordinals:
        if runs and ordinal == runs[-1][0] + runs[-1][1]:
            runs[-1][1] += 1
        else:
            runs.append([ordinal, 1])
    return [(start, length) for start, length in runs]


def _pack_index(seq: int, header: Header, batch: Batch, moves: Sequence[tuple[int, int]]) -> bytes:
    head = msgspec.json.encode(header)
    parts = [len(head).to_bytes(4, "little"), head, array("Q", [i.digest for i in batch.items]).tobytes()]
    if header.keyed:
        parts += [item.name or key_digest(item.key) for item in batch.items]
    parts.extend(struct.pack("<QQ", ordinal, position) for ordinal, position in moves)
    return seal(b"".join(parts), seq)


def _pack_payload(seq: int, batch: Batch, keyed: bool) -> bytes:
    others = batch.others
    attempts = None
    if any(s.attempts != 1 for s in others.values()):
        attempts = [others[n].attempts if n in others else 1 for n in range(len(batch))]
    columns = Payload(
        durations=[int(seconds * 1e6 + 0.5) for seconds in batch.seconds],
        keys=[item.key for item in batch.items] if keyed else None,
        attempts=attempts,
        errors={n: s.error for n, s in others.items() if s.error is not None},
    )
    before, behind = b'{"values":[', msgspec.json.encode(columns)[1:]
    behind = b"]," + behind if len(behind) > 1 else b"]}"
    size = len(before) + sum(map(len, batch.raws)) + max(0, len(batch) - 1) + len(behind)
    if size < COMPRESS_FROM:
        return seal(b"".join([b"\x00", before, b",".join(batch.raws), behind]), seq)
    import zstandard

    packer = zstandard.ZstdCompressor(level=1).compressobj(size=size)
    pieces = map(packer.compress, _pieces(before, batch.raws, behind))
    return seal(b"".join([b"\x01", *pieces, packer.flush()]), seq)


def _pieces(before: bytes, raws: list[bytes], behind: bytes) -> Iterator[bytes]:
    """A payload's JSON, a part at a time: so much stays in the processor's cache until it is compressed."""
    yield before
    for start in range(0, len(raws), PIECE):
        yield b"%b%b" % (b"," if start else b"", b",".join(raws[start : start + PIECE]))
    yield behind


def read_index(block: Block) -> Index:
    """The index of a block.

    Raises:
        StoreCorrupt: it is not what was written.
    """
    body = unseal(block.index, f"the index of block {block.seq}", block.seq)
    try:
        start = 4 + int.from_bytes(body[:4], "little")
        header = _read_header(body[4:start], f"block {block.seq}")
        digests_end = start + 8 * header.count
        keys_end = digests_end + (16 * header.count if header.keyed else 0)
        digests, moves = array("Q"), array("Q")
        digests.frombytes(body[start:digests_end])
        moves.frombytes(body[keys_end:])
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreCorrupt(f"block {block.seq} is damaged: {error}") from error
    if not header.count == len(digests) == sum(length for _, length in header.runs):
        raise StoreCorrupt(f"block {block.seq} is damaged: its index does not agree with itself")
    return Index(header, digests, body[digests_end:keys_end], moves)


def read_placed(block: Block) -> Index:
    """As :func:`read_index`; refuses a block that a store keeps at another place than it was given for it."""
    index = read_index(block)
    header = index.header
    marked = block.marked or not (header.failed or header.skipped or header.moves)
    if (block.first, block.last) != _ends(header.runs) or not marked:
        raise StoreCorrupt(f"block {block.seq} is damaged: it is not kept where its outcomes belong")
    return index


def _ends(runs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The lowest and the highest ordinal."""
    return (
        min((start for start, _ in runs), default=0),
        max((start + length - 1 for start, length in runs), default=-1),
    )


def _read_header(body: bytes, what: str) -> Header:
    return _header_decoder.decode(brought_up(body, "index", format_of(body, what)))


def read_outcomes(block: Block, index: Index | None = None) -> Iterator[tuple[int, int, Outcome, bytes]]:
    """The outcomes of a block in settlement order: ordinal, digest, outcome (value None), result as JSON.

    Args:
        index: the block's, if it has been read.

    Raises:
        StoreCorrupt: it is not what was written; raised by the call, not by what it returns.
    """
    index = index or read_index(block)
    return _rows(index, *read_payload(block, index.header))


def read_payload(block: Block, header: Header) -> tuple[Payload, list[msgspec.Raw]]:
    """The columns of a block's payload, and its results as JSON.

    Raises:
        StoreCorrupt: it is not what was written.
    """
    body = unseal(block.payload, f"the payload of block {block.seq}", block.seq)
    try:
        columns = _payload_decoder.decode(brought_up(_inflated(body), "payload", header.format))
        raws = msgspec.json.decode(columns.values, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreCorrupt(f"block {block.seq} is damaged: {error}") from error
    lengths = {len(c) for c in (raws, columns.durations, columns.keys, columns.attempts) if c is not None}
    if lengths != {header.count}:
        raise StoreCorrupt(f"block {block.seq} is damaged: its columns are not of one length")
    return columns, raws


def _inflated(body: bytes) -> bytes:
    if body[:1] == b"\x00":
        return body[1:]
    import zstandard

    try:
        return zstandard.ZstdDecompressor().decompress(body[1:])
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def _rows(
    index: Index, columns: Payload, raws: list[msgspec.Raw]
) -> Iterator[tuple[int, int, Outcome, bytes]]:
    header = index.header
    status: dict[int, Status] = dict.fromkeys(header.failed, "failed")
    status.update(dict.fromkeys(header.skipped, "skipped"))
    for number, ordinal in enumerate(header.ordinals()):
        outcome = Outcome(
            position=ordinal,  # the reader knows the moves and puts the position right
            key=columns.keys[number] if columns.keys is not None else ordinal,
            status=status.get(ordinal, "succeeded"),
            error=columns.errors.get(number),
            attempts=columns.attempts[number] if columns.attempts else 1,
            duration=columns.durations[number] / 1e6,
            reused=True,
        )
        yield ordinal, index.digests[number], outcome, bytes(raws[number])


_header_decoder = msgspec.json.Decoder(Header)
_payload_decoder = msgspec.json.Decoder(Payload)
