"""Rotation of keys: cut off anywhere, it goes on, and what the vault holds is always taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from queries.check import vault
from queries.check.vault import Held
from queries.clock import Clock
from queries.errors import CannotRunError
from queries.outputs import Target, target
from tests.check.stack import outputs
from tools.keys.azure import Azure, expiry
from tools.keys.hand_out import hand_out
from tools.keys.rotation import End, Rotation
from tools.keys.used import Used, kql

NAME = "aoai-test"
VAULT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
DAY = timedelta(hours=24)


class CutError(Exception):
    """The process is killed here."""


@dataclass
class Fake:
    """One consumer's keys and its secret, and when the process is killed."""

    target: Target
    time: datetime = datetime(2026, 11, 28, tzinfo=UTC)
    made: int = 2
    both: dict[str, str] = field(default_factory=lambda: {"primary": "k1", "secondary": "k2"})
    value: str = ""
    secret: Held | None = None
    puts: list[str] = field(default_factory=list)
    cut_at: int = -1
    """Number of the change after which the process ends; -1 for none."""
    before: bool = False
    """Whether the process ends before that change instead."""
    changes: int = 0

    def keys(self, _: str) -> dict[str, str]:
        return dict(self.both)

    def held(self, _: str) -> Held | None:
        return self.secret

    def regenerate(self, _: str, which: str) -> None:
        self._cut(before=True)
        self.made += 1
        self.both[which] = f"k{self.made}"
        self._cut(before=False)

    def put(self, consumer: str, which: str, key: str, now: datetime) -> None:
        self._cut(before=True)
        self.value = key
        self.puts.append(which)
        self.secret = Held(
            gateway=self.target.gateway_id,
            key=which,
            mark=vault.mark(key),
            since=now,
            ends=expiry(self.target, consumer),
        )
        self._cut(before=False)

    def _cut(self, *, before: bool) -> None:
        if before == self.before and self.changes == self.cut_at:
            self.changes += 1
            raise CutError
        self.changes += not before

    def now(self) -> datetime:
        return self.time


def stack(**proof: Any) -> Target:
    return target(outputs(keyVaultId=VAULT, **proof))


def rotate(
    fake: Fake,
    *,
    force: bool = False,
    used: Sequence[Used] = (),
    wrong: str = "",
    unreached: str = "",
) -> tuple[End, str]:
    said = list[str]()
    end = Rotation(
        azure=cast("Azure", fake),
        consumer=NAME,
        quiet=DAY,
        force=force,
        used=lambda _, __: used,
        reached=lambda _: unreached,
        proven=lambda _, __: wrong,
        clock=cast("Clock", fake),
        say=said.append,
    ).run()
    return end, "\n".join(said)


def calls(key: str) -> list[Used]:
    return [Used(key=key, calls=3, last="today", callers=["203.0.113.9"])]


def test_a_rotation_takes_callers_from_one_key_to_the_other_and_back() -> None:
    fake = Fake(stack())
    assert rotate(fake)[0] == "waiting"
    fake.time += DAY
    end, said = rotate(fake)
    assert (end, fake.puts, fake.both["primary"]) == ("waiting", ["primary", "secondary"], "k1")
    assert "2026-11-30 00:00" in said
    fake.time += DAY
    assert rotate(fake)[0] == "rotated"
    assert fake.puts == ["primary", "secondary", "primary"]
    assert not {"k1", "k2"} & set(fake.both.values())
    assert fake.value == fake.both["primary"]


@pytest.mark.parametrize("key", ["primary", "", "other"])
def test_a_key_that_is_still_called_with_or_may_be_is_kept(key: str) -> None:
    fake = Fake(stack())
    hand_out(cast("Azure", fake), NAME, fake.time)
    fake.time += DAY
    rotate(fake)
    fake.time += DAY
    end, said = rotate(fake, used=calls(key))
    assert (end, fake.both["primary"]) == ("waiting", "k1")
    assert "3 calls with" in said
    assert rotate(fake, used=calls("secondary"))[0] == "rotated"


def test_a_leaked_key_is_rotated_at_once_by_force() -> None:
    fake = Fake(stack())
    assert rotate(fake, force=True, used=calls("primary"))[0] == "rotated"
    assert not {"k1", "k2"} & set(fake.both.values())


@pytest.mark.parametrize("turns", [0, 1])
@pytest.mark.parametrize("wrong", ["", "the gateway does not take the new key: no answer"])
def test_by_force_both_keys_are_new_whichever_the_vault_holds(turns: int, wrong: str) -> None:
    fake = Fake(stack())
    for _ in range(turns):
        rotate(fake, force=False)
        fake.time += DAY
    rotate(fake)
    before = set(fake.both.values())
    end, _ = rotate(fake, force=True, used=calls("primary"), wrong=wrong)
    assert not before & set(fake.both.values())
    assert fake.value in fake.both.values()
    assert end == ("unproven" if wrong else "rotated")


def test_nothing_is_made_anew_where_no_key_could_be_tried() -> None:
    fake = Fake(stack())
    rotate(fake)
    fake.time += DAY
    with pytest.raises(CannotRunError, match="nothing was changed"):
        rotate(fake, unreached="the gateway answers 403 to the key in the vault")
    assert fake.both == {"primary": "k1", "secondary": "k2"}


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("cut", range(5))
def test_wherever_it_is_cut_off_the_vault_holds_a_key_that_is_taken(cut: int, before: bool) -> None:
    fake = Fake(stack())
    hand_out(cast("Azure", fake), NAME, fake.time)
    fake.changes, fake.cut_at, fake.before = 0, cut, before
    ends = list[str]()
    for _ in range(6):
        fake.time += DAY
        try:
            ends.append(rotate(fake)[0])
        except CutError:
            ends.append("cut")
        assert fake.value in fake.both.values()
        if ends[-1] == "rotated":
            break
    assert ends[-1] == "rotated"
    assert ("cut" in ends) is (cut < 4)


def test_a_new_key_that_the_gateway_does_not_take_is_not_handed_out() -> None:
    fake = Fake(stack())
    hand_out(cast("Azure", fake), NAME, fake.time)
    fake.time += DAY
    end, said = rotate(fake, wrong="the gateway does not take the new key: HTTP 401")
    assert (end, fake.puts) == ("unproven", ["primary"])
    assert "not handed out" in said


def test_an_old_key_that_is_still_taken_is_told_and_the_new_one_handed_out() -> None:
    fake = Fake(stack())
    hand_out(cast("Azure", fake), NAME, fake.time)
    fake.time += DAY
    end, said = rotate(fake, wrong="the gateway still takes the old key: HTTP 404")
    assert (end, fake.puts) == ("unproven", ["primary", "secondary"])
    assert "still takes the old key" in said


def test_a_secret_that_is_anothers_is_left_alone() -> None:
    fake = Fake(stack(), secret=Held(gateway="/another"))
    with pytest.raises(CannotRunError, match="not of this gateway"):
        rotate(fake)
    assert fake.puts == []


def test_a_key_regenerated_elsewhere_is_handed_out_anew() -> None:
    fake = Fake(stack())
    hand_out(cast("Azure", fake), NAME, fake.time)
    assert hand_out(cast("Azure", fake), NAME, fake.time) == ""
    fake.regenerate(NAME, "primary")
    assert "none any more" in hand_out(cast("Azure", fake), NAME, fake.time)
    assert fake.value == fake.both["primary"]


def test_a_new_last_day_is_put_beside_the_key_that_is_there() -> None:
    fake = Fake(stack())
    hand_out(cast("Azure", fake), NAME, fake.time)
    moved = Fake(stack(expires={NAME: "2027-12-31"}), both=fake.both, secret=fake.secret)
    assert "last day" in hand_out(cast("Azure", moved), NAME, fake.time)
    assert moved.secret
    assert moved.secret.ends == 1830297600, "2028-01-01, midnight UTC"
    assert moved.secret.since == fake.time


def test_the_log_is_asked_for_one_consumer_of_this_gateway() -> None:
    text = kql(
        stack(), NAME, datetime(2026, 11, 27, tzinfo=UTC), datetime(2026, 11, 28, tzinfo=UTC)
    )
    assert f'ApimSubscriptionId =~ "{NAME}"' in text
    assert 'ApiId =~ "miyagi-api"' in text
