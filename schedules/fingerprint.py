"""A stable hash of nested dataclasses, with fields left out by name. Used for a protocol's two hashes."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from typing import Any


def fingerprint(shape: object, *, leave_out: Collection[str], only: Collection[str] = ()) -> str:
    """Return 16 hexadecimal digits that depend on every value of the shape but those of the fields left out.

    With `only`, no value counts but those inside fields of these names; the keys that lead to them still do.
    """
    plain = _plain(shape, leave_out, only, counted=not only)
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: object, leave_out: Collection[str], only: Collection[str], *, counted: bool) -> Any:
    """Return a value as JSON can hold it; nothing for what holds no counted value, whatever its shape."""
    if is_dataclass(value) and not isinstance(value, type):
        parts = {
            item.name: _plain(
                getattr(value, item.name), leave_out, only, counted=counted or item.name in only
            )
            for item in fields(value)
            if item.name not in leave_out
        }
        return parts if counted else _told(parts)
    if isinstance(value, Mapping):
        parts = {str(key): _plain(item, leave_out, only, counted=counted) for key, item in value.items()}
        return parts if counted else _told(parts)
    if isinstance(value, tuple):
        items = [_plain(item, leave_out, only, counted=counted) for item in value]
        return items if counted else [item for item in items if item is not None] or None
    return str(value) if counted else None


def _told(parts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return {name: part for name, part in parts.items() if part is not None} or None
