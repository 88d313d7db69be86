"""The agreement classifier: what it sees, that it says the same each time, and whose weights it has."""

import hashlib
import json
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")

from onward.llm import agreement  # noqa: E402
from onward.llm.agreement import NAME, WEIGHTS, features, learned, likelihoods  # noqa: E402
from onward.llm.cues import SHAPES  # noqa: E402
from onward.llm.embedded import DIMENSIONS, MODEL  # noqa: E402

ROOT = Path(__file__).parents[2]
VERSIONS = {"agreement classifier 1": "4172044a67dd41a6"}
"""The weights that each version has; new ones are a new version, since the notes say which made them."""


def test_a_version_is_its_weights() -> None:
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:16] == VERSIONS[NAME]


def test_the_weights_say_what_they_were_learnt_from() -> None:
    learnt = json.loads(WEIGHTS.read_text("utf-8"))
    sets = ROOT / "evaluation" / "meetings"
    assert (learnt["name"], learnt["vectors"]) == (NAME, MODEL)
    assert learnt["meetings"]
    for meeting in learnt["meetings"]:
        assert (sets / "development" / f"{meeting}.gold.json").exists()
    assert len(learned()) == len(SHAPES) + DIMENSIONS + 4 * (len(SHAPES) + 1) + 1


def test_a_row_has_the_sentence_and_those_beside_it_by_who_says_them() -> None:
    shapes = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    rows = features(np.eye(3), shapes, ["Ada", "Ada", "Bob"])
    same_before, other_before, same_after, other_after = np.split(rows[1, 2 + 3 :], 4)
    assert list(rows[1, :2]) == [0.0, agreement.SHAPE]
    assert list(same_before / agreement.BESIDE) == pytest.approx([1, 0, 1])
    assert not other_before.any()
    assert not same_after.any()
    assert list(other_after / agreement.BESIDE) == pytest.approx([1, 1, 1])
    assert not rows[0, 5:11].any()  # nobody spoke before the first


def test_likelihoods_are_between_0_and_1_and_even_without_weights() -> None:
    rows = features(np.eye(2), [[1.0], [0.0]], ["Ada", "Bob"])
    assert likelihoods(rows, np.zeros(rows.shape[1] + 1)) == [0.5, 0.5]
    assert all(0 < one < 1 for one in likelihoods(rows, np.full(rows.shape[1] + 1, 3.0)))
