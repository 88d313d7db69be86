"""Taking notes of a meeting, by rules or by a language model; what they say is checked by the same code.

    notes = take_notes(read_transcript(path), onward.llm.model("openai:gpt-5-mini"))

Without a model it is a small learned network over the embedded model, and rules; the notes say so. A language model is
asked part by part. Either way every quote stands in the transcript, dates come of code, and what is not known stays
empty.
"""

from __future__ import annotations

from onward.llm import Model
from onward.llm.agreement import NAME as READER
from onward.llm.embedded import MODEL as MINILM
from onward.recipes.meetings import Notes, Transcript
from onward.recipes.note_taking.checking import flags_of
from onward.recipes.note_taking.steps import Step, at_once, in_steps

__all__ = ["RULES", "Step", "at_once", "in_steps", "is_rules", "take_notes"]

RULES = f"rules+MiniLM reader: onward's cue rules 4, {READER}, over {MINILM}"
"""What stands in notes where a model's name would, if no language model made them."""


def take_notes(transcript: Transcript, model: Model | None = None, *, step: Step = at_once) -> Notes:
    """The notes of a meeting.

    Args:
        transcript: the meeting. Its date, if it has one, is what relative dates are counted from.
        model: who takes them; None, or ``onward.llm.model("embedded")``, for the rules.
        step: how its parts are run: :func:`in_steps` in a job function, where each is saved.

    Raises:
        ModelUnavailable: the model, or the extra ``meetings``, is not installed.
        ModelError: the model did not answer, or not so that it can be used.
    """
    if model is None or is_rules(model):
        from onward.recipes.note_taking.ruled import ruled

        taken, name = ruled(transcript, step), RULES
    else:
        from onward.recipes.note_taking.asked import asked

        taken, name = asked(transcript, model, step)
    return Notes(
        transcript.source,
        transcript.title,
        transcript.date,
        transcript.participants,
        taken.summary,
        taken.decisions,
        taken.actions,
        taken.questions,
        name,
        flags_of(transcript, taken),
    )


def is_rules(model: Model) -> bool:
    """Whether a model is the embedded one, which makes vectors and answers nothing."""
    return model.name == MINILM
