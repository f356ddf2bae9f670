"""Help pages as they are printed.

`make snapshots` writes the texts anew after a change of wording.
"""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from running import segdsl


@pytest.fixture(autouse=True)
def _width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def page(*names: str) -> str:
    done = segdsl(*names, "--help")
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def test_the_first_page() -> None:
    assert page() == snapshot("""\
Usage: segdsl [OPTIONS] COMMAND [ARGS]...

  Segments of the Audience API, written to be read.

  Exit codes: 0 fine, 1 findings, 2 wrong use,
  3 no answer from the API, 4 `plan --exit-code` with
  something to do, 130 after Ctrl-C.

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Write:
  fmt         Format files in place (`-`: standard input to standard output).
  check       Look for mistakes in files (`-`: standard input), and in what they
              import.
  compile     Compile segments to create requests, or with --rule to rules.
  decompile   Turn a rule, a segment or a list of segments into source (`-`:
              standard input).
  import      Turn YAML segments of the vendor's own tool into .seg files.
  rule        Explain the code of a diagnostic, with an example that produces
              it.

Inspect:
  explain     Say in plain English who is in each segment (`-`: standard input).
  preview     Count the profiles that segments select, without creating
              anything.
  sql         Print the query that selects the profiles of each segment.

Workspace:
  init        Make a workspace in the current folder.
  plan        Compare the workspace with the server, and say what `segdsl apply`
              would do.
  apply       Make the server have what the workspace says.
  pull        Write the server's segments into files, in folders like the
              server's.
  mv          Record that a segment has a new name or folder here, so that it
              keeps its id.

Server:
  list        List the segments of the parent segment, by folder and name.
  show        Show a segment of the server as source; with --json also as the
              API answers it.
  create      Create segments on the server, and the folders they are in.
  delete      Delete a segment of the server.
  schema      The attributes, behaviors and other things that segments can name.
  serve       Serve a local Audience API over data of your own, on this machine
              only.

Other:
  completion  Print the script that completes command lines in a shell.
  help        Show the help of a command.

  Examples:
    segdsl init --data data
    segdsl check
    segdsl help plan
""")


def test_check() -> None:
    assert page("check") == snapshot("""\
Usage: segdsl check [OPTIONS] [FILE|-]...

  Look for mistakes in files (`-`: standard input), and in what they import.

  A folder stands for all .seg files in it; without any FILE it is the
  project's. Where the target has a schema (`segdsl schema pull`), names and
  types are checked with it. Machine forms go to standard output.

Options:
  --fix                           Put right what can be put right by itself.
  --diff                          With --fix: write nothing; show what would
                                  change.
  --target NAME                   The target whose schema is used.
  --no-schema                     Use no schema, even where there is one.
  --no-cache                      Look at all files again, and keep nothing.
  --set NAME=VALUE                Give a param its value; can be given again.
  --allow CODE                    Do not tell warnings of this code; can be
                                  given again.
  --format [text|json|sarif|github]
                                  Output format for diagnostics; json is one
                                  document with everything.
  --json                          Short for --format json.
  --color [auto|always|never]     Colour; auto is on a terminal, unless NO_COLOR
                                  is set.
  -h, --help                      Show this message and exit.

  Examples:
    segdsl check
    segdsl check --fix loyalty/top.seg
    segdsl check --format sarif . > findings.sarif
""")


def test_compile() -> None:
    assert page("compile") == snapshot("""\
Usage: segdsl compile [OPTIONS] FILE...

  Compile segments to create requests, or with --rule to rules.

  One segment makes an object, several a JSON array. A folder stands for all
  .seg files in it. Where anything is wrong nothing is written. Diagnostics go
  to standard error in every form.

Options:
  --rule                          Write the rule alone, not the request.
  --set NAME=VALUE                Give a param its value; can be given again.
  --select NAME                   Only the segment of this name, or path; can be
                                  given again.
  --layout [v5|nested]            Two levels with Composite, or older nested
                                  And/Or.
  --symbolic                      Write names, marked, where ids are not known.
  -o, --output FILE               Write to a file, whole or not at all.
  --target NAME                   The target whose schema and lock know the ids
                                  of names.
  --no-schema                     Do not check with the target's schema, where
                                  that is out of date.
  --allow CODE                    Do not tell warnings of this code; can be
                                  given again.
  --format [text|json|sarif|github]
                                  Output format for diagnostics; json is one
                                  document with everything.
  --json                          Short for --format json.
  --color [auto|always|never]     Colour; auto is on a terminal, unless NO_COLOR
                                  is set.
  -h, --help                      Show this message and exit.

  Examples:
    segdsl compile japan.seg
    segdsl compile --rule --symbolic japan.seg
    segdsl compile --set days=60 japan.seg -o japan.json
""")


def test_preview() -> None:
    assert page("preview") == snapshot("""\
Usage: segdsl preview [OPTIONS] [FILE]...

  Count the profiles that segments select, without creating anything.

  A folder stands for all .seg files in it. Segments with mistakes are told and
  the others are counted. Ctrl-C kills what still runs on the server.

Options:
  --breakdown                     Count every condition, as an outline with
                                  bars.
  --sample N                      Show N profiles of each segment.  [x>=1]
  --columns A,B,…                 The attributes to show of them; the first
                                  ones, if not given.
  --set NAME=VALUE                Give a param its value; can be given again.
  --select NAME                   Only the segment of this name, or path; can be
                                  given again.
  --segment NAME|ID               A segment of the server, by name, path or id;
                                  can be given again.
  --layout [v5|nested]            Two levels with Composite, or older nested
                                  And/Or.
  --no-schema                     Do not check with the target's schema, where
                                  that is out of date.
  --target NAME                   A target of segdsl.toml; else its default one.
  --now TIME                      The clock of a local target, such as
                                  2024-10-01T09:00:00+09:00.
  --send-key                      Send the API key to a target whose `url` is on
                                  this machine, too.
  --allow CODE                    Do not tell warnings of this code; can be
                                  given again.
  --format [text|json|sarif|github]
                                  Output format for diagnostics; json is one
                                  document with everything.
  --json                          Short for --format json.
  --color [auto|always|never]     Colour; auto is on a terminal, unless NO_COLOR
                                  is set.
  -h, --help                      Show this message and exit.

  Examples:
    segdsl preview japan.seg
    segdsl preview --breakdown japan.seg
    segdsl preview --sample 5 --columns age,country .
""")


def test_plan() -> None:
    assert page("plan") == snapshot("""\
Usage: segdsl plan [OPTIONS] [PATH]...

  Compare the workspace with the server, and say what `segdsl apply` would do.

  The workspace is the folder of segdsl.toml; with PATHs, only their files are
  planned. Nothing is changed. What somebody changed on the server since it was
  last seen is a conflict, and is never planned to be overwritten without
  --force. A new segment that looks like one that no file has now is to be
  settled, too: `segdsl mv` keeps its id.

Options:
  --count                         Count who joins and who leaves by each change.
  --save FILE                     Keep the plan, for `segdsl apply --plan FILE`.
  --prune                         Plan to delete what no file has any more.
  --force                         Plan to overwrite what was changed on the
                                  server.
  --exit-code                     Exit with 4 where there is something to do.
  --format, --output [text|json|github]
                                  As lines, as one document with everything, or
                                  as the comment of a pull request.
  --json                          Short for --format json.
  --allow-empty                   The workspace is meant to have lost all or
                                  most of its segments.
  --as-new                        Create what looks renamed as a new segment;
                                  see `segdsl mv`.
  --set NAME=VALUE                Give a param its value; can be given again.
  --layout [v5|nested]            Two levels with Composite, or older nested
                                  And/Or.
  --no-schema                     Do not check with the target's schema, where
                                  that is out of date.
  --target NAME                   A target of segdsl.toml; else its default one.
  --now TIME                      The clock of a local target, such as
                                  2024-10-01T09:00:00+09:00.
  --send-key                      Send the API key to a target whose `url` is on
                                  this machine, too.
  --color [auto|always|never]     Colour; auto is on a terminal, unless NO_COLOR
                                  is set.
  -h, --help                      Show this message and exit.

  Examples:
    segdsl plan
    segdsl plan --count winback
    segdsl plan --save plan.json
""")


def test_apply() -> None:
    assert page("apply") == snapshot("""\
Usage: segdsl apply [OPTIONS] [PATH]...

  Make the server have what the workspace says.

  Shows the plan and asks first (--yes where nobody can be asked). Each segment
  comes after those that it refers to. With a conflict nothing is sent. After a
  failure, or Ctrl-C, run it again: only what is left is done.

Options:
  --plan FILE                     Carry out exactly this saved plan.
  --yes                           Do not ask.
  --prune                         Delete what no file has any more.
  --force                         Overwrite what was changed on the server.
  --format, --output [text|json]  Output format; json is one document with
                                  everything.
  --json                          Short for --format json.
  --allow-empty                   The workspace is meant to have lost all or
                                  most of its segments.
  --as-new                        Create what looks renamed as a new segment;
                                  see `segdsl mv`.
  --set NAME=VALUE                Give a param its value; can be given again.
  --layout [v5|nested]            Two levels with Composite, or older nested
                                  And/Or.
  --no-schema                     Do not check with the target's schema, where
                                  that is out of date.
  --target NAME                   A target of segdsl.toml; else its default one.
  --now TIME                      The clock of a local target, such as
                                  2024-10-01T09:00:00+09:00.
  --send-key                      Send the API key to a target whose `url` is on
                                  this machine, too.
  --color [auto|always|never]     Colour; auto is on a terminal, unless NO_COLOR
                                  is set.
  -h, --help                      Show this message and exit.

  Examples:
    segdsl apply
    segdsl apply --yes winback
    segdsl apply --plan plan.json --yes
""")


def test_schema() -> None:
    assert page("schema") == snapshot("""\
Usage: segdsl schema [OPTIONS] COMMAND [ARGS]...

  The attributes, behaviors and other things that segments can name.

Options:
  -h, --help  Show this message and exit.

Commands:
  pull  Write the schema of the parent segment to a file.
  show  List what the schema has, and how it is written.

  Examples:
    segdsl schema pull
    segdsl schema show
""")
