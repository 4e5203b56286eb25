"""An Airflow that answers as the test says, for what a real one cannot be told to do."""

import collections
import http.server
import json
import threading


class FakeAirflow:
    """`answers`: (status, body) of POST …/dagRuns in turn, the last one for ever; "hang" answers nothing until the end,
    "close" closes the connection. Tokens are token-1, token-2, …; those in `expired` get `refusal`. Every request is
    kept in `requests` as (path, token, body)."""

    def __init__(self, answers, token_answers=()):
        self.answers = collections.deque(answers)
        self.token_answers = collections.deque(token_answers)
        self.expired = set()
        self.refusal = 401
        self.tokens = 0
        self.requests = []
        self._over = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def runs(self):
        return [body for path, _, body in self.requests if path.endswith("/dagRuns")]

    def _next(self, path, token):
        if path == "/auth/token":
            if self.token_answers:
                return self.token_answers.popleft()
            self.tokens += 1
            return 201, {"access_token": f"token-{self.tokens}"}
        if token in self.expired:
            return self.refusal, {"detail": "expired"}
        return self.answers.popleft() if len(self.answers) > 1 else self.answers[0]

    def _handler(fake):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                fake.requests.append((self.path, token, body))
                answer = fake._next(self.path, token)
                if answer == "hang":
                    fake._over.wait()
                if answer in ("hang", "close"):
                    return
                text = json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        return Handler
