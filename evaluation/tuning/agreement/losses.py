"""How far what the net says of a window is from the labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from evaluation.tuning.agreement.lessons import Lesson
from evaluation.tuning.agreement.net import Example, Told
from onward.llm.agreement.windows import Window

TELLING = 0.3
"""What the wording counts for beside the rest."""


def loss(example: Example, told: Told) -> Tensor:
    lesson, window = example.lesson, example.lesson.windows[example.place]
    numbers = [span.sentence for span in window.sentences]
    agreed = torch.tensor([float(n in lesson.agreed) for n in numbers])
    # A sentence of a labelled turn that says nothing of the item is neither right nor wrong.
    counts = torch.tensor([float(n in lesson.agreed or n not in lesson.of_turns) for n in numbers])
    total = (cross_entropy(told.agreed, agreed, reduction="none") * counts).sum()
    words = torch.tensor([lesson.told(n) for n in numbers])
    total = total + TELLING * cross_entropy(told.telling, words, reduction="sum")
    for part in (*_pointing(lesson, window, numbers, told), *_same(lesson, numbers, told.same)):
        total = total + part
    return total


def _pointing(lesson: Lesson, window: Window, numbers: Sequence[int], told: Told) -> Iterator[Tensor]:
    for row, number in enumerate(numbers):
        items = lesson.agreed.get(number, frozenset())
        for item in items:
            if owners := lesson.owners(window, item):
                yield _missed(told.people[row], owners) / len(items)
            days, doubtful = lesson.days(window, item)
            if window.times:
                yield _missed(told.times[row], days, doubtful) / len(items)


def _missed(logits: Tensor, right: list[int], doubtful: Sequence[int] = ()) -> Tensor:
    """The negative logarithm of how likely one of the right ones is, those in doubt left out."""
    counted = [n for n in range(len(logits)) if n not in doubtful]
    return logits[counted].logsumexp(0) - logits[right].logsumexp(0)


def _same(lesson: Lesson, numbers: Sequence[int], logits: Tensor) -> Iterator[Tensor]:
    spoken = [row for row, number in enumerate(numbers) if number in lesson.agreed]
    if len(spoken) < 2:
        return
    items = [lesson.agreed[numbers[row]] for row in spoken]
    wanted = torch.tensor([[float(bool(one & other)) for other in items] for one in items])
    apart = ~torch.eye(len(spoken), dtype=torch.bool)
    found = logits[spoken][:, spoken]
    yield cross_entropy(found[apart], wanted[apart], reduction="sum") / len(spoken)
