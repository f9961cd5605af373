"""The resource providers that the Pulumi engine attaches to: azure-native and random.

https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto

Sure: no belief.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.cloud import Cloud
from sandbox.engine.azure import AzureNative
from sandbox.engine.random import Random
from sandbox.options import Options

THREADS = 64
"""Calls answered at once; the engine makes four for each processor unless told otherwise."""
MESSAGE_BYTES = 400 * 1024 * 1024
"""Largest message, as in the engine itself."""


@contextmanager
def serve(cloud: Cloud, options: Options) -> Iterator[dict[str, int]]:
    """Serve both providers on loopback ports, given by package name, while the block runs."""
    limits = [(f"grpc.max_{way}_message_length", MESSAGE_BYTES) for way in ("send", "receive")]
    servers, ports = [], {}
    for provider in (AzureNative(cloud, options), Random()):
        server = grpc.server(ThreadPoolExecutor(THREADS), options=limits)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
        ports[provider.package] = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
    try:
        yield ports
    finally:
        for server in servers:
            server.stop(grace=1).wait()
