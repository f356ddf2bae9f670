"""Tells in about a minute what segdsl is for, with its own commands: `make demo` runs it.

Everything happens in `build/demo`, over the retail example's data. Run it with the Python that
segdsl is installed in.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "build" / "demo"
WORKSPACE = FOLDER / "workspace"
CONSOLE = FOLDER / "console"
WIDEST = 100

TARGET = """\
# Where the files negate, profiles without a value are meant as well.
allow = ["SEG601"]

[targets.shop]
kind = "local"
data = "{up}data"
store = "{up}shop.sqlite"
now = 2024-11-18T09:00:00+09:00
"""
TOKYO = """\
# The look-book mailing.
let reachable = email_opt_in is true or push_opt_in is true
let recent = timestamp within past 90 days

segment "Tokyo shoppers"
  description "Over 50,000 yen in 90 days, still reachable"
  folder "Loyalty"

where
  country = "JP"
  and prefecture in ("Tokyo", "Kanagawa")
  and sum(purchases.amount where recent) > 50000
  and reachable
"""
CHANGED = TOKYO.replace("50000", "30000").replace("50,000", "30,000")
CAMERAS = """\
segment "Tokyo camera shoppers"
  folder "Loyalty"

where
  in segment "Tokyo shoppers"
  and (has purchases where category = "Cameras")
"""
SHOP = (
    "activations/files.seg",
    "common/contact.seg",
    "data-team/churned.seg",
    "funnels/ladders.seg",
    "loyalty/top-customers.seg",
    "winback/lapsed.seg",
)
DRAFT = """\
segment "Kyoto newcomers"

where
  prefecure = "Kyoto"
  and age > "20"
"""


def main() -> int:
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    prepare()
    os.chdir(WORKSPACE)

    caption("A segment is a few lines that anyone can read.")
    run("cat tokyo.seg")

    caption("A draft with two mistakes. Each is shown in place, with what to write instead.")
    write("draft.seg", DRAFT)
    run("segdsl check draft.seg", expect=1)
    Path("draft.seg").unlink()

    caption("Who is in it, and why, in plain English.")
    run("segdsl explain tokyo.seg")

    caption("How many profiles? Every condition is counted, before anything is created.")
    run("segdsl preview --breakdown tokyo.seg")

    caption("Create it, and a second segment that refers to it, in the right order.")
    run("segdsl apply --yes")

    caption("A change in review: 30,000 yen instead of 50,000. Who joins, and who leaves?")
    write("tokyo.seg", CHANGED)
    run("segdsl plan --count")

    caption(
        "Meanwhile somebody edits the segment in the console. It is not overwritten: the plan "
        "shows a conflict."
    )
    edit_in_the_console()
    run("segdsl plan", expect=1)

    caption(
        "Both edits are right: combine them in the file, mark the server's version as seen, and "
        "apply."
    )
    write("tokyo.seg", CHANGED.replace('"Kanagawa")', '"Kanagawa", "Chiba")'))
    run("segdsl pull --keep 'Tokyo shoppers'")
    run("segdsl apply --yes")

    caption(
        "The rest of the shop's workspace. A funnel is a few lines too: how many are left at each "
        "stage?"
    )
    add_the_shop()
    run("cat funnels/ladders.seg")
    run("segdsl preview funnels/ladders.seg")

    caption("An activation sends a segment or a stage somewhere. These rows would be exported.")
    run("segdsl explain --select Vouchers activations/files.seg")
    run("segdsl preview --select Vouchers activations/files.seg")

    caption("E-mail addresses are personal data, so they are masked unless you ask for them.")
    run("segdsl preview --select Vouchers --reveal activations/files.seg")

    caption(
        "Create them, after the segments and stages that they need. That sends nothing yet: an "
        "activation runs by its schedule, or when somebody runs it."
    )
    run("segdsl apply --yes")
    run("segdsl run activation Vouchers --yes")
    run(f"head -n 4 {exported('Vouchers')}")

    caption("The same segment as SQL for the warehouse.")
    run("segdsl sql --dialect snowflake cameras.seg")

    caption("And the JSON that the API takes, which nobody has to write by hand any more.")
    write("japan.seg", 'segment "Japan" where country = "JP"\n')
    run("segdsl compile --rule japan.seg")
    caption("Next: `segdsl init` in a folder of your own.")
    return 0


def prepare() -> None:
    """A workspace over fresh data, and another folder that plays the console."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    WORKSPACE.mkdir(parents=True)
    CONSOLE.mkdir()
    for folder in (WORKSPACE, CONSOLE):
        (folder / "segdsl.toml").write_text(TARGET.format(up="../"))
    (WORKSPACE / "tokyo.seg").write_text(TOKYO)
    (WORKSPACE / "cameras.seg").write_text(CAMERAS)
    generate = HERE / "retail" / "generate.py"
    quietly(sys.executable, str(generate), "--out", str(FOLDER / "data"), folder=FOLDER)
    quietly("segdsl", "schema", "pull", folder=WORKSPACE)


def add_the_shop() -> None:
    """Funnels and activations of the retail example, with the segments that they name."""
    for name in SHOP:
        file = Path(name)
        file.parent.mkdir(exist_ok=True)
        shutil.copyfile(HERE / "retail" / file, file)
    quietly("segdsl", "schema", "pull", folder=WORKSPACE)


def exported(name: str) -> Path:
    """The file that an activation of the local API exported."""
    [file] = Path("exports").glob(f"{name}-*.csv")
    return file


def edit_in_the_console() -> None:
    """Somebody adds a prefecture, from another folder with the same server."""
    quietly("segdsl", "pull", folder=CONSOLE)
    file = CONSOLE / "Loyalty" / "Tokyo shoppers.seg"
    text = file.read_text()
    file.write_text(text.replace('"Kanagawa")', '"Kanagawa", "Chiba")'))
    quietly("segdsl", "apply", "--yes", folder=CONSOLE)


def write(name: str, text: str) -> None:
    Path(name).write_text(text)


def quietly(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def caption(text: str) -> None:
    """What comes next, in a sentence."""
    width = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
    bold, plain = ("\033[1m", "\033[0m") if is_colored() else ("", "")
    lines = textwrap.wrap(text, width - 2)
    print("\n" + "\n".join(f"{bold}# {line}{plain}" for line in lines), flush=True)


def is_colored() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def run(command: str, *, expect: int = 0) -> None:
    """Shows a command and runs it; ends the demo where it does not end as it should."""
    print(f"$ {command}", flush=True)
    done = subprocess.run(shlex.split(command), stderr=subprocess.STDOUT, check=False)
    if done.returncode != expect:
        sys.exit(f"`{command}` ended with {done.returncode}, and not with {expect}")


if __name__ == "__main__":
    sys.exit(main())
