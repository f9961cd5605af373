"""Pulumi's language host for Python: each program runs in a fresh interpreter of its own.

https://github.com/pulumi/pulumi/blob/v3.259.0/proto/pulumi/language.proto
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, language_pb2, plugin_pb2
from pulumi.runtime.proto import language_pb2_grpc as services

from sandbox.program import MESSAGE_SHOWN
from sandbox.stack import ENGINE_VERSION

PROGRAM = Path(__file__).with_name("program.py")


def _always(answer: Any) -> Any:
    return lambda *_: answer


class _Host(LanguageServer):
    Cancel = _always(empty_pb2.Empty())
    GetPluginInfo = _always(plugin_pb2.PluginInfo(version=ENGINE_VERSION))
    GetProgramDependencies = _always(language_pb2.GetProgramDependenciesResponse())
    RuntimeOptionsPrompts = _always(language_pb2.RuntimeOptionsResponse())

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(lambda: None)
        self._environment = environment
        self._engines: dict[str, str] = {}  # the engine's own address, by that of its connection

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802 the protocol's names
        self._engines[context.peer()] = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def InstallDependencies(self, _: Any, context: Any) -> Any:  # noqa: N802
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "packages are installed by `make setup`")

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        request.args[:] = [self._engines[context.peer()]]
        with grpc.insecure_channel(request.args[0]) as channel:
            engine = engine_pb2_grpc.EngineStub(channel)
            status = _run(request, context, engine, self._environment)
        if status in (0, MESSAGE_SHOWN):
            return language_pb2.RunResponse(bail=status != 0)
        return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {status}")


def _run(request: Any, context: Any, engine: Any, environment: Mapping[str, str]) -> int:
    """Run the program to its end, its output going to the engine's log as it comes."""

    def forward(stream: IO[bytes], number: int) -> None:
        for line in stream:
            text = line.decode(errors="replace").rstrip("\n")
            severity = engine_pb2.LogSeverity.INFO
            engine.Log(engine_pb2.LogRequest(severity=severity, message=text, streamId=number))

    options = dict(request.info.options)
    folder = Path(request.info.root_directory, options.get("virtualenv") or ".venv")
    found = folder / "bin" / "python"
    python = str(found) if os.access(found, os.X_OK) else sys.executable
    pipe = subprocess.PIPE
    given: Any = {"cwd": request.info.program_directory, "env": environment}
    command = [python, "-u", "-P", str(PROGRAM)]
    with (
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, **given) as process,  # noqa: S603
        ThreadPoolExecutor() as pool,
    ):
        context.add_callback(process.kill)
        assert process.stdin and process.stdout and process.stderr  # noqa: PT018, S101 all piped
        pool.submit(forward, process.stdout, 1)
        pool.submit(forward, process.stderr, 2)
        with process.stdin as stdin:
            stdin.write(request.SerializeToString())
    return process.returncode


@contextmanager
def serve(environment: Mapping[str, str]) -> Iterator[int]:
    """Serve the language host, whose programs get `environment`, while the block runs."""
    server = grpc.server(ThreadPoolExecutor(max_workers=32))
    services.add_LanguageRuntimeServicer_to_server(_Host(environment), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(grace=None)
