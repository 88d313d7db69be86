"""The conformance suite for sources: what :mod:`onward.sources.base` promises, as tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from onward.errors import SourceError
from onward.sources.base import Place, Source


class SourceSuite:
    """Derive, override :meth:`make`, and have pytest collect the class."""

    def make(self, folder: Path) -> Source:
        """A source of at least three values. The same values for the same folder, which is empty at first."""
        raise NotImplementedError

    def change(self, folder: Path) -> None:
        """Change what ``make`` made there so that other values come out. Needed if there are fingerprints."""
        raise NotImplementedError

    def test_readings_are_equal(self, tmp_path: Path) -> None:
        values = list(self.make(tmp_path).read())
        assert len(values) >= 3
        assert list(self.make(tmp_path).read()) == values
        source = self.make(tmp_path)
        if source.repeatable:
            assert [list(source.read()), list(source.read())] == [values, values]

    def test_a_reading_that_cannot_be_repeated_is_refused(self, tmp_path: Path) -> None:
        source = self.make(tmp_path)
        if source.repeatable:
            return
        list(source.read())
        assert refused(source, None)

    def test_a_place_is_where_the_rest_begins(self, tmp_path: Path) -> None:
        values, places = passed(self.make(tmp_path))
        for number, place in enumerate(places):
            if place is not None:
                assert list(self.make(tmp_path).read(place)) == values[number:]

    def test_places_lead_on_to_places(self, tmp_path: Path) -> None:
        values, places = passed(self.make(tmp_path))
        for number, place in enumerate(places[:-1]):
            if place is None:
                continue
            reading = self.make(tmp_path).read(place)
            next(iter(reading))
            behind = reading.place
            reading.close()
            assert list(self.make(tmp_path).read(behind)) == values[number + 1 :]

    def test_places_are_json(self, tmp_path: Path) -> None:
        for place in passed(self.make(tmp_path))[1]:
            assert msgspec.json.decode(msgspec.json.encode(place)) == place

    def test_all_places_or_none(self, tmp_path: Path) -> None:
        places = passed(self.make(tmp_path))[1]
        assert len({place is None for place in places}) == 1

    def test_a_source_without_places_refuses_one(self, tmp_path: Path) -> None:
        if self.make(tmp_path).read().place is None:
            assert refused(self.make(tmp_path), {"offset": 1, "line": 1})

    def test_closing_keeps_the_place(self, tmp_path: Path) -> None:
        reading = self.make(tmp_path).read()
        next(iter(reading))
        place = reading.place
        reading.close()
        reading.close()
        assert reading.place == place

    def test_the_total_is_right(self, tmp_path: Path) -> None:
        total = self.make(tmp_path).total()
        assert total is None or total == len(list(self.make(tmp_path).read()))

    def test_the_fingerprint_tells_a_change(self, tmp_path: Path) -> None:
        before = self.make(tmp_path).fingerprint()
        if before is None:
            return
        assert msgspec.json.decode(msgspec.json.encode(before)) == before
        assert self.make(tmp_path).fingerprint() == before
        self.change(tmp_path)
        assert self.make(tmp_path).fingerprint() != before

    def test_keys_and_digests_are_stable(self, tmp_path: Path) -> None:
        first, second = self.make(tmp_path), self.make(tmp_path)
        for one, two in zip(first.read(), second.read(), strict=True):
            assert first.key(one) == second.key(two)
            assert first.digest(one) == second.digest(two)
            assert first.digest(one) != 0, "0 means that there is no digest"

    def test_keys_differ(self, tmp_path: Path) -> None:
        source = self.make(tmp_path)
        keys = [source.key(value) for value in source.read()]
        if source.keyed:
            assert None not in keys
            assert len(set(keys)) == len(keys)
        else:
            assert set(keys) == {None}

    def test_it_has_a_name(self, tmp_path: Path) -> None:
        assert self.make(tmp_path).name


def passed(source: Source) -> tuple[list[Any], list[Place | None]]:
    """A full reading: its values, and the place before the first and behind each."""
    reading = source.read()
    places = [reading.place]
    values = []
    for value in reading:
        values.append(value)
        places.append(reading.place)
    return values, places


def refused(source: Source, place: Place | None) -> bool:
    """Whether a reading is refused with a SourceError."""
    try:
        list(source.read(place))
    except SourceError:
        return True
    return False
