"""What Pydantic 2 renamed or took away.

Source: Pydantic's migration guide and `pydantic._internal._config` (`V2_RENAMED_KEYS`, `V2_REMOVED_KEYS`).
"""

from __future__ import annotations

#: Keys of `class Config` → keys of `ConfigDict`.
CONFIG_KEYS: dict[str, str] = {
    "allow_population_by_field_name": "populate_by_name",
    "anystr_lower": "str_to_lower",
    "anystr_strip_whitespace": "str_strip_whitespace",
    "anystr_upper": "str_to_upper",
    "keep_untouched": "ignored_types",
    "max_anystr_length": "str_max_length",
    "min_anystr_length": "str_min_length",
    "orm_mode": "from_attributes",
    "schema_extra": "json_schema_extra",
    "validate_all": "validate_default",
}

#: Keys whose meaning was turned round.
CONFIG_INVERTED: dict[str, str] = {"allow_mutation": "frozen"}

#: Keys that are gone.
CONFIG_GONE: frozenset[str] = frozenset(
    {
        "copy_on_model_validation", "error_msg_templates", "fields", "getter_dict", "json_dumps", "json_loads",
        "post_init_call", "smart_union", "underscore_attrs_are_private",
    }
)  # fmt: skip

#: Methods and attributes of a model → their names in Pydantic 2.
METHODS: dict[str, str] = {
    "dict": "model_dump",
    "json": "model_dump_json",
    "copy": "model_copy",
    "parse_obj": "model_validate",
    "parse_raw": "model_validate_json",
    "from_orm": "model_validate",
    "construct": "model_construct",
    "schema": "model_json_schema",
    "update_forward_refs": "model_rebuild",
    "__fields__": "model_fields",
}

_DUMP = frozenset({"include", "exclude", "by_alias", "exclude_unset", "exclude_defaults", "exclude_none"})

#: Keyword arguments that mean the same under the new name; a method that is not listed takes any.
SAME_KEYWORDS: dict[str, frozenset[str]] = {
    "dict": _DUMP,
    "json": _DUMP | {"indent"},
    "copy": frozenset({"update", "deep"}),
    "parse_obj": frozenset({"obj"}),
    "parse_raw": frozenset(),
    "from_orm": frozenset({"obj"}),
    "schema": frozenset({"by_alias", "ref_template"}),
    "update_forward_refs": frozenset(),
}

#: How many positional arguments mean the same under the new name.
SAME_POSITIONAL: dict[str, int] = {"parse_obj": 1, "parse_raw": 1, "from_orm": 1, "construct": 1, "schema": 2}
