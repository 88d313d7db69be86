"""Parts of the benchmark, each measured in a process of its own: ``python -m benchmarks.sections NAME [--quick]``.

A section is a module with ``measure(tenth)``: ``tenth`` is 10 in the quick form and divides numbers of items.
"""

NAMES = (
    "overhead",
    "every_item",
    "at_once",
    "growth",
    "resume",
    "store_size",
    "imports",
    "status",
    "others",
    "others_resumed",
    "others_at_once",
)
