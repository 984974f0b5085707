"""Values: what an expression is known to be, and when it is only true by default, or unknown."""

from __future__ import annotations

import pytest

from .asked import understand


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'/v1'", "'/v1'"),
        ("'/v1' '/users'", "'/v1/users'"),
        ("'/v1' + '/users'", "'/v1/users'"),
        ("'/v1' + name", "'/v1users'"),
        ("f'/v1/{name}'", "'/v1/users'"),
        ("f'/v{number}'", "'/v3'"),
        ("f'/{name.upper()}'", "'/USERS'"),
        ("'/v%d/%s' % (number, name)", "'/v3/users'"),
        ("'/v1/%s' % name", "'/v1/users'"),
        ("'/v1/{}'.format(name)", "'/v1/users'"),
        ("'/v1/{n}'.format(n=name)", "'/v1/users'"),
        ("'/'.join(['', 'v1', name])", "'/v1/users'"),
        ("'/'.join(('', name))", "'/users'"),
        ("' /v1 '.strip()", "'/v1'"),
        ("'/v1/'.rstrip('/')", "'/v1'"),
        ("'//v1'.lstrip('/')", "'v1'"),
        ("'/V1'.lower()", "'/v1'"),
        ("'a_b'.replace('_', '-')", "'a-b'"),
        ("'/v1/x'.removeprefix('/v1')", "'/x'"),
        ("'/v1/x'.removesuffix('/x')", "'/v1'"),
        ("'a,b'.split(',')", "list('a', 'b')"),
        ("'a,b'.split(',')[1]", "'b'"),
        ("str(number)", "'3'"),
        ("'ab' * 2", "'abab'"),
        ("['a'] * 2", "list('a', 'a')"),
        ("isinstance({}, dict)", "True"),
        ("isinstance([], (dict, tuple))", "False"),
        ("isinstance(name, str)", "True"),
        ("name or '/v1'", "'users'"),
        ("'' or '/v1'", "'/v1'"),
        ("'/v1' if number else '/v2'", "'/v1'"),
        ("'/v1' if not number else '/v2'", "'/v2'"),
        ("'/v1' if number == 3 else '/v2'", "'/v1'"),
        ("number + 1", "4"),
        ("[name, 'x']", "list('users', 'x')"),
        ("['a', *['b', 'c']]", "list('a', 'b', 'c')"),
        ("['a'] + ['b']", "list('a', 'b')"),
        ("('a', 'b')[-1]", "'b'"),
        ("'/users/'[:-1]", "'/users'"),
        ("'/users'[1:]", "'users'"),
        ("name[number:]", "'rs'"),
        ("['a', 'b', 'c'][1:]", "list('b', 'c')"),
        ("['a', 'b', 'c'][::-1]", "list('c', 'b', 'a')"),
        ("{'a': 1, **{'b': 2}}", "dict(a=1, b=2)"),
        ("{'a': 1} | {'b': 2}", "dict(a=1, b=2)"),
        ("dict(a=1)", "dict(a=1)"),
        ("{'users': '/u'}[name]", "'/u'"),
        ("{'users': '/u'}.get(name)", "'/u'"),
        ("{'users': '/u'}.get('other', '/o')", "'/o'"),
        ("[f'/{x}' for x in ('a', 'b')]", "list('/a', '/b')"),
        ("sorted({'a'})", "list('a')"),
        ("list(('a', 'b'))", "list('a', 'b')"),
        ("(chosen := '/v1')", "'/v1'"),
        ("True", "True"),
        ("None", "None"),
    ],
)
def test_an_expression_of_known_parts_is_known(expression: str, expected: str) -> None:
    asked = understand(f"name = 'users'\nnumber = 3\nanswer = {expression}\n")
    assert asked.value("answer") == expected


@pytest.mark.parametrize(
    "expression",
    [
        "missing",
        "'/v1'[missing:]",
        "missing[1:]",
        "'/v1' + missing",
        "missing.strip()",
        "missing['x']",
        "{'a': 1}[missing]",
    ],
)
def test_what_needs_an_unknown_part_is_unknown(expression: str) -> None:
    asked = understand(f"from app.nowhere import missing\nanswer = {expression}\n")
    assert asked.value("answer") in ("?", "str")


def test_an_f_string_with_an_unknown_part_is_some_string() -> None:
    assert understand("from app.nowhere import missing\nanswer = f'/{missing}'\n").value("answer") == "str"


def test_a_constant_of_another_module_is_known() -> None:
    asked = understand("""
        # app/config.py
        API = "/api"
        V1 = f"{API}/v1"
        # app/main.py
        from app import config
        prefix = config.V1 + "/users"
        """)
    assert asked.value("prefix") == "'/api/v1/users'"


def test_a_class_attribute_is_known_on_the_class_and_on_its_objects() -> None:
    asked = understand("""
        # app/main.py
        class Config:
            API = "/api"
            V1 = API + "/v1"
        class Special(Config):
            API = "/special"
        one, two, three = Config.V1, Config().V1, Special().API
        """)
    assert [asked.value(n) for n in ("one", "two", "three")] == ["'/api/v1'", "'/api/v1'", "'/special'"]


def test_an_object_has_what_its_constructor_was_given() -> None:
    asked = understand("""
        # app/main.py
        class Config:
            def __init__(self, version, root="/api"):
                self.prefix = f"{root}/v{version}"
        answer = Config(2).prefix
        """)
    assert asked.value("answer") == "'/api/v2'"


def test_a_dataclass_has_its_arguments_and_defaults() -> None:
    asked = understand("""
        # app/main.py
        from dataclasses import dataclass, field
        @dataclass
        class Config:
            version: int
            root: str = "/api"
            tags: list = field(default_factory=list)
        config = Config(2)
        answer = f"{config.root}/v{config.version}"
        tags = config.tags
        """)
    assert asked.value("answer") == "'/api/v2'"
    assert asked.value("tags") == "list()"


def test_a_property_is_carried_out_at_start_up() -> None:
    asked = understand("""
        # app/main.py
        class Config:
            version = 2
            @property
            def prefix(self):
                return f"/v{self.version}"
        answer = Config().prefix
        """)
    assert asked.value("answer") == "'/v2'"


@pytest.mark.parametrize("base", ["str, Enum", "StrEnum"])
def test_a_member_of_a_string_enumeration_is_its_text(base: str) -> None:
    asked = understand(f"""
# app/main.py
from enum import Enum, StrEnum
class Prefix({base}):
    USERS = "/users"
    ORDERS = "/orders"
member = Prefix.USERS
text = Prefix.USERS.value
joined = "/v1" + Prefix.USERS.value
formatted = f"/v1{{Prefix.ORDERS.value}}"
""")
    found = [asked.value(n) for n in ("member", "text", "joined", "formatted")]
    assert found == ["Prefix.USERS", "'/users'", "'/v1/users'", "'/v1/orders'"]


def test_an_enumeration_is_iterated_in_order() -> None:
    asked = understand("""
        # app/main.py
        from enum import Enum
        class Name(Enum):
            B = "b"
            A = "a"
        names = [n.value for n in Name]
        """)
    assert asked.value("names") == "list('b', 'a')"


SETTINGS = """
# app/config.py
from functools import lru_cache
from pydantic import Field
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    prefix: str = "/v1"
    root: str = Field("/api")
    named: str = Field(default="/named")
    secret: str
    must: str = Field(...)
    @property
    def full(self) -> str:
        return self.root + self.prefix
settings = Settings()
@lru_cache
def get_settings() -> Settings:
    return Settings()
def plain_settings():
    return Settings()
"""


@pytest.mark.parametrize(
    "settings",
    ["settings", "get_settings()", "plain_settings()", "Settings()", "config.settings", "config.get_settings()"],
)
def test_a_setting_with_a_default_has_it_by_default(settings: str) -> None:
    asked = understand(
        SETTINGS + f"# app/main.py\nfrom app import config\nfrom app.config import *\nprefix = {settings}.prefix\n"
    )
    assert asked.value("prefix") == "'/v1' by default"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("root", "'/api' by default"),
        ("named", "'/named' by default"),
        ("full", "'/api/v1' by default"),
        ("secret", "str"),
        ("must", "str"),
    ],
)
def test_fields_of_settings(name: str, expected: str) -> None:
    asked = understand(SETTINGS + f"# app/main.py\nfrom app.config import settings\nanswer = settings.{name}\n")
    assert asked.value("answer") == expected


def test_what_is_made_of_a_default_is_true_by_default() -> None:
    asked = understand(
        SETTINGS + "# app/main.py\nfrom app.config import settings\nanswer = f'{settings.prefix}/users'.strip()\n"
    )
    assert asked.value("answer") == "'/v1/users' by default"


def test_settings_inherit_their_fields() -> None:
    asked = understand("""
        # app/main.py
        from pydantic_settings import BaseSettings
        class Base(BaseSettings):
            prefix: str = "/base"
            other: str = "/other"
        class Settings(Base):
            prefix: str = "/own"
        settings = Settings()
        own, inherited = settings.prefix, settings.other
        """)
    assert [asked.value("own"), asked.value("inherited")] == ["'/own' by default", "'/other' by default"]


@pytest.mark.parametrize("default", ["Api()", "Field(default_factory=Api)", "Field(Api())", "Api(root='/api')"])
def test_settings_hold_groups_of_settings(default: str) -> None:
    asked = understand(f"""
# app/main.py
from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings
class V1(BaseModel):
    prefix: str = "/v1"
class Api(BaseModel):
    root: str = Field("/api")
    v1: V1 = V1()
class Settings(BaseSettings):
    api: Api = {default}
settings = Settings()
answer = settings.api.root + settings.api.v1.prefix
""")
    assert asked.value("answer") == "'/api/v1' by default"


@pytest.mark.parametrize(
    ("made", "expected"),
    [("Item()", "'none'"), ("Item(name='x')", "'x'"), ("Item(alias='x')", "str"), ("Item(**given)", "str")],
)
def test_a_model_has_its_arguments_and_defaults(made: str, expected: str) -> None:
    asked = understand(f"""
# app/main.py
from app.nowhere import given
from pydantic import BaseModel, Field
class Item(BaseModel):
    name: str = Field("none", alias="alias")
answer = {made}.name
""")
    assert asked.value("answer") == expected


def test_a_dependency_gives_settings_with_their_defaults() -> None:
    asked = understand(
        SETTINGS
        + """
# app/main.py
from typing import Annotated
from fastapi import Depends
from app.config import Settings, get_settings
SettingsDep = Annotated[Settings, Depends(get_settings)]
def one(settings: SettingsDep):
    prefix = settings.prefix
def two(settings=Depends(get_settings)):
    prefix = settings.prefix
"""
    )
    assert asked.local("one", "prefix") == asked.local("two", "prefix") == "'/v1' by default"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("os.getenv('PREFIX', '/v1')", "'/v1' by default"),
        ("os.environ.get('PREFIX', '/v1')", "'/v1' by default"),
        ("os.environ.get('PREFIX') or '/v1'", "'/v1' by default"),
        ("os.environ['PREFIX']", "?"),
        ("os.getenv('PREFIX')", "?"),
    ],
)
def test_the_environment_is_known_by_its_fallback(expression: str, expected: str) -> None:
    assert understand(f"import os\nanswer = {expression}\n").value("answer") == expected


def test_a_parameter_is_bound_at_every_call() -> None:
    asked = understand("""
        # app/main.py
        def path(name, version=1, *, root="/api"):
            return f"{root}/v{version}/{name}"
        one, two, three = path("a"), path("b", 2), path(name="c", root="")
        """)
    assert [asked.value(n) for n in ("one", "two", "three")] == ["'/api/v1/a'", "'/api/v2/b'", "'/v1/c'"]


def test_arguments_are_spread_into_parameters() -> None:
    asked = understand("""
        # app/main.py
        def path(*parts, **options):
            return "/".join(parts) + options["end"]
        arguments = ("a", "b")
        answer = path(*arguments, **{"end": "!"})
        """)
    assert asked.value("answer") == "'a/b!'"


def test_a_partial_brings_its_arguments() -> None:
    asked = understand("""
        # app/main.py
        from functools import partial
        def path(root, name):
            return f"{root}/{name}"
        answer = partial(path, "/v1")("users")
        """)
    assert asked.value("answer") == "'/v1/users'"


def test_a_lambda_is_called() -> None:
    assert understand("path = lambda name: f'/{name}'\nanswer = path('users')\n").value("answer") == "'/users'"


def test_a_closure_sees_the_names_around_it() -> None:
    asked = understand("""
        # app/main.py
        def maker(root):
            def make(name):
                return root + name
            return make
        answer = maker("/v1")("/users")
        """)
    assert asked.value("answer") == "'/v1/users'"


def test_a_list_grows_in_a_loop() -> None:
    asked = understand("""
        # app/main.py
        paths = []
        for name in ("a", "b"):
            paths.append("/" + name)
        paths += ["/c"]
        """)
    assert asked.value("paths") == "list('/a', '/b', '/c')"


def test_a_dict_is_filled_by_key() -> None:
    asked = understand("""
        # app/main.py
        prefixes = {}
        prefixes["users"] = "/u"
        for key, value in {"a": "/a"}.items():
            prefixes[key] = value
        answer = prefixes["a"] + prefixes["users"]
        """)
    assert asked.value("answer") == "'/a/u'"


def test_names_are_unpacked() -> None:
    asked = understand("(a, b), *rest = ('x', 'y'), 1, 2\n[c, d] = ['z', 'w']\nanswer = a + b + c + d\n")
    assert asked.value("answer") == "'xyzw'"


def test_a_name_that_either_branch_assigns_may_be_either() -> None:
    asked = understand("""
        # app/main.py
        import sys
        if len(sys.argv) > 1:
            prefix = "/a"
        else:
            prefix = "/b"
        """)
    assert asked.value("prefix") == "'/a' | '/b'"


def test_a_default_decides_a_branch_by_default() -> None:
    asked = understand("""
        # app/main.py
        import os
        if os.getenv("NEW", "yes") == "yes":
            prefix = "/new"
        else:
            prefix = "/old"
        """)
    assert asked.value("prefix") == "'/new' by default"


def test_a_global_is_set_by_a_function() -> None:
    asked = understand("""
        # app/main.py
        prefix = ""
        def set_up():
            global prefix
            prefix = "/v1"
        set_up()
        """)
    assert asked.value("prefix") == "'/v1'"


def test_a_recursive_function_ends() -> None:
    asked = understand("""
        # app/main.py
        def path(n):
            return "/" if not n else path(n - 1) + "x"
        answer = path(500)
        done = "done"
        """)
    assert asked.value("done") == "'done'"


def test_a_function_without_return_gives_none() -> None:
    assert understand("def f(): pass\nanswer = f()\n").value("answer") == "None"


def test_a_status_code_is_a_number() -> None:
    asked = understand("""
        # app/main.py
        from http import HTTPStatus
        import fastapi
        from fastapi import status
        from starlette.status import HTTP_204_NO_CONTENT as nothing
        found = (status.HTTP_201_CREATED, fastapi.status.HTTP_404_NOT_FOUND, nothing, HTTPStatus.CONFLICT)
        """)
    assert asked.value("found") == "tuple(201, 404, 204, 409)"


@pytest.mark.parametrize(
    "step",
    [
        "x = x + x",
        "x += x",
        "x = x * 9",
        "x = f'{x}{x}'",
        "x = x.replace('a', 'aa')",
        "x = ''.join([x, x])",
        "x = x.zfill(10 ** 12)",
        "x = '%099999999999d' % 1",
        "x = '{:>99999999999}'.format(x)",
    ],
)
def test_a_text_that_grows_without_end_is_given_up(step: str) -> None:
    asked = understand(f"x = 'a'\nfor i in range(200):\n    {step}\ndone = True\n")
    assert asked.value("x") in ("str", "?")
    assert asked.value("done") == "True"


@pytest.mark.parametrize("step", ["x = x + x", "x += x", "x = [*x, *x]", "x = x * 9"])
def test_a_list_that_grows_without_end_is_given_up(step: str) -> None:
    asked = understand(f"x = ['a']\nfor i in range(200):\n    {step}\ndone = True\n")
    assert asked.value("x").endswith("...)")
    assert asked.value("done") == "True"
