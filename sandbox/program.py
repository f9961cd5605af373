"""Run one Pulumi program; the language host starts this file in the program's interpreter.

https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/python/cmd/pulumi-language-python-exec
"""

import runpy
import sys
import traceback
from typing import Any

import pulumi
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2

MESSAGE_SHOWN = 32
"""Exit status of a program that has already said what went wrong."""


def main() -> int:
    """Run the program that the RunRequest on standard input names; return its exit status."""
    request = language_pb2.RunRequest.FromString(sys.stdin.buffer.read())
    program = request.info.entry_point
    sys.argv[:] = [program]
    server: Any = LanguageServer(lambda: _run(program))
    try:
        result = server.Run(request, None)
    except Exception:  # noqa: BLE001 all that the program raises is told inside; this is clean-up
        return MESSAGE_SHOWN
    return MESSAGE_SHOWN if result.error else 0


def _run(program: str) -> None:
    """Run the file; print what it raises with a traceback from the program's first line on."""
    try:
        runpy.run_path(program, run_name="__main__")
    except pulumi.RunError:
        raise
    except Exception as error:  # noqa: BLE001 the program's own failure, whatever it is
        trace = error.__traceback__
        while trace and trace.tb_frame.f_code.co_name != "<module>":
            trace = trace.tb_next
        text = traceback.format_exception(error.with_traceback(trace or error.__traceback__))
        message = f"Program failed with an unhandled exception:\n{''.join(text)}"
        raise pulumi.RunError(message) from None


if __name__ == "__main__":
    sys.exit(main())
