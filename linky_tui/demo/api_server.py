"""``python -m linky_tui.demo.api_server``: the simulated gateway as a program of its own."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from linky_tui.demo.faults import Fault, FaultKind
from linky_tui.demo.gateway import BLOCK_AFTER
from linky_tui.demo.household import DEMO_PRM, demo_homes
from linky_tui.demo.rules import AnswerShape
from linky_tui.demo.server import ApiServer

_QUOTA_PER_HOUR = 1000
_PRM_DIGITS = 14


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; prints the lines ``url``, ``token`` and one ``prm`` each.

    Returns:
        0; a wrong command line leaves with 2 by argparse.
    """
    options = _parser().parse_args(argv)
    prms = options.prm or [DEMO_PRM]
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ApiServer(
        demo_homes(*prms, seed=options.seed),
        port=options.port,
        shapes=tuple(AnswerShape) if options.shape == "both" else (options.shape,),
        block_after=BLOCK_AFTER if options.quota else None,
        quota_per_hour=_QUOTA_PER_HOUR if options.quota else None,
        late_yesterday=options.late_yesterday,
        latency_s=options.latency,
    ) as server:
        for fault in options.fault:
            server.inject(fault)
        lines = [f"url {server.url}", f"token {server.token}", *(f"prm {prm}" for prm in prms)]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m linky_tui.demo.api_server",
        description="A simulated Conso API on 127.0.0.1 with a simulated home behind it.",
    )
    parser.add_argument("--port", type=int, default=0, help="port, 0 for a free one")
    parser.add_argument("--prm", action="append", type=_prm, help="a meter (may be repeated)")
    parser.add_argument("--seed", type=int, default=0, help="another home for another number")
    parser.add_argument(
        "--quota", action="store_true", help="enforce the quota and the block at 100 a day"
    )
    parser.add_argument(
        "--fault",
        action="append",
        type=_fault,
        default=[],
        metavar="KIND[:TIMES]",
        help="let a fault happen: " + ", ".join(FaultKind),
    )
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--shape", choices=[*AnswerShape, "both"], default="both")
    parser.add_argument(
        "--late-yesterday", action="store_true", help="yesterday's data are not out yet"
    )
    return parser


def _prm(text: str) -> str:
    if len(text) != _PRM_DIGITS or not text.isdigit():
        raise argparse.ArgumentTypeError(f"a PRM has {_PRM_DIGITS} digits")
    return text


def _fault(text: str) -> Fault:
    kind, _, times = text.partition(":")
    try:
        return Fault(FaultKind(kind), times=int(times or 1))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not KIND or KIND:TIMES") from None


if __name__ == "__main__":
    sys.exit(main())
