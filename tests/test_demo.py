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
    # Every caption is followed by a command, and no more than three belong to one.
    before, *sections = re.split(r"^# .*(?:\n# .*)*\n(?=\$ )", done.stdout, flags=re.MULTILINE)
    assert "$ " not in before
    commands = [len(re.findall(r"^\$ ", each, re.MULTILINE)) for each in sections]
    assert len(commands) >= 10
    assert all(1 <= each <= 3 for each in commands), commands
