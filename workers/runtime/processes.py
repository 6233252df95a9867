"""Facts about processes, from /proc where there is one, else from `ps`: who is in a group, how much memory it holds."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
HAS_PROC = (_PROC / "self" / "stat").exists()


def group_members(group: int) -> list[int]:
    """Living processes of a process group; zombies are not living."""
    return [pid for pid, member_of, _ in _table() if member_of == group]


def group_memory_bytes(group: int) -> int:
    """Memory that only this group holds: anonymous and shared pages, without mapped files."""
    return sum(memory for _, member_of, memory in _table(group) if member_of == group)


def process_started(pid: int) -> str:
    """Something that tells this process from a later one with the same pid; "" when there is none."""
    if not HAS_PROC:
        return _ps("-p", str(pid), "-o", "lstart=").strip()
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def machine_memory_bytes() -> int:
    """Memory of this machine, or of this container where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdecimal() else total


def _table(memory_of: int | None = None) -> Iterator[tuple[int, int, int]]:
    """(pid, group, memory) of every living process; memory only for members of group `memory_of`."""
    if not HAS_PROC:
        for line in _ps("-axo", "pid=,pgid=,stat=,rss=").splitlines():
            member, group_text, state, rss = line.split()
            if not state.startswith("Z"):
                yield int(member), int(group_text), int(rss) * 1024
        return
    for entry in _PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if fields[0] in "ZX":
                continue
            group = int(fields[2])
            yield int(entry.name), group, _memory(entry) if group == memory_of else 0
        except (OSError, IndexError):
            continue  # it ended while we looked


def _memory(entry: Path) -> int:
    lines = (entry / "status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout
