"""Runs one Pulumi program; the language host starts this file in the program's interpreter.

https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/python/cmd/pulumi-language-python-exec
"""

import asyncio
import logging
import runpy
import sys
import traceback

import pulumi
from pulumi import runtime
from pulumi.runtime.proto import language_pb2

MESSAGE_SHOWN = 32
"""Exit status of a program that has already said what went wrong."""


def main() -> int:
    """Run the program named in the RunRequest on standard input; its exit status."""
    request = language_pb2.RunRequest.FromString(sys.stdin.buffer.read())
    runtime.set_all_config(dict(request.config), list(request.configSecretKeys))
    settings = runtime.Settings(
        project=request.project,
        stack=request.stack,
        monitor=request.monitor_address,
        engine=request.args[0],
        parallel=request.parallel,
        dry_run=request.dryRun,
        organization=request.organization,
        root_directory=request.info.root_directory,
    )
    runtime.configure(settings)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # futures of a failed program
    program = request.info.entry_point
    sys.argv[:] = [program]

    def run() -> None:
        runpy.run_path(program, run_name="__main__")

    try:
        asyncio.new_event_loop().run_until_complete(runtime.run_in_stack(run))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
    except Exception as error:  # noqa: BLE001 the program's own failure, whatever it is
        pulumi.log.error(f"Program failed with an unhandled exception:\n{_trace(error)}")
    else:
        return 0
    return MESSAGE_SHOWN


def _trace(error: Exception) -> str:
    """The traceback from the program's first line on, without what lies above it."""
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_name != "<module>":
        trace = trace.tb_next
    return "".join(traceback.format_exception(error.with_traceback(trace or error.__traceback__)))


if __name__ == "__main__":
    sys.exit(main())
