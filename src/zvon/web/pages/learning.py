"""What people teach the models, and which model decides."""

from litestar import Response, get

from zvon.access.permission import Permission
from zvon.assess.learn import watched
from zvon.store import label, label_task, model_version
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render

MOST_TASKS = 20


@get("/labels", opt={"permission": Permission.LABEL_READ}, include_in_schema=False)
async def labels(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Questions for the viewer, and what has been taught."""
    async with read(context.pool, who) as db:
        tasks = await label_task.open_list(db, who, limit=MOST_TASKS)
        taught = await label.counts(db, who)
        twice, agreement = await label_task.agreement(db)
    words: dict[str, int] = {}
    for each in taught:
        words[each.word] = words.get(each.word, 0) + each.n
    values = {"tasks": tasks, "words": words, "taught": taught, "twice": twice,
              "agreement": agreement}  # fmt: skip
    return render(request, "labels.html", values)


@get("/models", opt={"permission": Permission.MODEL_READ}, include_in_schema=False)
async def models(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Versions, drift, and the way back."""
    async with read(context.pool, who) as db:
        versions = await model_version.all_of(db, who)
        drift = await watched(db, context.clock())
    return render(request, "models.html", {"versions": versions, "drift": drift})


HANDLERS = (labels, models)
