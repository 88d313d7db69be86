"""Learning the agreement reader (:mod:`onward.llm.agreement`) from the labelled meetings of the development set."""
