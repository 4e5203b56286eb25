"""Names that shared objects offer and take."""

import pathlib
import re
import subprocess

SYSTEM = tuple(pathlib.Path("/usr/lib/x86_64-linux-gnu") / name
               for name in ("libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1"))
OF_THE_COMPILER = {"_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__gmon_start__"}


def symbols(kind, *files):
    """Names of dynamic symbols, undefined or defined, without their versions."""
    command = ["nm", "-D", f"--{kind}-only", *map(str, files)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in text.splitlines() if re.search(r" [A-Za-z] ", line)}


def missing(library, site):
    """What `library` takes and neither LibTorch and CUDA's runtime in the site-packages `site`, nor the system, has."""
    site = pathlib.Path(site)
    offered = symbols("defined", *(site / "torch" / "lib").glob("lib*.so"),
                      *(site / "nvidia" / "cu13" / "lib").glob("libcudart.so*"), *SYSTEM)
    return symbols("undefined", library) - offered - OF_THE_COMPILER
