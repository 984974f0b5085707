from fastapi_guardrails import check

report = check(".")
for finding in report.diagnostics:
    print(f"{finding.path}:{finding.line}: {finding.code} {finding.message}")
