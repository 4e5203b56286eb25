"""Edits a config.pbtxt as text: two of its fields are set, and everything else, comments too, stays as it is.

Knows of Protobuf's text format only where a field begins and ends. What it does not understand it refuses; the server
reads the file again in full.
"""

import re

CANARY_SHARE = "CANARY_SHARE"
_SKIPPED = re.compile(r"(?:\s+|#[^\n]*)+")
_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|[\w.+-]+|[][{}<>:,;/]')
_OPENS = {"{": "}", "<": ">", "[": "]"}


class ConfigFault(ValueError):
    """line:column and what was expected."""


def _tokens(text):
    """(start, end, token) of everything but spaces and comments."""
    at = 0
    while True:
        skipped = _SKIPPED.match(text, at)
        at = skipped.end() if skipped else at
        if at == len(text):
            return
        found = _TOKEN.match(text, at)
        if not found:
            raise _fault(text, at, f"expected a field, got {text[at:at + 10]!r}")
        yield at, found.end(), found.group()
        at = found.end()


def _fault(text, at, message):
    line = text.count("\n", 0, at) + 1
    return ConfigFault(f"{line}:{at - text.rfind(chr(10), 0, at)}: {message}")


class _Fields:
    """The fields of one message, in order: (name, start, end, where the value starts)."""

    def __init__(self, text, tokens, closing=None):
        self.text, self.tokens, self.closing = text, tokens, closing
        self.at = 0

    def _peek(self):
        return self.tokens[self.at][2] if self.at < len(self.tokens) else None

    def _take(self):
        if self.at == len(self.tokens):
            raise _fault(self.text, len(self.text), "expected the end of a field, got the end of the file")
        self.at += 1
        return self.tokens[self.at - 1]

    def __iter__(self):
        while self.at < len(self.tokens):
            start, _, name = self._take()
            if not re.match(r"[A-Za-z_]", name):
                raise _fault(self.text, start, f"expected the name of a field, got {name!r}")
            if self._peek() == ":":
                self._take()
            value = self.at
            end = self._value()
            tokens = self.tokens[value:self.at]
            while self._peek() in (",", ";"):
                end = self._take()[1]
            yield name, start, end, tokens

    def _value(self):
        """Passes over one value, and the strings that are joined with it; its end."""
        start, end, token = self._take()
        if token not in _OPENS:
            while token[0] in "\"'" and (self._peek() or " ")[0] in "\"'":
                _, end, token = self._take()
            return end
        waiting = [_OPENS[token]]
        while waiting:
            start, end, token = self._take()
            if token in _OPENS:
                waiting.append(_OPENS[token])
            elif token in _OPENS.values():
                if token != waiting.pop():
                    raise _fault(self.text, start, f"expected the end of what was opened before, got {token!r}")
        return end


def _fields(text):
    return list(_Fields(text, list(_tokens(text))))


def _message(text, tokens):
    """{name: tokens of the value} of a message in braces."""
    return {name: value for name, _, _, value in _Fields(text, tokens[1:-1])}


def _parameters(text):
    """(start, end, key) of each parameter; of a list of them, of each of its messages."""
    for name, start, end, tokens in _fields(text):
        if name != "parameters":
            continue
        if tokens[0][2] != "[":
            yield start, end, _key(text, tokens)
            continue
        raise _fault(text, start, "expected `parameters { … }` for each parameter, got a list of them")


def _key(text, tokens):
    value = _message(text, tokens).get("key") if len(tokens) > 1 else None
    return value[0][2][1:-1] if value else ""


def canary_share(text):
    """CANARY_SHARE as a number; 1, which is no canary, where it is not set."""
    for name, start, _, tokens in _fields(text):
        if name != "parameters" or tokens[0][2] == "[" or _key(text, tokens) != CANARY_SHARE:
            continue
        value = _message(text, tokens).get("value")
        held = _message(text, value).get("string_value") if value else None
        try:
            return float(held[0][2][1:-1])
        except (TypeError, ValueError):
            raise _fault(text, start, f"expected a number from 0 to 1 as the string_value of {CANARY_SHARE}") from None
    return 1.0


def version_policy(text):
    """The words of version_policy, with a space between, as "{ latest { num_versions : 2 } }"; nothing without one."""
    for name, _, _, tokens in _fields(text):
        if name == "version_policy":
            return " ".join(token for _, _, token in tokens)
    return None


def _without(text, spans):
    """The text without these spans, and without the lines that they leave empty."""
    for start, end in sorted(spans, reverse=True):
        before, after = text[:start], text[end:]
        line = before[before.rfind("\n") + 1:]
        if not line.strip() and re.match(r"[ \t]*(\n|$)", after):
            before = before[:len(before) - len(line)]
            after = re.sub(r"^[ \t]*\n?", "", after, count=1)
        text = before + after
    return text


def without_canary(text):
    """The text without CANARY_SHARE."""
    return _without(text, [(start, end) for start, end, key in _parameters(text) if key == CANARY_SHARE])


def with_policy(text, policy):
    """The text with `version_policy { <policy> }` in place of what it said, or at its end."""
    spans = [(start, end) for name, start, end, _ in _fields(text) if name == "version_policy"]
    line = f"version_policy {{ {policy} }}"
    if spans:
        start, end = spans[0]
        return text[:start] + line + text[end:]
    return _appended(text, line)


def with_canary(text, share):
    """The text with CANARY_SHARE at `share` and the newest two versions served."""
    text = with_policy(without_canary(text), "latest { num_versions: 2 }")
    return _appended(text, f'parameters {{ key: "{CANARY_SHARE}" value {{ string_value: "{share:g}" }} }}')


def pinned(text, version):
    """The text with one version served, whatever lies beside it."""
    return with_policy(without_canary(text), f"specific {{ versions: {version} }}")


def _appended(text, line):
    return text + ("" if not text or text.endswith("\n") else "\n") + line + "\n"
