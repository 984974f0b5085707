"""Import roots: an absolute import finds the file that Python would find, in every layout that real projects have."""

from __future__ import annotations

import pytest

from fastapi_guardrails.source.roots import Imported, Roots


def _roots(*paths: str, root_name: str = "", **imports: str) -> Roots:
    """Roots of files; `imports` are given as `path="a.b, c:name"` (through a dict, for paths are no names)."""
    return Roots(
        paths, {path: [_imported(name) for name in said.split(", ")] for path, said in imports.items()}, root_name
    )


def _imported(said: str) -> Imported:
    module, _, name = said.partition(":")
    return module, (name,) if name else ()


def test_a_package_in_the_root() -> None:
    roots = _roots("app/__init__.py", "app/main.py", "app/api/__init__.py", "app/api/users.py", "tests/test_users.py")
    assert roots.module_name("app/api/users.py") == "app.api.users"
    assert roots.module_name("app/api/__init__.py") == "app.api"
    assert roots.find("app.api", "app/main.py") == "app/api/__init__.py"
    assert roots.find("app.api.users", "tests/test_users.py") == "app/api/users.py"
    assert roots.find("app.nothing", "app/main.py") is None


def test_a_src_folder_and_several_packages() -> None:
    roots = _roots("src/one/__init__.py", "src/one/a.py", "src/two/__init__.py", "src/two/b.py", "tests/test_a.py")
    assert "src" in roots.roots
    assert roots.module_name("src/one/a.py") == "one.a"
    assert roots.find("two.b", "src/one/a.py") == "src/two/b.py"
    assert roots.find("one.a", "tests/test_a.py") == "src/one/a.py"


def test_backends_of_a_monorepo_each_have_their_app() -> None:
    roots = _roots(
        "services/a/app/__init__.py", "services/a/app/db.py", "services/a/app/main.py", "services/a/tests/test_main.py",
        "services/b/app/__init__.py", "services/b/app/db.py", "services/b/app/main.py", "tools/run.py",
    )  # fmt: skip
    assert roots.find("app.db", "services/a/app/main.py") == "services/a/app/db.py"
    assert roots.find("app.db", "services/b/app/main.py") == "services/b/app/db.py"
    assert roots.find("app.db", "services/a/tests/test_main.py") == "services/a/app/db.py"
    assert roots.find("app.db", "tools/run.py") is None, "both are equally near: nobody knows"


def test_the_nearest_of_two_is_taken() -> None:
    roots = _roots("shop/backend/app/__init__.py", "shop/e2e/flow.py", "blog/backend/app/__init__.py")
    assert roots.find("app", "shop/e2e/flow.py") == "shop/backend/app/__init__.py"


def test_a_package_comes_before_a_module_of_the_same_name() -> None:
    roots = _roots("app/users.py", "app/users/__init__.py", "app/__init__.py")
    assert roots.find("app.users", "app/__init__.py") == "app/users/__init__.py"


def test_a_namespace_package_is_named_from_where_imports_start() -> None:
    roots = _roots(
        "app/main.py", "app/routers/users.py", "app/redis.py",
        **{"app/main.py": "app.routers.users, redis", "app/redis.py": "redis.asyncio, redis"},
    )  # fmt: skip
    assert roots.roots == ("",)
    assert roots.module_name("app/routers/users.py") == "app.routers.users"
    assert roots.find("app.routers.users", "app/main.py") == "app/routers/users.py"
    assert roots.find("redis", "app/redis.py") is None, "a module does not import itself"
    assert roots.find("redis", "app/main.py") is None, "so neither does its neighbour mean it"
    assert roots.is_namespace("app.routers", "app/main.py")
    assert roots.folder("app.routers", "app/main.py") == "app/routers"
    assert not roots.is_namespace("app.routers.users", "app/main.py")
    assert not roots.is_namespace("fastapi", "app/main.py")


def test_the_same_files_run_from_inside_their_folder() -> None:
    roots = _roots("app/main.py", "app/routers/users.py", "app/db.py", **{"app/main.py": "routers.users, db"})
    assert roots.module_name("app/routers/users.py") == "routers.users"
    assert roots.find("db", "app/main.py") == "app/db.py"
    assert roots.find("db", "app/routers/users.py") == "app/db.py"


def test_scripts_find_their_neighbours_even_where_others_import_them_as_a_package() -> None:
    roots = _roots(
        "tools/run.py", "tools/helpers.py", "main.py",
        **{"tools/run.py": "helpers", "main.py": "tools.run, tools.helpers"},
    )  # fmt: skip
    assert roots.find("helpers", "tools/run.py") == "tools/helpers.py"
    assert roots.module_name("tools/run.py") == "tools.run"


def test_one_namespace_in_several_distributions() -> None:
    roots = _roots(
        "src/core/acme/core/__init__.py", "src/core/acme/core/a.py",
        "src/web/acme/web/__init__.py", "src/web/acme/web/b.py",
        **{"src/web/acme/web/b.py": "acme.core.a, acme.web", "src/core/acme/core/a.py": "acme.core"},
    )  # fmt: skip
    assert roots.module_name("src/web/acme/web/b.py") == "acme.web.b"
    assert roots.find("acme.core.a", "src/web/acme/web/b.py") == "src/core/acme/core/a.py"


@pytest.mark.parametrize("said", ["orders.routes", "orders:routes"])
def test_a_namespace_package_is_found_by_what_other_parts_of_a_monorepo_import(said: str) -> None:
    roots = _roots(
        "libs/orders/orders/routes.py", "libs/orders/orders/db/session.py", "services/shop/shop/main.py",
        **{"services/shop/shop/main.py": said + ", fastapi.routes, fastapi:routes"},
    )  # fmt: skip
    assert roots.module_name("libs/orders/orders/routes.py") == "orders.routes"
    assert roots.module_name("libs/orders/orders/db/session.py") == "orders.db.session"
    assert roots.find("orders.routes", "services/shop/shop/main.py") == "libs/orders/orders/routes.py"
    assert roots.find("fastapi.routes", "services/shop/shop/main.py") is None


def test_of_two_namespace_packages_elsewhere_nobody_knows_which_is_meant() -> None:
    roots = _roots(
        "a/orders/routes.py", "b/orders/routes.py", "shop/main.py", **{"shop/main.py": "orders.routes"}
    )  # fmt: skip
    assert roots.find("orders.routes", "shop/main.py") is None


def test_a_folder_without_init_inside_a_package_belongs_to_it() -> None:
    roots = _roots("app/__init__.py", "app/models/user.py", "app/plugins/mail/__init__.py")
    assert roots.module_name("app/models/user.py") == "app.models.user"
    assert roots.module_name("app/plugins/mail/__init__.py") == "app.plugins.mail"
    assert roots.find("app.models.user", "app/__init__.py") == "app/models/user.py"


def test_a_root_inside_the_package_answers_to_its_own_name() -> None:
    roots = _roots("__init__.py", "main.py", "api/__init__.py", "api/users.py", root_name="app")
    assert roots.find("app.api.users", "main.py") == "api/users.py"
    assert roots.find("app.main", "api/users.py") == "main.py"
    assert roots.module_name("__init__.py") == "app"


def test_a_package_that_is_also_on_the_path() -> None:
    roots = _roots(
        "src/__init__.py", "src/app/__init__.py", "src/app/core/config.py", "src/migrations/env.py", "src/app/redis.py"
    )
    assert roots.find("app.core.config", "src/migrations/env.py") == "src/app/core/config.py"
    assert roots.find("redis", "src/app/core/config.py") is None


def test_a_package_on_the_path_gives_its_modules_by_their_names() -> None:
    files = ["src/__init__.py", "src/app/__init__.py", "src/app/main.py", "src/app/routers.py", "src/version.py"]
    roots = Roots(files, {"src/app/main.py": [_imported("app:routers")]}, bound=lambda path: set())
    assert roots.find("app", "src/app/main.py") == "src/app/__init__.py"


@pytest.mark.parametrize(
    ("name", "imports", "found"),
    [
        ("models", {"app/main.py": "models:User"}, "app/models.py"),
        ("models", {"app/api/users.py": "models:User"}, "app/models.py"),
        ("models", {"app/main.py": "models:Nothing"}, None),
        ("models", {"app/main.py": "models"}, None),
        ("models", {"app/main.py": "models:User", "app/models.py": "models:User"}, None),
        ("celery", {"app/main.py": "celery:Celery", "app/celery.py": "celery:Celery"}, None),
        ("types", {"app/main.py": "types:Kind"}, None),
    ],
    ids=["neighbour", "from-below", "another-name", "no-name", "imports-its-own", "library", "standard-library"],
)
def test_a_bare_name_in_a_package_is_a_neighbour_that_binds_what_is_imported(
    name: str, imports: dict[str, str], found: str | None
) -> None:
    bound = {"app/models.py": {"User"}, "app/celery.py": {"Celery", "app"}, "app/types.py": {"Kind"}}
    files = ["app/__init__.py", "app/main.py", "app/api/__init__.py", "app/api/users.py", *bound]
    said = {path: [_imported(part) for part in text.split(", ")] for path, text in imports.items()}
    roots = Roots(files, said, bound=lambda path: bound.get(path, set()))
    assert roots.find(name, "app/main.py") == found


@pytest.mark.parametrize(
    ("importer", "said", "found"),
    [
        ("app/redis/client.py", "redis:Redis", None),
        ("app/redis/__init__.py", "redis.asyncio:Redis", None),
        ("app/redis/client.py", "redis.pool:Pool", "app/redis/__init__.py"),
        ("app/redis/client.py", "redis:pool", "app/redis/__init__.py"),
    ],
    ids=["inside", "init", "own-module", "own-module-of-the-package"],
)
def test_a_package_that_wraps_the_library_of_its_name(importer: str, said: str, found: str | None) -> None:
    files = ["app/__init__.py", "app/main.py", "app/redis/__init__.py", "app/redis/client.py", "app/redis/pool.py"]
    imports = {importer: [_imported(said)], "app/main.py": [_imported("redis:Redis")]}
    roots = Roots(files, imports, bound=lambda path: {"Redis"} if path == "app/redis/__init__.py" else set())
    assert roots.find("redis", "app/main.py") == found


def test_the_standard_library_is_not_the_projects() -> None:
    roots = _roots("logging.py", "platform/__init__.py", "platform/api.py", "logging/config.py", "main.py")
    assert roots.find("logging", "main.py") is None
    assert roots.find("logging.config", "main.py") is None
    assert roots.find("platform", "main.py") is None
    assert roots.find("platform.api", "main.py") == "platform/api.py"


def test_packages_of_tests_and_examples_are_only_found_from_there() -> None:
    roots = _roots("tests/fastapi/__init__.py", "tests/fastapi/test_x.py", "app/__init__.py", "app/main.py")
    assert roots.find("fastapi", "app/main.py") is None
    assert roots.find("app.main", "tests/fastapi/test_x.py") == "app/main.py"


@pytest.mark.parametrize(
    ("level", "module", "found"),
    [
        (1, "users", "app/api/users.py"),
        (1, "", "app/api/__init__.py"),
        (2, "db", "app/db.py"),
        (2, "", "app/__init__.py"),
        (2, "api.users", "app/api/users.py"),
        (1, "nothing", None),
        (9, "db", None),
    ],
)
def test_relative_imports_go_by_folders(level: int, module: str, found: str | None) -> None:
    roots = _roots("app/__init__.py", "app/db.py", "app/api/__init__.py", "app/api/users.py", "app/api/routes.py")
    assert roots.find_relative(level, module, "app/api/routes.py") == found


def test_submodules_of_a_folder() -> None:
    roots = _roots("app/__init__.py", "app/db.py", "app/api/__init__.py", "app/api/users.py", "app/names/x.py")
    assert roots.submodules("app") == {"api": "app/api/__init__.py", "db": "app/db.py"}
    assert roots.submodules("nowhere") == {}
    assert roots.submodules("") == {"app": "app/__init__.py"}
