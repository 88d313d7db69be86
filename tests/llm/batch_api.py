"""The batch APIs of OpenAI and Anthropic, as the server of ``llm.server`` speaks them beside its single requests.

A batch ends some seconds after it was made. What comes of its requests is up to the server's ``answer``, as for
single ones; a ``Fault`` is an error line. Batches to come can be told a fate: see :class:`Fate`. Results come in
an order of their own. Each batch is a line of JSON in the log, written before its id goes out:
``{"n", "at", "api", "id", "prompts", "custom_ids", "reservation"}``.
"""

import email
import email.policy
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DAY = 86400


@dataclass(frozen=True)
class Fate:
    """What becomes of a batch.

    Attributes:
        kind: "completed"; "expired" or "cancelled" half-way; "failed" before it began; "lost" is made, but its maker
            hears nothing of it; "refused" is not made.
        code, line: of the error of a failed one.
    """

    kind: str = "completed"
    code: str = "invalid_request"
    line: int | None = None


@dataclass
class Made:
    """A batch."""

    id: str
    api: str
    at: float
    fate: Fate
    requests: list[dict[str, Any]]  # {"custom_id", "body"}
    reservation: str | None = None
    input_file: str | None = None
    results: list[dict[str, Any]] | None = None


@dataclass
class BatchApis:
    """All batches, and the answers to requests about them.

    Attributes:
        one: what a single request is answered: its status and its body.
        seconds: after which a batch ends.
        looked: how often anybody asked how a batch is.
        out_of_reach: batches are made, and whatever else is asked about them is answered 503.
        fates: of the next batches, one each.
    """

    one: Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]
    seconds: float = 0.5
    fates: deque[Fate] = field(default_factory=deque)
    looked: int = 0
    out_of_reach: bool = False
    log: Path | None = None
    made: list[Made] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def answer(self, method: str, path: str, headers: Any, raw: bytes) -> tuple[int, bytes] | None:
        """The status and the body; None if it is not about batches."""
        path, _, query = path.partition("?")
        parts = path.removeprefix("/v1/").strip("/").split("/")
        self.looked += method == "GET"
        match method, parts:
            case "GET", ["files" | "batches", *_] | ["messages", "batches", *_] if self.out_of_reach:
                return 503, b'{"error": {"message": "out of reach"}}'
            case "POST", ["files"]:
                return self._upload(headers, raw)
            case "GET", ["files", name, "content"]:
                return (200, self.files[name]) if name in self.files else (404, b"{}")
            case "POST", ["batches"]:
                return self._make_openai(json.loads(raw))
            case "POST", ["messages", "batches"]:
                return self._make_anthropic(json.loads(raw))
            case "GET", ["batches"]:
                return self._list("openai", query, "after", self._openai)
            case "GET", ["messages", "batches"]:
                return self._list("anthropic", query, "after_id", self._anthropic)
            case "GET", ["batches", name]:
                return _json(self._openai(self._named(name)))
            case "GET", ["messages", "batches", name]:
                return _json(self._anthropic(self._named(name)))
            case "GET", ["messages", "batches", name, "results"]:
                return 200, _lines(self._results(self._named(name)))
        return None

    # Making

    def _upload(self, headers: Any, raw: bytes) -> tuple[int, bytes]:
        head = f"content-type: {headers['content-type']}\n\n".encode()
        form = email.message_from_bytes(head + raw, policy=email.policy.HTTP)
        (content,) = (part.get_payload(decode=True) for part in form.iter_parts() if part.get_filename())  # type: ignore[attr-defined]
        name = f"file-{len(self.files) + 1}"
        self.files[name] = content
        file = {"id": name, "object": "file", "bytes": len(content), "created_at": int(time.time())}
        return _json({**file, "filename": "x.jsonl", "purpose": "batch", "status": "processed"})

    def _make_openai(self, body: dict[str, Any]) -> tuple[int, bytes]:
        lines = [json.loads(line) for line in self.files[body["input_file_id"]].splitlines()]
        requests = [{"custom_id": line["custom_id"], "body": line["body"]} for line in lines]
        reservation = (body.get("metadata") or {}).get("onward_reservation")
        made = self._make("openai", requests, reservation, body["input_file_id"])
        return _json(self._openai(made)) if isinstance(made, Made) else made

    def _make_anthropic(self, body: dict[str, Any]) -> tuple[int, bytes]:
        requests = [{"custom_id": each["custom_id"], "body": each["params"]} for each in body["requests"]]
        made = self._make("anthropic", requests, None, None)
        return _json(self._anthropic(made)) if isinstance(made, Made) else made

    def _make(
        self, api: str, requests: list[dict[str, Any]], reservation: str | None, file: str | None
    ) -> Made | tuple[int, bytes]:
        fate = self.fates.popleft() if self.fates else Fate()
        if fate.kind == "refused":
            error = {
                "message": "that is no batch",
                "type": "invalid_request_error",
                "code": "invalid_request",
            }
            return 400, json.dumps({"type": "error", "error": error}).encode()
        made = Made(f"batch_{len(self.made) + 1}", api, time.time(), fate, requests, reservation, file)
        self.made.append(made)
        if self.log is not None:
            prompts = [_prompt(each["body"]) for each in requests]
            line = {"n": len(self.made), "at": made.at, "api": api, "id": made.id, "prompts": prompts}
            line |= {"custom_ids": [each["custom_id"] for each in requests], "reservation": reservation}
            with self.log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
        return (500, b'{"error": {"message": "lost"}}') if fate.kind == "lost" else made

    def _named(self, name: str) -> Made:
        return next(made for made in self.made if made.id == name)

    def _list(
        self, api: str, query: str, cursor: str, form: Callable[[Made], dict[str, Any]]
    ) -> tuple[int, bytes]:
        """Two a page, so that who looks for one must turn pages."""
        asked = dict(part.split("=", 1) for part in query.split("&") if part)
        newest = [made for made in reversed(self.made) if made.api == api]
        after = asked.get(cursor)
        start = next((n + 1 for n, made in enumerate(newest) if made.id == after), 0)
        page = newest[start : start + 2]
        ids = {"first_id": page[0].id if page else None, "last_id": page[-1].id if page else None}
        more = start + 2 < len(newest)
        return _json({"object": "list", "data": [form(made) for made in page], "has_more": more, **ids})

    # What became of it

    def _is_over(self, made: Made) -> bool:
        return time.time() >= made.at + self.seconds

    def _results(self, made: Made) -> list[dict[str, Any]]:
        """One for each request, the last first; worked out once, as it would be paid once."""
        if made.results is None:
            form = self._openai_result if made.api == "openai" else self._anthropic_result
            half = (
                len(made.requests) // 2 if made.fate.kind in ("expired", "cancelled") else len(made.requests)
            )
            made.results = [
                form(each, made.fate.kind if number >= half else None)
                for number, each in enumerate(made.requests)
            ][::-1]
        return made.results

    def _openai(self, made: Made) -> dict[str, Any]:
        kind = {"lost": "completed"}.get(made.fate.kind, made.fate.kind)
        status = kind if self._is_over(made) else "in_progress"
        found = {"id": made.id, "object": "batch", "endpoint": "/v1/chat/completions", "status": status}
        found |= {"input_file_id": made.input_file, "completion_window": "24h", "created_at": int(made.at)}
        found |= {"metadata": {"onward_reservation": made.reservation}, "errors": None}
        if status == "failed":
            error = {"code": made.fate.code, "line": made.fate.line, "message": "it cannot be", "param": None}
            found["errors"] = {"object": "list", "data": [error]}
        elif self._is_over(made):
            good = [each for each in self._results(made) if each["response"] and not each["error"]]
            bad = [each for each in self._results(made) if each not in good]
            for what, lines in (("output_file_id", good), ("error_file_id", bad)):
                if lines:
                    found[what] = f"{made.id}-{what}"
                    self.files[f"{made.id}-{what}"] = _lines(lines)
        return found

    def _openai_result(self, request: dict[str, Any], fate: str | None) -> dict[str, Any]:
        line = {"id": "batch_req_1", "custom_id": request["custom_id"], "response": None, "error": None}
        if fate is not None:
            return {**line, "error": {"code": f"batch_{fate}", "message": f"This request was {fate}"}}
        status, body = self.one("/v1/chat/completions", request["body"])
        return {**line, "response": {"status_code": status, "request_id": "req_1", "body": body}}

    def _anthropic(self, made: Made) -> dict[str, Any]:
        over = self._is_over(made)
        counts = dict.fromkeys(["processing", "succeeded", "errored", "canceled", "expired"], 0)
        for each in self._results(made) if over else []:
            counts[each["result"]["type"]] += 1
        counts["processing"] = 0 if over else len(made.requests)
        at = datetime.fromtimestamp(made.at, UTC)
        found = {
            "id": made.id,
            "type": "message_batch",
            "processing_status": "ended" if over else "in_progress",
        }
        found |= {"request_counts": counts, "created_at": at.isoformat(), "archived_at": None}
        found |= {"expires_at": (at + timedelta(days=1)).isoformat(), "cancel_initiated_at": None}
        found |= {"ended_at": at.isoformat() if over else None}
        return {**found, "results_url": f"/v1/messages/batches/{made.id}/results" if over else None}

    def _anthropic_result(self, request: dict[str, Any], fate: str | None) -> dict[str, Any]:
        if fate is not None:
            result: dict[str, Any] = {"type": {"cancelled": "canceled"}.get(fate, fate)}
        else:
            status, body = self.one("/v1/messages", request["body"])
            kind = {400: "invalid_request_error", 429: "rate_limit_error"}.get(status, "api_error")
            result = {"type": "succeeded", "message": body}
            if status != 200:
                error = {"type": kind, "message": body["error"]["message"]}
                result = {"type": "errored", "error": {"type": "error", "error": error, "request_id": None}}
        return {"custom_id": request["custom_id"], "result": result}


def _prompt(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


def _json(value: Any) -> tuple[int, bytes]:
    return 200, json.dumps(value).encode()


def _lines(values: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()
