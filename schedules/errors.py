"""The one error of this package: a protocol that does not say what a protocol must say.

Raised while reading, checking or changing a protocol; shown as it stands to whoever wrote the file.
"""

_LONGEST_NUMBER = 10**12  # Python refuses to write a number of thousands of digits


class ProtocolError(Exception):
    """Says what is wrong in a protocol: the file, the dotted key, what was found and what would be right."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(file, key, reason)
        self.file = file
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.file}: {self.key or '(whole file)'}: {self.reason}"

    def within(self, file: str, path: str) -> "ProtocolError":
        """Return the same complaint, placed in a file and under the path of the table it was found in.

        A value such as a window checks itself without knowing where it is written; its reader knows.
        """
        return ProtocolError(file, ".".join(part for part in (path, self.key) if part), self.reason)


def shown(value: object) -> str:
    """Return a value as a protocol file would write it, so that a complaint quotes what the author sees."""
    if isinstance(value, str):
        return f'"{value}"'
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(shown(item) for item in value)}]"
    if isinstance(value, int) and abs(value) > _LONGEST_NUMBER:
        return "a number that is far too large"
    return "a table" if isinstance(value, dict) else str(value)
