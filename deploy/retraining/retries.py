"""Calls that may find nobody: tried again a bounded number of times, each later than the one before, each counted."""

import time

from faults import Unreachable


class Away(Exception):
    """What was called is not there now; it may be there later."""


class Retries:
    """`attempts` calls at most, `seconds` before the second, twice that before the next, up to `longest`. `count` is
    how many were made again, over all calls."""

    def __init__(self, attempts=6, seconds=0.5, longest=15.0, log=print, sleep=time.sleep):
        self.attempts, self.seconds, self.longest = attempts, seconds, longest
        self.log, self.sleep = log, sleep
        self.count = 0

    def call(self, what, function):
        """What `function` returns; Unreachable where each attempt raised Away."""
        pause = self.seconds
        for attempt in range(1, self.attempts + 1):
            try:
                return function()
            except Away as error:
                if attempt == self.attempts:
                    raise Unreachable(f"{what} did not answer {attempt} times: {error}; --attempts and --retry-seconds "
                                      "say how often and how late it is asked again") from error
                self.count += 1
                self.log(f"{what}, attempt {attempt} of {self.attempts}: {error}; again in {pause:g} s")
            self.sleep(pause)
            pause = min(2 * pause, self.longest)
        raise AssertionError("attempts is at least 1")
