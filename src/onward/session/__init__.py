"""One process's share of a run: opening it, driving it, ending it."""
