"""Write what the program tells the check as the stack output `proof`, and read it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any

from pydantic.alias_generators import to_camel, to_snake

from queries.contract import PUBLIC, Account, Copy, Plan, ProofOutput

ACCOUNT_KEYS = {
    "id": "accountId",
    "endpoint": "accountEndpoint",
    "backend_url": "backendUrl",
    "kind": "accountKind",
    "existing": "accountExisting",
    "keys": "accountKeys",
}
"""Keys of the output under which the account's fields stand beside the others."""


def wire(proof: ProofOutput[Any]) -> dict[str, Any]:
    """Write a proof as the stack output holds it: keys in camelCase, the account's among them."""
    values = {to_camel(part.name): getattr(proof, part.name) for part in fields(proof)}
    account, callers = values.pop("account"), values.pop("otherCallers")
    usage, stored = values.pop("streamUsage"), values.pop("storedResponses")
    accounts, plans, copies = (values.pop(name) for name in ("accounts", "plans", "copies"))
    network, readers = values.pop("network"), values.pop("keyReaders")
    expires, vault = values.pop("expires"), values.pop("keyVaultId")
    for name in ("entraTenant", "entraAudience", "consumerKeys", "tokenConsumers"):
        del values[name]
    return {
        **values,
        **_stated(account, {name: getattr(account, name) for name in ACCOUNT_KEYS}),
        "deployments": [_stated(one, asdict(one)) for one in proof.deployments],
        "consumers": list(proof.consumers),
        "diagnosticSettings": asdict(proof.diagnostic_settings),
        **({"otherCallers": list(callers)} if callers else {}),
        **({"streamUsage": usage} if usage != "ensure" else {}),
        **({"storedResponses": stored} if stored != "refuse" else {}),
        **({"accounts": [_account(one) for one in accounts]} if accounts else {}),
        **({"network": asdict(network)} if network != PUBLIC else {}),
        **({"plans": [_listed(one) for one in plans]} if plans else {}),
        **({"copies": [_listed(one) for one in copies]} if copies else {}),
        **({"expires": dict(expires)} if expires else {}),
        **({"keyReaders": {of: dict(who) for of, who in readers.items()}} if readers else {}),
        **({} if isinstance(vault, str) and not vault else {"keyVaultId": vault}),
        **_tokens(proof),
    }


def _tokens(proof: ProofOutput[Any]) -> dict[str, Any]:
    """Write who calls by tokens; nothing of a stack that takes keys alone."""
    if not proof.entra_tenant:
        return {}
    return {
        "entraTenant": proof.entra_tenant,
        "entraAudience": proof.entra_audience,
        "consumerKeys": proof.consumer_keys,
        "tokenConsumers": [list(one) for one in proof.token_consumers],
    }


def _listed(one: Plan | Copy) -> dict[str, Any]:
    """Write what a plan limits, and whom; or what a copy copies, and where to."""
    values = _stated(one, asdict(one))
    return {
        to_camel(name): list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def _account(one: Account[Any]) -> dict[str, Any]:
    """Write one of several accounts, without turning what Pulumi makes into plain values."""
    values = {to_camel(part.name): getattr(one, part.name) for part in fields(one)}
    return {**values, "deployments": [_stated(each, asdict(each)) for each in one.deployments]}


def _stated(of: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what has its default, so that the output of a stack stays as it was.

    Keys of an account are written as the output has them.
    """
    defaults = {part.name: part.default for part in fields(of)}
    keys = ACCOUNT_KEYS if isinstance(of, Account) else {}
    return {
        keys.get(name, name): value
        for name, value in values.items()
        if defaults[name] is MISSING or value != defaults[name]
    }


def unwire(output: Mapping[str, Any]) -> dict[str, Any]:
    """Sort the keys of a stack output as the fields of `ProofOutput` lie, and judge no value."""
    values = {to_snake(key): value for key, value in output.items()}
    account = {name: output[key] for name, key in ACCOUNT_KEYS.items() if key in output}
    several = [{to_snake(key): one[key] for key in one} for one in output.get("accounts") or ()]
    plans, copies = (
        [{to_snake(key): one[key] for key in one} for one in output.get(name) or ()]
        for name in ("plans", "copies")
    )
    return {
        **values,
        "account": account,
        **({"accounts": several} if several else {}),
        **({"plans": plans} if plans else {}),
        **({"copies": copies} if copies else {}),
    }


def key_of(field: str, *within: str) -> str:
    """Name a place in `ProofOutput` as the stack output does: `deployments.0.sku`, `backendUrl`."""
    if field == "account" and within:
        return ACCOUNT_KEYS[within[0]]
    return ".".join([to_camel(field), *within])
