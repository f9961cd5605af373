"""Where a URL, a backend or a header leads: to the account, elsewhere, or nobody can tell."""

from __future__ import annotations

import pytest

from tests.check import arm
from tests.check.arm import ACCOUNT, GATEWAY, OTHER, POLICY, Arm
from tests.check.ways import ALIASES, ELSEWHERE, HERE, PLACES, document, gateway, pool, verdict


@pytest.mark.parametrize("url", ALIASES)
@pytest.mark.parametrize("statement", ["base-url", "backend-id"])
def test_the_account_is_known_by_each_of_its_names(url: str, statement: str) -> None:
    assert verdict(gateway("api", statement, url, "literal", "always")) == "failed"
    service = Arm()
    service.resources[OTHER] = arm.other_api("copy", serviceUrl=url)
    assert verdict(service) == "failed"


@pytest.mark.parametrize(
    "url",
    [
        "https://oai-xy.openai.azure.com",
        "https://oai-x.example/openai",
        "https://proxy.example/oai-x.openai.azure.com",
        "https://westus.api.cognitive.microsoft.com",
        "https://{your-resource-name}.openai.azure.com/openai",
        "https://52.0.0.1/openai",
        "http://[2600::1]/openai",
    ],
)
def test_other_hosts_are_none_of_them(url: str) -> None:
    assert verdict(gateway("api", "base-url", url, "literal", "always")) == "seen"


def test_a_regions_name_counts_while_the_accounts_keys_are_on() -> None:
    world = gateway("api", "base-url", "https://eastus.api.cognitive.microsoft.com", "x", "always")
    world.resources[ACCOUNT]["location"] = "East US"
    assert verdict(world) == "seen"
    world.set(ACCOUNT, "disableLocalAuth", False)
    assert verdict(world) == "failed"


UNREADABLE = [
    "https://[bad",
    "https://",
    "https:/oai-x",
    "10.1.2.3",
    "https://10.1.2.3/openai",
    "https://167838211/openai",
    "https://0xa.1.2.3/openai",
    "https://012.1.515/openai",
    "https://192.168.0.4:443",
    "https://[fd00::4]/openai",
    "https://[fe80::4%25eth0]/openai",
    'https://@(context.Variables["x"]).openai.azure.com',
]
"""URLs of which nobody can tell here whose they are."""


def private(world: Arm) -> Arm:
    """The same, where the account has a private endpoint."""
    world.set(ACCOUNT, "privateEndpointConnections", [{"id": f"{ACCOUNT}/private/1"}])
    return world


@pytest.mark.parametrize("url", [url for url in UNREADABLE[:-3] if "1" in url or "192" in url])
def test_without_private_endpoints_private_addresses_are_others(url: str) -> None:
    assert verdict(gateway("api", "base-url", url, "literal", "always")) == "seen"


@pytest.mark.parametrize("url", UNREADABLE[:-3])
@pytest.mark.parametrize("statement", ["base-url", "backend-id", "pool", "send-request", "cache"])
def test_a_host_that_cannot_be_read_is_not_judged(url: str, statement: str) -> None:
    world = private(gateway("api", statement, url, "literal", "always"))
    assert verdict(world) == "unjudged"
    world = private(gateway("service", statement, url, "literal", "always"))
    assert verdict(world) == ("failed" if statement == "cache" else "unjudged")


@pytest.mark.parametrize("url", UNREADABLE)
def test_nor_is_that_of_a_service_url(url: str) -> None:
    world = private(Arm())
    world.resources[OTHER] = arm.other_api("copy", serviceUrl=url)
    assert verdict(world) == "unjudged"


def test_a_backend_that_names_the_account_as_host_leads_to_it() -> None:
    world = gateway("api", "backend-id", "https://10.1.2.3/openai", "literal", "always")
    header = {"HOST": ["{{where}}"]}
    world.set(f"{GATEWAY}/backends/one", "credentials", {"header": header})
    world.set(f"{GATEWAY}/namedValues/w", "value", "oai-x.openai.azure.com")
    assert verdict(world) == "failed"
    world.set(f"{GATEWAY}/namedValues/w", "secret", True)
    assert verdict(world) == "unjudged"
    world.set(f"{GATEWAY}/backends/one", "url", ELSEWHERE)
    world.set(f"{GATEWAY}/backends/one", "credentials", {"header": {"X-Key": ["a"]}})
    assert verdict(world) == "seen"


@pytest.mark.parametrize(
    "name", ["Host", "{{where}}", '@(context.Variables["x"])', "&#72;ost"], ids=str
)
def test_a_header_host_is_known_however_it_is_named(name: str) -> None:
    line = "<set-header name='{}'><value><![CDATA[oai-x.openai.azure.com]]></value></set-header>"
    world = gateway("api", "base-url", "Host", "literal", "always")
    world.resources[PLACES["api"]] = document(line.format(name))
    assert verdict(world) == "failed"


@pytest.mark.parametrize(
    "written",
    [
        "<![CDATA[{}]]>",
        "\n <![CDATA[ {} ]]>\n",
        "https:&#47;&#x2F;oai-x.openai.azure.com",
        "https:\\\\oai-x.openai.azure.com\\openai",
        "https://oai-x。openai.azure.com",
    ],
)
def test_a_url_is_understood_however_it_is_written(written: str) -> None:
    sent = f"<send-request><set-url>{written.format(HERE)}</set-url></send-request>"
    world = gateway("api", "base-url", ELSEWHERE, "literal", "always")
    world.resources[PLACES["api"]] = document(sent)
    assert verdict(world) == "failed"


def test_a_pool_is_followed_or_not_judged() -> None:
    for depth in range(1, 8):
        world = gateway("api", "pool", ELSEWHERE, "literal", "always")
        for number in range(depth):
            below = f"pool-{number + 1}" if number + 1 < depth else "one"
            world.resources[f"{GATEWAY}/backends/pool-{number}"] = pool("two", below)
        world.resources[f"{GATEWAY}/backends/pool"] = pool("pool-0")
        quiet = verdict(world)
        world.set(f"{GATEWAY}/backends/one", "url", HERE)
        found = (quiet, verdict(world))
        assert found in {("seen", "failed"), ("unjudged", "unjudged")}, depth
        assert depth > 1 or found == ("seen", "failed")


NOWHERE = {
    "unknown backend": '<set-backend-service backend-id="lost" />',
    "dapr": '<set-backend-service backend-id="dapr" dapr-app-id="echo" dapr-method="x" />',
    "dapr alone": '<set-backend-service dapr-app-id="echo" dapr-method="x" />',
    "fabric": '<set-backend-service sf-service-instance-name="x" />',
    "nothing": "<set-backend-service />",
}


@pytest.mark.parametrize("statement", NOWHERE)
@pytest.mark.parametrize("place", ["copy", "own"])
def test_what_leads_to_no_url_is_not_judged(place: str, statement: str) -> None:
    world = gateway("api", "base-url", ELSEWHERE, "literal", "always")
    if place == "copy":
        world.resources[PLACES["api"]] = document(NOWHERE[statement])
    else:
        text = str(world.resources[POLICY]["properties"]["value"])
        world.set(POLICY, "value", text.replace("</inbound>", f"{NOWHERE[statement]}</inbound>"))
    assert verdict(world) == "unjudged"
