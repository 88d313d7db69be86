"""Learning upper layers of the embedded model for one question. Needs torch: ``pip install torch``, nothing else of
onward does."""
