"""Three engines with the same few verbs, so that what a page must do is written once.

Chromium is driven through Playwright, which the other tests have open anyway. Firefox is Debian's own, through
WebDriver BiDi (Playwright asks for a newer one); WebKit is the MiniBrowser of WebKitGTK, through WebDriver.
"""

import base64
import itertools
import json
import os
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress

from playwright import sync_api as playwright
from websocket import create_connection

PATIENCE = 240      # seconds: for something to become so, on a machine however slow
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
LEAST = 460         # px: no narrower is the window of the MiniBrowser; what is narrower stands in a frame in it
KEYS = {"Tab": "\ue004", "Enter": "\ue007", " ": "\ue00d", "End": "\ue010", "Home": "\ue011", "ArrowLeft": "\ue012",
        "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Escape": "\ue00c"}
# A path such as "[data-figure=Quiz] >>> button" leads into shadow roots; with "=words" at its end, to what says these.
TOOLS = """const find = (path) => path.split(" >>> ").reduce((root, one) => {
    const [css, words] = one.split(" =");
    const all = [...(root?.shadowRoot ?? root)?.querySelectorAll(css) ?? []];
    return words ? all.find((each) => each.textContent.trim() === words) : all[0];
}, document);"""
THERE = "(path) => find(path)"
PLACE = """async (path) => {
    const element = find(path);
    let before, now = "";
    while (before !== now) {        // until it has come to rest
        before = now;
        element.scrollIntoView({ block: "center", behavior: "instant" });
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        now = JSON.stringify(element.getBoundingClientRect());
    }
    const { left, top, width, height } = JSON.parse(now);
    return [left, top, width, height];
}"""
# What the pages of conftest.py note in `problems`, and what they have asked of another machine.
PROBLEMS = """() => [...problems, ...performance.getEntriesByType("resource").map((one) => one.name)
    .filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(origin)).map((url) => "off-site: " + url)]"""


class Engine:
    """What every engine does with its own: go(url), size(width), call(text), point(points), press(keys), picture()."""

    def open(self, url, width=1280):
        self.size(width)
        self.go(url)

    def js(self, function, *arguments):
        """What a function of JavaScript, perhaps an asynchronous one, returns for these arguments."""
        given = json.dumps(json.dumps(arguments))
        return json.loads(self.call(f"""async () => {{
            {TOOLS}
            const answer = await ({function})(...JSON.parse({given}));
            return JSON.stringify(answer instanceof Element ? true : answer ?? null);
        }}"""))

    def until(self, function, *arguments):
        """Wait until a function returns something that is true, perhaps on the next page; that."""
        end, problem = time.monotonic() + PATIENCE, ""
        while time.monotonic() < end:
            try:
                if found := self.js(function, *arguments):
                    return found
            except (AssertionError, playwright.Error) as one:       # the page was just being left
                problem = one
            time.sleep(0.05)
        raise AssertionError(f"never so: {function} for {arguments} {problem}")

    def focus(self, path):
        self.until(THERE, path)
        self.js("(path) => find(path).focus()", path)

    def click(self, path, *shares):
        """Press at these shares of the element's width and height, in its middle if none are given; drag on if more."""
        self.until(THERE, path)
        left, top, width, height = self.js(PLACE, path)
        self.point([(left + x * width, top + y * height) for x, y in shares or [(0.5, 0.5)]])


class Chromium(Engine):
    def __init__(self, browser):
        self.page = browser.new_context(reduced_motion="reduce").new_page()
        self.page.set_default_timeout(PATIENCE * 1000)

    def go(self, url):
        self.page.goto(url)

    def size(self, width):
        self.page.set_viewport_size({"width": width, "height": 900})

    def call(self, text):
        return self.page.evaluate(text)

    def point(self, points):
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point)
        self.page.mouse.up()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def picture(self):
        return self.page.screenshot()

    def close(self):
        self.page.context.close()


def pointing(points):
    """A mouse that is pressed at the first of these points, led along the others, and let go: as WebDriver says it."""
    moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 20} for x, y in points]
    down, up = ({"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp"))
    return [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
             "actions": [moves[0], down, *moves[1:], up]}]


def typing(keys):
    typed = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
    return [{"type": "key", "id": "keys", "actions": typed}]


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until_open(port, process):
    while process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"{process.args[0]} has ended before it listened")


class Remote(Engine):
    """An engine in a process of its own, whose actions are those of WebDriver."""

    def point(self, points):
        self.act(pointing(points))

    def press(self, *keys):
        self.act(typing(keys))


PREFERENCES = {"ui.prefersReducedMotion": 1, "layout.css.prefers-color-scheme.content-override": 1,
               "browser.shell.checkDefaultBrowser": False, "browser.aboutwelcome.enabled": False,
               "datareporting.policy.dataSubmissionEnabled": False, "toolkit.telemetry.server": "",
               "network.proxy.type": 1, "network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9,
               "network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": 9}        # nothing leaves


class Firefox(Remote):
    def __init__(self, program, folder):
        port = free_port()
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (folder / "user.js").write_text("\n".join(lines))
        self.process = subprocess.Popen(
            [program, "--headless", "--remote-debugging-port", str(port), "--no-remote", "--profile", folder],
            **SILENT, env={**os.environ, "HOME": str(folder)})
        until_open(port, self.process)
        self.socket = create_connection(f"ws://127.0.0.1:{port}/session", timeout=PATIENCE, suppress_origin=True)
        self.numbers = itertools.count(1)
        self.send("session.new", capabilities={})
        self.context = self.send("browsingContext.create", type="window")["context"]    # the first has no focus

    def send(self, method, **parameters):
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv())).get("id") != number:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def go(self, url):
        self.send("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def size(self, width):
        self.send("browsingContext.setViewport", context=self.context, viewport={"width": width, "height": 900})

    def call(self, text):
        answer = self.send("script.callFunction", functionDeclaration=text, awaitPromise=True,
                           target={"context": self.context})
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return answer["result"]["value"]

    def act(self, actions):
        self.send("input.performActions", context=self.context, actions=actions)

    def picture(self):
        return base64.b64decode(self.send("browsingContext.captureScreenshot", context=self.context)["data"])

    def close(self):
        with suppress(AssertionError, OSError):
            self.send("browser.close")
        self.socket.close()
        self.process.terminate()
        self.process.wait()


class WebKit(Remote):
    def __init__(self, programs, folder):
        driver, window, screen = programs
        settings = folder / "gtk-3.0" / "settings.ini"
        settings.parent.mkdir()
        settings.write_text("[Settings]\ngtk-enable-animations=0\n")        # reduced motion
        self.screen = subprocess.Popen([screen, "-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        display = f":{self.screen.stdout.readline().strip()}"
        port = free_port()
        own = {"DISPLAY": display, "GDK_BACKEND": "x11", "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
        self.driver = subprocess.Popen([driver, "-p", str(port)], **SILENT, env={**os.environ, **own})
        until_open(port, self.driver)
        self.address = f"http://127.0.0.1:{port}/session"
        options = {"binary": window, "args": ["--automation"]}
        new = self.send("", capabilities={"alwaysMatch": {"webkitgtk:browserOptions": options}})
        self.address += f"/{new['sessionId']}"
        self.send("/timeouts", script=PATIENCE * 1000)

    def send(self, path, method="POST", **body):
        request = urllib.request.Request(self.address + path, method=method, data=json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as problem:
            raise AssertionError(problem.read().decode()) from None

    def open(self, url, width=1280):
        self.size(max(width, LEAST))
        self.go(url)
        if width < LEAST:
            self.call(f"""async () => {{
                document.documentElement.innerHTML = `<iframe style="width: {width}px; height: 800px; border: 0"
                    src="{url}"></iframe>`;
                await new Promise((done) => {{ document.querySelector("iframe").onload = () => done(""); }});
                return "";
            }}""")
            self.send("/frame", id=0)

    def go(self, url):
        self.send("/frame", id=None)
        self.send("/url", url=url)

    def size(self, width):
        self.send("/window/rect", width=width, height=938)

    def call(self, text):
        script = f"""const done = arguments[arguments.length - 1];
            ({text})().then(done, (problem) => done("!" + problem));"""
        answer = self.send("/execute/async", script=script, args=[])
        assert not answer.startswith("!"), answer
        return answer

    def act(self, actions):
        self.send("/actions", actions=actions)

    def picture(self):
        return base64.b64decode(self.send("/screenshot", "GET"))

    def close(self):
        with suppress(AssertionError, OSError):
            self.send("", "DELETE")
        for process in (self.driver, self.screen):
            process.terminate()
            process.wait()
        self.screen.stdout.close()
