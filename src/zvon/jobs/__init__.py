"""Work that is done later, once or more: the only package that knows the queue's library."""

from zvon.jobs.context import Context, Handler
from zvon.jobs.queue import enqueue, enqueue_all, held, requeue
from zvon.jobs.together import Together
from zvon.jobs.worker import Retry, run_worker

__all__ = [
    "Context", "Handler", "Retry", "Together", "enqueue", "enqueue_all", "held", "requeue",
    "run_worker",
]  # fmt: skip
