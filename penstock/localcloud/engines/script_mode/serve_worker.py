"""One worker of the model server: loads the model, then answers requests one after another.

It is run by its path in the framework's own environment, where nothing of the project can be
imported, as in the container: what the user's program imports must be in its model.tar.gz.
`python serve_worker.py <file descriptor of its connection> <model folder>`
"""

from __future__ import annotations

import signal
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path

import serve_handlers  # type: ignore[import-not-found]  # beside this file


def main(descriptor: str, model_dir: str) -> None:
    """Say that the model is loaded, or why it is not; answer until the server is gone."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # this folder must not be where the user's program finds modules
    sys.path.pop(0)
    server = Connection(int(descriptor))
    try:
        handlers = serve_handlers.Handlers(Path(model_dir))
    except Exception as error:  # noqa: BLE001 (the program is the user's)
        traceback.print_exc()
        server.send(f"{type(error).__name__}: {error}")
        return
    server.send("")
    while True:
        try:
            body, headers = server.recv()
        except EOFError:
            return
        try:
            answer = handlers.answer(body, headers)
        except Exception as error:  # noqa: BLE001
            # the toolkit makes 400 of whatever went wrong (handler_service.py, handle)
            traceback.print_exc()
            server.send(str(error))
        else:
            server.send(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
