"""Mistakes in `segdsl.toml` and the files beside it: the line, and what was meant."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import process_time

import pytest

from running import process, segdsl
from segdsl.api.keys import PROFILES, CredentialsError, find_key
from segdsl.engine import DataError
from segdsl.engine.description import read_description
from segdsl.schema.document import SchemaError, read_schema
from segdsl.toml.document import MOST_SHOWN
from segdsl.workspace.project.config import ProjectError, read_project
from segdsl.workspace.project.lock import LockError, read_lock

LOCAL = '[targets.local]\nkind = "local"\ndata = "data"\n'
LIVE = '[targets.live]\nkind = "treasuredata"\nregion = "us01"\nparent_segment = 1\n'


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(text: str) -> str:
    """What every command says of a project file."""
    Path("segdsl.toml").write_text(text, encoding="utf-8")
    Path("x.seg").write_text('segment "x" where a = 1\n')
    done = segdsl("check")
    assert (done.exit_code, done.stdout) == (2, "")
    assert segdsl("plan").stderr == done.stderr
    return done.stderr


def test_a_mistake_is_shown_as_one_of_a_seg_file() -> None:
    assert told('[targets.local]\nkind = "local"\ndat = "data"\n') == (
        "Error: unknown key `dat` in [targets.local]\n"
        "  --> segdsl.toml:3:1\n"
        "   |\n"
        ' 3 | dat = "data"\n'
        "   | ^^^\n"
        "   |\n"
        "   = help: did you mean `data`?\n"
    )


@pytest.mark.parametrize(
    ("text", "message", "place", "help"),
    [
        ("targets = 1\n", "`targets` must be a table, not an integer", "1:11", ""),
        ("[target.local]\n", "unknown key `target`", "1:2", "did you mean `targets`?"),
        (f"{LOCAL}[allow]\n", "`allow` must be a list, not a table", "4:2", ""),
        (f"alow = []\n{LOCAL}", "unknown key `alow`", "1:1", "did you mean `allow`?"),
        (f'allow = "SEG601"\n{LOCAL}', "`allow` must be a list, not a string", "1:9", "[…]"),
        (
            f'allow = ["SEG601", 602]\n{LOCAL}',
            "an element of `allow` must be a string",
            "1:20",
            'write it in quotes: "602"',
        ),
        (f'allow = [\n  "SEG61",\n]\n{LOCAL}', "not a code", "2:3", "did you mean `SEG601`?"),
        (f'allow = ["SEG101"]\n{LOCAL}', "SEG101, an error", "1:10", "the warnings are"),
        (f'default = "locl"\n{LOCAL}', "default target `locl`", "1:11", "did you mean `local`?"),
        ('[targets.a]\nkind = "locl"\n', "unknown kind in [targets.a]", "2:8", "`local`"),
        ("[targets.a]\nkind = 3\n", "unknown kind in [targets.a]", "2:8", 'kind = "local"'),
        ('[targets.a]\ndata = "x"\n', "missing key `kind` in [targets.a]", "1:10", "kind ="),
        ('[targets.a]\nkind = "local"\n', "either `data` or `url`", "1:10", "folder of tables"),
        (
            f'{LOCAL}strict = "yes"\n',
            "`strict` in [targets.local] must be true or false, not a string",
            "4:10",
            "",
        ),
        (f"{LOCAL}now = 12\n", "must be a date and time", "4:7", "2024-10-01T09:00:00+09:00"),
        (f'{LOCAL}now = "soon"\n', "must be a date and time", "4:7", "2024-10-01T09"),
        (f"{LOCAL}now = 2024-01-01T00:00:00\n", "its time zone", "4:7", "00:00:00Z or"),
        (f'{LOCAL}store = "a\\u0000b"\n', "not a valid file name", "4:9", ""),
        (
            LIVE.replace("parent_segment", "parent_segmnet"),
            "unknown key `parent_segmnet`",
            "4:1",
            "",
        ),
        (LIVE + "profile = true\n", "must be a string, not true or false", "5:11", ""),
        (f'{LOCAL}data = "again"\n', "is defined twice", "4:", "keep one"),
        (f"{LOCAL}{LOCAL}", "is defined twice", "4:", "keep one"),
        ("[targets.local]\nkind = local\n", "expected a value", "2:8", "in quotes"),
        ("[targets.a]\nkind = “local”  # x\n", "expected a value", "2:8", 'quotes: "local"'),
        ("[targets.local\nkind = 1\n", "Expected ']'", "1:15", ""),
        ("targets.local.kind: local\n", "expected `=`", "1:19", "write `key = value`"),
        (f'{LOCAL}store = "a\n', "illegal character", "4:", ""),
        (f"{LOCAL}store = [1 2]\n", "nclosed array", "4:", ""),
        (f'{LOCAL}store = "C:\\data"\n', "nescaped '\\' in a string", "4:", "single quotes"),
        (f"{LOCAL}now = 2024-02-30\n", "is not a valid TOML file", "", ""),
        ("x = " + "[" * 3_000, "too deeply nested", "", "reduce the nesting"),
        ("x = " + "{a=" * 3_000, "too deeply nested", "", "reduce the nesting"),
        ("x = " + "9" * 5_000, "is not a valid TOML file", "", ""),
    ],
)
def test_each_mistake_has_its_place_and_what_to_do(
    text: str, message: str, place: str, help: str
) -> None:
    found = told(text)
    assert message.lower() in found.lower()
    assert f"segdsl.toml:{place}" in found if place else "segdsl.toml" in found
    assert help in found
    assert "Traceback" not in found


def test_a_misspelled_key_is_not_missing_as_well() -> None:
    for text in ("[target.local]\n", LIVE.replace("parent_segment", "parent_segmnet")):
        assert told(text).count("Error:") == 1


def test_all_mistakes_are_told_at_once_but_not_too_many() -> None:
    text = told(LOCAL + "".join(f"k{number} = 1\n" for number in range(MOST_SHOWN + 5)))
    assert text.count("unknown key") == MOST_SHOWN
    assert "5 more errors" in text
    text = told('[targets.local]\nkind = "local"\ndat = "x"\nstrict = 1\n[targets.b]\n')
    assert [line for line in text.splitlines() if line.startswith("Error")] == [
        "Error: unknown key `dat` in [targets.local]",
        "Error: `strict` in [targets.local] must be true or false, not an integer",
        "Error: missing key `kind` in [targets.b]",
    ]


def test_a_mistake_that_only_the_target_shows_has_its_place_too() -> None:
    Path("segdsl.toml").write_text(LIVE.replace("us01", "us1") + LOCAL + 'faults = "often=x"\n')
    live = segdsl("list", "--target", "live").stderr
    assert "names no region: `us1`\n  --> segdsl.toml:3:10" in live
    assert "did you mean `us01`?" in live
    assert "segdsl.toml:8:10" in segdsl("list", "--target", "local").stderr
    Path("segdsl.toml").write_text('[targets.a]\nkind = "local"\nurl = "http://example.com"\n')
    assert "segdsl.toml:3:7" in segdsl("list").stderr


@pytest.mark.parametrize(
    "line",
    [
        'apikey = "1234/0123456789abcdef0123456789abcdef01234567"',
        "apikey = 1234/0123456789abcdef0123456789abcdef01234567",
        'api_key = """\n1234/0123456789abcdef0123456789abcdef01234567',
        'strict = "1234/0123456789abcdef0123456789abcdef01234567"',
        'profile = { token = "0123456789abcdef0123456789abcdef01234567" ',
        'password = "0123456789abcdef0123456789abcdef01234567"\nstrict = "x"',
        "region = 0123456789abcdef0123456789abcdef01234567",
    ],
)
def test_no_line_of_a_file_with_a_secret_is_shown(line: str) -> None:
    text = told(f"{LOCAL}{line}\n")
    assert "0123456789abcdef" not in text
    assert "segdsl.toml" in text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[production]\napikey = 1234/c0ffee", "2:"),
        ("[production\napikey = '1234/c0ffee'", "1:"),
        ("[production]\napi_key = '1234/c0ffee'", "2:1"),
        ("[production]\napikey = [\n'1234/c0ffee']", "2:10"),
        ("[production]\nother = '1234/c0ffee'", "1:2"),
        ("x = " + "[" * 3_000, ""),
    ],
)
def test_credentials_are_told_of_by_line_alone(text: str, place: str, tmp_path: Path) -> None:
    file = tmp_path / PROFILES
    file.parent.mkdir(parents=True)
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(CredentialsError) as raised:
        find_key("production", {}, tmp_path)
    assert "c0ffee" not in str(raised.value)
    assert f"credentials.toml:{place}" in str(raised.value) or not place


# --- the files beside it -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said", "place"),
    [
        ("x = " + "[" * 3_000, "too deeply nested", ""),
        ("version = ", "expected a value", "1:"),
        ('version = 1\nparent_segment = "1"\n[[segments]]\nid = 1\n', "must be a string", "4:6"),
        ('version = 1\nparent_segment = "1"\nsegment = 1\n', "did you mean `segments`?", "3:1"),
    ],
)
def test_a_lock(text: str, said: str, place: str) -> None:
    with pytest.raises(LockError) as raised:
        read_lock(text, "local.lock.toml")
    assert said in str(raised.value)
    assert f"local.lock.toml:{place}" in str(raised.value) or not place
    assert "restore the last committed one" in str(raised.value)


def test_a_lock_with_a_segment_twice() -> None:
    entry = '[[segments]]\nid = "7"\nname = "a"\nfolder = []\nfile = ""\ndigest = ""\nsource = ""\n'
    with pytest.raises(LockError, match=r"#7 twice.*\n   --> l\.toml:12:6"):
        read_lock(f'version = 1\nparent_segment = "1"\n\n{entry}{entry}', "l.toml")


@pytest.mark.parametrize(
    ("text", "said", "place"),
    [
        ("x = " + "[" * 3_000, "too deeply nested", ""),
        ("attributes = 1\n", "must be a table", "1:14"),
        ("[atributes]\n", "did you mean `attributes`?", "1:2"),
        (
            '[parent_segment]\nid = "1"\nname = "a"\ntimezone = "UTC"\n[attributes]\nx = "strin"\n',
            "`x` in `[attributes]`",
            "6:5",
        ),
    ],
)
def test_a_schema(text: str, said: str, place: str) -> None:
    with pytest.raises(SchemaError) as raised:
        read_schema(text, "local.schema.toml")
    assert said in str(raised.value)
    assert f"local.schema.toml:{place}" in str(raised.value) or not place
    assert "run `segdsl schema pull` again" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said", "place"),
    [
        ("x = " + "[" * 3_000, "too deeply nested", ""),
        ('timezone = "Asia/Tokio"\n', "did you mean `Asia/Tokyo`?", "1:12"),
        ('[types.customers]\nage = "numbr"\n', "did you mean `number`?", "2:7"),
        ("[type.customers]\n", "did you mean `types`?", "1:2"),
        ('[models.predictive]\na = "1"\n', "must be an integer", "2:5"),
    ],
)
def test_a_description_of_data(text: str, said: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "parent_segment.toml").write_text(text)
    with pytest.raises(DataError) as raised:
        read_description(tmp_path / "parent_segment.toml", "x")
    assert said in str(raised.value)
    assert f"parent_segment.toml:{place}" in str(raised.value) or not place


# --- only files, and only of the project ----------------------------------------------


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_link_out(path: Path) -> None:
    outside = path.resolve().parent.parent / "outside.toml"
    outside.write_text('[production]\nsecret = "c0ffee"\n')
    path.symlink_to(outside)


def a_dead_link(path: Path) -> None:
    path.symlink_to("nothing.toml")


@pytest.mark.heavy
@pytest.mark.parametrize("make", [a_pipe, a_device, a_link_out, a_dead_link])
@pytest.mark.parametrize(
    "name", ["segdsl.toml", "local.lock.toml", "local.schema.toml", "data/parent_segment.toml"]
)
@pytest.mark.skipif(os.name != "posix", reason="links and pipes are made otherwise")
def test_what_is_no_file_of_the_project_is_not_read(
    make: Callable[[Path], None], name: str, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    (project / "data" / "customers.csv").write_text("cdp_customer_id,age\n1,2\n")
    (project / "segdsl.toml").write_text(LOCAL)
    (project / "x.seg").write_text('segment "x" where age > 1\n')
    (project / name).unlink(missing_ok=True)
    make(project / name)
    for command in (("plan",), ("schema", "pull"), ("check",), ("apply", "--yes")):
        done = process(*command, cwd=project)
        text = (done.stdout + done.stderr).decode()
        assert "Traceback" not in text
        assert "c0ffee" not in text
        is_read = name in ("segdsl.toml", "data/parent_segment.toml") or command != ("check",)
        if command == ("plan",) or name == "segdsl.toml":
            assert done.returncode == 2, (command, text)
            assert "cannot read" in text
        assert is_read or done.returncode in (0, 2)


@pytest.mark.heavy
def test_nothing_is_written_through_a_link_out_of_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    (project / "data" / "customers.csv").write_text("cdp_customer_id,age\n1,2\n")
    (project / "segdsl.toml").write_text(LOCAL)
    outside = tmp_path / "outside.toml"
    outside.write_text("mine\n")
    (project / "local.schema.toml").symlink_to(outside)
    assert process("schema", "pull", cwd=project).returncode == 2
    (project / "local.schema.toml").unlink()
    (project / "local.lock.toml").symlink_to(outside)
    assert process("pull", cwd=project).returncode == 2
    assert outside.read_text() == "mine\n"


def test_the_name_of_a_target_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a" / "data").mkdir(parents=True)
    (tmp_path / "a" / "data" / "customers.csv").write_text("cdp_customer_id,age\n1,2\n")
    (tmp_path / "a" / "segdsl.toml").write_text(
        '[targets."../../b"]\nkind = "local"\ndata = "data"\n'
    )
    assert process("list", cwd=tmp_path / "a").returncode == 0
    assert sorted(os.listdir(tmp_path)) == ["a"]
    assert sorted(os.listdir(tmp_path / "a")) == [".segdsl", "data", "segdsl.toml"]


def test_what_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segdsl.toml.document.MAX_BYTES", 100)
    (tmp_path / "segdsl.toml").write_text(LOCAL + "#" * 100)
    with pytest.raises(ProjectError, match="it is larger than"):
        read_project(tmp_path / "segdsl.toml")


# --- what is made to take long, or to break the reader -----------------------------------

HUGE = "0x" + "f" * 100_000


@pytest.mark.parametrize(
    "text",
    [
        f"{LOCAL}parent_segment = {HUGE}\n",
        f"allow = [{HUGE}]\n{LOCAL}",
        f"[targets.local]\nkind = {HUGE}\n",
        f"{LOCAL}parent_segment = {2**63}\n",
        f"{LOCAL}parent_segment = {'9' * 5_000}\n",
    ],
)
def test_a_number_of_too_many_digits_is_no_number(text: str) -> None:
    """Python refuses to write those of more than 4,300 digits, which was a traceback."""
    assert "segdsl.toml is not a valid TOML file: a number has too many digits\n" in told(text)


def test_so_it_is_in_a_lock_a_schema_and_a_description(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text(f'version = 1\n[[segments]]\nid = {HUGE}\nname = "x"\n')
    with pytest.raises(LockError, match="too many digits"):
        read_lock(file.read_text(), "x")
    file.write_text(f"[parent_segment]\nid = {HUGE}\n")
    with pytest.raises(SchemaError, match="too many digits"):
        read_schema(file.read_text(), "x")
    file.write_text(f"name = {HUGE}\n")
    with pytest.raises(DataError, match="too many digits"):
        read_description(file, "x")


def test_a_key_of_many_parts_is_not_read(tmp_path: Path) -> None:
    """Python's reader takes time as the square of the parts."""
    for text in ("a" + ".a" * 100_000 + " = 1", '["a"' + ' . "a"' * 100_000 + "]"):
        assert "it is too deeply nested" in told(text)
    dots = "x." * 500
    assert "unknown key `faultz`" in told(f'{LOCAL}faultz = "{dots}"\n')


@pytest.mark.heavy
def test_only_the_mistakes_that_are_shown_are_looked_for_in_the_text() -> None:
    def work(number: int) -> str:
        return LOCAL + "".join(f"[x{at}]\na = 1\n" for at in range(number))

    started = process_time()
    assert f"{20_000 - MOST_SHOWN:,} more errors" in told(work(20_000))
    assert process_time() - started < 20
