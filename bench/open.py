"""What it costs to open what people hand in: seconds for each kind, and the opener's peak memory.

Each file is opened as a report is, in a process of its own. The machine's own limit beside it is
the start of a Python process that imports the readers and opens nothing.
"""

import asyncio
import gzip
import resource
import statistics
import subprocess
import sys
import time

from tests.collect.open.outlook_file import compound, message
from tests.collect.open.papers import packed, pdf, png, qr, qr_image, screenshot, word, wrapped
from zvon.collect.open import opener
from zvon.formats.limit import Undecodable
from zvon.model.report import Channel
from zvon.respond.fixtures import fixture

RUNS = 5
URL = "https://paket.lipa.example/p"


def samples() -> dict[str, bytes]:
    """One file of each kind, and the bombs."""
    text = fixture("R01").body.decode().split("\n")[0].partition(") ")[2]
    return {
        "a screenshot of an SMS": screenshot(["+44 7700 900123", "", *wrapped(text, 38)]),
        "a QR code": qr(URL),
        "a mail with a PDF with a QR code": fixture("R10").body,
        "a PDF with a picture": pdf("Obvestilo o placilu racuna", picture=qr_image(URL)),
        "an Outlook message": compound(message(subject="x", text=URL, sender="a@brod.example")),
        "a Word document": word("Plačaj", URL),
        "a ZIP of 20 pictures": packed({f"{n}.png": qr(f"{URL}{n}") for n in range(20)}),
        "a picture of 3.6 thousand million points": png(60_000, 60_000),
        "a gzip bomb (100 MB)": gzip.compress(b"\0" * 100_000_000),
        "a ZIP bomb (100 MB)": packed({"a": b"\0" * 100_000_000}),
    }


def took(body: bytes) -> tuple[float, str]:
    """Seconds, and what came out."""
    start = time.perf_counter()
    try:
        read = asyncio.run(opener.read(body, "", Channel.UNKNOWN))
        said = f"{len(read.mentions)} values"
    except Undecodable as problem:
        said = problem.reason
    return time.perf_counter() - start, said


def main() -> None:
    """Print one line for each kind."""
    command = [
        sys.executable,
        "-I",
        "-c",
        "import zvon.collect.open.document, PIL.Image, pypdfium2",
    ]
    start = time.perf_counter()
    for _ in range(RUNS):
        subprocess.run(command, check=True)
    print(f"a process that opens nothing: {(time.perf_counter() - start) / RUNS:.2f} s")
    for name, body in samples().items():
        results = [took(body) for _ in range(RUNS)]
        print(f"{name}: {statistics.median(each for each, _ in results):.2f} s, {results[0][1]}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory of an opener and its readers: {peak:.0f} MB")


if __name__ == "__main__":
    main()
