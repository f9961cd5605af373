"""The SDKs in `sdks/`, which follow azure-native's own: their texts differ in the version alone."""

from __future__ import annotations

from tools.upgrade.command import Tree

NATIVE = "pulumi-azure-native"
"""The package whose version is theirs too."""
PROJECT = "Pulumi.yaml"
ENDINGS = {".json", ".py", ".toml"}


def places(tree: Tree) -> list[str]:
    """The files that may name the version."""
    found = (path.relative_to(tree.root) for path in (tree.root / "sdks").rglob("*"))
    files = (path for path in found if path.suffix in ENDINGS and "build" not in path.parts)
    return [PROJECT, *sorted(map(str, files))]


def move(tree: Tree, old: str, new: str) -> None:
    """Let each of them name another version."""
    for name in places(tree):
        text = tree.read(name)
        if old in text:
            tree.write(name, text.replace(old, new))
