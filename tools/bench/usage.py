"""What other processes have used: CPU and resident memory, by process id."""

from contextlib import suppress

import psutil  # type: ignore[import-untyped]  # ships no types


def cpu_seconds_of(pid: int) -> float:
    """Return the CPU seconds a process and all its children have used, those that are gone included."""
    try:
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    total = 0.0
    for member in family:
        with suppress(psutil.NoSuchProcess):
            times = member.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def resident_megabytes(pid: int) -> float:
    """Return what of a process is in memory, in MB of 1,048,576 bytes."""
    return float(psutil.Process(pid).memory_info().rss) / (1024 * 1024)


def exists(pid: int) -> bool:
    """Tell whether there is such a process, on this machine."""
    return bool(psutil.pid_exists(pid))
