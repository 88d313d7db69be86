"""A real HTTP server that speaks OpenAI chat completions and Anthropic messages, and fails when told to.

In a test, in threads of its own:

    with ModelServer(rpm=600) as server:
        onward.llm.model("openai:test", base_url=server.url + "/v1")     # or "anthropic:test", base_url=server.url
        ...
        assert len(server.calls) == 3

As a process of its own, which outlives the ones that are killed:

    with server_process("--rpm", "600", "--log", "calls.jsonl", "--answer", "app.py:answer") as url: ...

What it answers is up to ``answer(prompt, body)``: a text, a value (answered as JSON), or a :class:`Fault`. Without
one it makes an instance of the schema that was asked for, or says "ok". Every call is one line of JSON in the log,
written before the answer goes out: ``{"n", "at", "path", "status", "prompt", "model", "key"}``.
"""

import argparse
import contextlib
import importlib.util
import json
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Fault:
    """How a call goes wrong.

    Attributes:
        kind: "status" answers with ``status`` and the provider's error body; "stall" says nothing for ``seconds``
            and then hangs up; "drop" hangs up at once; "cut" breaks off half-way; "no json"
            answers 200 with a page of HTML; "length" stops at max_tokens; "filter" and "refusal" hold back.
        code: the provider's name of the error, such as "insufficient_quota".
        retry_after: seconds for the Retry-After header, if any.
        text: the message, or what there is of a reply.
    """

    kind: str = "status"
    status: int = 500
    code: str = "server_error"
    retry_after: float | None = None
    text: str = "something went wrong"
    seconds: float = 30.0

    @property
    def error(self) -> dict[str, Any]:
        """The provider's error object."""
        return {"message": self.text, "type": self.code, "code": self.code, "param": None}


def throttled(retry_after: float | None = None) -> Fault:
    return Fault(status=429, code="rate_limit_exceeded", retry_after=retry_after, text="Rate limit reached")


QUOTA = Fault(status=429, code="insufficient_quota", text="You exceeded your current quota")
BAD_KEY = Fault(status=401, code="invalid_api_key", text="Incorrect API key provided")

Answer = Callable[[str, dict[str, Any]], Any]


def default_answer(prompt: str, body: dict[str, Any]) -> Any:
    schema = asked_schema(body)
    return "ok" if schema is None else instance(schema, schema)


def asked_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON schema that the call asks for, in either protocol."""
    form = body.get("response_format") or body.get("output_config", {}).get("format") or {}
    found: dict[str, Any] | None = form.get("json_schema", {}).get("schema") or form.get("schema")
    return found


def instance(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """A value that fits a schema, the same each time."""
    if "$ref" in schema:
        return instance(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "anyOf" in schema:
        return instance(schema["anyOf"][0], root)
    match schema.get("type"):
        case "object":
            return {name: instance(each, root) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [instance(schema["items"], root)] * max(1, schema.get("minItems", 1))
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return "text"


class Window:
    """So many a minute, over a sliding window of some seconds."""

    def __init__(self, per_minute: float | None, seconds: float) -> None:
        self.per_minute = per_minute
        self._most = per_minute and per_minute * seconds / 60
        self._seconds = seconds
        self._taken: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def wait(self, amount: float) -> float:
        """Seconds until so much more fits; 0 if it does now."""
        now = time.monotonic()
        while self._taken and self._taken[0][0] <= now - self._seconds:
            self._sum -= self._taken.popleft()[1]
        if self._most is None or self._sum + amount <= self._most:
            return 0.0
        over = self._sum + amount - self._most
        for at, taken in self._taken:
            over -= taken
            if over <= 0:
                return max(0.001, at + self._seconds - now)
        return self._seconds

    def take(self, amount: float) -> None:
        self._taken.append((time.monotonic(), amount))
        self._sum += amount

    def headers(self, what: str) -> dict[str, str]:
        return self._headers(
            what, self._taken[0][0] + self._seconds - time.monotonic() if self._taken else 0.0
        )

    def _headers(self, what: str, reset: float) -> dict[str, str]:
        if self.per_minute is None or self._most is None:
            return {}
        return {
            f"x-ratelimit-limit-{what}": str(int(self.per_minute)),
            f"x-ratelimit-remaining-{what}": str(max(0, int(self._most - self._sum))),
            f"x-ratelimit-reset-{what}": f"{max(0.0, reset):.3f}s",
        }


class FixedWindow(Window):
    """So many in each window; the windows follow one another by the clock."""

    def __init__(self, per_minute: float | None, seconds: float) -> None:
        super().__init__(per_minute, seconds)
        self._number = 0.0

    def wait(self, amount: float) -> float:
        number, into = divmod(time.monotonic(), self._seconds)
        if number != self._number:
            self._number, self._sum = number, 0.0
        fits = self._most is None or self._sum + amount <= self._most
        return 0.0 if fits else self._seconds - into

    def take(self, amount: float) -> None:
        self._sum += amount

    def headers(self, what: str) -> dict[str, str]:
        into = time.monotonic() % self._seconds
        return self._headers(what, self._seconds - into)


class TokenBucket(Window):
    """Fills evenly; ``seconds`` is how much of what was not used it keeps."""

    def __init__(self, per_minute: float | None, seconds: float) -> None:
        super().__init__(per_minute, seconds)
        self._at = time.monotonic()

    def wait(self, amount: float) -> float:
        now = time.monotonic()
        rate = (self.per_minute or 0.0) / 60
        self._sum = max(0.0, self._sum - (now - self._at) * rate)
        self._at = now
        if self._most is None or self._sum + amount <= self._most:
            return 0.0
        return (self._sum + amount - self._most) / rate

    def take(self, amount: float) -> None:
        self._sum += amount

    def headers(self, what: str) -> dict[str, str]:
        return self._headers(what, self._sum * 60 / self.per_minute if self.per_minute else 0.0)


LIMITERS: dict[str, type[Window]] = {"sliding": Window, "window": FixedWindow, "bucket": TokenBucket}


@dataclass
class Behaviour:
    """What the server does; may be changed while it runs.

    Attributes:
        faults: what becomes of the next calls, one each; None lets a call through.
        rpm, tpm: limits over a window of ``window`` seconds; beyond them it answers 429.
        limiter: how it counts: in a "sliding" window, in a fixed "window", or with a "bucket" that holds as much.
        retry_after: whether those 429s say when to come again.
        limit_headers: whether answers name the limits.
        latency: seconds that a call takes.
        usage: whether it says how many tokens it used, as not all servers do (OpenAI's protocol only).
        key: the only API key that is accepted, if any.
        log: file that gets a line for each call.
    """

    answer: Answer = default_answer
    faults: deque[Fault | None] = field(default_factory=deque)
    rpm: float | None = None
    tpm: float | None = None
    window: float = 60.0
    limiter: str = "sliding"
    retry_after: bool = True
    limit_headers: bool = True
    latency: float = 0.0
    usage: bool = True
    key: str | None = None
    log: Path | None = None


class ModelServer:
    """The server, in threads of this process. ``url`` is its root."""

    def __init__(self, *, port: int = 0, faults: Iterable[Fault | None] = (), **behaviour: Any) -> None:
        self.behaviour = Behaviour(faults=deque(faults), **behaviour)
        self.calls: list[dict[str, Any]] = []
        limiter = LIMITERS[self.behaviour.limiter]
        self.requests = limiter(self.behaviour.rpm, self.behaviour.window)
        self.tokens = limiter(self.behaviour.tpm, self.behaviour.window)
        self.lock = threading.Lock()
        self.most_at_once = 0
        self.at_once = 0
        self.stopping = threading.Event()
        from llm.batch_api import BatchApis

        self.batches = BatchApis(self.one)
        self._http = _Listener(("127.0.0.1", port), _Handler)
        self._http.server = self
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "ModelServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def served(self) -> list[dict[str, Any]]:
        """The calls that were answered with 200."""
        return [call for call in self.calls if call["status"] == 200]

    def verdict(self, prompt: str, body: dict[str, Any], path: str, key: str) -> tuple[Any, dict[str, str]]:
        """What to answer to a call, and with which headers; it is in the log before this returns."""
        with self.lock:
            fault = self.behaviour.faults.popleft() if self.behaviour.faults else None
            answer, headers = self._limited(body, key) if fault is None else (fault, {})
        if answer is None:
            answer = self.behaviour.answer(prompt, body)
        status = 200
        if isinstance(answer, Fault):
            status = answer.status if answer.kind == "status" else 200 if answer.kind in DELIVERED else 0
        with self.lock:
            self._note(status, prompt, body, path, key)
        return answer, headers

    def one(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What a single request is answered that came in a batch: status and body."""
        protocol = _anthropic if path.endswith("/messages") else _openai
        answer = self.behaviour.answer(_prompt(body), body)
        if not isinstance(answer, Fault):
            return 200, protocol(answer if isinstance(answer, str) else json.dumps(answer), "stop", body)[0]
        if answer.kind in DELIVERED:
            return 200, protocol(answer.text, answer.kind, body)[0]
        return answer.status, {"type": "error", "error": answer.error}

    def _limited(self, body: dict[str, Any], key: str) -> tuple[Fault | None, dict[str, str]]:
        if self.behaviour.key is not None and key != self.behaviour.key:
            return BAD_KEY, {}
        tokens = words(json.dumps(body.get("messages", ""))) + (limit_of(body) or 0)
        wait = max(self.requests.wait(1), self.tokens.wait(tokens))
        if wait:
            fault = throttled(wait if self.behaviour.retry_after else None)
        else:
            fault = None
            self.requests.take(1)
            self.tokens.take(tokens)
        told = {**self.requests.headers("requests"), **self.tokens.headers("tokens")}
        return fault, told if self.behaviour.limit_headers else {}

    def _note(self, status: int, prompt: str, body: dict[str, Any], path: str, key: str) -> None:
        call = {"n": len(self.calls) + 1, "at": time.time(), "path": path, "status": status}
        call |= {"prompt": prompt, "model": body.get("model"), "key": key}
        self.calls.append(call)
        if self.behaviour.log is not None:
            with self.behaviour.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(call) + "\n")


DELIVERED = {"length", "filter", "refusal", "no json"}


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    server: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that are killed hang up; that is what the tests are about."""


def words(text: str) -> int:
    """Tokens, as this server counts them."""
    return len(text.encode()) // 4 + 1


def limit_of(body: dict[str, Any]) -> int | None:
    return body.get("max_completion_tokens") or body.get("max_tokens")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Calls are in the log; nothing goes to stderr."""

    def do_GET(self) -> None:
        if not self._batched("GET", b""):
            self._list_models()

    def _batched(self, method: str, raw: bytes) -> bool:
        """Whether it was about batches, and is answered."""
        server = self.server.server
        with server.lock:
            found = server.batches.answer(method, self.path, self.headers, raw)
        if found is None:
            return False
        status, body = found
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return True

    def _list_models(self) -> None:
        self._json(200, {"object": "list", "data": [{"id": "test", "object": "model"}]}, {})

    def do_POST(self) -> None:
        server = self.server.server
        raw = self.rfile.read(int(self.headers["content-length"]))
        if self._batched("POST", raw):
            return
        body = json.loads(raw)
        key = self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")
        with self._counted(server):
            answer, headers = server.verdict(_prompt(body), body, self.path, key)
            server.stopping.wait(server.behaviour.latency)
            if isinstance(answer, Fault):
                self._fail(answer, body, headers)
            else:
                text = answer if isinstance(answer, str) else json.dumps(answer)
                self._reply(text, "stop", body, headers)

    @contextlib.contextmanager
    def _counted(self, server: ModelServer) -> Iterator[None]:
        with server.lock:
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
        try:
            yield
        finally:
            with server.lock:
                server.at_once -= 1

    # Answers

    def _reply(
        self, text: str, finish: str, body: dict[str, Any], headers: dict[str, str], cut: bool = False
    ) -> None:
        protocol = _anthropic if self.path.endswith("/messages") else _openai
        whole, events = protocol(text, finish, body)
        if not self.server.server.behaviour.usage:
            whole, events = {**whole, "usage": None}, [each for each in events if '"usage"' not in each]
        if body.get("stream"):
            self._stream(events, headers, cut)
        else:
            self._json(200, whole, headers, cut)

    def _json(self, status: int, value: Any, headers: dict[str, str], cut: bool = False) -> None:
        raw = json.dumps(value).encode()
        self.send_response(status)
        for name, each in {"content-type": "application/json", **headers}.items():
            self.send_header(name, each)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw[: len(raw) // 2] if cut else raw)
        if cut:
            self._hang_up()

    def _stream(self, events: list[str], headers: dict[str, str], cut: bool = False) -> None:
        self.send_response(200)
        for name, each in {"content-type": "text/event-stream", **headers}.items():
            self.send_header(name, each)
        # Without a length or chunks, the end of the stream is the end of the connection: no client can tell by the
        # bytes alone that it was cut.
        self.send_header("connection", "close")
        self.end_headers()
        for event in events[: len(events) // 2] if cut else events:
            self.wfile.write(event.encode())
            self.wfile.flush()
        self.close_connection = True

    # Faults

    def _fail(self, fault: Fault, body: dict[str, Any], headers: dict[str, str]) -> None:
        match fault.kind:
            case "status":
                self._error(fault, headers)
            case "stall":
                self.server.server.stopping.wait(fault.seconds)
                self._hang_up()
            case "drop":
                self._hang_up()
            case "cut":
                self._reply(fault.text, "stop", body, headers, cut=True)
            case "no json":
                self._page()
            case other:
                self._reply(fault.text, other, body, headers)

    def _error(self, fault: Fault, headers: dict[str, str]) -> None:
        if fault.retry_after is not None:
            headers = {**headers, "retry-after": f"{fault.retry_after:.3f}"}
        self._json(fault.status, {"type": "error", "error": fault.error}, headers)

    def _page(self) -> None:
        raw = b"<html>Welcome to the hotel's Wi-Fi</html>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _prompt(body: dict[str, Any]) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


Protocol = tuple[dict[str, Any], list[str]]
"""The whole reply, and the events of a stream of it."""


def _openai(text: str, finish: str, body: dict[str, Any]) -> Protocol:
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if finish == "refusal":
        message, finish = {"role": "assistant", "content": None, "refusal": text}, "stop"
    finish = "content_filter" if finish == "filter" else finish
    read, said = words(json.dumps(body["messages"])), words(text)
    usage = {"prompt_tokens": read, "completion_tokens": said, "total_tokens": read + said}
    base = {"id": "chatcmpl-1", "created": 1, "model": body["model"] + "-2026-01-01"}
    choice = {"index": 0, "finish_reason": finish, "message": message, "logprobs": None}
    whole = {**base, "object": "chat.completion", "choices": [choice], "usage": usage}
    chunk = {**base, "object": "chat.completion.chunk"}
    delta = [{"index": 0, "delta": {"role": "assistant", "content": c}, "finish_reason": None} for c in text]
    if message["refusal"]:
        delta = [{"index": 0, "delta": {"refusal": text}, "finish_reason": None}]
    last = {"index": 0, "delta": {}, "finish_reason": finish}
    chunks = [{**chunk, "choices": [each]} for each in [*delta, last]] + [
        {**chunk, "choices": [], "usage": usage}
    ]
    return whole, [f"data: {json.dumps(each)}\n\n" for each in chunks] + ["data: [DONE]\n\n"]


_STOPS = {"stop": "end_turn", "length": "max_tokens", "filter": "refusal", "refusal": "refusal"}


def _anthropic(text: str, finish: str, body: dict[str, Any]) -> Protocol:
    usage = {"input_tokens": words(json.dumps(body["messages"])), "output_tokens": words(text)}
    base = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"] + "-20260101"}
    ending = {"stop_reason": _STOPS[finish], "stop_sequence": None}
    whole = {**base, "content": [{"type": "text", "text": text}], **ending, "usage": usage}
    none_yet = {"stop_reason": None, "stop_sequence": None, "usage": {**usage, "output_tokens": 1}}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**base, "content": [], **none_yet}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": c}}
            for c in text
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ending, "usage": {"output_tokens": usage["output_tokens"]}},
        {"type": "message_stop"},
    ]
    return whole, [f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events]


# ------------------------------------------------------------------------------- as a process


@contextlib.contextmanager
def server_process(*options: str) -> Iterator[str]:
    """The server as a process of its own, with options of its command line; gives its root URL."""
    command = [sys.executable, str(Path(__file__).absolute()), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def logged(log: Path) -> list[dict[str, Any]]:
    """The calls in a log."""
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []


def _function(place: str) -> Answer:
    path, _, name = place.rpartition(":")
    spec = importlib.util.spec_from_file_location("answers", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["answers"] = module
    sys.path.append(str(Path(__file__).parents[1]))
    sys.modules.setdefault("llm.server", sys.modules[__name__])  # where it gets Fault from
    spec.loader.exec_module(module)
    found: Answer = getattr(module, name)
    return found


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parent.parent))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--answer", type=_function, default=default_answer, metavar="FILE.py:FUNCTION")
    parser.add_argument("--rpm", type=float)
    parser.add_argument("--tpm", type=float)
    parser.add_argument(
        "--window", type=float, default=60.0, help="seconds that rpm and tpm are counted over"
    )
    parser.add_argument("--limiter", choices=LIMITERS, default="sliding", help="how they are counted")
    parser.add_argument("--no-limit-headers", dest="limit_headers", action="store_false")
    parser.add_argument("--no-retry-after", dest="retry_after", action="store_false")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a call takes")
    parser.add_argument("--key", help="the only API key that is accepted")
    parser.add_argument("--log", type=Path, help="file that gets a line of JSON for each call")
    with ModelServer(**vars(parser.parse_args())) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
