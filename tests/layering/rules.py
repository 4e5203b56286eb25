"""The rules of dependency, read from `#include` lines, CMake files and link lines.

Every check takes the root of a source tree and returns its faults as "file:line: what is wrong" strings; an empty
list means that the tree keeps the rule. Comments and string literals are never read as code.
"""

import collections
import pathlib
import re
import statistics

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)

# Third parties by the prefix of their includes, and the folders that may name them.
TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")
PROTOBUF = re.compile(r"^google/protobuf/|\.pb\.h$")
OWNERS = (
    ("torch", TORCH, ("server/execute",)),
    ("gRPC", re.compile(r"^(grpc|grpcpp|grpc\+\+)/|\.grpc\.pb\.h$"), ("server/rpc",)),
    ("librdkafka", re.compile(r"rdkafka"), ("server/publish", "drift/topic")),
    ("prometheus-cpp", re.compile(r"^prometheus/"), ("server/metrics",)),
    ("HTTP", re.compile(r"^httplib\.h$"), ("server/metrics",)),
    ("Arrow", re.compile(r"^(arrow|parquet)/"), ("drift/table",)),
    ("yaml-cpp", re.compile(r"^yaml-cpp/"), ("server/config", "drift/profile")),
)
# Compiled into a library of their own, which the server opens where there is a GPU: the only files that name CUDA.
CUDA = re.compile(r"^(cuda|cublas|cudnn|nvrtc|ATen/cuda/|c10/cuda/)")
CUDA_SOURCES = tuple(f"server/execute/cuda_{name}.cc" for name in ("graph", "device", "memory"))
# Folders that must stay free of Protobuf: a tensor is bytes there.
WITHOUT_PROTOBUF = ("server/base", "server/sample", "server/tap", "server/execute", "server/config", "server/publish")
MAX_TORCH_SOURCES = 6

# Concrete adapters: outside their own folder only the composition root may include them.
ADAPTERS = re.compile(r"^server/(execute/torchscript|publish/(?!publisher\.h)|metrics/|rpc/)")
COMPOSITION_ROOT = ("server/app.cc", "server/app.h", "server/main.cc")

CLOCK_CALL = re.compile(
    r"::now\s*\(|\babsl::Now\s*\(|\bgpr_now\s*\(|\bclock_gettime\s*\(|\bgettimeofday\s*\(|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)")
CLOCK_FILES = ("server/base/clock.cc", "server/base/clock.h")

MAX_FILE_LINES = 500
MEDIAN_HEADER_LINES = 90
MEDIAN_SOURCE_LINES = 200

HEAVY_LIBRARIES = re.compile(r"libtorch|libc10|libgrpc|rdkafka|prometheus-cpp")
SERVING_LIBRARIES = re.compile(r"libtorch|libc10|libgrpc")
HEAVY_TARGETS = re.compile(r"deps::(torch|grpc|rdkafka|prometheus|httplib|arrow|yaml|json|cli)\b")


def code_files(root, *folders, suffixes=(".h", ".cc")):
    """Paths relative to `root`, sorted."""
    root = pathlib.Path(root)
    found = (path for folder in folders for path in (root / folder).rglob("*") if path.suffix in suffixes)
    return sorted(path.relative_to(root) for path in found)


def without_comments(text):
    """`text` with comments and string literals blanked; line numbers stay."""
    return COMMENT_OR_STRING.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def includes(root, path):
    """(line number, spelling, in angle brackets) of each include."""
    text = (pathlib.Path(root) / path).read_text()
    text = re.sub(r"//[^\n]*", "", text)
    return [(text.count("\n", 0, match.start(1)) + 1, match.group(2), match.group(1) == "<")
            for match in INCLUDE.finditer(text)]


def folder_of(path):
    """server/tap/tap.h → server/tap; server/app.cc → server."""
    return pathlib.Path(path).parent.as_posix()


def is_standard(spelling):
    """Standard headers have no folder and, in C++, no suffix."""
    return "/" not in spelling and "." not in spelling


def pure_folders(root):
    """Rule 1: drift/ itself, server/sample and server/batch's policy name the standard library and little else."""
    faults = []
    for path in code_files(root, "drift", "server/sample", "server/batch"):
        folder = folder_of(path)
        if folder == "drift":
            allowed = re.compile(r"^boost/|^drift/[^/]+$")
            text = "the standard library, Boost.Math and drift/ itself"
        elif folder == "server/sample":
            allowed = re.compile(r"^server/(base|sample)/")
            text = "the standard library and server/base"
        elif "policy" in path.name or folder.startswith("server/batch/policy"):
            allowed = re.compile(r"^server/base/|^server/batch/(policy/|[^/]*policy[^/]*$)")
            text = "the standard library and server/base"
        else:
            continue
        for line, spelling, _ in includes(root, path):
            if not is_standard(spelling) and not allowed.search(spelling):
                faults.append(f"{path}:{line}: includes {spelling}; here only {text}")
    return faults


def owned_libraries(root):
    """Rules 2 and 3: each third party is named in its own folder only."""
    faults = []
    for path in code_files(root, "server", "drift"):
        folder = folder_of(path)
        for line, spelling, _ in includes(root, path):
            for name, pattern, owners in OWNERS:
                if pattern.search(spelling) and folder not in owners:
                    faults.append(f"{path}:{line}: includes {spelling}; {name} only in {' and '.join(owners)}")
            if PROTOBUF.search(spelling) and folder in WITHOUT_PROTOBUF:
                faults.append(f"{path}:{line}: includes {spelling}; {folder} knows no Protobuf")
    return faults


def torch_sources(root):
    """Rule 2: torch's headers reach a few sources of server/execute and, through its internal headers too, nothing else."""
    direct = {}
    for path in code_files(root, "server", "drift"):
        direct[path.as_posix()] = [spelling for _, spelling, _ in includes(root, path)]
    reached = {path for path, spellings in direct.items() if any(TORCH.search(s) for s in spellings)}
    while True:
        more = {path for path, spellings in direct.items() if path not in reached and reached.intersection(spellings)}
        if not more:
            break
        reached |= more
    faults = [f"{path}: includes torch by way of a header; only server/execute may" for path in sorted(reached)
              if not path.startswith("server/execute/")]
    sources = sorted(path for path in reached if path.endswith(".cc") and path not in CUDA_SOURCES)
    if len(sources) > MAX_TORCH_SOURCES:
        faults.append(f"{len(sources)} sources include torch, at most {MAX_TORCH_SOURCES}: {', '.join(sources)}")
    return faults


def cuda_behind_one_library(root):
    """The server builds and runs without CUDA: one library includes its headers. (Those in cuda_names/ stand in for it.)"""
    return [f"{path}:{line}: includes {spelling}; CUDA only in {' and '.join(CUDA_SOURCES)}"
            for path in code_files(root, "server", "drift")
            if path.as_posix() not in CUDA_SOURCES and not folder_of(path).startswith("server/execute/cuda_names")
            for line, spelling, _ in includes(root, path) if CUDA.search(spelling)]


def drift_without_server(root):
    """Rule 3: drift/ never includes server/, but for the `drift` command: its clock, and the gauges of `drift watch`."""
    faults = []
    for path in code_files(root, "drift"):
        for line, spelling, _ in includes(root, path):
            of_tool = folder_of(path) == "drift/tool" and spelling.startswith(("server/metrics/", "server/base/clock.h"))
            if spelling.startswith("server/") and not of_tool:
                faults.append(f"{path}:{line}: includes {spelling}; drift/ does not know the server")
    return faults


def adapters(root):
    """Rule 4: only app.cc names concrete adapters."""
    faults = []
    for path in code_files(root, "server"):
        if path.as_posix() in COMPOSITION_ROOT:
            continue
        for line, spelling, _ in includes(root, path):
            if ADAPTERS.search(spelling) and not spelling.startswith(folder_of(path) + "/"):
                faults.append(f"{path}:{line}: includes {spelling}, a concrete adapter; only server/app.cc may")
    return faults


def folder_cycles(root):
    """Rule 4: one target per folder needs an order of the folders."""
    edges = collections.defaultdict(set)
    for path in code_files(root, "server", "drift"):
        for _, spelling, _ in includes(root, path):
            if spelling.startswith(("server/", "drift/")) and folder_of(spelling) != folder_of(path):
                edges[folder_of(path)].add(folder_of(spelling))
    faults = []
    done = set()

    def visit(folder, trail):
        if folder in trail:
            faults.append("folders include each other: " + " → ".join(trail[trail.index(folder):] + [folder]))
            return
        if folder in done:
            return
        for following in sorted(edges.get(folder, ())):
            visit(following, trail + [folder])
        done.add(folder)

    for folder in sorted(edges):
        visit(folder, [])
    return faults


def public_link_lines(root):
    """Rule 4: third parties are linked PRIVATE, so that no folder gets one by way of another."""
    faults = []
    for path in sorted(pathlib.Path(root).glob("server/**/CMakeLists.txt")) + sorted(pathlib.Path(root).glob("drift/**/CMakeLists.txt")):
        text = re.sub(r"#[^\n]*", "", path.read_text())
        for call in re.finditer(r"driftserve_library\(([^)]*)\)", text):
            public = re.search(r"\bPUBLIC\b(.*?)(?=\bPRIVATE\b|\bSOURCES\b|$)", call.group(1), re.S)
            for target in HEAVY_TARGETS.finditer(public.group(1) if public else ""):
                faults.append(f"{path.relative_to(root)}: links {target.group()} PUBLIC; third parties are PRIVATE")
    return faults


def clock_calls(root):
    """Rule 5: time is injected."""
    faults = []
    for path in code_files(root, "server", "drift"):
        if path.as_posix() in CLOCK_FILES:
            continue
        text = without_comments((pathlib.Path(root) / path).read_text())
        for match in CLOCK_CALL.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            faults.append(f"{path}:{line}: calls {match.group().strip()}; only server/base/clock reads a clock")
    return faults


def file_sizes(root):
    """Files a reader can hold: none over 500 lines, medians far below."""
    faults = []
    lines = {path: len((pathlib.Path(root) / path).read_text().splitlines())
             for path in code_files(root, "server", "drift", "tests", "models", "deploy", suffixes=(".h", ".cc", ".py", ".sh"))}
    faults += [f"{path}: {count} lines, at most {MAX_FILE_LINES}" for path, count in lines.items() if count > MAX_FILE_LINES]
    for suffix, bound in ((".h", MEDIAN_HEADER_LINES), (".cc", MEDIAN_SOURCE_LINES)):
        counts = [count for path, count in lines.items() if path.suffix == suffix and path.parts[0] in ("server", "drift")]
        if counts and statistics.median(counts) > bound:
            faults.append(f"median of {suffix} files is {statistics.median(counts):g} lines, at most {bound}")
    return faults


SOURCE_CHECKS = (pure_folders, owned_libraries, torch_sources, cuda_behind_one_library, drift_without_server, adapters,
                 folder_cycles, public_link_lines, clock_calls, file_sizes)


def link_lines(ninja_text):
    """Executables of a build.ninja: output → (object files, libraries)."""
    found = {}
    for block in re.finditer(r"^build (bin/\S+): CXX_EXECUTABLE_LINKER\S* (.*?)\n((?:  .*\n)*)", ninja_text, re.M):
        objects = [word for word in block.group(2).split() if word.endswith(".o")]
        libraries = re.search(r"^  LINK_LIBRARIES = (.*)$", block.group(3), re.M)
        found[block.group(1)] = (objects, libraries.group(1) if libraries else "")
    return found


def heavy_links(ninja_text):
    """The tests of the pure folders, and the `drift` program, start in milliseconds: nothing heavy is linked."""
    faults = []
    for output, (objects, libraries) in link_lines(ninja_text).items():
        pure = any(re.match(r"tests/(drift|sample)/|tests/batch/[^ ]*policy", name) for name in objects)
        if pure and HEAVY_LIBRARIES.search(libraries):
            faults.append(f"{output}: a test of a pure folder links {HEAVY_LIBRARIES.search(libraries).group()}")
        if output == "bin/drift" and SERVING_LIBRARIES.search(libraries):
            faults.append(f"{output}: links {SERVING_LIBRARIES.search(libraries).group()}")
    return faults
