"""Requests from many threads while something happens to the server, with a log of how each ended."""

import itertools
import threading

import grpc

from support import protocol


class SteadyLoad:
    """Sends requests from `threads` threads, one after another each, until it is left. `make(number)` makes the
    request; request ids are the numbers.

    ok: {request id: reply}; failed: [(request id, code, details)]. Read them after the load has ended.
    """

    def __init__(self, served, make, threads=8, timeout=30):
        self._served = served
        self._make = make
        self._timeout = timeout
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        self._mutex = threading.Lock()  # guards ok and failed
        self.ok = {}
        self.failed = []

    def answered(self):
        with self._mutex:
            return len(self.ok)

    def failures(self):
        with self._mutex:
            return list(self.failed)

    def _run(self):
        with self._served.channel() as channel:
            call = protocol.inference(channel).ModelInfer
            while not self._stop.is_set():
                request = self._make(next(self._numbers))
                try:
                    reply = call(request, timeout=self._timeout)
                    with self._mutex:
                        self.ok[request.id] = reply
                except grpc.RpcError as error:
                    with self._mutex:
                        self.failed.append((request.id, error.code(), error.details()))
                    if error.code() == grpc.StatusCode.UNAVAILABLE and not self._served.running():
                        return

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
