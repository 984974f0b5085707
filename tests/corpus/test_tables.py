"""The comparison itself: what it counts as found, invented, differing and out of order."""

from __future__ import annotations

from typing import Any

from .tables import compare


def route(path: str, method: str = "GET", **changes: Any) -> dict[str, Any]:
    """A route as both sides have it."""
    common = {"path": path, "methods": [method], "endpoint": "app.read", "is_async": True, "status_code": None}
    more = {"response_model": "app.Out", "secured": False, "security": False, "dependencies": [], "websocket": False}
    return common | more | {"certain": True, "kind": "api", "endpoint_file": "app.py"} | changes


def test_equal_tables() -> None:
    routes = [route("/a/{id:int}"), route("/b", "POST")]
    found = compare({"routes": [route("/a/{id}"), route("/b", "POST")]}, [{"routes": []}, {"routes": routes}])
    assert (found.recall, found.precision, found.in_order) == (1, 1, True)
    assert set(found.equal.values()) == {1.0}


def test_what_is_missed_and_invented() -> None:
    static = [route("/a"), route("/c"), route("/d", certain=False)]
    found = compare({"routes": [route("/a"), route("/b")]}, [{"routes": static}])
    assert found.missed == [("GET", "/b")]
    assert found.wrong == [("GET", "/c")]
    assert (found.recall, found.precision, found.uncertain) == (0.5, 0.5, 1)


def test_modules_of_names_do_not_matter() -> None:
    static = route("/a", response_model="list[models.Out]", dependencies=["deps.get_db"])
    live = route("/a", response_model="list[app.models.Out]", dependencies=["app.deps.get_db"], security=True)
    found = compare({"routes": [live]}, [{"routes": [static]}])
    assert found.differing == [("GET", "/a", "secured", False, True)]


def test_the_order_of_matching() -> None:
    live = [route("/a", order=2), route("/b", order=1)]
    assert not compare({"routes": live}, [{"routes": [route("/a"), route("/b")]}]).in_order
    assert compare({"routes": live}, [{"routes": [route("/b"), route("/a")]}]).in_order


def test_routes_of_libraries_do_not_count() -> None:
    live = [route("/a"), route("/docs", kind="plain"), route("/lib", endpoint_file="<site-packages>/x.py")]
    assert compare({"routes": live}, [{"routes": [route("/a")]}]).recall == 1


def test_no_app_at_all() -> None:
    found = compare({"routes": [route("/a")]}, [])
    assert (found.recall, found.precision) == (0, 1)
