"""Where a form leads back to: the page it stood on, never another site."""

from urllib.parse import urlsplit

from flask import request


def way_back(default: str = "/") -> str:
    """Return the form's `next` when it is a path of this site, else `default`."""
    wanted = request.form.get("next", "")
    parts = urlsplit(wanted)
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if ours and not parts.scheme and not parts.netloc else default
