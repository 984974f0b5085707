"""From Pydantic 1 to 2: what was renamed. Source: Pydantic's migration guide."""

from __future__ import annotations

#: Keys of `class Config` → keys of `ConfigDict`.
CONFIG_KEYS = {
    "orm_mode": "from_attributes",
    "schema_extra": "json_schema_extra",
    "allow_population_by_field_name": "populate_by_name",
    "anystr_strip_whitespace": "str_strip_whitespace",
    "anystr_lower": "str_to_lower",
    "anystr_upper": "str_to_upper",
    "min_anystr_length": "str_min_length",
    "max_anystr_length": "str_max_length",
    "validate_all": "validate_default",
    "keep_untouched": "ignored_types",
}

#: Keys that are the same in both.
CONFIG_KEPT = frozenset(
    {
        "title", "extra", "frozen", "use_enum_values", "validate_assignment", "arbitrary_types_allowed",
        "alias_generator", "json_encoders", "from_attributes", "populate_by_name", "json_schema_extra",
        "str_strip_whitespace",
        "str_to_lower", "str_to_upper", "str_min_length", "str_max_length", "validate_default", "protected_namespaces",
        "strict", "ser_json_timedelta", "ser_json_bytes", "hide_input_in_errors", "revalidate_instances",
        "allow_inf_nan", "validate_by_name", "validate_by_alias", "use_attribute_docstrings",
    }
)  # fmt: skip

#: Keys that only settings have.
SETTINGS_KEPT = frozenset(
    {
        "env_prefix", "env_file", "env_file_encoding", "env_nested_delimiter", "case_sensitive", "secrets_dir",
        "env_ignore_empty", "env_parse_none_str",
    }
)  # fmt: skip

#: Methods of Pydantic 1 → methods of Pydantic 2.
METHODS = {
    "dict": "model_dump",
    "json": "model_dump_json",
    "copy": "model_copy",
    "parse_obj": "model_validate",
    "parse_raw": "model_validate_json",
    "from_orm": "model_validate",
    "construct": "model_construct",
    "schema": "model_json_schema",
    "update_forward_refs": "model_rebuild",
}

#: Arguments with which the new method means the same as the old one.
SAME_ARGUMENTS = {
    "dict": frozenset({"include", "exclude", "by_alias", "exclude_unset", "exclude_defaults", "exclude_none"}),
    "json": frozenset(
        {"include", "exclude", "by_alias", "exclude_unset", "exclude_defaults", "exclude_none", "indent"}
    ),
    "copy": frozenset({"update", "deep"}),
    "schema": frozenset({"by_alias", "ref_template"}),
}
