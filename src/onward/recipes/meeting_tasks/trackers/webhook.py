"""Any service that takes JSON by POST: an automation tool, a bot, a tracker behind a few lines of your own.

The body is ``{"event": "task.created" | "task.updated", "key": ..., "task": {...}}``. The header ``Idempotency-Key``
is the same for the same creation, and for the same update, whenever and from wherever it is sent again; a
receiver that heeds it makes each task once, whatever happens in between. With a secret in
``ONWARD_WEBHOOK_SECRET``, requests are signed as Standard Webhooks (standardwebhooks.com) describes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

from onward.errors import UsageError
from onward.recipes.meeting_tasks.trackers.base import Fields, Kept, Stamp, Task, digest
from onward.recipes.meeting_tasks.trackers.http import Http

SECRET = "ONWARD_WEBHOOK_SECRET"
TOKEN = "ONWARD_WEBHOOK_TOKEN"
_HIDDEN = ("what", "who")


class Webhook:
    """One address. It cannot be asked what it has: what was sent is known from onward's own ledger."""

    kind = "webhook"
    readable = False
    spacing = 0.0

    def __init__(self, url: str) -> None:
        self.name = f"webhook:{url.partition('?')[0]}"  # what follows is often a key
        token = os.environ.get(TOKEN)
        self._http = Http(url, self.name, {"authorization": f"Bearer {token}"} if token else None)
        self._secret = _secret(os.environ.get(SECRET, ""))

    def fields(self, task: Task) -> Fields:
        return {"task": json.dumps(_shown(task), sort_keys=True)}

    def tasks(self, since: date | None) -> Iterator[Kept]:
        yield from ()

    def find(self, key: str, ref: str, since: date | None) -> Kept | None:
        return None

    def create(self, task: Task, stamp: Stamp) -> Kept:
        answer = self._send("task.created", task.key, task)
        return Kept(
            str(answer.get("id") or task.key), stamp, self.fields(task), url=str(answer.get("url") or "")
        )

    def update(self, kept: Kept, fields: Fields, task: Task, stamp: Stamp) -> Kept:
        self._send("task.updated", f"{task.key}-{digest(fields['task'])}", task)
        return Kept(kept.ref, stamp, fields, url=kept.url)

    def close(self) -> None:
        self._http.close()

    def _send(self, event: str, idempotency_key: str, task: Task) -> dict[str, Any]:
        document = {"event": event, "key": task.key, "task": json.loads(self.fields(task)["task"])}
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = {"content-type": "application/json", "idempotency-key": idempotency_key}
        if self._secret is not None:
            headers |= signed(self._secret, idempotency_key, body, int(time.time()))
        response = self._http.write("POST", "", content=body, headers=headers, fine=(200, 201, 202, 204))
        try:
            answer = response.json()
        except ValueError:
            return {}
        return answer if isinstance(answer, dict) else {}


def _shown(task: Task) -> dict[str, Any]:
    return {name: value for name, value in asdict(task).items() if name not in _HIDDEN}


def signed(secret: bytes, name: str, body: bytes, at: int) -> dict[str, str]:
    """The headers that sign a request (Standard Webhooks 1.0: HMAC-SHA256 over id, time and body)."""
    mac = hmac.new(secret, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def _secret(text: str) -> bytes | None:
    """A secret as it is written: ``whsec_`` and base64."""
    if not text:
        return None
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise UsageError(f"{SECRET} is not base64, with or without whsec_ in front") from error
