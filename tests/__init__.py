"""The specification; mirrors the source."""
