"""The page in headless Chromium: histograms are drawn, it fits a phone, and a live page shows what came since."""

import base64
import hashlib
import html
import http.server
import json
import os
import re
import subprocess
import threading

import pytest

BUILD = os.environ["DRIFTSERVE_BUILD"]
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
            "--disable-background-networking", "--disable-component-update", "--disable-sync"]
# What the page measures of itself, left in the document for --dump-dom.
MEASURE = """<script>
const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.right, r.height, getComputedStyle(e).fill]; };
const measured = {width: innerWidth, scroll: document.documentElement.scrollWidth,
  background: getComputedStyle(document.body).backgroundColor,
  cards: [...document.querySelectorAll("article")].map(a => ({name: a.querySelector("h3").textContent,
    ref: [...a.querySelectorAll(".histogram .ref")].map(box), cur: [...a.querySelectorAll(".histogram .cur")].map(box)}))};
const out = document.createElement("pre"); out.id = "measured"; out.textContent = JSON.stringify(measured); document.body.append(out);
</script></body>"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    subprocess.run([os.path.join(BUILD, "bin", "render_sample"), str(folder)], check=True)
    return folder


def run_chromium(folder, *arguments):
    """Standard output of one run with a profile of its own. A missing Chromium fails: it is one of the packages."""
    profile = folder / "profile"
    done = subprocess.run([*CHROMIUM, f"--user-data-dir={profile}", *arguments], capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    return done.stdout


def measure(pages, name, width, *arguments):
    """The page `name` laid out in a frame of `width` pixels: windows of that size exist on phones only."""
    text = (pages / name).read_text().replace("</body>", MEASURE)
    (pages / "measured.html").write_text(text)
    (pages / "frame.html").write_text(
        f'<!doctype html><body style="margin:0"><iframe id="f" src="measured.html" width="{width}" height="900"></iframe>'
        '<script>f.onload = () => { document.body.append(Object.assign(document.createElement("pre"), {id: "measured",'
        ' textContent: f.contentDocument.getElementById("measured").textContent})); }</script></body>')
    dom = run_chromium(pages, "--allow-file-access-from-files", "--window-size=1400,1000", *arguments, "--dump-dom",
                       f"file://{pages}/frame.html")
    return json.loads(html.unescape(re.search(r'<pre id="measured">(.*?)</pre>', dom, re.S).group(1)))


@pytest.mark.parametrize("width", [1280, 390])
def test_histograms_are_drawn_and_nothing_overflows(pages, width):
    page = measure(pages, "drifted.html", width)
    assert page["width"] == width
    assert page["scroll"] <= width, "the page is wider than the screen"
    cards = {card["name"]: card for card in page["cards"]}
    assert list(cards)[:2] == ["temp", "dewp"], "worst first"
    for name, card in cards.items():
        assert len(card["ref"]) >= 3, name
        assert max(height for _, _, height, _ in card["ref"]) > 60, f"the reference of {name} is not visible"
        assert all(0 <= left < right <= width for left, right, _, _ in card["ref"] + card["cur"]), name
        if name != "visibility":
            assert len(card["cur"]) == len(card["ref"])
            assert max(height for _, _, height, _ in card["cur"]) > 60, f"the traffic of {name} is not visible"
            assert card["cur"][0][3] != card["ref"][0][3], "both histograms have one colour"
    assert cards["visibility"]["cur"] == [], "a feature that is not ready shows no traffic"


def test_it_follows_the_readers_light_or_dark(pages):
    light = measure(pages, "stable.html", 800)["background"]
    dark = measure(pages, "stable.html", 800, "--blink-settings=preferredColorScheme=0")["background"]
    assert sum(map(int, re.findall(r"\d+", light))) > 600 > 200 > sum(map(int, re.findall(r"\d+", dark)))


def test_a_picture_of_it_is_not_blank(pages):
    picture = pages / "drifted.png"
    run_chromium(pages, "--window-size=1280,1500", f"--screenshot={picture}", f"file://{pages}/drifted.html")
    assert picture.stat().st_size > 50_000


def script_of(page):
    return re.search(r"<script data-every=\"\d+\">(.*?)</script>", page, re.S).group(1)


def test_the_hash_in_the_policy_is_that_of_the_script(pages):
    digest = base64.b64encode(hashlib.sha256(script_of((pages / "live.html").read_text()).encode()).digest()).decode()
    assert (pages / "script_hash.txt").read_text() == f"sha256-{digest}"


def test_a_live_page_shows_what_came_since_and_keeps_what_was_opened(pages):
    live = (pages / "live.html").read_text()
    live = live.replace('<details data-key="f1">', '<details data-key="f1" open>')
    later = re.search(r'<main id="main"[^>]*>(.*)</main>', (pages / "stable.html").read_text(), re.S).group(1)
    policy = (f"default-src 'none'; style-src 'unsafe-inline'; script-src '{(pages / 'script_hash.txt').read_text()}'; "
              "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = (later if "part=1" in self.path else live).encode()
            self.send_response(200)
            for name, value in (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body))),
                                ("Content-Security-Policy", policy)):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        dom = run_chromium(pages, "--virtual-time-budget=4000", "--dump-dom",
                           f"http://127.0.0.1:{server.server_port}/drift/flight_delay?version=1")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert "No feature drifted, 7 of 8 judged" in dom
    assert "features drifted, worst" not in dom
    assert re.search(r'<details data-key="f1" open', dom)
    assert not re.search(r'<details data-key="f2" open', dom)
