"""The small parts of a model: templates, schemas, prices, scripts, and what an HTTP response means."""

import asyncio
import dataclasses
import sys
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from onward import llm
from onward.errors import UsageError
from onward.llm.prices import FREE, Listed
from onward.llm.responses import limits
from onward.llm.schemas import schema_of, strict

# ------------------------------------------------------------------------------------- prompts


def test_a_prompt_is_filled_in_and_data_is_not_looked_at() -> None:
    prompt = llm.Prompt('Judge {name} as {{"score": 0}}:\n{text}')
    assert prompt.fields == {"name", "text"}
    assert prompt(name="Ann", text="{braces} %s {0}") == 'Judge Ann as {"score": 0}:\n{braces} %s {0}'
    assert llm.Prompt("no fields")() == "no fields"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"a": 1}', "not a plain name"),
        ("{", "write a brace that is meant twice"),
        ("{a.b}", "not a plain name"),
        ("{}", "not a plain name"),
        ("{a!r}", "not a plain name"),
        ("{a:>8}", "not a plain name"),
    ],
)
def test_a_field_is_a_name_and_nothing_more(template: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        llm.Prompt(template)


def test_fields_and_values_have_to_fit() -> None:
    with pytest.raises(UsageError, match=r"nothing is given for \{b\}, there is no field \{c\}"):
        llm.Prompt("{a} {b}")(a=1, c=2)


# ------------------------------------------------------------------------------------- schemas


class Skill(BaseModel):
    name: str
    years: int | None = None


class Profile(BaseModel):
    """What is known of a candidate."""

    best: Skill = Field(description="the strongest")
    properties: list[Skill] = []
    default: str = "none"


def test_the_strict_subset_has_everything_required_and_nothing_open() -> None:
    found = strict(schema_of(Profile).json)
    assert found is not None
    assert found["required"] == ["best", "properties", "default"]
    assert found["properties"]["best"]["description"] == "the strongest"
    assert "$ref" not in found["properties"]["best"]
    assert found["$defs"]["Skill"]["required"] == ["name", "years"]
    assert found["$defs"]["Skill"]["additionalProperties"] is False
    assert "default" in found["properties"], "a field of that name is no keyword"
    assert "default" not in found["properties"]["default"]


@dataclasses.dataclass
class Sized:
    names: Annotated[list[Annotated[str, llm.Size(3)]], llm.Size(2, 1)]


def test_a_size_is_a_wish_that_a_strict_schema_leaves_out() -> None:
    schema = schema_of(Sized).json
    names = {"maxItems": 2, "minItems": 1}
    letters = {"maxLength": 3}
    assert schema["properties"]["names"].items() > names.items()
    assert schema["properties"]["names"]["items"].items() > letters.items()
    kept, left = strict(schema, sizes=True), strict(schema)
    assert kept is not None
    assert left is not None
    assert kept["properties"]["names"].items() > names.items()
    assert not {*names, *letters} & {*left["properties"]["names"], *left["properties"]["names"]["items"]}


def test_what_is_longer_than_wished_is_valid() -> None:
    long = llm.Scripted([{"names": ["Adam", "Eve", "Abel"]}])
    answer = llm.model(long).ask_sync("Who?", schema=Sized)
    assert answer.value == Sized(["Adam", "Eve", "Abel"])
    assert answer.requests == 1


def test_what_is_open_is_not_strict() -> None:
    class Open(BaseModel):
        counts: dict[str, int]

    assert strict(schema_of(Open).json) is None


@dataclasses.dataclass
class Plain:
    score: int


class Typed(TypedDict):
    score: int


@pytest.mark.parametrize(("kind", "expected"), [(Plain, Plain(3)), (Typed, {"score": 3})])
def test_other_types_will_do(kind: Any, expected: Any) -> None:
    model = llm.model(llm.Scripted(['```json\n{"score": 3}\n```']))
    assert model.ask_sync("Judge", schema=kind).value == expected


@pytest.mark.parametrize("kind", [list[int], int, object()])
def test_what_is_no_object_is_no_schema(kind: Any) -> None:
    with pytest.raises(UsageError, match=r"objects only|has no JSON schema"):
        schema_of(kind)


def test_a_model_may_only_be_told_of_the_schema() -> None:
    script = llm.Scripted(['{"score": 3}'])
    assert llm.model(script, schema_mode="prompt").ask_sync("Judge", schema=Plain).value == Plain(3)
    (request,) = script.requests
    assert request.schema is None
    assert [each.role for each in request.messages] == ["system", "user"]
    assert '"score"' in request.messages[0].content


# -------------------------------------------------------------------------------------- prices


def test_prices() -> None:
    usage = llm.Usage(1_000_000, 500_000, cached_input_tokens=400_000)
    assert llm.Price(input=2, output=10).cost(usage) == pytest.approx(7)
    assert llm.Price(input=2, output=10, cached_input=0.5).cost(usage) == pytest.approx(6.4)
    assert FREE.cost(usage) == 0


def test_known_and_unknown_prices() -> None:
    usage = llm.Usage(1_000_000, 1_000_000)
    assert Listed("gpt-4o-mini", "openai").cost(usage) == pytest.approx(0.75)
    assert (Listed("claude-sonnet-4-5", "anthropic").cost(usage) or 0) > 10
    assert Listed("of-nobody", "openai").cost(usage) is None
    assert Listed("gpt-4o-mini", "openai", "http://127.0.0.1:9/v1").cost(usage) is None
    assert Listed("gpt-4o-mini", "openai", "https://x.openai.azure.com/openai/v1/").cost(usage)


# ------------------------------------------------------------------------------------- scripts


def test_a_script_is_a_queue_or_a_function() -> None:
    script = llm.Scripted(["a", {"b": 1}, Plain(2), llm.Unavailable("down")])
    model = llm.model(script)
    assert [model.ask_sync("x").value for _ in range(3)] == ["a", '{"b":1}', '{"score":2}']
    with pytest.raises(llm.Unavailable, match="down"):
        model.ask_sync("x")
    with pytest.raises(llm.ModelError, match="no reply left for 'last'"):
        model.ask_sync("last")
    assert len(script.requests) == 5
    assert llm.model(llm.Scripted(str.upper)).ask_sync("shout").value == "SHOUT"


def test_a_function_that_fails_fails_the_call() -> None:
    def answer(prompt: str) -> str:
        raise llm.QuotaExhausted(f"no money for {prompt}")

    with pytest.raises(llm.QuotaExhausted, match="no money for x"):
        llm.model(llm.Scripted(answer)).ask_sync("x")


def test_a_script_of_a_module(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "replies_of_a_test.py").write_text("def answer(prompt): return prompt[::-1]")
    monkeypatch.syspath_prepend(tmp_path)
    assert llm.model("scripted:replies_of_a_test:answer").ask_sync("abc").value == "cba"
    sys.modules.pop("replies_of_a_test")
    with pytest.raises(UsageError, match="write scripted:MODULE:FUNCTION"):
        llm.model("scripted:nothing_of_the_kind")


def test_finishes_that_are_none() -> None:
    cut = llm.Completion("half", llm.Usage(1, 4), "m", finish="length")
    withheld = llm.Completion("", llm.Usage(1, 0), "m", finish="filtered")
    model = llm.model(llm.Scripted([cut, withheld]))
    with pytest.raises(llm.ReplyCut, match=r"cut after 4 tokens: raise max_tokens \(now 1024\).*'half'"):
        model.ask_sync("x")
    with pytest.raises(llm.ReplyWithheld, match="gave no reason"):
        model.ask_sync("x")


def test_a_back_end_cannot_ask_synchronously() -> None:
    class Asking:
        name = "asking"

        async def complete(self, request: llm.Request) -> llm.Completion:
            return llm.Completion(model.ask_sync("me").value, llm.Usage(), self.name)

        async def aclose(self) -> None: ...

    model = llm.model(Asking())
    with pytest.raises(UsageError, match="await ask"):
        model.ask_sync("you")


def test_many_at_a_time() -> None:
    async def ask() -> list[str]:
        return [each.value for each in await asyncio.gather(*(model.ask(str(n)) for n in range(200)))]

    model = llm.model(llm.Scripted(lambda prompt: prompt))
    assert asyncio.run(ask()) == [str(n) for n in range(200)]


# ------------------------------------------------------------------------------------- models


def test_models_that_are_none() -> None:
    with pytest.raises(UsageError, match="the providers are openai, "):
        llm.model("nobody:x")
    with pytest.raises(UsageError, match="name a model, as in openai:NAME"):
        llm.model("openai")


def test_the_embedded_model_makes_vectors_and_answers_nothing() -> None:
    model = llm.model("embedded")
    assert model.embed(["a", "b"]).shape == (2, 384)
    assert "MiniLM" in model.name
    with pytest.raises(UsageError, match="answers no questions"):
        model.ask_sync("Hello")
    with pytest.raises(UsageError, match="makes no vectors"):
        llm.model(llm.Scripted([])).embed(["a"])


# ------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [("6m0s", 360), ("20ms", 0.02), ("1h2m3s", 3723), ("7", 7), ("soon", None), ("", None)],
)
def test_limits_of_openai(reset: str, seconds: float | None) -> None:
    found = limits({"x-ratelimit-limit-requests": "600", "x-ratelimit-reset-requests": reset})
    assert found == llm.RateLimits(requests_per_minute=600, requests_reset_s=seconds)


def test_limits_of_anthropic() -> None:
    found = limits(
        {
            "anthropic-ratelimit-tokens-remaining": "4000",
            "anthropic-ratelimit-tokens-reset": "2001-01-01T00:00:00Z",
        }
    )
    assert found == llm.RateLimits(tokens_left=4000, tokens_reset_s=0.0)
    assert limits({"content-type": "application/json"}) is None
