"""Becomes a supervised program: ties its life to the parent's, drops root where asked, then execs.

Run by path under `python -I -S`, in the child itself, because code between fork and exec is safe in no other way once
the parent has threads. Standard library only.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534
REFUSED = 125

_INHERITED_AS_IGNORED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def enter_user_namespace(*, libc: ctypes.CDLL) -> None:
    """Keep root's files but lose root's powers: inside, we are nobody; outside, our files still belong to root."""
    user, group = os.geteuid(), os.getegid()
    _checked(libc.unshare(CLONE_NEWUSER))
    # The kernel wants setgroups given up before it lets a group be mapped.
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1", encoding="ascii")


def become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def die_with_parent(*, libc: ctypes.CDLL, parent: int, death_signal: int) -> None:
    """Ask the kernel for a signal at the parent's death. Comes after any change of user, which would cancel it."""
    _checked(libc.prctl(PR_SET_PDEATHSIG, death_signal))
    # The parent may have died before we asked; then nobody would tell us.
    if os.getppid() != parent:
        sys.exit(REFUSED)


def main(*, parent: int, death_signal: int, identity: str, command: list[str]) -> NoReturn:
    # A shell starts background jobs with SIGINT ignored, and that is inherited across exec.
    for number in _INHERITED_AS_IGNORED:
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o077)
    libc = ctypes.CDLL(None, use_errno=True)
    if identity == "namespace":
        enter_user_namespace(libc=libc)
    elif identity == "nobody":
        become_nobody()
    if sys.platform == "linux":
        die_with_parent(libc=libc, parent=parent, death_signal=death_signal)
    os.execv(command[0], command)  # noqa: S606 (our own launcher gives the command)


if __name__ == "__main__":
    try:
        main(parent=int(sys.argv[1]), death_signal=int(sys.argv[2]), identity=sys.argv[3], command=sys.argv[4:])
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(REFUSED)
