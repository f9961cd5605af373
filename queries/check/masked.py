"""Values for a person, without the keys and tokens that may stand in them."""

from __future__ import annotations

import re

KEY = r"[0-9A-Za-z]{32,}|\beyJ[\w.-]+"
"""What may be a key or a token by its form."""
CUT = 8
"""Characters from which the beginning of a secret is hidden too: a log, or a line, may cut it."""
_HIDDEN = "***"
_FORMS = (
    # What follows the path of a URL, and who is named before its host.
    (re.compile(r"\b(\w+://[^\s?#\"'<>]+)\?[^\s\"'<>]*"), rf"\1?{_HIDDEN}"),
    (re.compile(r"\b(\w+://)[^\s/?#@\"'<>]+@"), rf"\1{_HIDDEN}@"),
    # Parts of a connection string or a query: `AccountKey=...;`, `sig=...&`.
    (
        re.compile(
            r"\b(\w*(?:sig|signature|key|secret|token|password|pwd|code))=(?=[^\s&;\"'<>]*\d)"
            r"[\w%+/.~=-]{6,}",
            re.IGNORECASE,
        ),
        rf"\1={_HIDDEN}",
    ),
    (re.compile(r"Bearer\s+[\w.~+/=-]{8,}", re.IGNORECASE), f"Bearer {_HIDDEN}"),
    # https://www.rfc-editor.org/rfc/rfc4648#section-4, with its padding, which ids lack.
    (re.compile(r"[0-9A-Za-z+/_-]{32,}={1,2}"), _HIDDEN),
    (re.compile(KEY), _HIDDEN),
)


def masked(text: str) -> str:
    """Return a text with stars where a key, a token or the query of a URL stands."""
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return text


def without(text: str, secret: str) -> str:
    """Return a text with stars where a secret stands, or its beginning, of `CUT` characters."""
    parts, at = list[str](), 0
    while secret and (found := text.find(secret[:CUT], at)) >= 0:
        both = zip(text[found:], secret, strict=False)
        same = next((n for n, (one, other) in enumerate(both) if one != other), None)
        parts += [text[at:found], _HIDDEN]
        at = found + (min(len(secret), len(text) - found) if same is None else same)
    return "".join([*parts, text[at:]])
