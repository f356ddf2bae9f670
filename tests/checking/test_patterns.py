"""Regular expressions are looked at in bounded work: parsed, never compiled."""

from __future__ import annotations

import re

import pytest

from segdsl.analysis.checking.patterns import LONGEST, fault

WIDE = "".join(f"{chr(0x100 + 20 * at)}-{chr(0xF000 + at)}" for at in range(2_000))
TAKEN = {
    "ranges without regard to capitals": f"(?i)[{WIDE}]",
    "the same in a group": f"(?i:[{WIDE}])",
    "many sets of several ranges": "(?i)" + "[a-bĀ-ƀɀ-￿]" * 900,
    "repetitions of repetitions": "(a{1000}){1000}" * 500,
    "deep groups": "(?:" * 90 + "a" + ")" * 90,
    "many names": "".join(f"(?P<n{at}>a)" for at in range(700)),
    "beyond sixteen bits": r"(?i)[\U00000100-\U0010ffff]" * 300,
}
WRONG = {
    "a(": "missing )",
    "[a": "unterminated character set",
    "(?i)[z-a]": "bad character range",
    "*": "nothing to repeat",
    "a)": "unbalanced parenthesis",
    "a\\": "bad escape",
    f"(?i)[{WIDE}": "unterminated character set",
}


@pytest.mark.parametrize("of", TAKEN)
def test_what_takes_long_to_compile_is_not_compiled(
    of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compile(*_: object, **__: object) -> None:
        raise AssertionError("it is compiled")

    monkeypatch.setattr(re, "compile", compile)
    monkeypatch.setattr(re._compiler, "compile", compile)  # type: ignore[attr-defined]
    assert fault(TAKEN[of]) is None


@pytest.mark.parametrize("pattern", WRONG)
def test_what_no_engine_takes_is_told(pattern: str) -> None:
    found = fault(pattern)
    assert found is not None
    assert found[0].startswith(f"invalid regular expression: {WRONG[pattern]}")
    assert "in front" in found[1]


def test_a_pattern_has_a_length_that_is_bounded() -> None:
    assert fault("a" * LONGEST) is None
    found = fault("a" * (LONGEST + 1))
    assert found is not None
    assert found[0] == "this regular expression has 10,001 characters; the maximum is 10,000"
    assert "contains any" in found[1]
