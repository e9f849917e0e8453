"""A whole page: one file that loads nothing."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from penstock.html.markup import Html, element
from penstock.html.style import STYLE

# paper cannot unfold anything; nothing else needs a script
_SCRIPT = Html(
    "addEventListener('beforeprint',()=>document.querySelectorAll('details')"
    ".forEach(d=>{d.open=true}))"
)


def page(title: str, *styles: Html, body: Html) -> str:
    """The page as text.

    Args:
        title: in the browser's tab.
        styles: style sheets that follow the common one.
        body: what is on the page.
    """
    return "<!doctype html>\n" + element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_policy()),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", title),
            element("style", STYLE, *styles),
        ),
        element("body", element("main", body), element("script", _SCRIPT)),
        lang="en",
    )


def _policy() -> str:
    """Nothing may be loaded, and no script runs but the page's own."""
    own = b64encode(sha256(_SCRIPT.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{own}'"
