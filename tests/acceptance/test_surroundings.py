"""What a job function and its surroundings may do to a run: change folder, nest, name the input as output."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import onward
from onward import errors
from onward.errors import UsageError
from onward.view import export


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestTheCurrentFolder:
    @pytest.mark.parametrize("workers", [1, 3])
    @pytest.mark.parametrize("store", [None, "runs", "run.db", "sqlite:runs"])
    def test_may_change_while_the_run_goes_on(self, store: str | None, workers: int, here: Path) -> None:
        Path("items.jsonl").write_text("1\n2\n3\n")

        def wander(number: int) -> int:
            folder = here / f"folder-{number}"
            folder.mkdir()
            os.chdir(folder)
            return number

        report = onward.map(
            wander, "items.jsonl", job="job", store=store, output="out.jsonl", every=1, workers=workers
        )
        assert report.succeeded == 3
        assert list(report.results()) == [1, 2, 3]
        assert (here / "out.jsonl").read_text() == "1\n2\n3\n"
        assert not list(here.glob("folder-*/*"))


class TestNesting:
    @staticmethod
    def inner(place: str) -> None:
        onward.map(str, [1, 2], job="inner", run=place)

    @staticmethod
    def inner_loop(place: str) -> None:
        with onward.run("inner", run=place) as run:
            for _ in run.pending([1, 2]):
                pass

    @pytest.mark.parametrize("nested", ["inner", "inner_loop"])
    def test_steps_go_on_after_a_run_inside_the_function(self, nested: str) -> None:
        def outer(number: int) -> list[Any]:
            first = onward.step("first", lambda: number)
            getattr(self, nested)(str(number))
            return [first, onward.step("second", lambda: number)]

        assert list(onward.map(outer, [1, 2], job="outer").results()) == [[1, 1], [2, 2]]

    @pytest.mark.parametrize("nested", ["inner", "inner_loop"])
    def test_steps_go_on_after_a_run_inside_a_loop(self, nested: str) -> None:
        with onward.run("outer") as run:
            for number in run.pending([1, 2]):
                getattr(self, nested)(str(number))
                run.succeed(onward.step("second", lambda number=number: number))
        assert list(onward.load("outer").results()) == [1, 2]


class TestOutputsThatWouldDestroy:
    @pytest.mark.parametrize("force", [True, False])
    @pytest.mark.parametrize("output", ["items.jsonl", "link.jsonl", "./folder/../items.jsonl"])
    def test_the_input(self, output: str, force: bool) -> None:
        Path("folder").mkdir()
        Path("items.jsonl").write_text("1\n2\n")
        Path("link.jsonl").symlink_to("items.jsonl")
        with pytest.raises(UsageError, match="is the input"):
            onward.map(str, "items.jsonl", job="job", output=output, force=force)
        assert Path("items.jsonl").read_text() == "1\n2\n"

    def test_the_input_of_a_loop(self) -> None:
        Path("items.json").write_text("[1,2]")
        with (
            pytest.raises(UsageError, match="is the input"),
            onward.run("job", output="items.json", force=True) as run,
        ):
            for _ in run.pending("items.json"):
                pass
        assert Path("items.json").read_text() == "[1,2]"

    def test_the_failures_that_are_the_input(self) -> None:
        Path("out.jsonl.failures.jsonl").write_text("1\n")
        with pytest.raises(UsageError, match="is the input"):
            onward.map(str, "out.jsonl.failures.jsonl", job="job", output="out.jsonl", force=True)

    def test_a_file_in_the_input_folder(self) -> None:
        Path("texts").mkdir()
        Path("texts/a.txt").write_text("a")
        with pytest.raises(UsageError, match="input folder"):
            onward.map(str, "texts", job="job", output="texts/out.jsonl")

    def test_what_is_no_regular_file(self) -> None:
        os.mkfifo("pipe.jsonl")
        with pytest.raises(UsageError, match="regular file"):
            onward.map(str, [1], job="job", output="pipe.jsonl", force=True)
        assert Path("pipe.jsonl").is_fifo()


class TestAnOutputThatIsALink:
    def test_its_target_is_written(self) -> None:
        Path("real").mkdir()
        Path("out.jsonl").symlink_to("real/november.data")
        report = onward.map(str, [1, 2], job="job", output="out.jsonl")
        assert Path("out.jsonl").is_symlink()
        assert Path("real/november.data").read_text() == '"1"\n"2"\n'
        assert report.output is not None
        assert onward.map(str, [1, 2], job="job", output="out.jsonl").already_finished
        assert list(report.results()) == ["1", "2"]

    def test_a_foreign_target_is_refused(self) -> None:
        Path("real.jsonl").write_text("precious\n")
        Path("out.jsonl").symlink_to("real.jsonl")
        with pytest.raises(errors.OutputExists, match=r"real\.jsonl exists"):
            onward.map(str, [1, 2], job="job", output="out.jsonl")
        assert Path("real.jsonl").read_text() == "precious\n"

    def test_an_export_goes_there_too(self) -> None:
        Path("out.jsonl").symlink_to("real.jsonl")
        onward.map(str, [1, 2], job="job")
        export(onward.load("job"), "out.jsonl")
        assert Path("out.jsonl").is_symlink()
        assert Path("real.jsonl").read_text() == '"1"\n"2"\n'


class TestArgumentsThatCannotBeMeant:
    @pytest.mark.parametrize("fn", [None, 3, "screen"])
    def test_a_function_that_is_none(self, fn: Any) -> None:
        with pytest.raises(UsageError, match="function"):
            onward.map(fn, [1], job="job")
        with pytest.raises(UsageError, match="function"):
            onward.job("job")(fn)

    def test_a_parameter_whose_name_is_no_text(self) -> None:
        with pytest.raises(UsageError, match="params"):
            onward.map(str, [1], job="job", params={1: 2})  # type: ignore[dict-item]

    def test_a_key_that_is_no_unicode(self) -> None:
        with pytest.raises(UsageError, match="not valid Unicode"):
            onward.map(str, [1], job="job", key=lambda _: "\ud800")

    def test_a_value_that_contains_itself_is_named_briefly(self) -> None:
        endless: list[Any] = []
        endless.append(endless)
        with pytest.raises(onward.OnwardError, match="contains itself") as caught:
            onward.map(lambda _: endless, [1], job="job")
        assert len(str(caught.value)) < 400


class TestAnInputCutOffByTheInterrupt:
    """Ctrl-C reaches the program that feeds a pipe too: its end is not the input's."""

    @pytest.mark.parametrize("workers", [1, 3])
    def test_is_not_the_whole(self, workers: int) -> None:
        def cut_off() -> Iterator[int]:
            yield from range(5)
            signal.raise_signal(signal.SIGINT)

        with pytest.raises(onward.Interrupted) as caught:
            onward.map(str, cut_off(), job="job", output="out.jsonl", workers=workers)
        assert caught.value.report is not None
        assert caught.value.report.succeeded == 5
        assert not Path("out.jsonl").exists()
        assert onward.map(str, range(10), job="job", output="out.jsonl").reused == 5

    def test_is_not_the_whole_of_a_loop(self) -> None:
        def cut_off() -> Iterator[int]:
            yield from range(5)
            signal.raise_signal(signal.SIGINT)

        with pytest.raises(onward.Interrupted), onward.run("job") as run:
            for _ in run.pending(cut_off()):
                pass
        assert onward.load("job").status == "interrupted"

    def test_is_not_the_whole_of_a_coroutine_function(self) -> None:
        async def work(number: int) -> int:
            return number

        async def cut_off() -> Any:
            for number in range(5):
                yield number
            signal.raise_signal(signal.SIGINT)

        with pytest.raises(onward.Interrupted):
            onward.map(work, cut_off(), job="job")
        assert onward.load("job").status == "interrupted"
