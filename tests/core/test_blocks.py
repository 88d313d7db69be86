"""What goes into a block comes out of it, and nothing else ever does."""

import json
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
import zstandard
from hypothesis import given

from onward.errors import StoreCorrupt
from onward.journal import records
from onward.journal.batch import Batch
from onward.journal.blocks import PIECE, key_digest, pack, read_index, read_outcomes
from onward.journal.records import Head
from onward.model import Block, Failure, Item, RunInfo, Settled, StepRecord

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
KEYS = st.text(max_size=8) | st.integers(-(2**63), 2**63 - 1)
FAILURES = st.builds(Failure, st.text(), st.text(), st.text(), st.floats(0, 2e9))


@st.composite
def outcomes(draw: st.DrawFn) -> list[Settled]:
    ordinals = draw(st.lists(st.integers(0, 60) | st.integers(0, 2**62), unique=True, max_size=12))
    found = []
    for ordinal in ordinals:
        status = draw(st.sampled_from(["succeeded", "failed", "skipped"]))
        value = None if status == "failed" else draw(JSON)
        found.append(
            Settled(
                Item(ordinal, draw(KEYS), None, ordinal, draw(st.integers(0, 2**64 - 1))),
                status,
                msgspec.json.encode(value),
                draw(FAILURES) if status == "failed" else None,
                draw(st.integers(1, 5)),
                draw(st.integers(0, 10**6)) / 1000,
            )
        )
    return found


@given(
    outcomes(),
    st.booleans(),
    st.integers(0, 10**9),
    st.lists(st.tuples(st.integers(0, 2**63), st.integers(0, 2**63))),
)
def test_a_block_gives_back_what_went_in(
    settled: list[Settled], keyed: bool, seq: int, moves: list[tuple[int, int]]
) -> None:
    block = pack(seq, Batch(settled), keyed=keyed, moves=moves, epoch=3)
    index = read_index(block)
    assert list(index.header.ordinals()) == [s.item.ordinal for s in settled]
    assert list(index.digests) == [s.item.digest for s in settled]
    assert list(zip(index.moves[::2], index.moves[1::2], strict=True)) == moves
    assert index.header.epoch == 3
    assert index.keys == (b"".join(key_digest(s.item.key) for s in settled) if keyed else b"")
    assert (block.first, block.last) == (
        min((s.item.ordinal for s in settled), default=0),
        max((s.item.ordinal for s in settled), default=-1),
    )
    assert block.marked == bool(moves or any(s.status != "succeeded" for s in settled))
    for given_in, (ordinal, digest, outcome, raw) in zip(settled, read_outcomes(block), strict=True):
        item = given_in.item
        assert (ordinal, digest, raw) == (item.ordinal, item.digest, given_in.raw)
        assert outcome.key == (item.key if keyed else item.ordinal)
        assert type(outcome.key) is (type(item.key) if keyed else int)
        assert (outcome.status, outcome.error) == (given_in.status, given_in.error)
        assert (outcome.attempts, outcome.duration) == (given_in.attempts, given_in.duration)


def sample(values: int) -> Block:
    settled = [
        Settled(Item(n, f"key {n}", None, n, n + 1), "succeeded", json.dumps({"n": n}).encode())
        for n in range(values)
    ]
    return pack(7, Batch(settled), keyed=True)


@pytest.mark.parametrize("values", [1, 2, 200])
@pytest.mark.parametrize("part", ["index", "payload"])
def test_no_damaged_byte_goes_unnoticed(values: int, part: str) -> None:
    block = sample(values)
    whole = getattr(block, part)
    for at in range(0, len(whole), 1 if len(whole) < 500 else 41):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << (at % 8)
        with pytest.raises(StoreCorrupt, match="7"):
            read_outcomes(msgspec.structs.replace(block, **{part: bytes(damaged)}))


@pytest.mark.parametrize("part", ["index", "payload"])
@given(data=st.data())
def test_a_cut_or_longer_part_is_damaged(part: str, data: st.DataObject) -> None:
    block = sample(3)
    whole = getattr(block, part)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    longer = whole + data.draw(st.binary(min_size=1, max_size=20))
    for damaged in (cut, longer):
        with pytest.raises(StoreCorrupt):
            read_outcomes(msgspec.structs.replace(block, **{part: damaged}))


def test_a_block_in_anothers_place_is_damaged() -> None:
    block = sample(3)
    for seq in (0, 6, 8):
        with pytest.raises(StoreCorrupt):
            read_index(msgspec.structs.replace(block, seq=seq))
    with pytest.raises(StoreCorrupt):
        read_outcomes(msgspec.structs.replace(block, payload=pack(8, Batch(), keyed=True).payload))


def test_a_sealed_part_that_makes_no_sense_is_damaged() -> None:
    """The checksum is right, but a later or another program wrote it."""
    block = sample(3)
    for nonsense in (b"", b"\x00", b"\x02\x00\x00\x00{}123"):
        with pytest.raises(StoreCorrupt):
            read_index(msgspec.structs.replace(block, index=records.seal(nonsense, 7)))
    for nonsense in (b"", b"\x00", b"\x00[]", b'\x00{"values":[1]}', b"\x01not zstandard"):
        with pytest.raises(StoreCorrupt):
            read_outcomes(msgspec.structs.replace(block, payload=records.seal(nonsense, 7)))


def test_keys_of_another_type_differ() -> None:
    assert key_digest(1) != key_digest("1")
    assert key_digest("i1") != key_digest(1)
    assert len({key_digest(key) for key in (0, 1, -1, "", "0", "s", "\ud800")}) == 7


def test_long_payloads_are_compressed() -> None:
    text = json.dumps("all work and no play " * 200).encode()
    block = pack(0, Batch([Settled(Item(0, 0, None, 0, 1), "succeeded", text)]), keyed=False)
    assert len(block.payload) < len(text) / 10


@pytest.mark.parametrize("count", [1, PIECE, PIECE + 1, 3 * PIECE])
def test_a_payload_is_one_frame_of_json_for_whoever_reads_it(count: int) -> None:
    text = json.dumps("all work and no play " * 30).encode()
    settled = [Settled(Item(n, n, None, n, 1), "succeeded", text) for n in range(count)]
    payload = pack(0, Batch(settled), keyed=False).payload
    assert payload[:1] == b"\x01"
    assert json.loads(zstandard.decompress(payload[1:-8]))["values"] == [json.loads(text)] * count


def test_one_run_of_ordinals_is_one_entry() -> None:
    settled = [Settled(Item(n, n, None, n, 1), "succeeded", b"0") for n in range(5000)]
    assert read_index(pack(0, Batch(settled), keyed=False)).header.runs == [(0, 5000)]


# Documents


DOCUMENTS: list[tuple[Any, Any, Any]] = [
    (RunInfo("job", "run", 1.5), records.write_info, records.read_info),
    (Head(blocks=3, settled=[(0, 5)], state=msgspec.Raw(b'{"a": 1}')), records.write_head, records.read_head),
]


@pytest.mark.parametrize(("document", "write", "read"), DOCUMENTS, ids=["info", "head"])
def test_a_document_comes_back_or_is_damaged(document: Any, write: Any, read: Any) -> None:
    sealed = write(document)
    assert write(read(sealed)) == sealed
    for at in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[at] ^= 0x10
        with pytest.raises(StoreCorrupt, match="damaged"):
            read(bytes(damaged))
    for short in (b"", sealed[:4], sealed[:-1]):
        with pytest.raises(StoreCorrupt):
            read(short)
    with pytest.raises(StoreCorrupt):
        read(records.seal(b"[]"))


def test_a_run_without_a_checkpoint_has_an_empty_head() -> None:
    assert records.read_head(None) == Head()


def test_a_damaged_step_names_itself() -> None:
    record = records.write_step('"key"', "fetch", b"[1, 2]")
    assert records.read_step(record) == b"[1, 2]"
    with pytest.raises(StoreCorrupt, match="fetch"):
        records.read_step(StepRecord(record.item, record.name, record.raw[:-1] + b"\x00"))
