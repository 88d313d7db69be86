"""The upper layers and the heads in torch: what :mod:`onward.llm.agreement.heads` computes, with gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from evaluation.tuning.agreement.lessons import Lesson
from evaluation.tuning.twin import Upper
from onward.llm.agreement.heads import BUCKETS, distances
from onward.llm.agreement.relations import KINDS, to_people, to_sentences, to_times
from onward.llm.agreement.windows import Span
from onward.llm.layers import WIDTH

INNER = 64
DROPPED = 0.2


class Example(NamedTuple):
    """A window to learn from, by its place in the lesson, and all that does not change from one epoch to the next."""

    lesson: Lesson
    place: int
    features: Tensor
    """Of the window's sentences; ``near`` of those that its people and its times are in."""
    near: tuple[Tensor, Tensor]
    people: Tensor
    times: Tensor
    sentences: Tensor


def examples(lesson: Lesson) -> list[Example]:
    def of(place: int) -> Example:
        window = lesson.windows[place]

        def rows(spans: Sequence[Span]) -> Tensor:
            return torch.tensor(lesson.features[[span.sentence for span in spans]])

        related = (relate(lesson.said, window) for relate in (to_people, to_times, to_sentences))
        near = rows(window.people), rows(window.times)
        return Example(lesson, place, rows(window.sentences), near, *(torch.tensor(one) for one in related))

    return [of(place) for place in range(len(lesson.windows))]


class Told(NamedTuple):
    """What the net says of a window: logits, those of people and times with one for nothing behind them."""

    agreed: Tensor
    telling: Tensor
    people: Tensor
    times: Tensor
    same: Tensor


class Pointer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.asking, self.answering = nn.Linear(width, INNER), nn.Linear(width, INNER)
        self.alone, self.none = nn.Linear(width, 1), nn.Linear(width, 1)
        self.apart, self.related = nn.Embedding(BUCKETS, 1), nn.Embedding(KINDS, 1)
        for table in (self.apart, self.related):
            nn.init.zeros_(table.weight)

    def forward(self, known: Tensor, targets: Tensor, apart: Tensor, related: Tensor) -> Tensor:
        met = self.asking(known) @ self.answering(targets).T / math.sqrt(INNER)
        return met + self.alone(targets).T + self.apart(apart)[..., 0] + self.related(related)[..., 0]

    def arrays(self, name: str) -> dict[str, Any]:
        parts = {"from": self.asking, "to": self.answering, "alone": self.alone, "none": self.none}
        found = {f"{name}.{part}.weight": array(layer.weight).T for part, layer in parts.items()}
        found |= {f"{name}.{part}.bias": array(layer.bias) for part, layer in parts.items()}
        return found | {
            f"{name}.apart": array(self.apart.weight),
            f"{name}.related": array(self.related.weight),
        }


class Net(nn.Module):
    def __init__(self, features: int) -> None:
        super().__init__()
        self.upper = Upper()
        self.attention = nn.Linear(WIDTH, 1, bias=False)
        nn.init.zeros_(self.attention.weight)
        self.agreed, self.telling = nn.Linear(WIDTH + features, 1), nn.Linear(WIDTH + features, 1)
        self.people, self.times = Pointer(WIDTH + features), Pointer(WIDTH + features)
        self.same = Pointer(WIDTH)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, batch: Sequence[Example]) -> list[Told]:
        states = [torch.tensor(one.lesson.states[one.place]).float() for one in batch]
        padded = nn.utils.rnn.pad_sequence(states, batch_first=True)
        mask = nn.utils.rnn.pad_sequence([torch.ones(len(one)) for one in states], batch_first=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.training):
            read = self.upper(padded, mask)
        return [self._told(one, row) for one, row in zip(batch, read.float(), strict=True)]

    def _told(self, example: Example, states: Tensor) -> Told:
        window = example.lesson.windows[example.place]
        means = self.drop(torch.stack([self._attended(states, span) for span in window.sentences]))
        known = torch.cat([means, example.features], -1)
        starts = [span.start for span in window.sentences]
        alike = self.same(means, means, torch.tensor(distances(starts, starts)), example.sentences)

        def pointed(pointer: Pointer, spans: Sequence[Span], near: Tensor, related: Tensor) -> Tensor:
            nothing = pointer.none(known)
            if not spans:
                return nothing
            inside = [states[span.start : max(span.end, span.start + 1)].mean(0) for span in spans]
            targets = torch.cat([self.drop(torch.stack(inside)), near], -1)
            apart = torch.tensor(distances(starts, [span.start for span in spans]))
            return torch.cat([pointer(known, targets, apart, related), nothing], -1)

        return Told(
            self.agreed(known)[:, 0],
            self.telling(known)[:, 0],
            pointed(self.people, window.people, example.near[0], example.people),
            pointed(self.times, window.times, example.near[1], example.times),
            (alike + alike.T) / 2,
        )

    def _attended(self, states: Tensor, span: Span) -> Tensor:
        inside = states[span.start : max(span.end, span.start + 1)]
        return (self.attention(inside).softmax(0) * inside).sum(0)

    def arrays(self) -> Mapping[str, Any]:
        """The weights by the names, and in the shapes, that :mod:`onward.llm.agreement.heads` has."""
        found: dict[str, Any] = dict(self.upper.arrays())
        found["attention.weight"] = array(self.attention.weight).T
        for name, layer in (("agreed", self.agreed), ("telling", self.telling)):
            found |= {f"{name}.weight": array(layer.weight).T, f"{name}.bias": array(layer.bias)}
        for name, pointer in (("people", self.people), ("times", self.times), ("same", self.same)):
            found |= pointer.arrays(name)
        return found


def array(parameter: Tensor) -> Any:
    return parameter.detach().numpy()
