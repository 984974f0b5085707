"""Routes that a program makes itself: `FastAPI(routes=[APIRoute("/users", users)])`, `app.routes.append(route)`.

Facts of FastAPI and Starlette: a router serves the objects of its list as they are, without its prefix; `Mount` and
`Route` take their path and their app or endpoint as the first two arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.routing import (
    Entry,
    MountEntry,
    Place,
    RouteEntry,
    RouteList,
    RouterObject,
    methods_of,
    place_of,
    registers,
    take_routes,
    unwrap,
)
from fastapi_guardrails.model.values import UNKNOWN, Const, Instance, Sequence_, Value, is_none, truth

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator

OPERATIONS = ("fastapi.routing.APIRoute",)
ROUTES = ("starlette.routing.Route",)
WEBSOCKETS = ("fastapi.routing.APIWebSocketRoute", "starlette.routing.WebSocketRoute")
MOUNTS = ("starlette.routing.Mount",)

#: Classes of which the arguments of a construction are kept, in subclasses too.
ALL = OPERATIONS + ROUTES + WEBSOCKETS + MOUNTS


def given_at_start(ev: Evaluator, router: RouterObject, call: Arguments) -> None:
    """The `routes` argument of an app or a router."""
    routes = call.kwargs.get("routes")
    if routes is None or is_none(routes) or not registers(call.frame) or truth(routes) is False:
        return
    add(ev, router, routes, call)


def filled(ev: Evaluator, router: RouterObject, method: str, call: Arguments) -> None:
    """`app.routes.append(route)`, `insert(0, route)`, `extend(routes)`."""
    given = call.args[-1] if call.args else UNKNOWN
    before = len(router.entries)
    add(ev, router, given if method == "extend" else Sequence_("list", [given]), call)
    index = call.args[0] if method == "insert" and len(call.args) == 2 else UNKNOWN
    if isinstance(index, Const) and isinstance(index.value, int) and index.value >= 0:
        added = router.entries[before:]
        del router.entries[before:]
        router.entries[index.value : index.value] = added


def add(ev: Evaluator, router: RouterObject, routes: Value, call: Arguments) -> None:
    """A router gets the routes of a list; of what is no known route nobody knows what it is."""
    if isinstance(routes, RouteList):
        take_routes(ev, router, routes.router, place_of(call), call.frame)
        return
    items = routes.items if isinstance(routes, Sequence_) else []
    entries = [_entry(ev, item, place_of(call), call.frame) for item in items]
    router.entries += [entry for entry in entries if entry is not None]
    if not isinstance(routes, Sequence_) or routes.open or None in entries:
        ev.registry.give_up(call, [router])


def _entry(ev: Evaluator, value: Value, around: Place, frame: Frame) -> Entry | None:
    if not isinstance(value, Instance):
        return None
    place = Place(value.module, value.made) if value.module is not None and value.made else around
    given = {name: item for name, item in value.attrs.items() if not name.isdigit()}
    path = value.attrs.get("0", value.attrs.get("path", UNKNOWN))
    served = value.attrs.get("1", UNKNOWN)
    if classes.inherits(value.cls, *MOUNTS):
        mount = MountEntry(place, frame, ev.registry.next(), path, given.get("app", served))
        inner = unwrap(mount.app)
        if inner is not None:
            inner.parents.append(mount)
        return mount if "routes" not in given else None
    is_websocket = classes.inherits(value.cls, *WEBSOCKETS) is True
    if not is_websocket and not classes.inherits(value.cls, *OPERATIONS, *ROUTES):
        return None
    return RouteEntry(
        place,
        frame,
        ev.registry.next(),
        path=path,
        methods=[] if is_websocket else methods_of(given.get("methods"), ["GET"]),
        endpoint=given.get("endpoint", served),
        options=given,
        open="**" in given,
        prefix=Const(""),
        websocket=is_websocket,
        plain=not is_websocket and not classes.inherits(value.cls, *OPERATIONS),
    )
