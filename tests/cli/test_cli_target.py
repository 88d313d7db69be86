from pathlib import Path

import pytest

from cli.processes import Command

ITEMS = ["--input", "items.jsonl"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("app.py", "there are 2 jobs in app.py; name one: app.py:other  app.py:screen"),
        ("app.py:missing", "there is no missing in app.py; it has other, screen"),
        ("app.py:Path", "app.py:Path is a type, neither a job nor a function"),
        ("app.py:time", "app.py:time is a module, neither a job nor a function"),
        ("missing.py:f", "there is no Python file missing.py"),
        ("items.jsonl:f", "there is no module items.jsonl"),
        ("./items.jsonl:f", "there is no Python file items.jsonl"),
        ("missing:f", "there is no module missing here or in this Python"),
        ("app.missing:f", "there is no module app.missing here or in this Python"),
        (":f", ":f: write FILE.py:NAME or MODULE:NAME"),
        ("app:", "app:: write FILE.py:NAME or MODULE:NAME"),
    ],
)
def test_what_cannot_be_found(app: Path, onward: Command, target: str, said: str) -> None:
    ended = onward("run", target, *ITEMS)
    assert ended.code == 2
    assert ended.err.startswith(f"onward: {said}")
    assert len(ended.err.splitlines()) == 1
    assert not Path(".onward").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ndef f(:\n", "bad.py, line 2: SyntaxError: "),
        ("x = 1\nx.missing\n", "bad.py, line 2: AttributeError: 'int' object has no attribute 'missing'"),
        ("import json\njson.loads('{')\n", "bad.py, line 2: JSONDecodeError: "),
        (
            "import missing_package\n",
            "bad.py, line 1: ModuleNotFoundError: No module named 'missing_package'",
        ),
        ("import sys\nsys.exit('no key')\n", "bad.py, line 2: SystemExit: no key"),
        ("raise ValueError('\\x1b[2Jboo')\n", r"bad.py, line 1: ValueError: \x1b[2Jboo"),
        ("raise KeyboardInterrupt\n", "stopped"),
    ],
)
def test_errors_in_the_users_file(app: Path, onward: Command, text: str, said: str) -> None:
    Path("bad.py").write_text(text)
    for target in ("bad.py:f", "bad:f"):
        ended = onward("run", target, *ITEMS)
        assert ended.code == (130 if "Keyboard" in text else 1)
        assert ended.err.lstrip().startswith(f"onward: {said}")
        assert "Traceback" not in ended.err


def test_a_job_that_cannot_be_meant_names_the_line(app: Path, onward: Command) -> None:
    Path("bad.py").write_text("import onward\n\n@onward.job('j', every='never')\ndef f(item): return item\n")
    ended = onward("run", "bad.py:f", *ITEMS)
    assert ended.code == 2
    assert ended.err.startswith("onward: bad.py, line 3: UsageError: every=")


def test_the_traceback_where_it_is_asked_for(app: Path, onward: Command) -> None:
    Path("bad.py").write_text("1 / 0\n")
    assert "Traceback" in onward("run", "bad.py:f", *ITEMS, env={"ONWARD_DEBUG": "1"}).err


def test_a_file_in_another_folder_imports_its_neighbours(app: Path, onward: Command) -> None:
    folder = Path("my jobs")
    folder.mkdir()
    (folder / "helper.py").write_text("def twice(n): return 2 * n\n")
    (folder / "my-app.py").write_text("from helper import twice\ndef work(item): return twice(item['n'])\n")
    ended = onward("run", "my jobs/my-app.py:work", *ITEMS, "--output", "out.jsonl")
    assert ended.code == 0, ended.err
    assert Path("out.jsonl").read_text().startswith("2\n4\n")


def test_a_module_in_a_package_of_this_folder(app: Path, onward: Command) -> None:
    Path("package").mkdir()
    Path("package/__init__.py").touch()
    Path("package/jobs.py").write_text(
        "class Jobs:\n    @staticmethod\n    def work(item): return item['n']\n"
    )
    assert onward("run", "package.jobs:Jobs.work", *ITEMS).code == 0


def test_the_only_job_needs_no_name(app: Path, onward: Command) -> None:
    Path("one.py").write_text("import onward\n@onward.job('only')\ndef f(item): return item\nalias = f\n")
    assert onward("run", "one.py", *ITEMS).code == 0
    assert onward("status", "--json").document["runs"][0]["job"] == "only"


def test_a_lambda_is_named_by_its_variable(app: Path, onward: Command) -> None:
    Path("small.py").write_text("work = lambda item: item['n']\n")
    assert onward("run", "small.py:work", *ITEMS).code == 0
    assert onward("status", "--json").document["runs"][0]["job"] == "work"


def test_stand_ins_for_what_is_imported_later_are_left_alone(tmp_path: Path, onward: Command) -> None:
    (tmp_path / "lazy.py").write_text(
        "class Later:\n"
        "    @property\n"
        "    def __class__(self):\n"
        "        globals()['loaded'] = 1\n"
        "        raise RuntimeError('no key')\n"
        "chat, files = Later(), Later()\n"
    )
    ended = onward("run", "lazy.py:gone", "--input", "x")
    assert (ended.code, ended.err) == (2, "onward: there is no gone in lazy.py\n")


@pytest.mark.parametrize("target", ["", ".", ".:x", "a b:x", "a..b:x", "-:x"])
def test_what_names_no_module(target: str, onward: Command) -> None:
    ended = onward("run", "--input", "x", "--", target)
    assert (ended.code, "Traceback" in ended.err) == (2, False), ended
