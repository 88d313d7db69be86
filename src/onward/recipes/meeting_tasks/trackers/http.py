"""What trackers behind HTTP share: one client, and errors that say what can be done about them."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from onward.errors import UsageError
from onward.recipes.meeting_tasks.trackers.base import (
    AccessRefused,
    TaskRefused,
    TrackerBusy,
    TrackerUnavailable,
)

if TYPE_CHECKING:
    import httpx2

TIMEOUT = 30
READ_AGAIN = 5
"""How often what only reads is asked again; what writes is the run's business, which looks before it asks again."""

LONGEST_WAIT = 120
"""Seconds a reader waits at most because the server asked for it; beyond that the run says so and stops."""


class Http:
    """One server. ``name`` is what messages call it.

    Args:
        base: where addresses are relative to; one that carries a password is refused, since commands are stored.
    """

    def __init__(
        self, base: str, name: str, headers: dict[str, str] | None = None, auth: tuple[str, str] | None = None
    ) -> None:
        import httpx2

        self.name = name
        try:
            url = httpx2.URL(base)
        except httpx2.InvalidURL as error:
            raise UsageError(f"{base}: not an address: {error}") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise UsageError(f"{base}: write the whole address, beginning with https://")
        if url.userinfo:
            raise UsageError(
                f"{url.host}: no user name or password in the address; the environment is for these"
            )
        self._base = url
        self._client = httpx2.Client(
            headers={"user-agent": "onward", **(headers or {})}, auth=auth, timeout=TIMEOUT
        )

    def read(self, method: str, url: str, *, fine: tuple[int, ...] = (200,), **asked: Any) -> httpx2.Response:
        """Ask something that changes nothing, again if need be."""
        for left in range(READ_AGAIN, -1, -1):
            try:
                return self.write(method, url, fine=fine, **asked)
            except (TrackerBusy, TrackerUnavailable) as error:
                wait = getattr(error, "retry_after", None)
                wait = 0.5 * 2 ** (READ_AGAIN - left) if wait is None else wait
                if not left or wait > LONGEST_WAIT:
                    raise
                time.sleep(wait)
        raise AssertionError

    def write(
        self, method: str, url: str, *, fine: tuple[int, ...] = (200,), **asked: Any
    ) -> httpx2.Response:
        """Ask once. Answers with other statuses than the fine ones are errors."""
        import httpx2

        try:
            response = self._client.request(method, self._address(url), **asked)
        except httpx2.TransportError as error:
            raise TrackerUnavailable(f"{self.name} does not answer: {_why(error)}") from error
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise TaskRefused(f"{self.name}: {error}") from error
        if response.status_code in fine:
            return response
        raise self._complaint(response)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _address(self, url: str) -> httpx2.URL:
        """The whole address. A key goes to no other server, whatever an answer names."""
        found = self._base.join(url)
        if (found.scheme, found.netloc) != (self._base.scheme, self._base.netloc):
            raise TaskRefused(f"{self.name} leads to another server, {found.host}")
        return found

    def _complaint(self, response: httpx2.Response) -> Exception:
        status, said = response.status_code, self._said(response)
        wait = _wait(response)
        if status == 429 or wait is not None or _limited(response):
            return TrackerBusy(f"{self.name} asks to wait ({said})", wait)
        if status in (401, 403):
            return AccessRefused(
                f"{self.name} refuses the account ({said}); give another key, or it more rights"
            )
        if status >= 500 or status in (408, 409, 425):
            return TrackerUnavailable(f"{self.name} cannot answer now ({said})")
        if 300 <= status < 400:
            return TaskRefused(
                f"{self.name} has moved to {response.headers.get('location')}; give that address"
            )
        return TaskRefused(f"{self.name} does not take it ({said})")

    @staticmethod
    def _said(response: httpx2.Response) -> str:
        """The status, and what a JSON answer says beside it."""
        try:
            plain = response.json()
        except ValueError:
            return f"{response.status_code} {response.reason_phrase}"
        message = plain.get("message") or plain.get("error") if isinstance(plain, dict) else None
        errors = plain.get("errors") if isinstance(plain, dict) else None
        details = "; ".join(str(detail) for detail in errors) if isinstance(errors, list) else ""
        return ", ".join(filter(None, [str(response.status_code), str(message or ""), details]))[:500]


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def _limited(response: httpx2.Response) -> bool:
    """GitHub says so with status 403."""
    if response.status_code != 403:
        return False
    return (
        response.headers.get("x-ratelimit-remaining") == "0" or "rate limit" in response.text[:2000].lower()
    )


def _wait(response: httpx2.Response) -> float | None:
    """The seconds that the server asks to wait; None if it does not say."""
    asked = response.headers.get("retry-after", "").strip()
    reset = response.headers.get("x-ratelimit-reset", "").strip()
    if asked.isdecimal():
        return float(asked)
    try:
        if asked:
            return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
        if response.headers.get("x-ratelimit-remaining") == "0" and response.status_code in (403, 429):
            return max(0.0, float(reset) - time.time()) + 1
    except (ValueError, OverflowError, TypeError):
        return None
    return None
