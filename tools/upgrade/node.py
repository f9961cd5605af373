"""Node.js packages: each folder of the tests that has a lock file."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tools.setup import bundled_node
from tools.upgrade.command import Moves, Run, Tree

LOCKS = "tests/*/*/package-lock.json"
OPTIONS = (
    "--package-lock-only",
    "--ignore-scripts",
    "--save-exact",
    "--omit-lockfile-registry-resolved",
    "--no-audit",
    "--no-fund",
)
"""Only the two files change, versions are exact, and the lock names no registry.

https://docs.npmjs.com/cli/commands/npm-install
"""


def npm() -> list[str]:
    """The npm of the environment."""
    node = bundled_node()
    return [str(node), str(node.parents[1] / "lib/node_modules/npm/bin/npm-cli.js")]


def move(tree: Tree, run: Run) -> Moves:
    """Move every package to the newest versions that fit together in its folder."""
    moves: Moves = {}
    for lock in sorted(tree.root.glob(LOCKS)):
        package = str((lock.parent / "package.json").relative_to(tree.root))
        both = [package, str(lock.relative_to(tree.root))]
        old = json.loads(tree.read(package))["dependencies"]
        with tempfile.TemporaryDirectory() as folder:
            tree.copy(both, Path(folder))
            run([*npm(), "install", *OPTIONS, *(f"{name}@latest" for name in old)], Path(folder))
            tree.take(both, Path(folder))
        new = json.loads(tree.read(package))["dependencies"]
        moves |= {name: (version, new[name]) for name, version in old.items()}
    return moves
