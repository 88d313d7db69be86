"""Starts the servers that trackers are tested against, each a process of its own, and stops them again."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

HERE = Path(__file__).parent
USER, PASSWORD = "team", "s3cret"


class Server:
    """A server of ours: its address, and the folder where it keeps what it got."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"

    def requests(self) -> list[Any]:
        path = self.folder / "requests"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def fail(self, **fault: Any) -> None:
        with (self.folder / "faults").open("a") as file:
            file.write(json.dumps(fault) + "\n")


@contextlib.contextmanager
def ours(script: str, folder: Path) -> Iterator[Server]:
    folder.mkdir(parents=True)
    process = subprocess.Popen([sys.executable, HERE / script, folder])
    try:
        _wait((folder / "port").exists, process)
        yield Server(folder, int((folder / "port").read_text()))
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def radicale(folder: Path) -> Iterator[str]:
    """A Radicale server with one account and a task list; the list's address."""
    folder.mkdir(parents=True)
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    words = [
        *("--config", ""),
        *("--server-hosts", f"127.0.0.1:{port}"),
        *("--storage-filesystem-folder", str(folder / "collections")),
        *("--auth-type", "htpasswd", "--auth-htpasswd-filename", str(folder / "users")),
        *("--auth-htpasswd-encryption", "plain", "--auth-delay", "0"),
        *("--logging-level", "error"),
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "radicale", *words], stdout=log, stderr=log)
    try:
        _wait(lambda: _listens(port), process)
        address = f"http://127.0.0.1:{port}/{USER}/tasks/"
        make_list(address)
        yield address
    finally:
        process.terminate()
        process.wait()


def make_list(address: str, kind: str = "VTODO") -> None:
    body = (
        '<mkcalendar xmlns="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:set><D:prop>'
        f'<supported-calendar-component-set><comp name="{kind}"/></supported-calendar-component-set>'
        "</D:prop></D:set></mkcalendar>"
    )
    made = httpx2.request("MKCALENDAR", address, content=body, auth=(USER, PASSWORD))
    assert made.status_code == 201, made.text


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(condition: Any, process: "subprocess.Popen[Any]", seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.02)
