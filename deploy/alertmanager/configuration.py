#!/usr/bin/env python3
"""The Alertmanager configuration of this folder for other addresses.

    configuration.py DIRECTORY --smarthost mail.company:587 --from driftserve@company --operators ops@company
        --model-owners ml@company [--operators-channel '#ops'] [--models-channel '#ml']
        [--slack-url-file /etc/alertmanager/slack_url] [--without-tls]

Writes alertmanager.yml and templates/ into DIRECTORY. The file with the address of the Slack webhook is yours to write.
Standard library only; `write` does the same from Python.
"""

import argparse
import os
import re
import shutil

HERE = os.path.dirname(os.path.abspath(__file__))
# What the configuration says for each option.
PLACEHOLDERS = {
    "smarthost": "mail.example.org:587",
    "sender": "driftserve@example.org",
    "operators": "operators@example.org",
    "model_owners": "model-owners@example.org",
    "operators_channel": "#operators",
    "models_channel": "#models",
    "slack_url_file": "/etc/alertmanager/slack_url",
}


def write(directory, without_tls=False, **values):
    """Writes the files; `values`: those of PLACEHOLDERS, of which what is not given stays."""
    unknown = set(values) - set(PLACEHOLDERS)
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PLACEHOLDERS)}")
    with open(os.path.join(HERE, "alertmanager.yml")) as file:
        text = file.read()
    for name, value in values.items():
        text = text.replace(PLACEHOLDERS[name], value)
    if without_tls:
        text = text.replace("smtp_require_tls: true", "smtp_require_tls: false")
    os.makedirs(directory, exist_ok=True)
    shutil.copytree(os.path.join(HERE, "templates"), os.path.join(directory, "templates"), dirs_exist_ok=True)
    path = os.path.join(directory, "alertmanager.yml")
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)
    return text


def _matching(pattern, expected):
    """A type of argparse: text that matches, else an error that says what was expected."""

    def check(text):
        if not re.fullmatch(pattern, text):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
        return text

    return check


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("directory")
    server = _matching(r"[^\s:/]+:\d{1,5}", "host:port")
    mail = _matching(r"[^\s@'\"]+@[^\s@'\"]+", "a mail address")
    channel = _matching(r"[#@][^\s'\"]+", "#channel or @person")
    parser.add_argument("--smarthost", required=True, type=server, help="host:port of the mail server")
    parser.add_argument("--from", dest="sender", required=True, type=mail, help="the mails' sender")
    parser.add_argument("--operators", required=True, type=mail, help="those who run the servers")
    parser.add_argument("--model-owners", required=True, type=mail, help="those who trained the models")
    parser.add_argument("--operators-channel", default=PLACEHOLDERS["operators_channel"], type=channel)
    parser.add_argument("--models-channel", default=PLACEHOLDERS["models_channel"], type=channel)
    parser.add_argument(
        "--slack-url-file",
        default=PLACEHOLDERS["slack_url_file"],
        type=_matching(r"/[^\s'\"]+", "an absolute path"),
        help="the file that holds the webhook's address",
    )
    parser.add_argument("--without-tls", action="store_true", help="the mail server speaks no STARTTLS")
    write(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
