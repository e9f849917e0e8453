"""The linear-learner stand-in's model behind bare uvicorn: one route, no cloud in between.

python serve_by_uvicorn.py MODEL_FOLDER PORT
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvicorn  # type: ignore[import-not-found]

from penstock.localcloud.engines.container.answers import encode
from penstock.localcloud.engines.container.requests import JSON, rows_of
from penstock.localcloud.engines.linear_learner.model import LinearModel

Message = MutableMapping[str, Any]


def main() -> None:
    """Serve on 127.0.0.1 until the process is ended."""
    folder, port = sys.argv[1:]
    model = LinearModel.load(Path(folder))

    async def app(
        _scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        rows = rows_of(body, JSON, model.features)
        answer = encode(model.predictions(rows), JSON, "predictions")
        length = str(len(answer)).encode()
        headers = [(b"content-type", JSON.encode()), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", lifespan="off")


if __name__ == "__main__":
    main()
