"""What lies outside a project is not read, and no line of it is ever shown; only files are read."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from running import TIDY, WRONG, process, segdsl
from segdsl.files import link_fault, linked_folder, own_folder, read_bytes
from segdsl.imports import MAX_FILES
from segdsl.workspace.check.check_cache import MIN_FILES

pytestmark = pytest.mark.heavy

SECRET = "1234/do-not-show-this-key"
EVERY = (
    ("check",),
    ("compile", "--symbolic"),
    ("explain",),
    ("fmt", "--check"),
    ("check", "--fix"),
    ("sql",),
)
posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes are made otherwise")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a folder, with a secret beside it and in it."""
    (tmp_path / "credentials.toml").write_text(f'[a]\napikey = "{SECRET}"\n')
    (tmp_path / "beside.seg").write_text(f"let a = {SECRET} = =\n")
    project = tmp_path / "project"
    project.mkdir()
    (project / ".env").write_text(f"TD_API_KEY={SECRET}\n")
    (project / "secret.json").write_text(f'{{"key": "{SECRET}"}}\n')
    monkeypatch.chdir(project)
    monkeypatch.setenv("TD_API_KEY", SECRET)
    return project


def shows_nothing(*arguments: str, exit_code: int = 1) -> str:
    done = process(*arguments, environment={"TD_API_KEY": SECRET})
    told = (done.stdout + done.stderr).decode()
    assert "do-not-show" not in told
    assert "Traceback" not in told
    assert done.returncode == exit_code, told
    return told


# --- imports -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/proc/self/environ",
        "/etc/passwd",
        "../credentials.toml",
        "../beside.seg",
        "../project/../beside.seg",
        "sub/../../beside.seg",
        ".env",
        "secret.json",
        "link.seg",
        "linked/beside.seg",
        "wrong.seg",
        "process.seg",
    ],
)
@pytest.mark.parametrize("with_project_file", [True, False])
@posix
def test_an_import_shows_no_line_of_a_file_that_is_not_the_projects(
    path: str, with_project_file: bool
) -> None:
    if with_project_file:
        Path("segdsl.toml").write_text('[targets.local]\nkind = "local"\ndata = "data"\n')
    Path("link.seg").symlink_to("../beside.seg")
    Path("linked").symlink_to("..")
    Path("wrong.seg").symlink_to("secret.json")
    Path("process.seg").symlink_to("/proc/self/environ")
    Path("x.seg").write_text(f'import a from "{path}"\nsegment "x" where a\n')
    told = shows_nothing("check", "--no-schema", "x.seg")
    assert "x.seg:1:15" in told
    absolute = os.path.abspath(path)
    Path("x.seg").write_text(f'import a from "{absolute}"\nsegment "x" where a\n')
    shows_nothing("check", "--no-schema", "x.seg")


@pytest.mark.parametrize("there", [True, False])
def test_an_import_does_not_tell_what_is_outside(there: bool, folder: Path) -> None:
    if not there:
        (folder.parent / "beside.seg").unlink()
    Path("x.seg").write_text('import a from "../beside.seg"\nsegment "x" where a\n')
    told = segdsl("check", "x.seg").stderr
    assert f"error[SEG115]: `../beside.seg` is outside the folder `{folder}`" in told


@pytest.mark.parametrize("character", [r"\u0000", r"\ud800"])
def test_an_import_of_an_invalid_file_name_is_reported(character: str) -> None:
    Path("x.seg").write_text(f'import a from "a{character}.seg"\nsegment "x" where a\n')
    assert segdsl("check", "x.seg").exit_code == 1


@pytest.mark.parametrize("command", EVERY)
@posix
def test_no_command_shows_what_a_link_leads_to(command: tuple[str, ...]) -> None:
    """Neither of a file that is named nor of one that is found in a folder."""
    for name, target in {
        "a.seg": "/proc/self/environ",
        "b.seg": "../credentials.toml",
        "c.seg": ".env",
        "d.seg": "../beside.seg",
    }.items():
        Path(name).symlink_to(target)
        shows_nothing(*command, name, exit_code=2)
    told = shows_nothing(*command, ".")
    for name in "abcd":
        assert name in told if command == ("check", "--fix") else f"{name}.seg" in told


@posix
def test_a_link_inside_the_project_is_followed() -> None:
    Path("common").mkdir()
    Path("common/c.seg").write_text("let a = b is true\n")
    Path("team").symlink_to("common")
    Path("d.seg").symlink_to("common/c.seg")
    Path("x.seg").write_text('import a from "team/c.seg"\nsegment "x" where a\n')
    Path("y.seg").write_text('import a from "d.seg"\nsegment "y" where a\n')
    assert segdsl("check", ".").exit_code == 0


def test_what_a_file_may_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its project, from wherever it is checked; without one all of the current folder."""
    Path("team").mkdir()
    Path("c.seg").write_text("let a = b is true\n")
    Path("team/x.seg").write_text('import a from "../c.seg"\nsegment "x" where a\n')
    whole = os.path.abspath("team/x.seg")
    assert segdsl("check", "team").exit_code == 0
    monkeypatch.chdir("team")
    assert segdsl("check", "x.seg").exit_code == 1
    assert segdsl("check", "-", input=Path("x.seg").read_text()).exit_code == 1
    assert own_folder(whole) == os.path.dirname(whole)
    (tmp_path / "project" / "segdsl.toml").write_text(
        '[targets.local]\nkind = "local"\ndata = "data"\n'
    )
    assert segdsl("check", "x.seg").exit_code == 0
    assert segdsl("check", "-", input=Path("x.seg").read_text()).exit_code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert segdsl("check", whole).exit_code == 0


def test_files_that_import_each_other_are_counted_once() -> None:
    """33 that all import each other, and 305 in a diamond, are no thousand."""
    for at in range(33):
        imports = "".join(f'import a{to} from "{to}.seg"\n' for to in range(33) if to != at)
        used = " or ".join(f"a{to}" for to in range(33) if to != at)
        Path(f"{at}.seg").write_text(
            f'{imports}let a{at} = c = {at}\nsegment "s{at}" where {used}\n'
        )
    assert segdsl("check", "--no-cache", ".").exit_code == 0
    Path("diamond").mkdir()
    Path("diamond/bottom.seg").write_text("let a = b is true\n")
    for at in range(303):
        Path(f"diamond/{at}.seg").write_text(f'import a from "bottom.seg"\nlet a{at} = a and c\n')
    imports = "".join(f'import a{at} from "{at}.seg"\n' for at in range(303))
    Path("diamond/top.seg").write_text(f'{imports}segment "top" where a1\n')
    told = segdsl("check", "diamond/top.seg").stderr
    assert "SEG107" not in told


@pytest.mark.parametrize("more", [0, 1])
def test_more_than_a_thousand_files_are_reported(more: int) -> None:
    for at in range(MAX_FILES - 1 + more):
        Path(f"{at}.seg").write_text(f"let a{at} = b is true\n")
    imports = "".join(f'import a{at} from "{at}.seg"\n' for at in range(MAX_FILES - 1 + more))
    Path("top.seg").write_text(f'{imports}segment "top" where a1\n')
    assert ("more than 1,000 files" in segdsl("check", "top.seg").stderr) == bool(more)


# --- only files ----------------------------------------------------------------------


def a_pipe(path: str) -> None:
    os.mkfifo(path)


def a_device(path: str) -> None:
    Path(path).symlink_to("/dev/zero")


def a_socket(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path)


def a_dead_link(path: str) -> None:
    Path(path).symlink_to(f"nothing{Path(path).suffix}")


def a_cycle(path: str) -> None:
    Path(path).symlink_to(path)


KINDS = (a_pipe, a_device, a_socket, a_dead_link, a_cycle)


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("command", EVERY)
@posix
def test_what_is_not_a_file_is_reported_and_the_others_are_read(
    make: Callable[[str], None], command: tuple[str, ...]
) -> None:
    make("odd.seg")
    Path("wrong.seg").write_text(WRONG)
    done = segdsl(*command, ".")
    told = done.stdout + done.stderr
    assert done.exit_code == 1
    assert (
        "error[SEG116]: cannot read `odd.seg`: it is a" in told
        or "it is outside the folder" in told
    )
    assert "wrong.seg:3:13" in told
    named = segdsl(*command, "odd.seg")
    assert named.exit_code == 2
    assert "cannot read `odd.seg`: " in named.stderr


@pytest.mark.parametrize("make", KINDS)
@posix
def test_an_import_of_what_is_not_a_file_is_reported(make: Callable[[str], None]) -> None:
    make("odd.seg")
    Path("x.seg").write_text('import a from "odd.seg"\nsegment "x" where a\n')
    done = segdsl("check", "x.seg")
    assert done.exit_code == 1
    assert "x.seg:1:15" in done.stderr


@posix
def test_what_an_editor_leaves_behind_is_passed_over() -> None:
    Path("a.seg").write_text(TIDY)
    Path(".#a.seg").symlink_to("somebody@host.1234:5678")
    Path("._a.seg").write_bytes(b"\x00\x05\x16\x07\xff")
    assert segdsl("check", ".").stderr == snapshot("1 file, 1 segment: no problems found\n")


@posix
def test_a_pipe_of_the_shell_is_refused_with_advice() -> None:
    read, write = os.pipe()
    os.close(write)
    try:
        told = segdsl("check", f"/dev/fd/{read}").stderr
    finally:
        os.close(read)
    assert "it is a pipe, not a regular file; standard input is `-`" in told


def test_no_more_is_read_than_shows_that_it_is_too_much(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"12345678")
    assert read_bytes(str(file), 8) == b"12345678"
    assert read_bytes(str(file), 5) == b"123456"


# --- the rule for links --------------------------------------------------------------


@posix
def test_the_rule_for_links(folder: Path) -> None:
    root = str(folder)
    Path("in").mkdir()
    Path("in/a.seg").write_text(TIDY)
    for name, target in {
        "good.seg": "in/a.seg",
        "out.seg": "../beside.seg",
        "env.seg": ".env",
        "dead.seg": "in/b.seg",
        "linked": "in",
        "away": "..",
    }.items():
        Path(name).symlink_to(target)
    assert link_fault("good.seg", root) is None
    assert link_fault("in/a.seg", root) is None
    assert link_fault("in/new.seg", root) is None
    assert link_fault("out.seg", root) == f"it is outside the folder `{root}`"
    assert link_fault("away/new.seg", root) == f"it is outside the folder `{root}`"
    assert link_fault("out.seg", None) is None
    assert link_fault("env.seg", root) == "its target is not a `.seg` file"
    assert link_fault("dead.seg", root) == "it is a broken link"
    assert link_fault("a\0", root) == "it is not a valid file name"
    assert linked_folder("in/a.seg", root) is None
    assert linked_folder("good.seg", root) is None
    assert linked_folder("linked/deep/a.seg", root) == os.path.join(root, "linked")
    assert linked_folder("away/a.seg", root) == os.path.join(root, "away")


# --- what a check keeps --------------------------------------------------------------


@posix
def test_a_kept_check_is_neither_written_nor_cleared_up_through_a_link(folder: Path) -> None:
    """A repository may bring a `.segdsl/check` that leads to anywhere."""
    Path("segdsl.toml").write_text('[targets.local]\nkind = "local"\ndata = "data"\n')
    for at in range(MIN_FILES):
        Path(f"{at}.seg").write_text(f'segment "{at}" where a = {at}\n')
    precious = folder.parent / "precious"
    precious.mkdir()
    for at in range(30):
        (precious / f"{at}.txt").write_text("kept")
    Path(".segdsl").mkdir()
    Path(".segdsl/check").symlink_to(precious)
    assert segdsl("check").exit_code == 0
    assert sorted(os.listdir(precious)) == sorted(f"{at}.txt" for at in range(30))


@posix
def test_clearing_up_kept_checks_takes_nothing_else(folder: Path) -> None:
    Path("segdsl.toml").write_text('[targets.local]\nkind = "local"\ndata = "data"\n')
    for at in range(MIN_FILES):
        Path(f"{at}.seg").write_text(f'segment "{at}" where a = {at}\n')
    Path(".segdsl/check").mkdir(parents=True)
    for at in range(30):
        Path(f".segdsl/check/{at}.txt").write_text("kept")
    assert segdsl("check").exit_code == 0
    assert len(os.listdir(".segdsl/check")) == 32


# --- YAML ----------------------------------------------------------------------------


@posix
def test_a_link_among_yaml_files_shows_nothing(folder: Path) -> None:
    Path("yaml").mkdir()
    Path("yaml/a.yml").symlink_to("/proc/self/environ")
    (folder.parent / "out.yml").write_text(f"name: {SECRET}: x\n")
    Path("yaml/b.yml").symlink_to(folder.parent / "out.yml")
    Path("yaml/c.yaml").symlink_to("../.env")
    os.mkfifo("yaml/d.yml")
    told = shows_nothing("import", "yaml", "--dry-run")
    assert told.count("SEG116") == 4


# --- the store of a local target -----------------------------------------------------


LOCAL = '[targets.local]\nkind = "local"\ndata = "data"\n'


def with_data(folder: Path, text: str = LOCAL) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "customers.csv").write_text("cdp_customer_id,a\nc1,1\n")
    (folder / "segdsl.toml").write_text(text)
    (folder / "x.seg").write_text('segment "x" where a = 1\n')


@posix
@pytest.mark.parametrize("link", [".segdsl", ".segdsl/local.sqlite"])
def test_no_store_is_made_where_a_link_leads_out(folder: Path, link: str) -> None:
    with_data(folder)
    outside = folder.parent / "outside"
    outside.mkdir()
    (folder / link).parent.mkdir(exist_ok=True)
    (folder / link).symlink_to(outside if link == ".segdsl" else outside / "local.sqlite")
    told = shows_nothing("apply", "--yes", exit_code=2)
    assert "local.sqlite`: it is outside the folder" in told
    assert "name a file with `store` in [targets.local]" in told
    assert os.listdir(outside) == []


@pytest.mark.parametrize("name", ["new.seg", "local.lock.toml", "segdsl.toml"])
def test_no_store_is_made_in_the_place_of_a_project_file(folder: Path, name: str) -> None:
    with_data(folder, f'{LOCAL}store = "{name}"\n')
    before = sorted(os.listdir(folder))
    told = shows_nothing("apply", "--yes", exit_code=2)
    assert f"{name}` is a file of the project" in told
    assert shows_nothing("serve", "--data", "data", "--store", name, exit_code=2)
    assert [each for each in sorted(os.listdir(folder)) if each != ".segdsl"] == before
