"""`python -m bench.witness --port 8081`: a Roistat emulator that keeps all arrivals."""

import json
import time
from collections import defaultdict

import click
from flask import Response, jsonify, request

from bench.load import HOST
from receiver.emulators.roistat import create_emulator
from receiver.emulators.server import serve_emulator

PATH = "/api/v1/project/add-orders"


@click.command()
@click.option("--port", type=int, required=True)
def main(port: int) -> None:
    """Serve it until told to stop."""
    app = create_emulator()
    arrivals: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)

    @app.after_request
    def keep(answer: Response) -> Response:
        # a refusal comes under HTTP 200 to whoever did not ask to have it otherwise
        if request.path == PATH and json.loads(answer.data)["status"] == "success":
            for order in json.loads(request.get_data()):
                arrivals[order["id"]].append((time.time(), order["price"]))
        return answer

    @app.get("/_emulator/arrivals")
    def show() -> Response:
        return jsonify(arrivals)

    serve_emulator(app, HOST, port)


if __name__ == "__main__":
    main()
