"""GitHub Issues, by the REST API; GitHub Enterprise too, with ``GITHUB_API_URL``.

A task is an issue. Its stamp is a comment in the body, which GitHub does not show. Issues are listed, not searched:
the search index lags behind by seconds to minutes, in which a task would be made twice. GitHub has no way to
refuse a second issue of one key, so that a create whose answer was lost is looked up before it is repeated.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from onward.errors import UsageError
from onward.recipes.meeting_tasks.trackers.base import (
    AccessRefused,
    Fields,
    Kept,
    Stamp,
    Task,
    TaskChanged,
    markdown,
)
from onward.recipes.meeting_tasks.trackers.http import Http

API = "https://api.github.com"
PAGE = 100
LAG = 3.0
"""Seconds after which the list is looked at again for an issue that is not in it but may have been made."""

_BEGIN = "<!-- onward -->"
_STAMP = re.compile(r"<!-- onward-task (?P<stamp>\{[^\n]*\}) -->")


class GitHub:
    """The issues of one repository, ``OWNER/NAME``; the key is read from ``GITHUB_TOKEN`` or ``GH_TOKEN``."""

    kind = "github"
    readable = True

    def __init__(self, repository: str) -> None:
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
            raise UsageError(f"github:{repository}: write github:OWNER/REPOSITORY")
        token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN")
        if not token:
            raise UsageError(
                f"github:{repository}: set GITHUB_TOKEN to a token that may read and write its issues"
            )
        self.name = f"github:{repository}"
        self._issues = f"repos/{repository}/issues"
        headers = {
            "accept": "application/vnd.github+json",
            "authorization": f"Bearer {token}",
            "x-github-api-version": "2022-11-28",
        }
        api = os.environ.get("GITHUB_API_URL") or API
        public = api.startswith(API)
        self.spacing = 1.0 if public else 0.0  # so github.com asks of what writes
        self.lag = LAG if public else 0.0
        self._http = Http(api.rstrip("/") + "/", self.name, headers)

    def fields(self, task: Task) -> Fields:
        priority = [] if task.priority == "normal" else [f"priority: {task.priority}"]
        return {
            "title": task.title,
            "description": _description(task),
            "assignee": task.handle.lower(),
            "labels": "\n".join(sorted({*task.labels, *priority}, key=str.casefold)),
        }

    def tasks(self, since: date | None) -> Iterator[Kept]:
        yield from self._listed(since, "asc")

    def find(self, key: str, ref: str, since: date | None) -> Kept | None:
        if ref:
            response = self._http.read("GET", f"{self._issues}/{ref}", fine=(200, 301, 404, 410))
            kept = _kept(response.json()) if response.status_code == 200 else None
            return kept if kept is not None and kept.stamp.key == key else None
        return self._in_list(key, since) or (self._in_list(key, since, after=self.lag) if self.lag else None)

    def create(self, task: Task, stamp: Stamp) -> Kept:
        fields = self.fields(task)
        body = f"{_BEGIN}\n{fields['description']}\n\n{_comment(stamp)}\n"
        made = self._http.write("POST", self._issues, json={**_asked(fields), "body": body}, fine=(201,))
        return _kept(made.json()) or Kept(str(made.json()["number"]), stamp, fields)

    def update(self, kept: Kept, fields: Fields, task: Task, stamp: Stamp) -> Kept:
        address = f"{self._issues}/{kept.ref}"
        issue = self._http.read("GET", address).json()
        now = _kept(issue)
        if now is None or now.fields != kept.fields or now.closed != kept.closed:
            raise TaskChanged(f"{self.name}#{kept.ref} was edited a moment ago")
        changed = {**_asked(fields), "body": _body_with(_text(issue), fields, stamp)}
        found = _kept(self._http.write("PATCH", address, json=changed).json())
        return found or kept

    def close(self) -> None:
        self._http.close()

    def _in_list(self, key: str, since: date | None, after: float = 0.0) -> Kept | None:
        time.sleep(after)
        return next((kept for kept in self._listed(since, "desc") if kept.stamp.key == key), None)

    def _listed(self, since: date | None, direction: str) -> Iterator[Kept]:
        asked: dict[str, Any] = {"state": "all", "sort": "created", "direction": direction, "per_page": PAGE}
        if since is not None:
            asked["since"] = f"{since.isoformat()}T00:00:00Z"
        response = self._http.read("GET", self._issues, params=asked, fine=(200, 404))
        if response.status_code == 404:
            raise AccessRefused(f"{self.name}: there is no such repository, or the token may not see it")
        while True:
            for issue in response.json():
                kept = None if "pull_request" in issue else _kept(issue)
                if kept is not None:
                    yield kept
            following = response.links.get("next", {}).get("url")
            if not following:
                return
            response = self._http.read("GET", following)


def _asked(fields: Fields) -> dict[str, Any]:
    """The fields as the API takes them, without the body."""
    asked: dict[str, Any] = {}
    if "title" in fields:
        asked["title"] = fields["title"]
    if "assignee" in fields:
        asked["assignees"] = [name for name in fields["assignee"].split("\n") if name]
    if "labels" in fields:
        asked["labels"] = [label for label in fields["labels"].split("\n") if label]
    return asked


def _description(task: Task) -> str:
    said = markdown(f"({task.said})") if task.said else ""
    quote = f"> {markdown(task.quote)}\n> {said}".rstrip("\n> ") if task.quote else ""
    link = f"<{task.link}>" if re.fullmatch(r"https?://[^\s<>]+", task.link) else markdown(task.link)
    named = [("Owner", markdown(task.owner)), ("Due", task.due), ("Notes", link)]
    named += [("To check", markdown(check)) for check in task.checks]
    listed = "\n".join(f"- **{name}:** {value}" for name, value in named if value)
    return "\n\n".join(filter(None, [quote, listed])) or markdown(task.heading)


def _comment(stamp: Stamp) -> str:
    return f"<!-- onward-task {stamp.text()} -->"


def _text(issue: dict[str, Any]) -> str:
    return (issue.get("body") or "").replace("\r\n", "\n")  # the web page saves CRLF


class _Block(NamedTuple):
    """Our part of a body: where its text begins and ends, and the comment that follows it."""

    first: int
    last: int
    comment: re.Match[str]


def _block(text: str) -> _Block | None:
    """Between the two comments; without the first, all that stands above the second."""
    comment = _STAMP.search(text)
    if comment is None:
        return None
    above = text[: comment.start()]
    begin = above.rfind(_BEGIN)
    first = begin + len(_BEGIN) + 1 if begin >= 0 else 0
    return _Block(first, max(first, len(above.rstrip("\n"))), comment)


def _kept(issue: dict[str, Any]) -> Kept | None:
    text = _text(issue)
    block = _block(text)
    stamp = Stamp.read(block.comment["stamp"]) if block else None
    if block is None or stamp is None:
        return None
    labels = [label["name"] if isinstance(label, dict) else str(label) for label in issue.get("labels", [])]
    fields = {
        "title": issue["title"],
        "description": text[block.first : block.last],
        "assignee": "\n".join(person["login"].lower() for person in issue.get("assignees") or []),
        "labels": "\n".join(sorted(labels, key=str.casefold)),
    }
    closed = issue.get("state") == "closed"
    return Kept(str(issue["number"]), stamp, fields, closed, str(issue.get("html_url", "")))


def _body_with(text: str, fields: Fields, stamp: Stamp) -> str:
    """The body with our part of it written anew; what others wrote around it stays."""
    block = _block(text)
    if block is None:
        return text
    ours = fields.get("description", text[block.first : block.last])
    between = text[block.last : block.comment.start()]
    return text[: block.first] + ours + between + _comment(stamp) + text[block.comment.end() :]
