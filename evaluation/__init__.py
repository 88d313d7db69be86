"""Measures onward's three systems on labelled sets: `python -m evaluation.run`, or `make evaluate`."""
