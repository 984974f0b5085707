"""Whether a file says at its top that a program wrote it: what is wrong there is mended in that program."""

from __future__ import annotations

import re

#: How much of a file is its top.
_TOP = 1500
_COMMENT = re.compile(
    r"\bauto-?generated\b|@generated\b|\bgenerated (by|from|with|using)\b|\bdo not edit\b", re.IGNORECASE
)
_DOCSTRING = re.compile(r"\b(auto-?generated|generated (code|file)|do not edit)\b|@generated\b", re.IGNORECASE)


def is_generated(text: str) -> bool:
    """Whether the comments or the docstring at the top of a file say that it was generated."""
    top = text[:_TOP].lstrip("\ufeff")
    for line in top.splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            if _COMMENT.search(stripped):
                return True
        elif stripped:
            break
    docstring = re.match(r"""(?:\s*\#[^\n]*\n|\s*\n)*\s*[rR]?(\"\"\"|''')(.*?)(?:\1|\Z)""", top, re.DOTALL)
    return docstring is not None and _DOCSTRING.search(docstring.group(2)) is not None
