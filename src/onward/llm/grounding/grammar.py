"""How people say days, in English: patterns, and which reading each has.

A grammar of our own, since the libraries for dates read only half to two thirds of what meetings say (figures in
docs/choices.md), and take "may be", "a second" and "march on" for dates. Each pattern says what is a date at all;
its group `lead`, if it has one, shows that it is and does not belong to it.
"""

import re
from collections.abc import Callable
from datetime import date

from onward.llm.grounding import readings as read
from onward.llm.grounding.words import (
    CLEAR_ORDINAL,
    COUNT,
    DIGITS,
    HOUR,
    LONG_WEEKDAY,
    MONTH,
    ORDINAL,
    WEEKDAY,
    WEEKDAYS,
)

Reader = Callable[[re.Match[str], date], read.Reading]

YEAR = r"(?:,?\s+(?P<year>20\d\d))?"
WITH_WEEKDAY = rf"(?:(?P<weekday>{WEEKDAY})\.?,?\s+)?"
WEEK = r"(?P<week>this\s+week|(?:the\s+)?(?:next|following)\s+week|(?:the\s+)?week\s+after\s+next)"
WHILE = (
    rf"(?P<count>{COUNT})[\s-]+(?P<working>(?:working|business|work)\s+)?"
    r"(?P<unit>minute|hour|day|week|fortnight|month|year)s?(?:['’]?\s+time)?"
)
PART = r"(?P<part>(?:the\s+)?(?:end|middle|beginning|start)(?=\s+of)|mid(?=[\s-])|early|late)[\s-]+(?:of\s+)?"
PERIOD = (
    r"(?:(?:(?P<which>the|this|next)\s+)?(?P<unit>week|month|quarter|year)"
    rf"|(?:q(?P<quarter>[1-4])|(?P<month>{MONTH})){YEAR})"
)
OF_A_THING = r"(?<=['’]s\s)(?<!\b(?:he|it)['’]s\s)(?<!\b(?:she|who)['’]s\s)"  # "the holiday's", not "she's"
NTH = r"(?:the\s+)?(?P<nth>last|first|second|third|fourth)"
MONTH_OF = rf"(?:(?P<which>the|this|next)\s+(?P<unit>month)|(?P<month>{MONTH}){YEAR})"
NO_HOUR = "".join(
    rf"(?<!\b{word}\s)"
    for word in [
        "early",
        "late",
        "today",
        "tomorrow",
        *DIGITS,
        *WEEKDAYS,
        *(f"{nth}th" for nth in ("four", "fif", "six", "seven", "eigh", "nin", "ten")),
    ]
)
# "The third" alone is more often a thing than a day. It is a day if none follows that it could be the third of.
NO_THING = (
    r"(?=\s*(?:$|[.,;:!?)\"”—–…-])|\s+(?:at|and|but|or|so|because|when|if|then|to|latest|noon|since|as|already|please|right"
    r"|okay|i|we|you|they|he|she|it|is|works|would|should|the\s+latest)\b)"
)
BEFORE_A_DAY = (
    r"(?:(?P<lead>(?:by|on|until|till|before|for|to|it|that['’]s|is|so|then|okay|maybe|rather|better|say|make\s+(?:it|that)|the\s+morning\s+of)\s+)"
    r"|(?<=[.,;] ))"
)  # fmt: skip

DAYS: list[tuple[str, Reader]] = [
    # with a month
    (rf"{WITH_WEEKDAY}(?:the\s+)?(?P<nth>{ORDINAL}|\d{{1,2}}\.?)\s+(?:of\s+)?(?P<month>{MONTH}){YEAR}", read.dated),
    (rf"{WITH_WEEKDAY}(?P<month>{MONTH})\.?,?\s+(?:the\s+)?(?P<nth>{ORDINAL}|\d{{1,2}}(?![\d:.%])){YEAR}", read.dated),
    (r"20\d\d-\d\d-\d\d|\d{1,2}\.\d{1,2}\.(?:20\d\d)?|\d{1,2}/\d{1,2}(?:/(?:20)?\d\d)?(?!/)", read.numeric),
    # of this month or the next
    (rf"(?P<weekday>{WEEKDAY})\.?,?\s+(?:the\s+)?(?P<nth>{ORDINAL})", read.numbered),
    (rf"(?:the\s+)?(?P<nth>{ORDINAL})\s+of\s+(?P<which>next|the|this)\s+month", read.numbered),
    (rf"(?:(?P<lead>(?:by|on|until|before)\s+)|the\s+)(?P<nth>{CLEAR_ORDINAL}){NO_THING}", read.numbered),
    (rf"{BEFORE_A_DAY}the\s+(?P<nth>{ORDINAL}){NO_THING}", read.numbered),
    (rf"{OF_A_THING}the\s+(?P<nth>{ORDINAL}){NO_THING}", read.numbered),
    (rf"(?P<lead>(?:by|on)\s+)?(?:the\s+)?(?P<nth>{ORDINAL}),\s+(?:a\s+)?(?P<weekday>{LONG_WEEKDAY})", read.numbered),
    (rf"(?:^|(?<=…\s))\W*(?:the\s+)?(?P<nth>{ORDINAL})\W*(?:$|(?=\s…))", read.numbered),
    # a weekday
    (rf"(?:good|black|ash|shrove|maundy|palm|easter|whit|cyber)\s+{LONG_WEEKDAY}", read.vague),  # a feast
    (rf"{NTH}\s+(?P<weekday>{LONG_WEEKDAY})\s+(?:of|in)\s+{MONTH_OF}", read.weekday_of_month),
    (rf"(?P<weekday>{WEEKDAY}),?\s+(?:of\s+|in\s+)?{WEEK}", read.weekday_and_week),
    (rf"{WEEK}(?:['’]s|,)?\s+(?:on\s+)?(?P<weekday>{WEEKDAY})", read.weekday_and_week),
    (rf"(?P<count>{COUNT})\s+weeks?\s+(?:from|on|after)\s+(?P<weekday>{WEEKDAY})", read.weeks_from_weekday),
    (rf"(?P<weekday>{WEEKDAY})\s+in\s+(?P<count>{COUNT})\s+weeks?", read.weeks_from_weekday),
    (rf"(?P<weekday>{LONG_WEEKDAY})\s+(?:week|after\s+next)", read.weeks_from_weekday),
    (rf"(?:(?P<which>this|next)\s+(?:coming\s+)?)?(?P<weekday>{LONG_WEEKDAY})", read.weekday),
    (rf"the\s+{LONG_WEEKDAY}\s+(?:before|after)", read.vague),
    (rf"(?:(?<=\bby )|(?<=\bon )|(?<=\buntil )|(?P<which>this|next)\s+)(?P<weekday>{WEEKDAY})", read.weekday),
    # so far ahead
    (rf"(?P<count>{COUNT})\s+(?P<unit>week|fortnight)s?\s+(?:from\s+)?(?P<base>today|tomorrow)", read.weeks_from_now),
    (r"(?P<base>today|tomorrow|this\s+day)\s+(?:next\s+)?week", read.weeks_from_now),
    (r"today|tonight|this\s+(?:morning|afternoon|arvo|evening)|eod|cob", read.same_day),
    (r"(?:the\s+)?(?:end|close)\s+of\s+(?:the\s+|this\s+)?(?:day|play|business)", read.same_day),
    (r"(?:right|straight|directly)\s+after\s+(?:this|the\s+(?:call|meeting))|right\s+now", read.same_day),
    (r"^\W*now\W*$", read.same_day),
    (r"in\s+a\s+(?:minute|moment|second|sec)|after\s+(?:this|the)\s+(?:call|meeting)", read.same_day),
    (r"(?:the\s+)?day\s+after\s+tomorrow|tomorrow|tomorra|the\s+morra", read.tomorrow),
    (r"first\s+thing\s+in\s+the\s+morning", read.tomorrow),
    (rf"(?:in|within|over)\s+(?:the\s+next\s+)?{WHILE}", read.after_a_while),
    (rf"{WHILE}\s+from\s+(?:now|today)", read.after_a_while),
    (rf"give\s+(?:me|us)\s+{WHILE}", read.after_a_while),
    # a period
    (rf"{PART}{PERIOD}", read.part_of_period),
    (rf"(?:the\s+)?(?:very\s+)?last\s+day\s+of\s+{PERIOD}", read.last_day),
    (r"before\s+(?:the|this)\s+weekend(?:\s+is|['’]s)\s+(?:over|out)", read.weekend_over),
    (rf"before\s+{PERIOD}(?:(?:\s+is|['’]s)\s+(?:over|out|up|done)|\s+ends)", read.last_day),
    (r"(?P<unit>month|year)[\s-]end", read.period_end),
    (r"eo(?P<unit>[my])", read.period_end),
    (r"(?P<which>this|next)\s+(?P<unit>week|month|quarter|year)", read.whole_period),
    (r"(?:(?P<which>this|next)|(?:on|over|at)\s+the)\s+weekend", read.weekend),
    (rf"(?:in|during|within)\s+(?P<month>{MONTH}){YEAR}", read.whole_period),
    (rf"q(?P<quarter>[1-4]){YEAR}", read.whole_period),
]  # fmt: skip

NO_DAYS: list[tuple[str, Reader]] = [
    (r"(?:by|before|at)\s+(?:noon|midday|lunch(?:time)?|\d{1,2}(?::\d\d)?\s*(?:am|pm|o['’]clock))", read.time_of_day),
    (r"(?:after|over|during)\s+lunch(?:time)?", read.time_of_day),
    (rf"(?:by|before|at)\s+{HOUR}(?:\s+o['’]clock|(?=\s*(?:$|[.,;!?])|\s+(?:to|and|then|sharp)\b))", read.time_of_day),
    (rf"{NO_HOUR}in\s+the\s+morning", read.in_the_morning),
    (r"before\s+(?:i|you|we)\s+(?:(?:go|head|drive)\s+home|(?:knock|clock)\s+off)", read.time_of_day),
    (rf"(?:by|until|before)\s+{MONTH}", read.vague),
    (r"(?:very\s+)?soon|shortly|a\.?s\.?a\.?p\.?|immediately|(?:right|straight)\s+away", read.vague),
    (r"at\s+some\s+point|some\s?day|one\s+day|eventually|sooner\s+or\s+later|in\s+due\s+(?:course|time)", read.vague),
    (r"in\s+(?:a\s+few|a\s+couple\s+of|some)\s+(?:days|weeks|months)", read.vague),
    (r"(?:before|until|by)\s+(?:the|our|my|your)\s+(?:next\s+)?[\w-]+", read.vague),
    (r"(?:before|until|by)\s+(?:christmas|easter|thanksgiving|new\s+year)", read.vague),
    (r"as\s+soon\s+as|when(?:ever)?\s+(?:i|you|we|he|she|they)\b", read.vague),
]  # fmt: skip
