"""The Debian packages: installed into a root of their own, run from there, and removed without a trace."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("DRIFTSERVE_BUILD", "build/release")
UNIT = "usr/lib/systemd/system/driftserve.service"
AS_ROOT = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    out = tmp_path_factory.mktemp("deb")
    subprocess.run([sys.executable, ROOT / "deploy" / "debian" / "make_deb.py", "--build", BUILD, "--out", out,
                    "--compression", "none"], check=True, timeout=300)
    yield sorted(out.glob("*.deb"))
    shutil.rmtree(out)


def empty_root(folder):
    """A root with nothing in it but this machine's dpkg records: what is installed here counts as installed there."""
    records = folder / "var" / "lib" / "dpkg"
    for name in ("info", "updates", "triggers"):
        (records / name).mkdir(parents=True)
    shutil.copyfile("/var/lib/dpkg/status", records / "status")
    return folder


def dpkg(root, *arguments):
    # Scripts run with this machine's shell and are told the root in DPKG_ROOT.
    command = [*AS_ROOT, "dpkg", f"--root={root}", "--force-script-chrootless", f"--log={root}/../dpkg.log"]
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, timeout=120)


def files_of(root):
    return {str(path.relative_to(root)) for path in root.rglob("*")
            if not str(path.relative_to(root)).startswith("var/lib/dpkg")}


@pytest.fixture(scope="module")
def installed(packages, tmp_path_factory):
    root = empty_root(tmp_path_factory.mktemp("system") / "root")
    done = dpkg(root, "--install", *packages)
    assert done.returncode == 0, done.stderr
    yield root
    shutil.rmtree(root)


@pytest.mark.parametrize("program", ["driftserve", "drift"])
def test_the_programs_run(installed, program):
    done = subprocess.run([installed / "usr/bin" / program, "--version"], env={}, capture_output=True, text=True)
    assert done.returncode == 0 and "0.1.0" in done.stdout, done.stderr


def test_libraries_are_debians_or_in_the_package(installed):
    loaded = subprocess.run([installed / "usr/bin/driftserve", "--version"], env={"LD_TRACE_LOADED_OBJECTS": "1"},
                            capture_output=True, text=True).stdout
    assert "not found" not in loaded and str(ROOT) not in loaded, loaded
    own = [line for line in loaded.splitlines() if str(installed) in line]
    assert any("libtorch_cpu.so" in line for line in own)
    assert not any("libgrpc" in line or "libstdc++" in line for line in own), "Debian has these"


def test_the_server_takes_the_configuration_that_comes_along(installed):
    done = subprocess.run([installed / "usr/bin/driftserve", "--config", installed / "etc/driftserve/server.yaml",
                           "--check-config"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (installed / "var/lib/driftserve/models").is_dir()


def test_what_it_needs_is_asked_for(packages):
    """dpkg has found all of it here, or the packages would not have been installed."""
    server = next(path for path in packages if path.name.startswith("driftserve_"))
    depends = subprocess.run(["dpkg-deb", "--field", server, "Depends"], check=True, capture_output=True,
                             text=True).stdout
    for package in ("libc6 (>= ", "libgrpc++1.51 (>= ", "librdkafka1 (>= ", "libprotobuf32 (>= ", "libyaml-cpp0.7"):
        assert package in depends


def test_a_project_finds_the_library(installed, tmp_path):
    package = installed / "usr/lib/cmake/driftserve"
    subprocess.run(["cmake", "-S", ROOT / "tests/install/consumer", "-B", tmp_path, f"-Ddriftserve_DIR={package}"],
                   check=True, capture_output=True, timeout=60)
    assert (tmp_path / "descriptor_set.txt").read_text() == f"{installed}/usr/share/driftserve/driftserve.desc"


def test_systemd_takes_the_unit(installed):
    text = (installed / UNIT).read_text().replace("=/usr/bin/", f"={installed}/usr/bin/")
    unit = installed.parent / "driftserve.service"
    unit.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
    faults = [line for line in done.stderr.splitlines() if "driftserve" in line]
    assert done.returncode == 0 and not faults, done.stderr


def test_the_unit_is_hardened(installed):
    """systemd's own measure of exposure, from 0 to 10: at most 2.0. The planted one has lost its sandbox."""
    def exposed(text, name):
        unit = installed.parent / name
        unit.write_text(text)
        return subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", unit],
                              capture_output=True, text=True, timeout=60)

    text = (installed / UNIT).read_text()
    done = exposed(text, "whole.service")
    assert done.returncode == 0, done.stdout + done.stderr
    sandbox = ("Protect", "System", "Dynamic", "Restrict")
    bare = "\n".join(line for line in text.splitlines() if not line.startswith(sandbox))
    assert exposed(bare, "bare.service").returncode != 0


def test_the_unit_waits_for_the_servers_own_shutdown(installed):
    """Killed before, it would leave requests unanswered or records unsent."""
    described = subprocess.run([installed / "usr/bin/driftserve", "--describe-config"], check=True, capture_output=True,
                               text=True).stdout
    defaults = dict(re.findall(r"^\| `([a-z_.]+)` \| `([^`]+)` ", described, re.M))
    needed = sum(int(defaults[option]) for option in ("shutdown.lame_duck_ms", "shutdown.drain_timeout_ms",
                                                      "kafka.flush_timeout_ms"))
    allowed = re.search(r"^TimeoutStopSec=(\d+)$", (installed / UNIT).read_text(), re.M).group(1)
    assert int(allowed) * 1000 >= needed + 1000


def test_it_is_upgraded_and_leaves_nothing_behind(packages, tmp_path):
    root = empty_root(tmp_path / "root")
    configuration = root / "etc/driftserve/server.yaml"
    before = files_of(root)
    assert dpkg(root, "--install", *packages).returncode == 0
    assert "usr/lib/driftserve/lib/libtorch_cpu.so" in files_of(root)
    configuration.write_text("log: {level: debug}\n")
    assert dpkg(root, "--install", *packages).returncode == 0
    assert configuration.read_text() == "log: {level: debug}\n", "what was edited stays through an upgrade"
    assert dpkg(root, "--remove", "driftserve-dev", "driftserve").returncode == 0
    assert files_of(root) - before == {"etc", "etc/driftserve", "etc/driftserve/server.yaml"}, "and through a removal"
    assert dpkg(root, "--purge", "driftserve").returncode == 0
    assert files_of(root) - before <= {"etc", "usr", "var"}
