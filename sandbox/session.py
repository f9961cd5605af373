"""Serve the endpoints of a folder's cloud, and make the environment of a command inside."""

import fcntl
import logging
import os
import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from sandbox.cloud import SUBSCRIPTION_ID, TENANT_ID, Cloud
from sandbox.http import LOOPBACK
from sandbox.identity import PATH, identity_endpoint
from sandbox.network import Network
from sandbox.options import Options
from sandbox.stack import ENGINE_VERSION, SessionError, prepared

REAL = re.compile(r"(ARM|AZURE|IDENTITY|MSI|OPENAI|PULUMI)_|(HTTPS?|ALL|NO)_PROXY$", re.IGNORECASE)
"""Variables of the caller, none passed on, that lead to a real cloud, its state or a way out."""
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # its handlers warn at every process started


@contextmanager
def session(options: Options, caller: Mapping[str, str] = os.environ) -> Iterator[dict[str, str]]:
    """Serve the sandbox while the block runs; yield the environment of a command inside."""
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    tools = _tools(folder, caller)
    from sandbox import engine, language  # noqa: PLC0415 slow: after the cheap refusals

    with ExitStack() as stack:
        stack.enter_context(lock(folder))
        logging.basicConfig(filename=folder / "sandbox.log", level=logging.WARNING)
        cloud, secret = Cloud(folder), secrets.token_hex(16)
        network = Network(folder, partial(_standing, cloud, options))
        _register(network, cloud, options)
        network.register(LOOPBACK.__eq__, identity_endpoint(cloud, secret))
        proxy = f"http://{LOOPBACK}:{stack.enter_context(network.serve())}"
        ports = stack.enter_context(engine.serve(cloud, options))
        environment = {
            **{key: value for key, value in caller.items() if not REAL.match(key)},
            **tools,
            **_clients(proxy, network.authority),
            "IDENTITY_ENDPOINT": proxy + PATH,
            "IDENTITY_HEADER": secret,
            "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in ports.items()),
        }
        host = stack.enter_context(language.serve(environment))
        environment["PULUMI_DEBUG_LANGUAGES"] = f"python:{host}"
        yield stack.enter_context(prepared(folder, environment, caller))


def _standing(cloud: Cloud, options: Options) -> tuple[str, ...]:
    from sandbox.reach import every_network  # noqa: PLC0415

    return every_network(cloud) if options.place == "inside" else ()


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Lock the folder, as two processes would overwrite each other's cloud."""
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            text = f"{folder} is in use by another sandbox: end it, or give another --dir"
            raise SessionError(text) from None
        yield


def _register(network: Network, cloud: Cloud, options: Options) -> None:
    from sandbox import entra  # noqa: PLC0415
    from sandbox.arm.endpoint import arm_endpoint  # noqa: PLC0415
    from sandbox.gateway import gateway_endpoint  # noqa: PLC0415
    from sandbox.logs import Copies, Telemetry, Workspaces, blobs, logs_endpoint  # noqa: PLC0415
    from sandbox.model import model_endpoint  # noqa: PLC0415

    workspaces = Workspaces(cloud.folder, options)
    copies = Copies(cloud.folder, options)
    telemetry = Telemetry(cloud, workspaces, copies)
    gateway = gateway_endpoint(cloud, options, telemetry, network.send)
    accounts = (".openai.azure.com", ".cognitiveservices.azure.com")
    network.register(lambda host: host.endswith(".azure-api.net"), gateway)
    network.register(
        lambda host: host.endswith(accounts), model_endpoint(cloud, options, telemetry)
    )
    network.register("management.azure.com".__eq__, arm_endpoint(cloud, options))
    network.register(entra.HOST.__eq__, entra.endpoint())
    network.register(lambda host: host.endswith(blobs.SUFFIX), blobs.blob_endpoint(cloud, copies))
    network.register("api.loganalytics.io".__eq__, logs_endpoint(cloud, workspaces, options))


def _tools(folder: Path, caller: Mapping[str, str]) -> dict[str, str]:
    """Return the engine's settings, and the path of commands: engine, Python, policy runner."""
    own, path = Path(sys.executable).parent, caller.get("PATH", os.defpath)
    cached = Path.home() / ".pulumi" / "versions" / ENGINE_VERSION / "bin"
    places = [own, cached, *map(Path, path.split(os.pathsep))]
    engine = next((place for place in places if os.access(place / "pulumi", os.X_OK)), None)
    if engine is None:
        raise SessionError("the Pulumi engine is not installed: run `make setup`")
    runner = folder / "bin" / "pulumi-analyzer-policy-python"
    runner.parent.mkdir(exist_ok=True)
    runner.write_text(f'#!/bin/sh\nexec "{sys.executable}" -u -m pulumi.policy "$1" "$2"\n')
    runner.chmod(0o755)
    return {
        "PATH": os.pathsep.join([str(runner.parent), str(engine), str(own), path]),
        "PULUMI_HOME": str(folder / "pulumi"),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def _clients(proxy: str, authority: Path) -> dict[str, str]:
    """Return the variables that give Azure's clients identity, proxy and trusted authority."""
    ids = {"SUBSCRIPTION_ID": SUBSCRIPTION_ID, "TENANT_ID": TENANT_ID}
    values = {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "NO_PROXY": f"{LOOPBACK},localhost"}
    trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return {
        **{f"{prefix}_{key}": value for prefix in ("ARM", "AZURE") for key, value in ids.items()},
        **values,
        **{key.lower(): value for key, value in values.items()},
        **dict.fromkeys(trust, str(authority)),
    }
