"""`make sdk`: generate the SDKs in `sdks/` from their schemas.

Each is a part of what `pulumi package add` makes: the resources that the program uses, under the
same names and with the same parameter. The engine's own generator writes them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.setup.common import ROOT
from tools.setup.go import compiler

SDKS = ROOT / "sdks"
SCHEMA = ".schema.json"
ENGINE = ROOT / "tools" / "engine"


def main() -> int:
    """Generate every SDK; return the exit status of the generator."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        go = compiler("engine", work)
        module = shutil.copytree(ENGINE, work / "module")
        for schema in sorted(SDKS.glob(f"*{SCHEMA}")):
            made, kept = work / "sdk", SDKS / schema.name.removesuffix(SCHEMA)
            command = [str(part) for part in (go, "run", "-mod=mod", ".", schema, made)]
            subprocess.run(command, cwd=module, check=True)  # noqa: S603 the engine's generator
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(made, kept)
            shutil.rmtree(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
