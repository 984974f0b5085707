import guardrails_rules.shop001_untagged_route  # noqa: F401 (it registers the rule)
import pytest

from fastapi_guardrails.rules.registry import registered
from fastapi_guardrails.testing import Case, check_case, load_cases, page_cases


@pytest.mark.parametrize("case", load_cases("guardrails_rules/cases"), ids=str)
def test_cases(case: Case) -> None:
    check_case(case)


@pytest.mark.parametrize("case", page_cases(registered()["SHOP001"]), ids=str)
def test_the_page(case: Case) -> None:
    check_case(case)
