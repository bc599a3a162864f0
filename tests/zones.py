"""A law that changes a time zone, made up: the zone data of the process says something else for a while."""

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path


@contextmanager
def law(folder: Path, zone: str, becomes: str) -> Iterator[None]:
    """Inside, `zone` has the rules of another."""
    made_up = folder / zone
    made_up.parent.mkdir(parents=True, exist_ok=True)
    made_up.write_bytes(files("tzdata.zoneinfo").joinpath(*becomes.split("/")).read_bytes())
    try:
        zoneinfo.reset_tzpath(to=[str(folder)])
        zoneinfo.ZoneInfo.clear_cache()
        yield
    finally:
        zoneinfo.reset_tzpath(to=())
        zoneinfo.ZoneInfo.clear_cache()
