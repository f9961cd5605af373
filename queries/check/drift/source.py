"""Where the stack's state comes from: the engine, or a file that somebody saved."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from queries.check.configuration.manager import Manager
from queries.check.drift import findings, state
from queries.check.drift.outcome import Drift
from queries.check.drift.whole import compared
from queries.errors import CannotRunError
from queries.outputs import ask_pulumi

EXPORT = ("stack", "export")
SAVE_FIX = (
    "save the state beside the outputs with pulumi stack export, and give it with --state FILE"
)


def drift(manager: Manager, *, stack: str | None, outputs: Path | None, file: Path | None) -> Drift:
    """Compare what a stack's state declares with Azure; `reason` says why not, if so.

    The state is read without secrets, for which the engine needs no passphrase. Only where a
    secret is declared, it is asked for them too.
    """
    if outputs and not file:
        return Drift(reason="the outputs are of a file, and no state is given", fix=SAVE_FIX)
    try:
        text = file.read_text(encoding="utf-8") if file else ask_pulumi(stack, *EXPORT)
        declared, left = state.read(text), state.unfinished(text)
        if not file and state.holds_secrets(declared):
            with suppress(CannotRunError):
                declared = state.read(ask_pulumi(stack, *EXPORT, "--show-secrets"))
    except CannotRunError as error:
        return Drift(reason=str(error), fix=error.fix)
    except (OSError, UnicodeDecodeError, state.StateError) as error:
        said = getattr(error, "strerror", None) or str(error)
        return Drift(reason=f"{file or 'pulumi stack export'}: {said}", fix=SAVE_FIX)
    if not declared and not left:
        return Drift(reason="the state holds no resource of Azure", fix="pulumi up deploys it")
    found = compared(manager, declared)
    begun = (findings.unfinished(urn, what) for urn, what in left.items())
    return replace(found, findings=(*begun, *found.findings))
