"""Checks of what a model says against what it was given: a quote against its source, a name against those who
were there, a date against the calendar. They know nothing of models, and none of them guesses: what cannot be
told comes back empty, with the reason."""

from onward.llm.grounding.dates import Due, due_date, find_dates
from onward.llm.grounding.names import Match, find_name
from onward.llm.grounding.quotes import Quote, find_quote
from onward.llm.grounding.readings import Mention

__all__ = ["Due", "Match", "Mention", "Quote", "due_date", "find_dates", "find_name", "find_quote"]
