"""Draws the two plots: ``python -m benchmarks.plots SERIES.json FOLDER``, in the environment that has matplotlib."""

from __future__ import annotations

import json
import sys
from itertools import cycle
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

PLOTS = {
    "growth": ("cost-per-item.svg", "What keeping costs an item", "items done", "microseconds an item"),
    "resume": (
        "resume-time.svg",
        "From the start of a process to its first new item",
        "items done",
        "seconds",
    ),
}
INK, FAINT = "#24292f", "#d0d7de"
OURS = ("#0550ae", "#54aeff")
OTHERS = ("#6e7781", "#953800", "#8250df", "#116329", "#bf3989", "#9a6700", "#a40e26", "#1b7c83", "#57606a")
STYLE = {
    "svg.hashsalt": "onward",  # the same data give the same file
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def draw(
    title: str, across: str, up: str, curves: list[tuple[str, list[tuple[float, float]]]], path: Path
) -> None:
    figure, axes = plt.subplots(figsize=(8, 4.8), layout="constrained")
    ours, others = cycle(OURS), cycle(OTHERS)
    ends = []
    for name, points in curves:
        mine = name.startswith("onward")
        colour = next(ours if mine else others)
        axes.plot(
            *zip(*points, strict=True),
            color=colour,
            linewidth=2.6 if mine else 1.3,
            marker="o",
            markersize=4 if mine else 2.5,
        )
        ends.append((points[-1], name, colour, mine))
    axes.set(xscale="log", yscale="log", xlabel=across, ylabel=up)
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold")
    axes.grid(which="major", color=FAINT, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        handles=[
            plt.Line2D([], [], color=c, linewidth=2.6 if m else 1.3, label=n)
            for _, n, c, m in sorted(ends, key=lambda end: -end[0][1])
        ],
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        frameon=False,
    )
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def main() -> None:
    series, folder = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    plt.rcParams.update(STYLE)
    for plot, (name, title, across, up) in PLOTS.items():
        curves = [(label, points) for kind, label, points in series if kind == plot and points]
        if curves:
            draw(title, across, up, curves, folder / name)


if __name__ == "__main__":
    main()
