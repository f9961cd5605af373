"""What is built from Go modules: the engine, which follows its Python package, and actionlint."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tools.setup import SetupError, fetch_go, find_go
from tools.upgrade.command import Moves, Run, Tree, UpgradeError

ENGINE_PLACES = {
    "tools/setup.py": 'ENGINE = "{}.{}.{}"',
    "sandbox/stack.py": 'ENGINE_VERSION = "{}.{}.{}"',
    "Pulumi.yaml": 'requiredPulumiVersion: ">={}.{}.{} <',
    "README.md": ") {}.{} or newer",
}
"""Where the engine's version stands, and in which words; its three parts fill the braces."""
ENGINE_TOOL = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
ACTIONLINT = "github.com/rhysd/actionlint"
MODULES = ("engine", "actionlint")
SETUP = "tools/setup.py"
LANGUAGE = re.compile(r"^(go |GO = \()(\d+)(\.|, )(\d+)", re.MULTILINE)
"""The version of Go that a module asks for, and the set-up."""


def files(module: str) -> list[str]:
    """The files of a module in `tools`."""
    return [f"tools/{module}/{name}" for name in ("go.mod", "go.sum")]


def compiler(folder: Path) -> str:
    """A Go: of this machine, or fetched into a folder.

    Raises:
        UpgradeError: neither can be had.
    """
    try:
        return str(find_go() or fetch_go(folder))
    except SetupError as error:
        raise UpgradeError(str(error)) from None


def get(tree: Tree, run: Run, module: str, tool: str) -> None:
    """Move a module to a version of the tool that it is there for."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, go = Path(temporary) / "module", compiler(Path(temporary))
        folder.mkdir()
        tree.copy(files(module), folder)
        run([go, "get", "-tool", tool], folder)
        run([go, "mod", "tidy"], folder)
        tree.take(files(module), folder)


def move_engine(tree: Tree, run: Run, old: str, new: str) -> None:
    """Move the engine, wherever its version stands.

    Raises:
        UpgradeError: a file does not hold it as expected, or the engine's modules are not found.
    """
    for name, words in ENGINE_PLACES.items():
        before, after = (words.format(*version.split(".")) for version in (old, new))
        tree.replace(name, before, after)
    get(tree, run, "engine", f"{ENGINE_TOOL}@v{new}")


def move_actionlint(tree: Tree, run: Run) -> Moves:
    """Move actionlint to its newest version."""
    old = _actionlint(tree)
    get(tree, run, "actionlint", f"{ACTIONLINT}/cmd/actionlint@latest")
    return {"actionlint": (old, _actionlint(tree))}


def _actionlint(tree: Tree) -> str:
    found = re.search(rf"\b{re.escape(ACTIONLINT)} v(\S+)", tree.read("tools/actionlint/go.mod"))
    return found[1] if found else ""


def move_language(tree: Tree) -> Moves:
    """Let every module, and the set-up, ask for the newest Go that one of them asks for."""
    texts = {name: tree.read(name) for name in (SETUP, *(files(module)[0] for module in MODULES))}
    asked = {name: _language(text) for name, text in texts.items()}
    newest = max(asked.values())
    for name, text in texts.items():
        if asked[name] != newest:
            words = r"\g<1>{}\g<3>{}".format(*newest)
            tree.write(name, LANGUAGE.sub(words, text))
    return {"go": ("{}.{}".format(*asked[SETUP]), "{}.{}".format(*newest))}


def _language(text: str) -> tuple[int, int]:
    (found,) = LANGUAGE.finditer(text)
    return int(found[2]), int(found[4])
