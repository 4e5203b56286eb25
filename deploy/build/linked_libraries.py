"""Where the libraries of a program come from on this machine: paths, and the Debian packages that own them."""

import os
import re
import subprocess


def output(*command):
    """Standard output of a command; raises where it fails."""
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def shared_objects(program):
    """Name → path of every library that the program loads on this machine, the loader included."""
    text = output("ldd", program)
    found = {name: os.path.normpath(path) for name, path in re.findall(r"^\s+(\S+) => (/\S+)", text, re.M)}
    loader = re.search(r"^\s+(/lib64/\S+)", text, re.M)
    if loader:
        found[os.path.basename(loader.group(1))] = loader.group(1)
    return found


def owners(paths):
    """Path → Debian package, of those files of this machine that belong to one."""
    names = {}
    for path in map(str, paths):
        for name in (path, os.path.realpath(path)):
            # Since /lib became a link to /usr/lib, packages know their files by either name.
            names.update({name: path, name.removeprefix("/usr"): path})
    found = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True).stdout
    return {names[file]: packages.split(":", 1)[0]
            for packages, file in (line.rsplit(": ", 1) for line in found.splitlines()) if file in names}
