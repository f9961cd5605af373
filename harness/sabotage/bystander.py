"""Call a model, as somebody else, while a command runs: `bystander URL HEADER KEY -- COMMAND`.

Ends with the command's exit status, or with 99 if no call was answered.
"""

from __future__ import annotations

import subprocess
import sys
import threading

import httpx

BODY = {
    "messages": [{"role": "user", "content": "Somebody else's prompt."}],
    "max_completion_tokens": 256,
}
PAUSE = 0.3
"""Seconds between two calls."""
UNHEARD = 99


def main(url: str, header: str, key: str, command: list[str]) -> int:
    """Call until the command ends; return the exit status."""
    done, answered = threading.Event(), list[int]()

    def work() -> None:
        with httpx.Client(timeout=60) as client:
            while not done.is_set():
                status = client.post(url, headers={header: key}, json=BODY).status_code
                answered.append(status)
                done.wait(PAUSE)

    thread = threading.Thread(target=work)
    thread.start()
    status = subprocess.run(command, check=False).returncode
    done.set()
    thread.join()
    return status if answered and set(answered) == {httpx.codes.OK} else UNHEARD


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[5:]))
