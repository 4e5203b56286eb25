"""Runs a command and writes what it used: resources.py FILE COMMAND…

A process of its own, and a small one: until a program is loaded, its peak memory is that of the process it was made by.
"""

import json
import os
import sys


def main():
    child = os.fork()
    if child == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    _, status, usage = os.wait4(child, 0)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"seconds": usage.ru_utime + usage.ru_stime, "peak_kib": usage.ru_maxrss}, file)
    return os.waitstatus_to_exitcode(status) & 255


if __name__ == "__main__":
    sys.exit(main())
