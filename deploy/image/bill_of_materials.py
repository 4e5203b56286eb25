"""A CycloneDX bill of materials of a runtime tree: which package every library in it comes from, and which were
compiled in. Versions are those of what lies there: dpkg's for Debian's packages, the pinned wheel's for LibTorch and
Arrow, whose hash goes along. Nothing in it depends on the time, so that the same build has the same bill."""

import csv
import os
import pathlib
import re
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "build"))
from linked_libraries import output, owners, shared_objects  # noqa: E402

SITE = ROOT / ".deps" / "venv" / "lib" / "python3.11" / "site-packages"
PROGRAMS = ("driftserve", "drift")


def project_version():
    return re.search(r"project\(driftserve VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)


def pinned_wheels():
    """Name → (version, sha256) of requirements.txt."""
    pins = re.findall(r"^([\w.-]+)==(\S+) \\\n\s+--hash=sha256:([0-9a-f]{64})",
                      (ROOT / "deploy" / "build" / "requirements.txt").read_text(), re.M)
    return {name: (version, digest) for name, version, digest in pins}


def wheel_of_files():
    """Path in site-packages → name of the pinned wheel that installed it."""
    found = {}
    for name in pinned_wheels():
        for record in SITE.glob(f"{name.replace('-', '_')}-*.dist-info/RECORD"):
            found.update({row[0]: name for row in csv.reader(record.open())})
    return found


def wheel_component(name, files):
    version, digest = pinned_wheels()[name]
    return component("library", name, version, f"pkg:pypi/{name}@{version}", files,
                     hashes=[{"alg": "SHA-256", "content": digest}])


def debian_component(package, files):
    shown = output("dpkg-query", "-W", "-f=${Version} ${Architecture}\\n", package)
    version, architecture = shown.splitlines()[0].split()
    return component("library", package, version,
                     f"pkg:deb/debian/{package}@{version}?arch={architecture}&distro=bookworm", files)


def component(kind, name, version, purl, files, **more):
    made = {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl, **more}
    if files:
        made["evidence"] = {"occurrences": [{"location": file} for file in sorted(files)]}
    return made


def headers_compiled_in(build):
    """One header of each library whose headers the programs were compiled with, by ninja's own record."""
    text = output("ninja", "-C", build, "-t", "deps")
    first = {}
    for path in re.findall(r"^    (/usr/include/\S+)$", text, re.M):
        first.setdefault(os.path.dirname(path).split("/")[3] if path.count("/") > 3 else path, path)
    return list(first.values())


def bill_of_materials(build, out):
    """The bill as plain data (CycloneDX 1.6). Raises where a library of the tree has no known origin."""
    wheels, packages = {}, {}
    loaded = {}
    for program in PROGRAMS:
        loaded.update(shared_objects(build / "bin" / program))
    package_of = owners(loaded.values())
    by_wheel = wheel_of_files()
    for file in sorted(out.rglob("*.so*")):
        location = f"/{file.relative_to(out)}"
        path = loaded.get(file.name)
        if file.name == "libtorch.so" or file.is_symlink():
            continue  # made by this project: a name for the libraries beside it
        if path is None:  # a library under its real name, beside the one it is loaded by
            path = next((one for one in loaded.values() if os.path.basename(os.path.realpath(one)) == file.name), "")
        wheel = by_wheel.get(path.removeprefix(f"{SITE}/"))
        if wheel:
            wheels.setdefault(wheel, []).append(location)
        elif path in package_of:
            packages.setdefault(package_of[path], []).append(location)
        else:
            origin = path or "nothing that the programs load"
            raise ValueError(f"{location}: expected a library of a Debian package or a pinned wheel, got {origin}")
    packages.setdefault("ca-certificates", []).append("/etc/ssl/certs/ca-certificates.crt")
    for package in owners(headers_compiled_in(build)).values():
        packages.setdefault(package, [])
    components = [wheel_component(name, files) for name, files in sorted(wheels.items())]
    components += [debian_component(name, files) for name, files in sorted(packages.items())]
    return document(components)


def document(components):
    version = project_version()
    own = component("application", "driftserve", version, f"pkg:generic/driftserve@{version}",
                    [f"/usr/bin/{program}" for program in PROGRAMS])
    own["licenses"] = [{"license": {"id": "Apache-2.0"}}]
    contents = " ".join(part["purl"] for part in components)
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, own['purl'] + contents)}", "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": [{"ref": own["bom-ref"], "dependsOn": [part["bom-ref"] for part in components]}],
    }
