"""The literate cases beside this file: each rule reports what is marked in them, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastapi_guardrails.testing import Case, check_case, load_cases

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("case", load_cases(FOLDER), ids=str)
def test_case(case: Case) -> None:
    check_case(case)
