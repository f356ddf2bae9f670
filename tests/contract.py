"""The referee: the Audience API's published description, asked whether it accepts a rule.

It is kept beside the project, not in it: the folder that SEGDSL_CONTRACT names, or
`shared/contract` beside the checkout. A test that needs it where it is not there skips.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "contract"


def folder() -> Path:
    return Path(os.environ.get("SEGDSL_CONTRACT") or _BESIDE)


@cache
def _module() -> Any:
    file = folder() / "contract.py"
    # Not under its own name: this module has that one.
    spec = spec_from_file_location("audience_api_referee", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def _load() -> Any:
    yaml = import_module("yaml")
    with pytest.MonkeyPatch.context() as patch:
        # The same values, from a reader that is compiled.
        patch.setattr(yaml, "SafeLoader", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        return _module().Contract()


def referee() -> Any:
    """The referee's `Contract`; skips the test, and says why, where it cannot be had."""
    for needed in ("yaml", "jsonschema"):
        pytest.importorskip(needed, reason=f"the referee needs {needed}")
    if not (folder() / "contract.py").is_file():
        pytest.skip("the API's description is not here: set SEGDSL_CONTRACT to its folder")
    return _load()


@cache
def _validator() -> Any:
    """A validator of rules that looks at each distinct operator, filter, … once.

    Generated rules are made of the same few thousand pieces again and again.
    """
    jsonschema = import_module("jsonschema")
    base = jsonschema.Draft202012Validator
    known: dict[tuple[str, str], bool] = {}

    def reference(validator: Any, ref: str, instance: Any, schema: Any) -> Iterator[Any]:
        key = (ref, json.dumps(instance))
        if key not in known:
            known[key] = not any(base.VALIDATORS["$ref"](validator, ref, instance, schema))
        if not known[key]:
            yield jsonschema.ValidationError(f"not what {ref} describes")

    remembering = jsonschema.validators.extend(base, {"$ref": reference})
    root = {
        "components": _load()._components(False),
        "$ref": f"#/components/schemas/{_module().RULE}",
    }
    return remembering(root)


def rule_errors(rule: Any) -> list[str]:
    """What the description has against a rule, in the referee's own words; mostly nothing.

    As it is written, the description has no place for an attribute of a customer group: it
    asks that exactly one of `{name}` and `{customerGroup, name}` fit, and the first admits
    whatever the second does. Such an attribute is therefore shown to it without its group.
    """
    contract = referee()
    shown = _without_customer_groups(rule)
    if _validator().is_valid(shown):
        return []
    found: list[str] = contract.rule(shown)
    assert found, "the two readings of the description disagree"
    return found


def _without_customer_groups(value: Any) -> Any:
    match value:
        case {"name": _, "customerGroup": str(), **others} if not others:
            return {"name": value["name"]}
        case dict():
            return {key: _without_customer_groups(inner) for key, inner in value.items()}
        case list():
            return [_without_customer_groups(inner) for inner in value]
        case _:
            return value
