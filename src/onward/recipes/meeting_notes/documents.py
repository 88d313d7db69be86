"""Notes as documents: Markdown to edit, JSON for programs, HTML to read; and an index over all meetings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import TypeVar

from onward.recipes.meetings import ActionItem, Finding, Notes, clock, notes_to_json

T = TypeVar("T")

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Unnoted:
    """A file without notes, and why."""

    file: str
    reason: str


def documents_of(notes: Notes, name: str) -> dict[str, str]:
    """The documents of one meeting by their file names."""
    return {
        f"{name}.md": _markdown(notes),
        f"{name}.json": json.dumps(notes_to_json(notes), indent=2, ensure_ascii=False) + "\n",
        f"{name}.html": _page(notes),
    }


def index_of(
    notes: Sequence[Notes], names: Mapping[str, str], unnoted: Sequence[Unnoted], left: int
) -> dict[str, str]:
    """The index of all meetings, newest first, by its file names. ``left``: transcripts that wait for notes."""
    listed = sorted(notes, key=lambda one: (one.date or "", one.source), reverse=True)
    return {
        "index.md": _markdown_index(listed, names, unnoted, left),
        "index.html": _page_index(listed, names, unnoted, left),
    }


def _where(found: ActionItem | Finding) -> str:
    """Where a quote stands: who, when, line."""
    return ", ".join(filter(None, (found.speaker, clock(found.seconds), f"line {found.line}")))


def _head(notes: Notes) -> list[str]:
    people = ", ".join(notes.participants) or "nobody is named"
    return [notes.date or "date not known", people, f"from {notes.source}"]


def _by_owner(notes: Iterable[Notes]) -> dict[str, list[tuple[Notes, ActionItem]]]:
    """All action items by owner, those without one last; the earliest due first."""
    found: dict[str, list[tuple[Notes, ActionItem]]] = {}
    for one in notes:
        for action in one.actions:
            found.setdefault(action.owner or "", []).append((one, action))
    for items in found.values():
        items.sort(key=lambda item: (item[1].due or "9999", item[0].date or "", item[1].line))
    return dict(sorted(found.items(), key=lambda entry: (not entry[0], entry[0].casefold())))


# ---------------------------------------------------------------------------------------- Markdown


def _markdown(notes: Notes) -> str:
    lines = [f"# {_md(notes.title)}", "", " · ".join(map(_md, _head(notes))), ""]
    lines += [f"> ⚑ {_md(flag)}" for flag in notes.flags] + [""] * bool(notes.flags)
    lines += _md_section("Summary", notes.summary, lambda line: [f"- {_md(line)}"])
    lines += _md_section("Action items", notes.actions, _md_action)
    lines += _md_section("Decisions", notes.decisions, _md_finding)
    lines += _md_section("Open questions", notes.questions, _md_finding)
    return "\n".join([*lines, "---", "", f"Taken by {_md(notes.model)}. Check before you rely on it.", ""])


def _md_section(title: str, items: Sequence[T], shown: Callable[[T], list[str]]) -> list[str]:
    body = [line for item in items for line in shown(item)] or ["None found."]
    return [f"## {title}", "", *body, ""]


def _md_action(action: ActionItem) -> list[str]:
    who = f"**{_md(action.owner)}**" if action.owner else "**nobody yet**"
    due = f", due {action.due}" if action.due else ""
    flags = "".join(f"  \n  ⚑ {_md(flag)}" for flag in action.flags)
    return [
        f"- [ ] {_md(action.what)} ({who}{due})  ",
        f"  “{_md(action.quote)}” {_md(_where(action))}{flags}",
    ]


def _md_finding(found: Finding) -> list[str]:
    return [f"- {_md(found.text)}  ", f"  “{_md(found.quote)}” {_md(_where(found))}"]


def _markdown_index(
    notes: Sequence[Notes], names: Mapping[str, str], unnoted: Sequence[Unnoted], left: int
) -> str:
    lines = ["# Meetings", ""]
    for one in notes:
        lines.append(
            f"- {one.date or 'no date'}: [{_md(one.title)}]({names[one.source]}.md), {_counted(one)}"
        )
    lines += [f"- {left} more to come"] * bool(left)
    lines += ["", "## Action items by owner", ""]
    for owner, items in _by_owner(notes).items():
        lines += [f"### {_md(owner) or 'Nobody yet'}", ""]
        for meeting, action in items:
            due = f", due {action.due}" if action.due else ""
            lines.append(
                f"- [ ] {_md(action.what)}{due} ([{_md(meeting.title)}]({names[meeting.source]}.md))"
            )
        lines.append("")
    if unnoted:
        lines += [f"## Without notes: {len(unnoted)}", ""]
        lines += [f"- {_md(one.file)}: {_md(one.reason)}" for one in unnoted] + [""]
    return "\n".join(lines)


def _md(text: str) -> str:
    """Text that is no markup, whatever is in it."""
    text = escape(text, quote=False)
    text = re.sub(r"([\\`*_\[\]#|~])", r"\\\1", text)
    return re.sub(r"^(\s*)(\d+[.)]|[-+])(?=\s)", r"\1\\\2", text)


def _counted(notes: Notes) -> str:
    counts = [
        (len(notes.actions), "action item"),
        (len(notes.decisions), "decision"),
        (len(notes.questions), "open question"),
    ]
    return ", ".join(f"{count} {word}{'s' * (count != 1)}" for count, word in counts)


# -------------------------------------------------------------------------------------------- HTML


def _template(name: str) -> Template:
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    return Template((_HERE / name).read_text(encoding="utf-8").replace("$style", style.replace("$", "$$")))


def _page(notes: Notes) -> str:
    return _template("page.html").substitute(
        title=escape(notes.title),
        head=" · ".join(map(escape, _head(notes))),
        flags="".join(f'<li class="flag">{escape(flag)}</li>' for flag in notes.flags),
        summary=_html_list(notes.summary, _html_line),
        actions=_html_list(notes.actions, _html_action),
        decisions=_html_list(notes.decisions, _html_finding),
        questions=_html_list(notes.questions, _html_finding),
        model=escape(notes.model),
    )


def _html_list(items: Sequence[T], shown: Callable[[T], str]) -> str:
    return f"<ul>{''.join(map(shown, items))}</ul>" if items else '<p class="none">None found.</p>'


def _html_line(line: str) -> str:
    who, colon, words = line.partition(": ")
    return f"<li><b>{escape(who)}</b> {escape(words)}</li>" if colon else f"<li>{escape(line)}</li>"


def _html_action(action: ActionItem) -> str:
    owner = (
        f'<b class="who">{escape(action.owner)}</b>' if action.owner else '<b class="who open">nobody yet</b>'
    )
    due = (
        f'<time datetime="{escape(action.due)}">{escape(action.due)}</time>'
        if action.due
        else '<time class="open">no date</time>'
    )
    flags = "".join(f'<li class="flag">{escape(flag)}</li>' for flag in action.flags)
    return (
        f'<li><div class="task"><span>{escape(action.what)}</span>{owner}{due}</div>{_html_quote(action)}'
        f"{f'<ul class=flags>{flags}</ul>' if flags else ''}</li>"
    )


def _html_finding(found: Finding) -> str:
    return f"<li><div>{escape(found.text)}</div>{_html_quote(found)}</li>"


def _html_quote(found: ActionItem | Finding) -> str:
    return f"<blockquote>{escape(found.quote)} <cite>{escape(_where(found))}</cite></blockquote>"


def _page_index(
    notes: Sequence[Notes], names: Mapping[str, str], unnoted: Sequence[Unnoted], left: int
) -> str:
    def link(one: Notes) -> str:
        return f'<a href="{escape(names[one.source])}.html">{escape(one.title)}</a>'

    meetings = [
        f"<li><time>{one.date or 'no date'}</time> {link(one)} <small>{_counted(one)}</small></li>"
        for one in notes
    ]
    meetings += [f"<li>{left} more to come</li>"] * bool(left)
    owners = "".join(
        f"<section><h3>{escape(owner) or 'Nobody yet'}</h3><ul>"
        + "".join(
            f'<li><div class="task"><span>{escape(action.what)}</span><small>{link(meeting)}</small>'
            f"<time>{action.due or 'no date'}</time></div></li>"
            for meeting, action in items
        )
        + "</ul></section>"
        for owner, items in _by_owner(notes).items()
    )
    lost = "".join(f"<li><b>{escape(one.file)}</b>: {escape(one.reason)}</li>" for one in unnoted)
    return _template("index.html").substitute(
        meetings=f"<ul class=meetings>{''.join(meetings)}</ul>",
        owners=owners or '<p class="none">None found.</p>',
        unnoted=f"<section class=lost><h2>Without notes: {len(unnoted)}</h2><ul>{lost}</ul></section>"
        if lost
        else "",
    )
