"""Many files at once: what is found does not depend on processes, nor on what was kept."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quick import scaled
from running import ENVIRONMENT, ROOT
from segdsl.analysis.lint import SegmentKey, report_equivalent_segments
from segdsl.analysis.lint.normal_form import Normalizer
from segdsl.diagnostics import Code, Report
from segdsl.files import seg_files
from segdsl.output.diagnostics import diagnostics_output
from segdsl.output.models import Diagnostic as Finding
from segdsl.schema.document import write_schema
from segdsl.schema.model import Column, Schema, Segment
from segdsl.workspace.check import check_processes as processes
from segdsl.workspace.check import check_runner
from segdsl.workspace.check.cached_check import Checked, check
from segdsl.workspace.check.check_cache import FOLDER, MAX_CACHED, MIN_FILES
from segdsl.workspace.check.check_runner import Basis, check_here, check_part, combine
from segdsl.workspace.check.inputs import input_files

TOML = '[targets.local]\nkind = "local"\ndata = "data"\n'
SCHEMA = Schema(
    "1",
    "Shop",
    attributes=tuple(Column(name, "number") for name in "abc"),
    segments=(Segment("7", "Old"), Segment("8", "Twice"), Segment("9", "Twice")),
)
TESTS = [
    *(
        "a = 1",
        "a = 1 or a = 2",
        "b != 2",
        "a > 5 and a < 3",
        "a = 1 and a = 1",
        "zzz = 3",
        'a = "x"',
    ),
    *('in segment "S1"', 'in segment "S2"', 'in segment "S3"', 'in segment "Nobody"'),
    *('in segment "Old"', 'in segment "Twice"', "big", "other(3)", "a == 1", "missing"),
    "sum(o.p where q = 1 or q = 2) > 3",
]
FILES = [
    "# allow SEG601\nlet big = b != 2\n",
    "let other(n) = a > n and not b = n\n",
    'import big from "f0.seg"\n',
    'import other from "sub/f1.seg"\n',
    'import gone from "gone.seg"\n',
    "# allow SEG602: meant\n",
    "# allow SEG606\n",
    "",
]


@st.composite
def workspaces(draw: st.DrawFn) -> dict[str, str]:
    """Texts of files: errors, duplicates, references, cycles, imports, suppressions."""
    made = {"f0.seg": FILES[0] + 'segment "S0" where big', "sub/f1.seg": FILES[1]}
    for number in range(draw(st.integers(2, 9))):
        head = draw(st.sampled_from(FILES))
        tests = draw(st.lists(st.sampled_from(TESTS), min_size=1, max_size=3))
        word = draw(st.sampled_from([" and ", " or "]))
        name = draw(st.sampled_from([f"S{number}", "S1"]))
        made[f"t{number}.seg"] = f'{head}segment "{name}"\nwhere {word.join(tests)}\n'
    return made


def placed(folder: Path, texts: dict[str, str]) -> list[str]:
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    os.chdir(folder)
    return seg_files(["."])


def told(report: Report) -> str:
    return repr(sorted(report.diagnostics, key=repr))


@given(workspaces(), st.integers(1, 4), st.booleans())
@settings(max_examples=scaled(80), deadline=None)
def test_parts_tell_together_what_the_whole_does(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str], size: int, with_schema: bool
) -> None:
    files = placed(tmp_path_factory.mktemp("w"), texts)
    basis = Basis({}, SCHEMA if with_schema else None, ())
    whole = check_here(files, basis).part
    parts = [check_part(files[at : at + size], basis) for at in range(0, len(files), size)]
    used = whole.used or frozenset()
    apart = combine(parts, files, basis, lambda: used)
    assert told(apart) == told(combine([whole], files, basis, lambda: used))


def test_two_conditions_of_one_hash_are_distinguished() -> None:
    class Same:
        def __hash__(self) -> int:
            return 7

    normal = Normalizer()
    one, other = Same(), Same()
    assert normal._number(one) != normal._number(other)
    assert normal._number(one) == normal._number(one)


def test_a_number_that_two_processes_share_by_chance_makes_no_twins(tmp_path: Path) -> None:
    files = placed(
        tmp_path, {"x.seg": 'segment "x" where a = 1', "y.seg": 'segment "y" where a = 2'}
    )
    basis = Basis({}, None, ())
    parts = [check_part([each], basis) for each in files]
    [mark] = parts[0].marks
    by_chance = [
        (msgspec.structs.replace(mark, number=7),),
        tuple(SegmentKey(mark.fingerprint, 7, each.name, each.span) for each in parts[1].marks),
    ]
    report = Report()
    report_equivalent_segments(check_runner._comparable(by_chance, basis), report)
    assert report.diagnostics == []


def generated(count: int) -> dict[str, str]:
    chance = random.Random(3)
    texts = {"f0.seg": FILES[0] + 'segment "S0" where big', "sub/f1.seg": FILES[1]}
    for number in range(count):
        word = chance.choice([" and ", " or "])
        tests = word.join(chance.sample(TESTS, chance.randint(1, 3)))
        texts[f"d{number % 7}/t{number}.seg"] = (
            f'segment "S{number}"\nwhere {tests} and a = {number}\n'
        )
    texts["zz.seg"] = f'segment "twin"\nwhere a = 11 and ({TESTS[2]})\n'
    texts["d0/aa.seg"] = f'segment "first"\nwhere ({TESTS[2]}) and a = 11\n'
    return texts


def test_processes_find_what_one_finds(tmp_path: Path) -> None:
    placed(tmp_path, generated(processes.MANY))
    (tmp_path / "segdsl.toml").write_text(TOML)
    (tmp_path / "local.schema.toml").write_text(write_schema(SCHEMA))
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from segdsl.workspace.check import check_processes as processes\n"
        "from segdsl.cli.group import cli\n"
        "if '{}' == 'one': processes.MANY = 10**9\n"
        "asked = processes.check_in_processes\n"
        "def check_in_processes(*given):\n"
        "    found = asked(*given); print(found is not None, file=sys.stderr); return found\n"
        "processes.check_in_processes = check_in_processes\n"
        "cli(['check', '.', '--no-cache', '--format', 'json'])\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", script.replace("{}", how)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=ENVIRONMENT,
        )
        for how in ("one", "many")
    ]
    assert said[0].stdout == said[1].stdout
    assert said[0].stdout.count('"code"') > processes.MANY / 2
    assert "SEG606" in said[0].stdout
    assert "a segment of another file is named" in said[0].stdout
    assert said[0].stderr.startswith("False\n")
    if sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1:
        assert said[1].stderr.startswith("True\n")
    assert not (tmp_path / FOLDER).exists()


# --- what is kept --------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a schema and as many files as are worth keeping something of."""
    texts = {f"t{at}.seg": f'segment "S{at}"\nwhere a = {at}\n' for at in range(MIN_FILES)}
    texts["t0.seg"] = 'import big from "lib/big.seg"\nsegment "S0"\nwhere big\n'
    texts["unknown.seg"] = 'segment "Unknown" where zzz = 1'
    texts["odd.seg"] = '\ufeffsegment "Odd"\r\nwhere b != 2 and b = 4 and b = 4\r\n'
    placed(tmp_path, texts)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "big.seg").write_text("let big = a > 7\n")
    (tmp_path / "segdsl.toml").write_text(TOML)
    (tmp_path / "local.schema.toml").write_text(write_schema(SCHEMA))
    os.chdir(tmp_path)
    return tmp_path


def looked(**options: object) -> tuple[tuple[Finding, ...], Checked]:
    """What a check reports, as data, and all of it; two checks of one state must tell the same."""
    found = check(input_files((), None), {}, **options)  # type: ignore[arg-type]
    return diagnostics_output(found.report.diagnostics, found.sources), found


def codes() -> set[str]:
    """The codes of what a check reports."""
    return {each.code for each in looked()[0]}


def count_looks(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The lists of files that are looked at from here on."""
    looks: list[Sequence[str]] = []
    real = check_runner.check_here

    def counted(files: Sequence[str], basis: Basis) -> object:
        looks.append(files)
        return real(files, basis)

    monkeypatch.setattr(check_runner, "check_here", counted)
    return looks


def test_cached_diagnostics_are_reported_again_while_nothing_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, found = looked()
    assert "SEG602" in {each.code for each in first}
    looks = count_looks(monkeypatch)
    again, kept = looked()
    assert looks == []
    assert again == first
    assert (kept.files, kept.segments, kept.schema) == (found.files, found.segments, found.schema)
    assert {name: of.text for name, of in kept.sources.items()}.items() <= {
        name: of.text for name, of in found.sources.items()
    }.items()


CHANGES: dict[str, Callable[[], object]] = {
    "a file": lambda: Path("t3.seg").write_text('segment "S3"\nwhere zzz = 3\n'),
    "another of its name": lambda: Path("t4.seg").write_text('segment "S3"\nwhere a = 77\n'),
    "an imported file": lambda: Path("lib/big.seg").write_text("let big = zzz > 7\n"),
    "a new file": lambda: Path("new.seg").write_text('segment "New"\nwhere zzz = 3\n'),
    "a file that goes": lambda: Path("odd.seg").unlink(),
    "an imported file that goes": lambda: Path("lib/big.seg").unlink(),
    "the schema": lambda: Path("local.schema.toml").write_text(
        write_schema(Schema("1", "Shop", attributes=(Column("b", "string"),)))
    ),
    "no schema": lambda: Path("local.schema.toml").unlink(),
    "what is allowed": lambda: Path("segdsl.toml").write_text(f'allow = ["SEG602"]\n{TOML}'),
    "of the same size": lambda: Path("t3.seg").write_text('segment "S3"\nwhere q = 3\n'),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_is_seen(project: Path, change: str) -> None:
    before, _ = looked()
    times = os.stat("t3.seg")
    CHANGES[change]()
    if Path("t3.seg").exists():
        os.utime("t3.seg", ns=(times.st_atime_ns, times.st_mtime_ns))
    after, _ = looked()
    assert after == looked(keep=False)[0]
    assert after != before


def test_options_are_distinguished(project: Path) -> None:
    plain, _ = looked()
    allowed, _ = looked(allowed=("SEG602",))
    without, _ = looked(use_schema=False)
    assert plain != allowed
    assert [looked()[0], looked(allowed=("SEG602",))[0], looked(use_schema=False)[0]] == [
        plain,
        allowed,
        without,
    ]


def test_a_file_that_is_imported_and_not_there_may_come(project: Path) -> None:
    Path("t1.seg").write_text('import late from "late.seg"\nsegment "S1"\nwhere late\n')
    assert Code.SEG107.name in codes()
    Path("late.seg").write_text("let late = a > 1\n")
    Path("late.seg").rename("lib/late.seg")
    assert Code.SEG107.name in codes()
    Path("lib/late.seg").rename("late.seg")
    assert Code.SEG107.name not in codes()


def test_what_is_kept_and_damaged_is_not_believed(project: Path) -> None:
    first, _ = looked()
    [kept] = [each for each in (project / FOLDER).iterdir() if each.name != ".gitignore"]
    for damaged in (b"", b"\x00" * 50, kept.read_bytes()[:-9]):
        kept.write_bytes(damaged)
        assert looked()[0] == first


def test_another_program_looks_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked()
    monkeypatch.setattr("segdsl.workspace.check.check_cache.__version__", "9.9.9")
    looks = count_looks(monkeypatch)
    looked()
    assert len(looks) == 1


def test_not_more_than_some_are_kept(project: Path) -> None:
    for at in range(MAX_CACHED + 3):
        looked(allowed=(f"SEG6{at:02}",))
    kept = [each.name for each in (project / FOLDER).iterdir()]
    assert len(kept) == MAX_CACHED + 1
    assert (project / FOLDER / ".gitignore").read_text() == "*\n"


def test_where_nothing_can_be_kept_nothing_is(project: Path) -> None:
    (project / ".segdsl").write_text("in the way")
    first, _ = looked()
    assert looked()[0] == first


def test_what_files_beside_those_named_say_is_not_kept(project: Path) -> None:
    (project / "t1.seg").write_text('segment "S1"\nwhere in segment "Beside"\n')
    (project / "beside").mkdir()
    beside = project / "beside" / "b.seg"
    beside.write_text('segment "Beside"\nwhere a = 1\n')
    named = [f"t{at}.seg" for at in range(MIN_FILES)]

    def named_codes() -> set[str]:
        found = check(input_files(named, None), {}).report.diagnostics
        return {each.code.name for each in found}

    assert "SEG304" not in named_codes()
    beside.unlink()
    assert "SEG304" in named_codes()
    beside.write_text('segment "Beside"\nwhere a = 1\n')
    assert "SEG304" not in named_codes()
