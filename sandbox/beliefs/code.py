"""Read beliefs from code: from the docstrings of functions, classes and constants."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from sandbox.beliefs.belief import (
    DOCUMENTED,
    DOUBT,
    INFERRED,
    NONE,
    SHOWN,
    URL,
    Belief,
    by_kind,
    named,
    project_path,
    sources,
    weaker,
)

REFUSALS = {
    "ArmError", "GatewayError", "QueryError", "RefusalError", "bad", "invalid", "missing", "need",
    "refuse", "required",
}  # fmt: skip
"""Names that a rule calls to refuse."""
_SURE = re.compile(
    rf"^\s*Sure: ({DOCUMENTED}|{SHOWN}|{INFERRED}|{NONE})\b(.*)", re.MULTILINE | re.DOTALL
)


def from_code(path: Path) -> Iterator[Belief]:
    """Yield the beliefs of a module; a rule without a source of its own has the module's.

    A module's sources bear its rules only as far as the module says so: a rule that claims to be
    surer must name a source of its own.
    """
    tree = ast.parse(path.read_text())
    head = ast.get_docstring(tree) or ""
    of_all = _SURE.search(head)
    for name, text, must in _documented(tree):
        own, said = sources(text), _SURE.search(text)
        if said or own or must:
            stated = said or (None if own else of_all)
            found = own or sources(head)
            sure = weaker(stated[1], found) if stated else by_kind(own)
            why = " ".join(stated[2].split()).strip(",. ") if stated else ""
            if said and not own and sure in (DOCUMENTED, SHOWN) and not _bears(of_all):
                sure = ""  # the module's sources are not said to bear all its rules
            yield Belief(
                id=f"{named(path)}.{name}",
                says=_first_sentence(text),
                file=project_path(path),
                sources=own or (found if sure != INFERRED else ()),
                sure=sure,
                why=why,
                doubtful=bool(DOUBT.search(_SURE.sub("", text))),
            )


def _bears(of_all: re.Match[str] | None) -> bool:
    """Tell whether a module says that its sources bear all its rules."""
    return of_all is not None and of_all[1] in (DOCUMENTED, SHOWN)


def _documented(tree: ast.Module) -> Iterator[tuple[str, str, bool]]:
    """Yield names with their docstrings, and whether these must be beliefs."""
    classes = [one for one in tree.body if isinstance(one, ast.ClassDef)]
    inner = [(f"{one.name}.", node) for one in classes for node in one.body]
    for place, node in [*(("", node) for node in tree.body), *inner]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            rule = isinstance(node, ast.FunctionDef) and not node.decorator_list
            must = rule and (not node.name.startswith("_") or _refuses(node))
            yield place + node.name, ast.get_docstring(node) or "", must
    for node, after in zip(tree.body, tree.body[1:], strict=False):
        name = _assigned(node)
        if name and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            yield name, str(after.value.value), False


def _refuses(node: ast.AST) -> bool:
    """Tell whether a function refuses in Azure's name."""
    calls = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
    return bool({getattr(call, "id", getattr(call, "attr", "")) for call in calls} & REFUSALS)


def _assigned(node: ast.stmt) -> str:
    """Return the name to which a statement assigns."""
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return str(getattr(target, "id", ""))


def _first_sentence(text: str) -> str:
    """Return a docstring's first sentence, without addresses and certainty."""
    plain = " ".join(URL.sub("", _SURE.sub("", text)).split("\n\n")[0].split())
    return re.sub(r"\s*\([\w\s]*\)$", "", plain.strip(" .:;")).strip(" .:;")
