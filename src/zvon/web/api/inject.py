"""What handlers are given: the node's context, and who is calling."""

from typing import Annotated, Any

from litestar import Request
from litestar.di import Provide
from litestar.params import Dependency

from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.web.problem import SignInNeeded

In = Annotated[Context, Dependency(skip_validation=True)]
Who = Annotated[Viewer, Dependency(skip_validation=True)]
MaybeWho = Annotated[Viewer | None, Dependency(skip_validation=True)]
AnyRequest = Request[Any, Any, Any]


async def context(request: AnyRequest) -> Context:
    """The node's context."""
    found: Context = request.app.state.context
    return found


async def who(request: AnyRequest) -> Viewer:
    """The caller; on routes that are not public there always is one."""
    viewer: Viewer | None = request.scope.get("user")
    if viewer is None:
        raise SignInNeeded
    return viewer


async def maybe_who(request: AnyRequest) -> Viewer | None:
    """The caller, or nobody."""
    viewer: Viewer | None = request.scope.get("user")
    return viewer


DEPENDENCIES = {
    "context": Provide(context),
    "who": Provide(who),
    "maybe_who": Provide(maybe_who),
}
