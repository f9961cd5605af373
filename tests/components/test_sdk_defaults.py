"""What the SDK sends to Azure although the program says nothing of it, and what that means.

`pulumi_azure_native` fills in the defaults of Azure's API documents before a request is made. A new
release of it may add one: it belongs here with its meaning, or into the program.
https://github.com/pulumi/pulumi-azure-native/issues/1865
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from harness.example import ROOT
from tests.components.harness import run_program
from tests.components.test_seen_texts import EVERYTHING

SENT = {
    ("ApiManagementService", "developer_portal_status"): ("Enabled", "the program says Disabled"),
    ("ApiManagementService", "disable_gateway"): (False, "Azure's own: requests are served"),
    ("ApiManagementService", "enable_client_certificate"): (
        False,
        "refused on classic tiers, where the program says true; right on v2 tiers",
    ),
    ("ApiManagementService", "legacy_portal_status"): ("Enabled", "the program says Disabled"),
    ("ApiManagementService", "nat_gateway_state"): (
        "Disabled",
        "Azure's own on classic tiers; v2 tiers have Enabled, which the program says there",
    ),
    ("ApiManagementService", "restore"): (False, "a new service, not one that was soft-deleted"),
    ("ApiManagementService", "virtual_network_type"): ("None", "Azure's own: in no network"),
    ("ApiPolicy", "format"): ("xml", "the program says rawxml"),
    ("RoleAssignment", "principal_type"): ("User", "the program says ServicePrincipal"),
    ("ActionGroup", "enabled"): (True, "Azure's own: receivers are told"),
    ("ConditionFailingPeriodsArgs", "min_failing_periods_to_alert"): (1, "the program says 1"),
    ("ConditionFailingPeriodsArgs", "number_of_evaluation_periods"): (1, "the program says 1"),
    ("MicrosoftCommonEmailReceiverArgs", "use_common_alert_schema"): (
        False,
        "the program says true",
    ),
    ("VaultPropertiesArgs", "enable_rbac_authorization"): (False, "the program says true"),
    ("VaultPropertiesArgs", "enable_soft_delete"): (True, "the program says true"),
    ("VaultPropertiesArgs", "enabled_for_deployment"): (False, "the program says false"),
    ("VaultPropertiesArgs", "enabled_for_disk_encryption"): (False, "the program says false"),
    ("VaultPropertiesArgs", "enabled_for_template_deployment"): (False, "the program says false"),
    ("VaultPropertiesArgs", "public_network_access"): ("enabled", "the program says it"),
    ("VaultPropertiesArgs", "soft_delete_retention_in_days"): (90, "the program says 90"),
    ("WebhookReceiverArgs", "use_aad_auth"): (False, "Azure's own: the address is the secret"),
    ("WebhookReceiverArgs", "use_common_alert_schema"): (False, "the program says true"),
}
"""By class and argument: the value that is sent if nothing is said, and why that is right."""


def defaults(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """Arguments that a function of the SDK replaces by a constant if they are None."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        match node:
            case ast.If(
                test=ast.Compare(left=ast.Name(id=asked), ops=[ast.Is()]),
                body=[ast.Assign(targets=[ast.Name(id=given)], value=ast.Constant(value=value))],
            ) if asked == given:
                yield given, value


def used() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Classes of the SDK that the program registers or passes, with what takes their arguments."""
    types = {request.type for request in run_program(EVERYTHING).requests.values()}
    for token in sorted(name for name in types if name.startswith("azure-native")):
        package, module, name = token.split(":")
        sdk = importlib.import_module(f"pulumi_{package.replace('-', '_')}.{module}")
        yield name, getattr(sdk, name)._internal_init
    for file in sorted((ROOT / "components").rglob("*.py")):
        dotted = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        names = vars(importlib.import_module(dotted.removesuffix(".__init__")))
        for module, name in sorted(set(re.findall(r"\b(\w+)\.(\w+Args)\(", file.read_text()))):
            yield name, getattr(names[module], name).__init__


def test_every_default_that_the_sdk_sends_is_known() -> None:
    classes = list(used())
    found = {(name, key): value for name, init in classes for key, value in defaults(init)}

    assert len(classes) > 30
    assert found == {key: value for key, (value, _) in SENT.items()}


def test_what_the_program_says_is_said() -> None:
    run = run_program(EVERYTHING)
    gateway, policy = run.inputs("gateway"), run.inputs("openai-api-policy")
    assert (gateway["developerPortalStatus"], policy["format"]) == ("Disabled", "rawxml")
    assert run.inputs("openai-api-role")["principalType"] == "ServicePrincipal"
    for kind in ("emailReceivers", "webhookReceivers"):
        assert "'useCommonAlertSchema': True" in str(run.inputs("action-group")[kind])
