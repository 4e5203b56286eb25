"""Where notifications end in tests: an SMTP server and an HTTP server that keep what they are sent."""

import email
import email.policy
import http.server
import json
import socketserver
import threading

from support.background import Background


class _Sink(Background):
    """A server on a free port of 127.0.0.1, running until it is left. Thread-safe."""

    def __init__(self, server):
        super().__init__(server)
        self._mutex = threading.Lock()  # guards _received
        self._received = []
        server.sink = self

    def keep(self, one):
        with self._mutex:
            self._received.append(one)

    def received(self):
        with self._mutex:
            return list(self._received)


class _MailSession(socketserver.StreamRequestHandler):
    """One SMTP session (RFC 5321) that takes every mail."""

    def handle(self):
        self._say("220 sink")
        recipients = []
        while line := self.rfile.readline():
            command, _, rest = line.decode().strip().partition(" ")
            command = command.upper()
            if command == "DATA":
                self._say("354 go on")
                self.server.sink.keep((recipients, self._message()))
                recipients = []
                self._say("250 kept")
            elif command == "QUIT":
                return self._say("221 bye")
            else:
                if command == "RCPT":
                    recipients.append(rest.partition(":")[2].strip("<> "))
                self._say("250 sink" if command in ("EHLO", "HELO", "MAIL", "RCPT", "RSET", "NOOP") else "502 unknown")

    def _message(self):
        lines = []
        while (line := self.rfile.readline()).rstrip(b"\r\n") != b".":
            if not line:
                raise ConnectionError("the mail ended without its full stop")
            lines.append(line[1:] if line.startswith(b"..") else line)
        return email.message_from_bytes(b"".join(lines), policy=email.policy.default)

    def _say(self, text):
        self.wfile.write(text.encode() + b"\r\n")


class MailSink(_Sink):
    """received(): (recipients, email.message.EmailMessage)."""

    def __init__(self):
        super().__init__(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _MailSession))


class _Webhook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):  # noqa: N802  (the name that http.server calls)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.sink.answer(body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"ok" if status == 200 else b"try again")

    def log_message(self, *_):
        pass


class SlackSink(_Sink):
    """An incoming webhook as Slack's: takes {"channel", "attachments": […]} by POST. The first `refuse` posts are
    answered 500; refused() counts them. received(): the bodies of the others."""

    def __init__(self, refuse=0):
        super().__init__(http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Webhook))
        self.url = f"http://127.0.0.1:{self.port}/services/T0/B0/key"
        self._refuse = refuse
        self._refused = 0

    def answer(self, body):
        with self._mutex:
            if self._refused < self._refuse:
                self._refused += 1
                return 500
        self.keep(body)
        return 200

    def refused(self):
        with self._mutex:
            return self._refused
