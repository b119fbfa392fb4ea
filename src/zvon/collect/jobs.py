"""The jobs of this package, by the names under which they are enqueued."""

from zvon.collect.decode import decode
from zvon.collect.enrich import enrich
from zvon.collect.look import look
from zvon.jobs import Handler

JOBS: dict[str, Handler] = {
    "collect.decode": decode,
    "collect.enrich": enrich,
    "collect.look": look,
}
