#!/usr/bin/env python3
"""Makes the Grafana dashboards, one JSON file each beside this one, from boards/. Standard library only.

make_dashboards.py            writes driftserve-overview.json, -drift, -serving and -pipeline
make_dashboards.py --check    exits 1 when a file is not what would be written
"""

import argparse
import json
import pathlib
import sys

from boards import drift, overview, pipeline, serving

HERE = pathlib.Path(__file__).resolve().parent
BOARDS = {"overview": overview.BOARD, "drift": drift.BOARD, "serving": serving.BOARD, "pipeline": pipeline.BOARD}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    other = []
    for name, board in BOARDS.items():
        path, text = HERE / f"driftserve-{name}.json", json.dumps(board, indent=2, ensure_ascii=False) + "\n"
        if not check:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            other.append(path.name)
    sys.exit(f"{', '.join(other)}: not what make_dashboards.py makes: run it" if other else 0)


if __name__ == "__main__":
    main()
