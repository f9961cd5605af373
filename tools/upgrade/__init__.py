"""Move the pins: `make upgrade`. With `--dry-run`, print what would move and change nothing.

The packages of requirements*.txt go to the newest versions that fit together, constraints.txt to
what these bring along, the engine to the version of its Python package; actionlint, the Go
compiler's package and the tests' Node.js packages go to their newest. Everything is found out first
and written last: whatever fails leaves every file as it was.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.setup import ROOT
from tools.upgrade import go, node, python, sdk
from tools.upgrade.command import Moves, Run, Tree, UpgradeError, run


def plan(tree: Tree, run: Run, engine: str | None) -> Moves:
    """Change the tree, and tell what moves.

    Raises:
        UpgradeError: newer versions cannot be found, or do not fit together.
    """
    moves = python.move(tree, run, engine)
    old, new = moves.get(python.ENGINE, ("", ""))
    if old != new:
        go.move_engine(tree, run, old, new)
    native = moves.get(sdk.NATIVE, ("", ""))
    if native[0] != native[1]:
        sdk.move(tree, *native)
    moves |= python.move_go(tree, run) | go.move_actionlint(tree, run) | node.move(tree, run)
    moves |= go.move_language(tree)
    return {name: (before, after) for name, (before, after) in moves.items() if before != after}


def main(arguments: list[str], *, root: Path = ROOT, run: Run = run) -> int:
    """Move the pins and say which; 1 with a plain message if that cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m tools.upgrade", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="change nothing")
    parser.add_argument("--engine", metavar="VERSION", help="default: the newest")
    options = parser.parse_args(arguments)
    tree = Tree(root)
    try:
        moves = plan(tree, run, options.engine)
    except UpgradeError as error:
        sys.stderr.write(f"upgrade: {error}\nupgrade: nothing was moved\n")
        return 1
    for name, (before, after) in moves.items():
        sys.stdout.write(f"{name:40} {before or 'new':>20} -> {after or 'gone'}\n")
    if not moves:
        sys.stdout.write("every pin is the newest that fits\n")
    elif not options.dry_run:
        tree.save()
        sys.stdout.write("moved; `make test` says whether it holds\n")
    return 0
