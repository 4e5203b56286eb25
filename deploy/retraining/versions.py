"""The versions of one model in its repository, and its config.pbtxt, changed so that at every moment a server that
starts, or looks, finds the version that served before."""

import os
import re
import shutil

import config_text
from faults import BadInput
from run_folder import sync_folder, write_whole

FILES = ("model.pt", "reference.pb")
_LAST = ".last_version"  # a number is used once, or what was measured of a withdrawn version would be its successor's


def read_config(model):
    """The text of <model>/config.pbtxt."""
    path = os.path.join(model, "config.pbtxt")
    try:
        with open(path) as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: expected a readable config.pbtxt: {error}; --repository names the folder above the "
                       "model's") from error


def write_config(model, text):
    if read_config(model) != text:
        write_whole(os.path.join(model, "config.pbtxt"), text)


def found(model):
    """Versions of which there is a folder, ascending."""
    if not os.path.isdir(model):
        raise BadInput(f"{model}: expected the folder of a model, got none; --repository and --model name it")
    return sorted(int(name) for name in os.listdir(model)
                  if re.fullmatch("[1-9][0-9]*", name) and os.path.isdir(os.path.join(model, name)))


def serving(model):
    """The version that answers requests that name none: the newest, but for a canary."""
    text, numbers = read_config(model), found(model)
    try:
        policy, canary = config_text.version_policy(text) or "", config_text.canary_share(text)
    except config_text.ConfigFault as fault:
        raise BadInput(f"{model}/config.pbtxt:{fault}") from fault
    chosen = [int(number) for number in re.findall(r"\d+", policy)] if "specific" in policy else numbers
    numbers = [number for number in numbers if number in chosen]
    if canary < 1:
        numbers = numbers[:-1]
    if not numbers:
        raise BadInput(f"{model}: expected a version that serves, got none; a first version is published by hand")
    return numbers[-1]


def next_number(model):
    last = os.path.join(model, _LAST)
    used = [0]
    if os.path.exists(last):
        with open(last) as file:
            used.append(int(file.read()))
    return max(found(model) + used) + 1


def put(model, version, candidate):
    """Copies the candidate's files into <model>/<version>; nothing where they are there."""
    target = os.path.join(model, str(version))
    if os.path.isdir(target):
        return
    write_whole(os.path.join(model, _LAST), str(version))
    part = os.path.join(model, f".{version}.part")
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(part)
    for name in FILES:
        with open(os.path.join(candidate, name), "rb") as file:
            write_whole(os.path.join(part, name), file.read())
    os.rename(part, target)
    sync_folder(model)


def take_out(model, version, aside):
    """Moves <model>/<version> into the folder `aside`; false where there is none. It is gone from the model at once,
    also where `aside` is on another disk."""
    source, hidden = os.path.join(model, str(version)), os.path.join(model, f".{version}.withdrawn")
    if not os.path.isdir(source) and not os.path.isdir(hidden):
        return False
    if os.path.isdir(source):
        shutil.rmtree(hidden, ignore_errors=True)
        os.rename(source, hidden)
        sync_folder(model)
    target = os.path.join(aside, str(version))
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(aside, exist_ok=True)
    shutil.move(hidden, target)
    return True
