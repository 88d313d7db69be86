"""A receiver of webhooks that heeds the idempotency key, as a process of its own: ``python webhook_server.py FOLDER``.

It keeps each task in a file of FOLDER before it answers, and the answer it gave under each key.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
LOCK = threading.Lock()


def pause(when):
    path = FOLDER / "delay"
    if path.exists():
        time.sleep(json.loads(path.read_text())[when])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["content-length"]))
        with LOCK:
            headers = {name.lower(): value for name, value in self.headers.items()}
            with (FOLDER / "requests").open("a") as log:
                log.write(json.dumps([headers, raw.decode()]) + "\n")
            pause("before")
            status, answer = self.act(json.loads(raw))
            pause("after")
        if (FOLDER / "drop").exists():  # the answer gets lost
            (FOLDER / "drop").unlink()
            self.close_connection = True
            return
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def act(self, document):
        if self.headers.get("authorization", "Bearer good") != "Bearer good":
            return 401, {"error": "no"}
        key = self.headers["idempotency-key"]
        seen = FOLDER / f"seen-{key}.json"
        if seen.exists():
            return 200, json.loads(seen.read_text())
        made = FOLDER / f"task-{document['key']}.json"
        if document["event"] == "task.created" and made.exists():
            (FOLDER / f"twice-{document['key']}").touch()
        keep(made, document["task"])
        answer = {"id": f"T-{document['key']}", "url": f"https://tracker.example/{document['key']}"}
        keep(seen, answer)
        return 201, answer


def keep(path, value):
    scratch = path.with_suffix(".tmp")
    scratch.write_text(json.dumps(value))
    scratch.replace(path)


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that was killed is nothing to report."""


if __name__ == "__main__":
    server = Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    scratch = FOLDER / "port.tmp"
    scratch.write_text(str(server.server_address[1]))
    scratch.replace(FOLDER / "port")
    server.serve_forever()
