"""Become another program that cannot outlive the launcher.

Started as `python -I -S leash.py USER SIGNAL PARENT COMMAND…`: takes on the user, asks the kernel
for SIGNAL at the parent's death, then becomes COMMAND, so the process keeps its id. It imports
nothing of this project nor, once it has changed, of Python: the user that it becomes may not be
able to read either. COMMAND begins with an absolute path.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def main(user: str, signal_number: int, parent: int, command: list[str]) -> None:
    """Never returns: replaces this process by `command`, or exits when the parent is gone."""
    if user:
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    # A change of user forgets the parent-death signal, so it is asked for afterwards.
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        sys.exit("the launcher ended before its child began")
    os.execve(command[0], command, os.environ)  # noqa: S606 - no shell on purpose


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
