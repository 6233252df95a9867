"""CONFINE: shuts this process in before it touches what somebody uploaded. No files, no network, no programs, bounded memory and time.

Used by the child that runs ONNX models: they are data, but a large library of C++ reads them.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import sys

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_MODE_FILTER = 2
_ALLOW, _KILL, _EPERM = 0x7FFF0000, 0x80000000, 0x00050000 | 1
_ENOSYS = 0x00050000 | 38
_LOAD, _EQUAL, _AT_LEAST, _HAS_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_CLONE_THREAD, _CLONE3 = 0x00010000, 435
_CLONE = {0xC000003E: 56, 0xC00000B7: 220}
_X32 = 0x40000000
# (audit number of the machine, numbers of its system calls) that open, connect, start, watch or kill.
_REFUSED: dict[str, tuple[int, tuple[int, ...]]] = {
    "x86_64": (
        0xC000003E,
        (
            2, 85, 257, 437, 304,  # open, creat, openat, openat2, open_by_handle_at
            41, 42, 43, 44, 46, 49, 50, 53, 288, 307,  # socket, connect, accept, sendto, sendmsg, bind, listen, socketpair, accept4, sendmmsg
            57, 58, 59, 322,  # fork, vfork, execve, execveat
            62, 101, 310, 311, 434, 438,  # kill, ptrace, process_vm_readv, process_vm_writev, pidfd_open, pidfd_getfd
            76, 82, 83, 84, 86, 87, 88, 90, 92, 165, 263, 264, 316,  # truncate, rename, mkdir, rmdir, link, unlink, symlink, chmod, chown, mount, …at
            319, 321, 323, 425,  # memfd_create, bpf, userfaultfd, io_uring_setup
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            56, 437, 265,
            198, 199, 200, 201, 202, 203, 206, 211, 242, 269,
            221, 281,
            129, 117, 270, 271, 434, 438,
            33, 34, 35, 36, 37, 38, 40, 45, 53, 54, 276,
            279, 280, 282, 425,
        ),
    ),
}  # fmt: skip


def limit(*, memory_bytes: int, seconds: int) -> None:
    """Bounds address space and processor seconds, forbids writing to files and dumping core. The process ends with its parent."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if sys.platform == "linux":
        # Elsewhere the address space of a process says nothing of what it uses.
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
        parent = os.getppid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def shut() -> bool:
    """Refuses, from here on and for good, the system calls above. False where the system has no such filter.

    Raises:
        OSError: the system has one and does not take ours.
    """
    table = _REFUSED.get(platform.machine())
    if sys.platform != "linux" or table is None:
        return False
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    program = _program(*table, is_x86=platform.machine() == "x86_64")
    code = ctypes.create_string_buffer(program, len(program))

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    made = Filter(len(program) // 8, ctypes.addressof(code))
    _prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(made))
    return True


def _program(machine: int, calls: tuple[int, ...], *, is_x86: bool) -> bytes:
    """Filter code of the kernel: another machine's calls kill, those of `calls` fail with EPERM, the rest pass."""
    lines = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    # SECURITY: a second numbering of the same calls would go around the table.
    lines += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _EPERM)] if is_x86 else []
    # Threads are let in, processes are not. The newer call keeps its flags where no filter sees them: it is not there.
    lines += [
        (_EQUAL, 0, 4, _CLONE[machine]),
        (_LOAD, 0, 0, 16),
        (_HAS_BIT, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, _ALLOW),
    ]
    lines += [(_RETURN, 0, 0, _EPERM), (_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ENOSYS)]
    for call in calls:
        lines += [(_EQUAL, 0, 1, call), (_RETURN, 0, 0, _EPERM)]
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _prctl(option: int, *values: int) -> None:
    padded = [*values, *[0] * (4 - len(values))]
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(option, *(ctypes.c_ulong(value) for value in padded)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
