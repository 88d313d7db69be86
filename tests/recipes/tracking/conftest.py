from collections.abc import Iterator
from pathlib import Path

import pytest

from recipes.tracking.servers import PASSWORD, USER, Server, ours, radicale


@pytest.fixture(autouse=True)
def _no_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_API_URL", "CALDAV_USERNAME", "CALDAV_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with ours("github_server.py", tmp_path / "github") as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_TOKEN", "ghp_test")
        yield server


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[Server]:
    with ours("webhook_server.py", tmp_path / "webhook") as server:
        yield server


@pytest.fixture
def caldav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with radicale(tmp_path / "radicale") as address:
        monkeypatch.setenv("CALDAV_USERNAME", USER)
        monkeypatch.setenv("CALDAV_PASSWORD", PASSWORD)
        yield address
