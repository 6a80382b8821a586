"""Take from a process that decodes foreign media what it has no use for: privileges, the network and other programs.

`core.media.child` calls `confine` once its libraries are loaded. The limits hold on every system that has them; the
system calls are refused on Linux (seccomp, `man 2 seccomp`) on the two machines whose numbers stand here.
"""

import ctypes
import errno
import platform
import resource
import struct
import sys
from collections.abc import Iterator

CPU_S = 4 * 3600
"""For all requests of a process together; the parent's deadline bounds each of them."""
FILE_BYTES = 1 << 29
OPEN_FILES = 32

# Numbers of the system calls by machine: linux/arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h.
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X86_64 = {
    "socket": 41, "connect": 42, "socketpair": 53, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "ptrace": 101,
    "mount": 165, "keyctl": 250, "unshare": 272, "perf_event_open": 298, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "bpf": 321, "execveat": 322, "userfaultfd": 323, "pidfd_send_signal": 424,
    "io_uring_setup": 425, "pidfd_open": 434, "pidfd_getfd": 438,
}  # fmt: skip
_AARCH64 = {
    "mount": 40, "unshare": 97, "ptrace": 117, "kill": 129, "socket": 198, "socketpair": 199, "connect": 203,
    "keyctl": 219, "execve": 221, "perf_event_open": 241, "setns": 268, "process_vm_readv": 270,
    "process_vm_writev": 271, "bpf": 280, "execveat": 281, "userfaultfd": 282, "pidfd_send_signal": 424,
    "io_uring_setup": 425, "pidfd_open": 434, "pidfd_getfd": 438,
}  # fmt: skip
_REFUSED = {"x86_64": _X86_64, "aarch64": _AARCH64}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_CLONE_THREAD = 0x10000
_X32 = 0x40000000
"""Set in the numbers of a second set of calls that x86_64 has."""

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER_MODE = 22, 38, 2
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16
"""Offsets in `struct seccomp_data`."""

_Instruction = tuple[int, int, int, int]
"""Code, how many to pass over if true, if false, and the operand: `struct sock_filter`."""


def confine(memory_bytes: int) -> None:
    """Limit this process for good, and say on stderr what the system does not limit."""
    limits = {
        "RLIMIT_CORE": 0,  # no dumps of other people's media
        "RLIMIT_CPU": CPU_S,
        "RLIMIT_FSIZE": FILE_BYTES,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_AS": memory_bytes,
    }
    for name, most in limits.items():
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (ValueError, OSError) as error:  # macOS limits no memory; elsewhere a stricter limit is in force already
            sys.stderr.write(f"no {name} of {most}: {error}\n")
    try:
        refuse_calls()
    except OSError as error:
        sys.stderr.write(f"system calls are not refused: {error}\n")


def refuse_calls() -> None:
    """Let nothing raise privileges, open a connection, start a program or reach another process. Raises OSError."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _REFUSED:
        raise OSError(errno.ENOSYS, f"unknown on {sys.platform}, {machine}")
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in _program(machine))
    held = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    libc = ctypes.CDLL(None, use_errno=True)
    _prctl(libc, _PR_SET_NO_NEW_PRIVS, 1, None)
    _prctl(libc, _PR_SET_SECCOMP, _FILTER_MODE, ctypes.byref(Program(len(program) // 8, ctypes.addressof(held))))


def _prctl(libc: ctypes.CDLL, option: int, number: int, pointer: object) -> None:
    if libc.prctl(option, ctypes.c_ulong(number), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0)):
        code = ctypes.get_errno()
        raise OSError(code, f"prctl {option}")


def _program(machine: str) -> Iterator[_Instruction]:
    """Yield a filter that answers each refused call with an error and allows all others."""
    refuse, unknown = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS
    yield _LOAD, 0, 0, _ARCH
    yield _IF_EQUAL, 1, 0, _AUDIT_ARCH[machine]
    yield _RETURN, 0, 0, refuse
    yield _LOAD, 0, 0, _NUMBER
    yield _IF_AT_LEAST, 0, 1, _X32
    yield _RETURN, 0, 0, refuse
    for number in _REFUSED[machine].values():
        yield _IF_EQUAL, 0, 1, number
        yield _RETURN, 0, 0, refuse
    yield _IF_EQUAL, 0, 1, _CLONE3  # its flags lie out of a filter's reach; the C library goes back to clone
    yield _RETURN, 0, 0, unknown
    yield _IF_EQUAL, 0, 3, _CLONE[machine]
    yield _LOAD, 0, 0, _FIRST_ARGUMENT
    yield _IF_SET, 1, 0, _CLONE_THREAD
    yield _RETURN, 0, 0, refuse
    yield _RETURN, 0, 0, _ALLOW
