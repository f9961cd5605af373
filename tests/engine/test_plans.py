"""Plans on a deployed stack: who is refused, what the check proves, who moves to another plan."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import openai
import pytest

from harness.example import example_config
from harness.machine import CHECK, Machine
from sandbox.arm.base import SERVICE
from sandbox.cloud import Cloud
from sandbox.options import Options
from sandbox.session import session
from tests.engine.stacks import QUICK, Stack
from tests.engine.test_clients import MESSAGES, VERSION

PROVE = (*CHECK, "--settle", "0.1", "--timeout", "2", "--limits")
SMALL = {
    "name": "small",
    "tokensPerMinute": 3000,
    "callsPerMinute": 20,
    "models": ["text-turbo"],
    "promptBytes": 20_000,
}
BIG = {"name": "big", "tokensPerMinute": 200_000, "tokenQuota": 50_000_000}


def consumers(*plans: str) -> list[dict[str, Any]]:
    names = ("aoai-test", "team-b", "team-c")
    return [
        {"name": name, "displayName": name, "plan": plan}
        for name, plan in zip(names, plans, strict=True)
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    machine = Machine(tmp_path_factory.mktemp("plans"))
    turbo = example_config()["deployments"][0]
    machine.configure(
        deployments=[turbo, {**turbo, "name": "text-two"}],
        plans=[SMALL, BIG],
        consumers=consumers("small", "big", ""),
    )
    machine.up(options=QUICK)
    return machine


@pytest.fixture
def machine(made: Machine, tmp_path: Path) -> Machine:
    """A copy of the stack, which a test may change."""
    copy = Stack(made.cloud, tmp_path / "copy").selected()
    shutil.copy(made.project / "Pulumi.dev.yaml", copy.project)
    return copy


def test_clients_see_which_limit_refused_them(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = machine.outputs()
    monkeypatch.chdir(machine.project)

    def client(name: str) -> openai.AzureOpenAI:
        key = outputs["subscriptionKeys"][name]
        url = outputs["gatewayUrl"]
        return openai.AzureOpenAI(
            azure_endpoint=url, api_key=key, api_version=VERSION, max_retries=0
        )

    with session(Options(folder=machine.cloud)) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        small, free = client("aoai-test"), client("team-c")
        with pytest.raises(openai.PermissionDeniedError, match="allows the deployments text-turbo"):
            small.chat.completions.create(model="text-two", messages=MESSAGES)
        long: Any = [{"role": "user", "content": "a " * 15_000}]
        with pytest.raises(openai.APIStatusError, match="bodies of at most 20000") as found:
            small.chat.completions.create(model="text-turbo", messages=long)
        assert found.value.status_code == 413
        large: Any = [{"role": "user", "content": "a " * 8_000}]
        answer = small.chat.completions.with_raw_response.create(model="text-turbo", messages=large)
        assert answer.headers["x-plan-remaining-tokens"] == "0"
        with pytest.raises(openai.RateLimitError, match="Token limit is exceeded") as refused:
            small.chat.completions.create(model="text-turbo", messages=MESSAGES)
        assert 0 < int(refused.value.response.headers["Retry-After"]) <= 60
        for model in ("text-turbo", "text-two"):
            assert free.chat.completions.create(model=model, messages=MESSAGES).choices


def test_the_check_proves_each_limit_without_using_up_a_large_one(machine: Machine) -> None:
    done = machine.run(*PROVE, options=QUICK)
    assert done.status == 0, done.text
    words = " ".join(done.text.split())
    for said in (
        "models of aoai-test: 403 PlanModelNotAllowed",
        "promptBytes of aoai-test: 413 PlanPromptTooLong",
        "tokensPerMinute of aoai-test: 429 OpenAITokenLimitExceeded",
        "callsPerMinute of aoai-test: 429 RateLimitExceeded",
        "tokenQuota of team-b: counted",
        "tokensPerMinute of team-b: counted",
    ):
        assert said in words


def test_without_the_flag_the_limits_are_not_asked(machine: Machine) -> None:
    done = machine.run(*(one for one in PROVE if one != "--limits"), options=QUICK)
    assert done.status == 0, done.text
    assert "limits skipped not judged: not asked" in " ".join(done.text.split())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<llm-token-limit ", "<!-- ", "tokensPerMinute of aoai-test: not refused"),
        ('calls="20"', 'calls="20000"', "callsPerMinute of aoai-test: not refused"),
        (',aoai-test,"', ',nobody,"', "models of aoai-test: not refused"),
    ],
)
def test_a_limit_that_does_not_act_fails_the_check(
    machine: Machine, old: str, new: str, said: str
) -> None:
    cloud = Cloud(machine.cloud)
    with cloud.change():
        (policy,) = [
            one for one in cloud.of_type(f"{SERVICE}/apis/policies") if "llm-token" in str(one.body)
        ]
        value = str(policy.properties["value"])
        assert old in value
        if new == "<!-- ":
            begin = value.index(old)
            value = value[:begin] + value[value.index("/>", begin) + 2 :]
        else:
            value = value.replace(old, new)
        policy.properties["value"] = value
        cloud.put(policy)
    done = machine.run(*PROVE, options=QUICK)
    assert done.status == 1, done.text
    assert said in " ".join(done.text.split())


def test_a_consumer_moves_to_another_plan_with_its_keys(machine: Machine) -> None:
    before = machine.outputs()["subscriptionKeys"]
    machine.configure(consumers=consumers("big", "small", "big"))
    preview = machine.pulumi("preview", "--diff", options=QUICK)
    assert "~ value" in preview
    machine.journal_file.unlink(missing_ok=True)
    machine.up(options=QUICK)
    changed = {(entry["op"], entry["type"]) for entry in machine.changes()}
    assert changed == {("update", "azure-native:apimanagement:ApiPolicy")}
    assert machine.outputs()["subscriptionKeys"] == before
