"""A headless Chromium and a server of static files on this machine."""

import functools
import http.server
import os
import shutil
import threading
from contextlib import contextmanager

import pytest

from suite.errors import UserError
from suite.web.litert_js import runtime_files

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


def missing(reason):
    """Skip the test, or fail it where SUITE_BROWSER says that all it needs must be there."""
    if os.environ.get("SUITE_BROWSER") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def missing_part():
    """`missing_part(reason)` for tests that find out themselves that something is missing."""
    return missing


@pytest.fixture(scope="session")
def runtime():
    """Makes sure that LiteRT.js is there to be written into pages."""
    try:
        runtime_files()
    except UserError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def launch():
    """`launch(*flags)` starts a Chromium, driven by Playwright; every outside name fails to resolve in it."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Playwright is not installed: pip install '.[browser]'")
    if CHROMIUM is None:
        missing("Chromium is not installed: install the package chromium, or name its file in CHROMIUM")
    with sync_playwright() as playwright:
        browsers = []

        def start(*flags):
            browsers.append(playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags]))
            return browsers[-1]

        yield start
        for browser in browsers:
            browser.close()


@pytest.fixture(scope="session")
def browser(launch):
    """A Chromium without microphone and camera."""
    return launch()


@pytest.fixture(scope="session")
def export_page(runtime, tmp_path_factory):
    """`export_page(task, model, settings, assets, inputs)` exports an untrained model and returns its page and file.

    `inputs` are raw arrays that the file's answers are compared with the model's on.
    """
    from suite.artifact import Trained, read_artifact, write_artifact
    from suite.export.export import export_files
    from suite.export.source import open_source
    from suite.web.page import write_page

    def export(task, model, settings, assets, inputs):
        work = tmp_path_factory.mktemp(task)
        write_artifact(work / "model", Trained(model, settings, assets, {"task": task}, "", inputs), work)
        source = open_source(read_artifact(work / "model"), None)
        [entry] = export_files(source, [("compiled", "none")], lambda step: None)["files"]
        file = work / "model" / "tflite" / entry["file"]
        pipeline = source.artifact.pipeline
        write_page(file, entry, work / "page", task.capitalize(), (pipeline.INPUT, pipeline.ANSWER))
        return work / "page", file

    return export


@pytest.fixture
def visit_page(browser, serve):
    """`with visit_page(folder) as page` opens a page; `page.requests` and `page.faults` list what it asks and reports."""

    @contextmanager
    def opened(folder, before=lambda page: None, browser=browser, **options):
        context = browser.new_context(**{"viewport": {"width": 900, "height": 800}} | options)
        page = context.new_page()
        page.requests, page.faults = [], []
        context.on("request", lambda request: page.requests.append(request.url))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda message: page.faults.append(message.text) if message.type == "error" else None)
        before(page)
        page.address = serve(folder)
        page.goto(page.address)
        page.wait_for_selector("body[data-state='ready'], body[data-state='error']")
        yield page
        context.close()

    return opened


@pytest.fixture(scope="session")
def serve():
    """`serve(folder)` serves a folder as `python -m http.server` does and returns its address."""
    servers = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

    def start(folder):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
