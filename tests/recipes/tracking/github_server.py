"""A server that speaks the few words of GitHub's API that issues need, as a process of its own.

    python github_server.py FOLDER

It keeps each issue in a file of FOLDER before it answers, writes its port to FOLDER/port, logs each request to
FOLDER/requests, and misbehaves as FOLDER/faults says, one JSON object a line, each used once:
``{"method": "POST", "status": 502, "after": true}``: after acting, ``"headers"``, ``"body"`` and ``"drop"`` as well.
"""

import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
TOKEN = "ghp_test"
LOGINS = {"miac", "beno", "octocat"}
LOCK = threading.Lock()


def pause(when):
    """As FOLDER/delay says: seconds before and after acting, so that there is something to be killed in."""
    path = FOLDER / "delay"
    if path.exists():
        time.sleep(json.loads(path.read_text())[when])


def issues():
    return sorted(
        (json.loads(path.read_text()) for path in FOLDER.glob("issue-*.json")), key=lambda one: one["number"]
    )


def save(issue):
    path = FOLDER / f"issue-{issue['number']}.json"
    scratch = path.with_suffix(".tmp")
    scratch.write_text(json.dumps(issue))
    scratch.replace(path)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.handle_all()

    do_POST = do_PATCH = do_GET  # noqa: N815 - so the base class wants it

    def handle_all(self):
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        with LOCK:
            with (FOLDER / "requests").open("a") as log:
                log.write(json.dumps([self.command, self.path]) + "\n")
            fault = self.fault()
            if fault and not fault.get("after"):
                return self.misbehave(fault)
            pause("before")
            answer = self.act(body)
            pause("after")
        if fault:
            return self.misbehave(fault)
        return self.answer(*answer)

    def fault(self):
        path = FOLDER / "faults"
        lines = path.read_text().splitlines() if path.exists() else []
        for at, line in enumerate(lines):
            fault = json.loads(line)
            if fault.get("method", self.command) == self.command:
                path.write_text("".join(f"{other}\n" for n, other in enumerate(lines) if n != at))
                return fault
        return None

    def misbehave(self, fault):
        if fault.get("drop"):
            self.close_connection = True
            return None
        return self.answer(fault["status"], fault.get("body", {"message": "no"}), fault.get("headers", {}))

    def answer(self, status, body, headers=None):
        raw = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def act(self, body):
        url = urlsplit(self.path)
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}
        found = re.fullmatch(r"/repos/octo/work/issues(?:/(\d+))?", url.path)
        if not found:
            return 404, {"message": "Not Found"}
        if found[1] is None:
            return self.create(body) if self.command == "POST" else self.listed(url)
        issue = next((one for one in issues() if one["number"] == int(found[1])), None)
        if issue is None:
            return 404, {"message": "Not Found"}
        if self.command == "PATCH":
            if problem := invalid(body):
                return problem
            issue |= written(body)
            issue["updated_at"] = now()
            save(issue)
        return 200, issue

    def create(self, body):
        if problem := invalid(body):
            return problem
        number = len(issues()) + 1
        issue = {
            "number": number,
            "state": "open",
            "body": None,
            "labels": [],
            "assignees": [],
            "created_at": now(),
            "updated_at": now(),
            "html_url": f"https://github.example/octo/work/issues/{number}",
            **written(body),
        }
        save(issue)
        return 201, issue

    def listed(self, url):
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        found = issues()
        if (FOLDER / "lag").exists():  # it takes a while until the list has what was made
            oldest = time.time() - float((FOLDER / "lag").read_text())
            found = [
                one for one in found if (FOLDER / f"issue-{one['number']}.json").stat().st_mtime < oldest
            ]
        if asked.get("state", "open") != "all":
            found = [one for one in found if one["state"] == asked.get("state", "open")]
        if "since" in asked:
            found = [one for one in found if one["updated_at"] >= asked["since"]]
        if asked.get("direction", "desc") == "desc":
            found.reverse()
        size, page = min(100, int(asked.get("per_page", 30))), int(asked.get("page", 1))
        headers = {}
        if page * size < len(found):
            query = urlencode({**asked, "page": page + 1})
            headers["link"] = f'<http://{self.headers["host"]}{url.path}?{query}>; rel="next"'
        return 200, found[(page - 1) * size : page * size], headers


def invalid(body):
    errors = []
    if "title" in body and not 0 < len(body["title"]) <= 256:
        errors.append({"resource": "Issue", "field": "title", "code": "invalid"})
    if len(body.get("body") or "") > 65536:
        errors.append({"resource": "Issue", "field": "body", "code": "too_long"})
    if set(body.get("assignees", [])) - LOGINS:
        errors.append({"resource": "Issue", "field": "assignees", "code": "invalid"})
    return (422, {"message": "Validation Failed", "errors": errors}) if errors else None


def written(body):
    found = {name: body[name] for name in ("title", "body", "state") if name in body}
    if "labels" in body:
        found["labels"] = [{"name": name} for name in body["labels"]]
    if "assignees" in body and not (FOLDER / "no-push").exists():  # GitHub drops them silently then
        found["assignees"] = [{"login": name} for name in body["assignees"]]
    return found


def now():
    from datetime import UTC, datetime

    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that was killed is nothing to report."""


if __name__ == "__main__":
    server = Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    scratch = FOLDER / "port.tmp"
    scratch.write_text(str(server.server_address[1]))
    scratch.replace(FOLDER / "port")
    os.environ.clear()
    server.serve_forever()
