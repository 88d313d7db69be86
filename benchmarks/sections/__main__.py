"""Measures one section, and prints what it found as JSON."""

from __future__ import annotations

import dataclasses
import json
import sys
from importlib import import_module


def main() -> None:
    name, *words = sys.argv[1:]
    found = import_module(f"benchmarks.sections.{name}").measure(10 if "--quick" in words else 1)
    print(json.dumps(dataclasses.asdict(found)))


if __name__ == "__main__":
    main()
