"""Draws the two plots: ``python -m benchmarks.plots SERIES.json FOLDER``, in the environment that has matplotlib."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

PLOTS = {
    "growth": ("cost-per-item.svg", "What keeping costs an item", "µs"),
    "resume": ("resume-time.svg", "From the start of a process to its first new item", "s"),
}
INK, FAINT = "#24292f", "#d0d7de"
COLOURS = {
    "onward": "#0550ae",
    "onward, keyed": "#54aeff",
    "JSONL by hand": "#57606a",
    "SQLite by hand": "#8c959f",
    "JSON rewritten": "#cf222e",
    "diskcache": "#116329",
    "joblib.Memory": "#bf3989",
    "batchledger": "#953800",
    "pyarallel": "#2da44e",
    "async-batch-llm": "#8250df",
    "LangGraph": "#1b7c83",
    "LangGraph, tasks": "#4ac5cc",
    "DBOS": "#d4a72c",
}
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

Curve = list[tuple[float, float]]


def draw(title: str, unit: str, curves: dict[str, Curve], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(8.4, 4.6), layout="constrained")
    for name, points in sorted(curves.items(), key=lambda curve: -curve[1][-1][1]):
        ours = name.startswith("onward")
        axes.plot(
            *zip(*points, strict=True),
            label=name,
            color=COLOURS[name],
            linewidth=2.8 if ours else 1.4,
            linestyle="--" if "hand" in name else "-",
            marker="o",
            markersize=4.5 if ours else 3,
            zorder=3 if ours else 2,
        )
    axes.set(xscale="log", yscale="log", xlabel="items done")
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", pad=12)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g} {unit}")
    axes.grid(which="major", color=FAINT, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(which="both", length=0)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    figure.savefig(path, metadata={"Date": None, "Creator": None}, facecolor="white")
    plt.close(figure)


def main() -> None:
    series, folder = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    plt.rcParams.update(STYLE)
    for plot, (file, title, unit) in PLOTS.items():
        curves = {name: points for kind, name, points in series if kind == plot and points}
        if curves:
            draw(title, unit, curves, folder / file)


if __name__ == "__main__":
    main()
