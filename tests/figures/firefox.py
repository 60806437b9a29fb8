"""A real Firefox, spoken to by WebDriver BiDi, which it understands without a driver program."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

FIREFOX = shutil.which("firefox") or shutil.which("firefox-esr")


class Firefox:
    """One window of a Firefox without a screen; `complaints` are what pages wrote to its console."""

    def __init__(self, profile: Path, environment: dict[str, str]) -> None:
        import websocket

        command = [str(FIREFOX), "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port=0"]
        surroundings = os.environ | {"HOME": str(profile)} | environment
        silent = subprocess.DEVNULL
        self.process = subprocess.Popen(command, env=surroundings, stdout=silent, stderr=silent)
        self.socket = websocket.create_connection(self._address(profile), timeout=120, suppress_origin=True)
        self.complaints: list[str] = []
        self.asked = 0
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded"])
        self.window = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def _address(self, profile: Path) -> str:
        """Where it listens: it writes that into its profile once it does."""
        told = profile / "WebDriverBiDiServer.json"
        while not (told.exists() and told.stat().st_size):
            if self.process.poll() is not None:
                raise RuntimeError("Firefox ended before it listened")
            time.sleep(0.05)
        address = json.loads(told.read_text(encoding="utf-8"))
        return f"ws://{address['ws_host']}:{address['ws_port']}/session"

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self.asked += 1
        self.socket.send(json.dumps({"id": self.asked, "method": method, "params": params}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.asked:
            if answer.get("method") == "log.entryAdded":
                self.complaints.append(str(answer["params"]["text"]))
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]

    def get(self, address: str) -> None:
        """Open a page, and forget what the one before complained of."""
        self.complaints.clear()
        self._ask("browsingContext.navigate", context=self.window, url=address, wait="complete")

    def run(self, body: str) -> Any:
        """What a body of JavaScript hands to `done`, by way of JSON."""
        source = f"() => new Promise(done => {{ (function() {{ {body} }})(done); }}).then(JSON.stringify)"
        target = {"context": self.window}
        answer = self._ask("script.callFunction", functionDeclaration=source, awaitPromise=True, target=target)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    execute_async_script = run

    def quit(self) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait(timeout=30)
