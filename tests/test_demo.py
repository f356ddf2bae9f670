"""`make demo` tells its story to the end, in any width."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STORY = (
    r'segment "Tokyo shoppers"',
    r"error\[SEG501\]: there is no attribute `prefecure`",
    r"did you mean `prefecture`\?",
    r"error\[SEG507\]",
    r"A profile is in this segment when all of these hold",
    r"of 52,000 profiles in “Retail shop”",
    r"created +Loyalty/Tokyo shoppers",
    r"[0-9,]+ → [0-9,]+ profiles: [0-9,]+ join, 0 leave",
    r"! conflict +Loyalty/Tokyo shoppers \(#\d+\): changed on both sides",
    r"updated +Loyalty/Tokyo shoppers",
    r"Camera ladder +Profiles +Share +Conversion",
    r"Win back: Worth a voucher, 2024-11-18",
    r"masked, as they have personal data: address",
    r"customer\d+@\S+ +\S+ +Win back: Worth a voucher, 2024-11-18",
    r"created +activation Winback/Win back/Worth a voucher/Vouchers",
    r"success +Winback/Win back/Worth a voucher/Vouchers +#\d+, [0-9,]+ rows",
    r"address,prefecture,reason",
    r"-- Tokyo camera shoppers, as of",
    r'"type": "And"',
    r"Next: `segdsl init`",
)


@pytest.mark.slow
def test_the_demo_tells_its_story() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py")],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    at = 0
    for part in STORY:
        found = re.compile(part).search(done.stdout, at)
        assert found, (part, done.stdout[at:])
        at = found.end()
    captions = re.findall(r"^# .*(?:\n# .*)*\n\$ ", done.stdout, re.MULTILINE)
    commands = re.findall(r"^\$ ", done.stdout, re.MULTILINE)
    assert len(captions) >= len(commands) - 1
