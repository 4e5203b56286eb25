"""Servers that the tests themselves bring."""

import threading


class Background:
    """A server of socketserver, served by threads of its own from `with` on until it is left."""

    def __init__(self, listening):
        self._listening = listening
        self._listening.daemon_threads = True
        self.port = listening.server_address[1]

    def __enter__(self):
        threading.Thread(target=self._listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listening.shutdown()
        self._listening.server_close()
