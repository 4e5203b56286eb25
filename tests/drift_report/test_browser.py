"""The page in headless Chromium: what is drawn, on any screen and on paper, by keyboard, without script, and live."""

import base64
import hashlib
import http.server
import os
import re
import subprocess
import threading

import pytest

from chromium import Chromium

SAMPLES = ["drifted", "stable", "report", "large", "hostile", "warming", "observing", "stale", "bare"]
TAB, ENTER = ("Tab", 9), ("Enter", 13)
CARDS = """[...document.querySelectorAll("article")].map(a => {
  const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.right, r.height]; };
  return {name: a.querySelector("h3").textContent, ref: [...a.querySelectorAll(".histogram .ref")].map(box),
          cur: [...a.querySelectorAll(".histogram .cur")].map(box)};
})"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    subprocess.run([os.path.join(os.environ["DRIFTSERVE_BUILD"], "bin", "render_sample"), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    chromium = Chromium(tmp_path_factory.mktemp("profile"))
    yield chromium
    chromium.close()


@pytest.fixture
def show(pages, browser):
    def show(name, **options):
        browser.open(f"file://{pages}/{name}.html", **options)
        return browser
    return show


@pytest.mark.parametrize("width", [1280, 375])
def test_histograms_are_drawn(show, width):
    cards = {card["name"]: card for card in show("drifted", width=width).evaluate(CARDS)}
    assert list(cards)[:2] == ["temp", "dewp"], "worst first"
    for name, card in cards.items():
        assert len(card["ref"]) >= 3, name
        assert max(height for _, _, height in card["ref"]) > 60, f"the reference of {name} is not visible"
        assert all(0 <= left < right <= width for left, right, _ in card["ref"] + card["cur"]), name
        if name != "visibility":
            assert len(card["cur"]) == len(card["ref"])
            assert max(height for _, _, height in card["cur"]) > 60, f"the traffic of {name} is not visible"
    assert cards["visibility"]["cur"] == [], "a feature that is not ready shows no traffic"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_histograms_can_be_seen_on_the_screen(show, scheme):
    browser = show("report", prefers_color_scheme=scheme)
    browser.evaluate("document.getElementById('f2').scrollIntoView()")
    style = "getComputedStyle(document.querySelector('.histogram .%s')).%s"
    reference, current = (list(map(int, re.findall(r"\d+", browser.evaluate(style % of))[:3]))
                          for of in (("ref", "fill"), ("cur", "stroke")))
    seen = dict(zip(("reference", "current"), browser.colours([reference, current])))
    assert seen["reference"] > 3000 and seen["current"] > 500, seen
    assert max(abs(a - b) for a, b in zip(reference, current)) > 60, "both have one colour"


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [1280, 375])
def test_nothing_is_wider_than_the_screen(show, name, width):
    browser = show(name, width=width)
    assert browser.evaluate("innerWidth") == width
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    outside = browser.evaluate("""[...document.querySelectorAll("main *")]
      .filter(e => !e.closest(".scroll, .heard, svg")).filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML)""")
    assert outside == []


@pytest.mark.parametrize("name", SAMPLES)
def test_it_loads_nothing_and_complains_of_nothing(show, name):
    browser = show(name)
    assert [request["request"]["url"] for request in browser.named("Network.requestWillBeSent")] == [
        browser.evaluate("location.href")]
    assert browser.named("Log.entryAdded") == browser.named("Runtime.exceptionThrown") == []
    assert browser.evaluate("document.title + document.querySelectorAll('script').length").endswith("0")


CONTRAST = """(() => {
  const numbers = text => text.match(/[0-9.]+/g).map(Number);
  const linear = v => v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = {};
  for (const e of document.querySelectorAll("body *")) {
    const texts = [...e.childNodes].filter(n => n.nodeType === 3 && n.textContent.trim());
    if (texts.length === 0 || e.closest("style, title, svg")) continue;
    const [a, b] = [light(numbers(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) faint[e.tagName + "." + e.className + ": " + e.textContent.slice(0, 30)] = ratio;
  }
  return faint;
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_light_or_dark_and_every_text_can_be_read(show, scheme):
    browser = show("report", prefers_color_scheme=scheme)
    background = sum(map(int, re.findall(r"\d+", browser.evaluate("getComputedStyle(document.body).backgroundColor"))))
    assert background > 600 if scheme == "light" else background < 200
    assert browser.evaluate(CONTRAST) == {}


FOCUS = """(e => [[...document.querySelectorAll("*")].indexOf(e), e.tagName, e.textContent.slice(0, 40),
  getComputedStyle(e).outlineStyle])(document.activeElement)"""
REACHABLE = """[...document.querySelectorAll("a[href], summary, .scroll")].filter(e => e.checkVisibility(
  {contentVisibilityAuto: true, visibilityProperty: true})).map(e => [...document.querySelectorAll("*")].indexOf(e))"""


@pytest.mark.parametrize("name", ["report", "live"])
def test_the_keyboard_reaches_everything_in_order(show, name):
    browser = show(name)
    reachable = browser.evaluate(REACHABLE)
    assert len(reachable) > 15
    reached = []
    for _ in reachable:
        browser.press(*TAB)
        index, tag, text, outline = browser.evaluate(FOCUS)
        assert outline != "none", f"one cannot see that {tag} {text!r} has the focus"
        reached.append(index)
    assert reached == reachable == sorted(reachable)


def test_the_keyboard_skips_to_the_verdict_and_opens_what_is_closed(show):
    browser = show("report")
    browser.press(*TAB)
    assert browser.evaluate("document.activeElement.textContent") == "Skip to the verdict"
    assert browser.evaluate("document.activeElement.getBoundingClientRect().left") > 0, "a focused link is in sight"
    browser.press(*ENTER)
    assert browser.evaluate("document.activeElement.id") == "main"
    browser.evaluate("document.querySelector('#f1 summary').focus()")
    browser.press(*ENTER)
    assert browser.evaluate("document.querySelector('#f1 details').open")
    browser.press(*TAB)
    assert browser.evaluate("document.activeElement.getAttribute('aria-label')") == "Measures of temp"


def test_those_who_hear_the_page_hear_it_all(show):
    browser = show("report")
    nodes = [node for node in browser.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    of = {}
    for node in nodes:
        of.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    for landmark in ("banner", "main", "navigation"):
        assert len(of[landmark]) == 1, landmark
    for role in ("image", "region", "article"):
        names = of.get(role, []) + (of.get("img", []) if role == "image" else [])
        assert names and all(names), (role, names)
    assert any(name.startswith("Histogram of temp: ") for name in of["image"])
    assert any(name.startswith("PSI of temp over ") for name in of["image"])
    assert any(name.startswith("log_loss from 25 September to ") for name in of["image"])
    levels = browser.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:])), "a level is left out"
    heads = browser.evaluate("[...document.querySelectorAll('th')].every(th => th.scope)")
    assert heads, "a heading of a table without scope"
    twice = browser.evaluate("(ids => ids.filter((id, i) => ids.indexOf(id) !== i))"
                             "([...document.querySelectorAll('[id]')].map(e => e.id))")
    assert twice == []


def test_a_heat_map_is_never_colour_alone(show):
    browser = show("report")
    cells = browser.evaluate("[...document.querySelectorAll('.heat td')].map(td => [td.className, td.innerText])")
    for style, text in cells:
        assert re.search(r"\d|–", text), (style, text)
        assert ("▲" in text or "△" in text) == (style in ("h2", "h3", "h4")), (style, text)
    assert {"h0", "h2", "h4"} <= {style for style, _ in cells}


def test_paper(show):
    browser = show("report", media="print", prefers_color_scheme="dark")
    shown = "document.querySelector('%s').checkVisibility()"
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not browser.evaluate(shown % "nav") and not browser.evaluate(shown % ".skip")
    assert not browser.evaluate(shown % "#f1 details"), "what was not opened is left out"
    assert browser.evaluate("getComputedStyle(document.querySelector('article')).breakInside") == "avoid"
    assert browser.evaluate(CONTRAST) == {}
    pdf = browser.pdf()
    assert pdf.startswith(b"%PDF") and 4 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 9


def test_paper_shows_how_to_read_it_even_where_it_is_closed(show):
    browser = show("live", media="print")
    assert not browser.evaluate("document.querySelector('.how').open")
    assert browser.evaluate("document.querySelector('.how dd').getBoundingClientRect().height") > 10


def test_tables_fit_on_paper(show):
    browser = show("large", media="print", width=688)  # A4 less its margins, at 96 pixels an inch
    assert browser.evaluate("""[...document.querySelectorAll("table")].filter(t => t.checkVisibility() &&
      t.getBoundingClientRect().right > innerWidth + 1).length""") == 0


def test_a_live_page_needs_no_script(pages, browser):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(f"file://{pages}/live.html")
        text = browser.evaluate("document.body.innerText")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    for part in ("2 of 8 features drifted", "temp", "By stratum", "What was compared with what", "How to read it"):
        assert part in text


def script_of(page):
    return re.search(r"<script data-every=\"\d+\">(.*?)</script>", page, re.S).group(1)


def test_the_hash_in_the_policy_is_that_of_the_script(pages):
    digest = base64.b64encode(hashlib.sha256(script_of((pages / "live.html").read_text()).encode()).digest()).decode()
    assert (pages / "script_hash.txt").read_text() == f"sha256-{digest}"


@pytest.fixture
def served(pages):
    """The live page under the server's policy. As long as `later` is not set, every part is the first one again."""
    live = (pages / "live.html").read_text()
    main = re.compile(r'<main id="main"[^>]*>(.*)</main>', re.S)
    parts = {False: main.search(live).group(1), True: main.search((pages / "stable.html").read_text()).group(1)}
    policy = (f"default-src 'none'; style-src 'unsafe-inline'; script-src '{(pages / 'script_hash.txt').read_text()}'; "
              "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
    later = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            found = "/drift/flight_delay" in self.path
            body = (parts[later.is_set()] if "part=1" in self.path else live).encode() if found else b""
            self.send_response(200 if found else 204)
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
    yield f"http://127.0.0.1:{server.server_port}/drift/flight_delay?version=1", later
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_live_page_shows_what_came_since_and_keeps_what_the_reader_did(served, browser):
    address, later = served
    browser.open(address, width=375)
    browser.evaluate("""document.querySelector("#f1 details").open = true;
      document.querySelector("#f1 summary").focus();
      document.querySelector("[data-key='f1 measures']").scrollLeft = 40""")
    assert "2 of 8 features drifted" in browser.evaluate("document.getElementById('verdict').textContent")
    later.set()
    browser.wait_until("document.getElementById('verdict').textContent.includes('No feature drifted, 7 of 8 judged')")
    assert browser.evaluate("document.querySelector('#f1 details').open")
    assert not browser.evaluate("document.querySelector('#f2 details').open")
    assert browser.evaluate("document.activeElement === document.querySelector('#f1 summary')")
    assert browser.evaluate("document.querySelector(\"[data-key='f1 measures']\").scrollLeft") == 40
    assert browser.named("Log.entryAdded") == [], "the policy lets the page work"


def test_a_live_page_says_when_the_server_is_gone(served, browser):
    address, _ = served
    browser.open(address)
    network = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.call("Network.emulateNetworkConditions", offline=True, **network)
    try:
        browser.wait_until("document.getElementById('live').className === 'live lost'")
        assert browser.evaluate("document.getElementById('live').textContent").startswith("no answer for ")
        assert "2 of 8 features drifted" in browser.evaluate("document.body.innerText"), "what was known stays"
    finally:
        browser.call("Network.emulateNetworkConditions", offline=False, **network)
    browser.wait_until("document.getElementById('live').textContent === 'live'")
