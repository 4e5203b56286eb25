"""Headless Chromium by its own protocol over two pipes: real keys, media, screenshots, and every request it makes."""

import base64
import json
import os
import select
import subprocess

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--allow-file-access-from-files",
         "--remote-debugging-pipe"]
TIMEOUT = 60  # seconds without any message, after which Chromium is given up


class Chromium:
    """One process with one page. A missing Chromium fails: it is one of the packages."""

    def __init__(self, profile):
        inbound, self.outbound = os.pipe()
        self.inbound, outbound = os.pipe()
        command = 'exec chromium "$@" 3<&%d 4>&%d' % (inbound, outbound)
        self.process = subprocess.Popen(["bash", "-c", command, "chromium", *FLAGS, f"--user-data-dir={profile}"],
                                        pass_fds=(inbound, outbound), stderr=subprocess.DEVNULL)
        os.close(inbound)
        os.close(outbound)
        self.buffer, self.number, self.session = b"", 0, None
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "Accessibility"):
            self.call(f"{domain}.enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        os.close(self.outbound)
        os.close(self.inbound)

    def receive(self):
        """The next message, kept among `events` if it is one."""
        while b"\0" not in self.buffer:
            if not select.select([self.inbound], [], [], TIMEOUT)[0]:
                raise TimeoutError(f"Chromium said nothing for {TIMEOUT} s")
            read = os.read(self.inbound, 1 << 20)
            if not read:
                raise EOFError("Chromium ended")
            self.buffer += read
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.outbound, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def named(self, method):
        return [event["params"] for event in self.events if event["method"] == method]

    def open(self, address, width=1280, height=900, **media):
        """Loads `address`; media: prefers_color_scheme="dark", media="print"."""
        kind = media.pop("media", "")
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.call("Emulation.setEmulatedMedia", media=kind, features=features)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.load("about:blank")  # what the page before still does is not this one's
        self.events.clear()
        self.load(address)

    def load(self, address):
        loader = self.call("Page.navigate", url=address)["loaderId"]
        loaded = {"loaderId": loader, "name": "load"}
        while not any(loaded.items() <= event.items() for event in self.named("Page.lifecycleEvent")):
            self.receive()

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_until(self, expression):
        """Until `expression` is true, asked again after each event of the page."""
        while not self.evaluate(expression):
            self.receive()

    def press(self, key, code, shift=False):
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def colours(self, colours, tolerance=6):
        """How many pixels of the screen have each of `colours` ([red, green, blue])."""
        picture = self.call("Page.captureScreenshot", format="png")["data"]
        return self.evaluate("""(async () => {
          const bytes = Uint8Array.from(atob("%s"), c => c.charCodeAt(0));
          const image = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
          const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
          context.drawImage(image, 0, 0);
          const data = context.getImageData(0, 0, image.width, image.height).data;
          return %s.map(colour => {
            let count = 0;
            for (let i = 0; i < data.length; i += 4) {
              if (colour.every((c, k) => Math.abs(data[i + k] - c) <= %d)) ++count;
            }
            return count;
          });
        })()""" % (picture, json.dumps(colours), tolerance))

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])
