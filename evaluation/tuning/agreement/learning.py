"""The learning itself, and what the learnt is worth."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from evaluation.scores import NotesScore, score_notes
from evaluation.tuning.agreement.lessons import Lesson
from evaluation.tuning.agreement.losses import loss
from evaluation.tuning.agreement.net import Net, examples
from onward.llm import agreement, embedded
from onward.recipes.note_taking.agreed import actions_of

TOGETHER = 8
RATE, HEADS_RATE = 1e-4, 1e-3
WARMING = 30
"""Steps in which the rate goes up; from there it falls evenly."""
LOWEST = 0.02
DECAY = 0.01
STEEPEST = 1.0
SEED = 0


def learn(lessons: Sequence[Lesson], epochs: int, tell: Callable[[str], None]) -> Net:
    torch.manual_seed(SEED)
    shown = [example for one in lessons for example in examples(one)]
    net = Net(lessons[0].features.shape[1])
    heads = [value for name, value in net.named_parameters() if not name.startswith("upper.")]
    rates = [{"params": net.upper.parameters(), "lr": RATE}, {"params": heads, "lr": HEADS_RATE}]
    optimiser = torch.optim.AdamW(rates, weight_decay=DECAY)
    steps = epochs * -(-len(shown) // TOGETHER)
    pace = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1, (step + 1) / WARMING) * max(LOWEST, 1 - step / steps)
    )
    for epoch in range(epochs):
        begun, total = time.monotonic(), 0.0
        net.train()
        order = torch.randperm(len(shown)).tolist()
        for start in range(0, len(order), TOGETHER):
            batch = [shown[place] for place in order[start : start + TOGETHER]]
            missed = sum((loss(*pair) for pair in zip(batch, net(batch), strict=True)), torch.zeros(()))
            optimiser.zero_grad()
            (missed / len(batch) / 5).backward()
            nn.utils.clip_grad_norm_(net.parameters(), STEEPEST)
            optimiser.step()
            pace.step()
            total += float(missed)
        tell(
            f"epoch {epoch + 1} of {epochs}: loss {total / len(shown):.2f}, {time.monotonic() - begun:.0f} s"
        )
    return net.eval()


def worth(lessons: Sequence[Lesson], weights: Mapping[str, Any]) -> str:
    """What the action items of meetings are worth, read with these weights."""
    total = NotesScore()
    for one in lessons:
        found = agreement.items(agreement.read(one.said, embedded.load(), weights))
        actions = [action for item in found for action in actions_of(item, one.heard, one.record)]
        notes = {"actions": [vars(action) for action in actions]}
        total += score_notes(notes, one.meeting)
    actions = total.actions
    return (
        f"P {actions.precision:.2f}  R {actions.recall:.2f}  F1 {actions.f1:.2f}  owner {total.owners.precision:.2f}  "
        f"date {total.dates.precision:.2f}  ({actions.right} of {actions.wanted}, {actions.found} given)"
    )
