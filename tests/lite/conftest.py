"""What the tests of the site in the browser share: JupyterLite behind a server, and its kernel."""

import re

import nbformat
import pytest
from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL
from measuring import SITE, serve

# The built site does not show its application to scripts.
SHOWN = {"jupyter-config-data": {"exposeAppInBrowser": True}}
OPENED = """() => window.jupyterapp?.shell.currentWidget?.content?.model &&
  document.querySelector(".jp-Notebook .jp-CodeCell")"""
IDLE = """() =>
  jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === "idle" """
EXECUTE = """async (code) => {
  const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
  const outputs = [];
  const future = kernel.requestExecute({ code });
  future.onIOPub = ({ header, content }) => outputs.push({ type: header.msg_type, ...content });
  await future.done;
  return outputs.filter(({ type }) => ["stream", "error"].includes(type));
}"""


class Lab:
    """A page of the book in JupyterLite, and what was asked of other hosts for it."""

    def __init__(self, context, server, page):
        self.context = context
        self.asked, self.failed = [], []
        self.errors = []
        context.on("request", self._note)
        context.on("requestfailed", lambda request: self.failed.append(request.url))
        context.on("response", self._answer)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.route("**/lab/jupyter-lite.json*", self._show)
        self.address = server.address
        self.tab = context.new_page()
        self.tab.set_default_timeout(300_000)
        self.tab.goto(f"{server.address}lite/lab/index.html?path=book/{page}.ipynb")
        self.tab.wait_for_function(OPENED)

    def _note(self, request):
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.asked.append(request.url)

    def _answer(self, response):
        if response.status >= 400:
            self.failed.append(response.url)

    @staticmethod
    def _show(route):
        settings = route.fetch().json()
        settings["jupyter-config-data"] |= SHOWN["jupyter-config-data"]
        route.fulfill(json=settings)

    def start(self):
        """Wait for the kernel, or say what it could not fetch."""
        while not self.tab.evaluate(IDLE):
            if self.failed:
                pytest.fail(f"The kernel cannot start, as this was not fetched: {self.failed}")
            self.tab.wait_for_timeout(500)

    def execute(self, code):
        """Run code in the kernel; return what it prints, and its error."""
        outputs = self.tab.evaluate(EXECUTE, code)
        printed = "".join(part["text"] for part in outputs if part["type"] == "stream")
        errors = [f"{part['ename']}: {part['evalue']}" for part in outputs if "ename" in part]
        return printed, *errors

    def notebook(self):
        """Return the notebook as it is now."""
        model = self.tab.evaluate("jupyterapp.shell.currentWidget.content.model.toJSON()")
        return nbformat.from_dict(model)

    def run_all(self):
        """Run all cells, up to an error."""
        self.tab.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")


@pytest.fixture(scope="session")
def server():
    """A server of the built book."""
    assert (SITE / "lite" / "index.html").is_file(), "build the site first: make lite does"
    with serve() as server:
        yield server


@pytest.fixture
def open_page(server, browser):
    """A function that opens a page of the book in JupyterLite.

    `answer`, if there is one, answers what is asked of Pyodide's own network.
    """
    contexts = []

    def opened(page, answer=None):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        if answer:
            context.route(re.compile(re.escape(PYODIDE_CDN_URL)), answer)
        return Lab(context, server, page)

    yield opened
    for context in contexts:
        context.close()
