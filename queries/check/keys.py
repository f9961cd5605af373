"""The consumers that the check calls as, with their keys: from the outputs, Azure, or one given."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import SecretStr

from queries.check import tokens, vault
from queries.check.configuration.base import properties
from queries.check.configuration.connection import UnreadableError
from queries.check.configuration.manager import Manager
from queries.check.configuration.versions import SERVICES
from queries.check.vault import Held
from queries.errors import CannotRunError
from queries.outputs import Consumer, Target

VARIABLE = "GATEWAY_SUBSCRIPTION_KEY"
"""Environment variable with one key, which takes the place of all consumers' keys."""
ALONE = f"{VARIABLE} stands in the place of all keys"
NOT_BY_KEY = "the check calls as it with a token of this identity"
ACTION = "Microsoft.ApiManagement/service/subscriptions/listSecrets/action"
"""What an identity needs to read keys.

https://learn.microsoft.com/azure/role-based-access-control/permissions/integration#microsoftapimanagement
"""
MOST = 50
"""Consumers up to which every one is called as in each run."""
MOST_NEW = 200
"""New consumers up to which every one is called as in each run: 1,400 in the days they are new."""
NEW = timedelta(days=7)
"""Age of a subscription up to which its consumer counts as new.

Nothing is kept from run to run, and Azure tells no day on which a key or scope was changed.
"""
SECRET = "[secret]"  # noqa: S105 - what pulumi prints in a secret's place
UNSENDABLE = "its key holds a space or an unprintable character, which no header can carry"


def find(target: Target, outputs: dict[str, Any], manager: Manager, now: datetime) -> Target:
    """Return the target with the consumers to call as today.

    Those whose last day is over are called as by attempts alone, which must fail.

    Raises:
        CannotRunError: no key at all, or one in the environment that no header can carry.
    """
    given = outputs.get("subscriptionKeys")
    known = given if isinstance(given, dict) else {}
    if not (names := target.expired(now)):
        return _callers(target, known, manager, now)
    active = tuple(name for name in target.consumers if name not in names)
    found = _callers(replace(target, consumers=active), known, manager, now)
    keys, _ = _keys(target, known, manager, names if target.consumer_keys == "allow" else ())
    over = tuple(Consumer(name=name, key=SecretStr(key)) for name, key in keys.items())
    return replace(found, consumers=target.consumers, over=() if alone() else over)


def _callers(target: Target, known: Mapping[str, Any], manager: Manager, now: datetime) -> Target:
    """Return the target with the consumers whose calls must be answered."""
    if target.entra_tenant:
        return _with_tokens(target, known, manager, now)
    if one := alone():
        return _as_one(target, known, one)
    return _with_keys(target, known, manager, now)


def _with_tokens(
    target: Target, known: Mapping[str, Any], manager: Manager, now: datetime
) -> Target:
    """Return the target whose own consumer calls with this identity's token.

    Others call with keys, if the stack has any; who has a key or a token that nobody tries is
    named.

    Raises:
        CannotRunError: neither a key nor a token.
    """
    credential, given = manager.credential(), alone()
    if given and target.consumer_keys == "refuse":
        raise CannotRunError(
            f"{VARIABLE} cannot be used: by consumerKeys refuse no key lets anybody in",
            f"unset {VARIABLE}: the check calls with a token of this identity",
        )
    mine, why, claims = tokens.mine(target, credential)
    if mine and mine.name not in target.consumers:
        why = f"the last day of {mine.name}, whose token this identity has, is over"
    own = mine if mine and not given and mine.name in target.consumers else None
    holders = {name for _, name in target.token_consumers} & set(target.consumers)
    why = ALONE if given else why
    untried = {f"{name} with a token": why for name in holders - {own.name if own else ""}}
    wrong = {"foreign token": tokens.foreign(target, claims)}
    if other := tokens.for_another(target, credential):
        wrong["wrong audience"] = other
    kept = replace(target, wrong_tokens={name: SecretStr(one) for name, one in wrong.items()})
    if given:
        kept = _as_one(kept, known, given)
    elif target.consumer_keys == "allow":
        kept = _beside(kept, own, known, manager, now)
    if own:
        others = tuple(one for one in kept.callers if one.name != own.name)
        resting = tuple(one for one in kept.resting if one != own.name)
        kept = replace(kept, callers=(own, *others), resting=resting)
        if target.consumer_keys == "allow":
            untried[f"{own.name} with its key"] = NOT_BY_KEY
    if not kept.callers:
        raise CannotRunError(
            f"no token to call with: {why}",
            "add the application of this identity to a consumer; or check with --no-traffic",
        )
    return replace(kept, keyless={**kept.keyless, **dict(sorted(untried.items()))})


def _beside(
    target: Target,
    own: Consumer | None,
    known: Mapping[str, Any],
    manager: Manager,
    now: datetime,
) -> Target:
    """Return the target with consumers who call with keys, whom an own token can do without.

    Raises:
        CannotRunError: no key can be had, and there is no own token.
    """
    try:
        return _with_keys(target, known, manager, now)
    except CannotRunError as error:
        if own is None:
            raise
        keyless = [name for name in target.consumers if name != own.name]
        return replace(target, keyless=dict.fromkeys(keyless, str(error)))


def _with_keys(target: Target, known: Mapping[str, Any], manager: Manager, now: datetime) -> Target:
    """Return the target with the consumers whose keys can be had."""
    chosen = _today(target.consumers, manager, target, now)
    keys, missing = _keys(target, known, manager, chosen)
    callable_as = [name for name in chosen if name not in missing]
    if not callable_as:
        raise _no_key(missing)
    return replace(
        target,
        callers=tuple(Consumer(name=name, key=SecretStr(keys[name])) for name in callable_as),
        keyless=missing,
        resting=tuple(name for name in target.consumers if name not in chosen),
    )


def _keys(
    target: Target, known: Mapping[str, Any], manager: Manager, names: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the keys that outputs or Azure give, and why there is none that can be sent."""
    keys = {n: key for n in names if isinstance(key := known.get(n), str) and _is_key(key)}
    asked, missing = _from_azure(target, manager, [name for name in names if name not in keys])
    keys |= asked
    missing |= {name: UNSENDABLE for name, key in keys.items() if not _sendable(key)}
    return {name: key for name, key in keys.items() if name not in missing}, missing


def alone() -> str:
    """Return the key that the environment gives in the place of all others; "" for none."""
    return os.environ.get(VARIABLE, "").strip()


def _as_one(target: Target, known: Mapping[str, Any], key: str) -> Target:
    """Call as the one consumer whose key the environment gives, which may be anybody's."""
    if not _sendable(key):
        raise CannotRunError(f"{VARIABLE} cannot be used: {UNSENDABLE}", "copy it again")
    name = next((name for name, other in known.items() if other == key), "")
    others = [one for one in target.consumers if one != name] if len(target.consumers) > 1 else []
    return replace(
        target,
        callers=(Consumer(name=name, key=SecretStr(key)),),
        keyless=dict.fromkeys(others, ALONE),
    )


def _today(
    names: Sequence[str], manager: Manager, target: Target, now: datetime
) -> tuple[str, ...]:
    """Choose all consumers, or of many the new ones and a part that moves on from day to day."""
    if len(names) <= MOST:
        return tuple(names)
    made, day = _new(manager, target, now), now.astimezone(UTC).date()
    new = [name for name in names if name in made]
    rest = [name for name in names if name not in made]
    room = max(MOST - len(new), MOST // 5)
    chosen = {*in_turn(new, MOST_NEW, day), *in_turn(rest, room, day)}
    return tuple(name for name in names if name in chosen)


def in_turn(names: Sequence[str], room: int, day: date) -> list[str]:
    """Choose `room` names of a day: one day's begin where those of the day before end."""
    begin = day.toordinal() * room
    return [names[(begin + at) % len(names)] for at in range(min(room, len(names)))]


def _new(manager: Manager, target: Target, now: datetime) -> set[str]:
    """Return names of the subscriptions made of late; none where Azure does not let them be listed.

    https://learn.microsoft.com/rest/api/apimanagement/subscription/list (`createdDate`)
    """
    try:
        found = manager.list(f"{target.gateway_id}/subscriptions", SERVICES)
    except UnreadableError:
        return set()
    return {str(one.get("name")) for one in found if _is_new(properties(one), now)}


def _is_new(subscription: Mapping[str, Any], now: datetime) -> bool:
    try:
        made = datetime.fromisoformat(str(subscription.get("createdDate")))
    except ValueError:
        return False
    return now - (made if made.tzinfo else made.replace(tzinfo=UTC)) <= NEW


def _from_azure(
    target: Target, manager: Manager, names: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the keys that Azure gives, and why it gives none, each by the consumer's name.

    https://learn.microsoft.com/rest/api/apimanagement/subscription/list-secrets
    """
    handed = _handed_out(target, manager, names)
    paths = [f"{target.gateway_id}/subscriptions/{name}/listSecrets" for name in names]
    answers = manager.at_once(partial(manager.post, path, SERVICES) for path in paths)
    keys, missing = dict[str, str](), dict[str, str]()
    for name, answer in zip(names, answers, strict=True):
        which = f"{handed.get(name, vault.PRIMARY)}Key"
        key = answer.get(which) if isinstance(answer, dict) else None
        if isinstance(answer, UnreadableError):
            missing[name] = f"Azure returns no key: {answer}"
        elif isinstance(key, str) and key:
            keys[name] = key
        else:
            missing[name] = f"the gateway knows no subscription {name}"
    return keys, missing


def _handed_out(target: Target, manager: Manager, names: Sequence[str]) -> dict[str, str]:
    """Return which of its keys the vault gives a consumer, where it says so.

    Calls with the other one would look as if a caller had not moved to the new key.
    """
    if not target.key_vault_id:
        return {}
    paths = {vault.path(target.key_vault_id, name): name for name in names}
    found = manager.many(paths, vault.SECRETS)
    held = {paths[at]: Held.of(one).key for at, one in found.items() if isinstance(one, dict)}
    return {name: key for name, key in held.items() if key in vault.BOTH}


def _no_key(missing: Mapping[str, str]) -> CannotRunError:
    reason, fix = "the stack has no active consumer", "check it with --no-traffic"
    if missing:
        name, why = next(iter(missing.items()))
        reason = f"{name}: {why}"
        fix = f"give this identity {ACTION}, or set {VARIABLE}; or check with --no-traffic"
    return CannotRunError(f"no key to call with: {reason}", fix)


def _is_key(text: str) -> bool:
    """Tell whether the outputs hold a key, and not what stands for it where secrets are hidden."""
    return text not in {"", SECRET}


def _sendable(key: str) -> bool:
    return bool(re.fullmatch(r"[!-~]+", key))
