"""Protocol files: reading one, putting its include under it, and the shelf of shipped ones.

A file whose name ends in `_steps.toml` is a part that protocols include; it is no protocol itself. The only
module of the package that opens a file. Called by the house at start, by `check-protocol`, and by the API.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from schedules.errors import ProtocolError, shown
from schedules.parsing import parse_tables
from schedules.protocol import CareProtocol

SHIPPED = Path(__file__).parent / "protocols"
_PART = "_steps.toml"


def load_protocol(path: Path) -> CareProtocol:
    """Read a protocol file; its include lies beside it. Raises ProtocolError, also for a file not there."""
    return parse_protocol(_read(path), path.name, folder=path.parent)


def parse_protocol(text: str, file: str, *, folder: Path = SHIPPED) -> CareProtocol:
    """Read a protocol from text; `file` names it in complaints, an include is looked for in `folder`.

    A table of the text and one of the include are merged key by key, the text's own word wins.
    """
    own = _tables(text, file)
    if "include" not in own:
        return parse_tables(own, file)
    name = own["include"]
    if not isinstance(name, str) or Path(name).name != name or not name.endswith(_PART):
        raise ProtocolError(
            file, "include", f"found {shown(name)}; write the name of a file ending in {_PART}"
        )
    if not (folder / name).is_file():
        raise ProtocolError(file, "include", f'there is no file "{name}" beside this one')
    return parse_tables(_merged(_tables(_read(folder / name), name), own), file)


class Catalogue:
    """Protocols by id and version."""

    def __init__(self, protocols: Iterable[CareProtocol]) -> None:
        self._shelf: dict[tuple[str, int], CareProtocol] = {}
        for protocol in protocols:
            twin = self._shelf.setdefault((protocol.id, protocol.version), protocol)
            if twin is not protocol:
                raise ProtocolError(
                    protocol.file,
                    "version",
                    f"{protocol.id} {protocol.version} is in {twin.file} too; give this one another version",
                )

    @classmethod
    def shipped(cls) -> Self:
        """Return the protocols that come with the product, all of them drafts until a clinic approves."""
        return cls.from_folder(SHIPPED)

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """Return every protocol of a folder."""
        return cls(
            load_protocol(path) for path in sorted(folder.glob("*.toml")) if not path.name.endswith(_PART)
        )

    def get(self, protocol_id: str, version: int | None = None) -> CareProtocol:
        """Return a protocol, its newest version unless one is asked for; ProtocolError if there is none."""
        versions = [known for name, known in self._shelf if name == protocol_id]
        if not versions:
            ids = ", ".join(sorted({name for name, _ in self._shelf})) or "(none)"
            raise ProtocolError("catalogue", protocol_id, f"there is no such protocol; there are {ids}")
        wanted = max(versions) if version is None else version
        if wanted not in versions:
            known = ", ".join(str(version) for version in sorted(versions))
            raise ProtocolError("catalogue", protocol_id, f"there is no version {wanted}; there are {known}")
        return self._shelf[protocol_id, wanted]

    def all(self) -> tuple[CareProtocol, ...]:
        """Return every protocol, by id and version."""
        return tuple(self._shelf[key] for key in sorted(self._shelf))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProtocolError(path.name, "", f"cannot be read as UTF-8 text: {error}") from error


def _tables(text: str, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ProtocolError(file, "", "is not TOML: too many brackets inside each other") from error
    except tomllib.TOMLDecodeError as error:
        raise ProtocolError(file, "", f"is not TOML: {error}") from error
    except ValueError as error:  # Python reads no number of thousands of digits
        raise ProtocolError(file, "", "holds a number of thousands of digits; write a shorter one") from error


def _merged(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            merged[key] = _merged(below, value)
        else:
            merged[key] = value
    return merged
