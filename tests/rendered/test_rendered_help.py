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

  Write, check and deploy segments of the Treasure Data Audience API.

  Exit codes:
    0    success
    1    errors in files, or conflicts
    2    usage error
    3    API error
    4    `plan --exit-code`: changes to apply
    130  interrupted (Ctrl-C)

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Write:
  fmt         Format files in place.
  check       Check files and their imports for errors and warnings.
  compile     Compile files to API requests or rules.
  decompile   Convert JSON of the API to source.
  import      Convert tdx YAML files to .seg files.
  rule        Explain a diagnostic code, with an example.

Inspect:
  explain     Explain segments, journeys and other items in plain English.
  preview     Count the profiles that segments select, without creating
              anything.
  simulate    Simulate a journey over local data, day by day.
  sql         Print the SQL query of each segment.

Workspace:
  init        Create a workspace in the current folder.
  plan        Show what `segdsl apply` would change on the server.
  apply       Apply the workspace to the server.
  pull        Write what is on the server to files.
  mv          Record a rename or a move, so that the id stays the same.

Server:
  list        List the segments on the server, or its resources of another KIND.
  show        Show a segment on the server as source, or a resource of another
              kind.
  create      Create segments and their folders on the server.
  delete      Delete a segment from the server.
  run         Run an activation, or train a predictive segment.
  journey     Launch, pause and resume journeys of the server.
  parent      Configure and run the parent segment.
  schema      Pull and show the schema of the parent segment.
  serve       Serve a local Audience API over your own data.

Other:
  completion  Print a shell completion script.
  help        Show help for a command.

  Examples:
    segdsl init --data data
    segdsl check
    segdsl help plan
""")


def test_check() -> None:
    assert page("check") == snapshot("""\
Usage: segdsl check [OPTIONS] [FILE|-]...

  Check files and their imports for errors and warnings.

  If FILE is a folder, checks all .seg files in it; without FILE, all in the
  project; with `-`, standard input. Names and types are checked offline against
  the target's schema, if `segdsl schema pull` has written one.

  Diagnostics in a machine format go to standard output.

Options:
  --fix                           Fix problems that can be fixed automatically.
  --diff                          With --fix: show the fixes instead of writing
                                  them.
  --target NAME                   Target in segdsl.toml, instead of the default
                                  one.
  --no-schema                     Do not check names and types against the
                                  target's schema.
  --no-cache                      Check all files again, and cache no results.
  --set NAME=VALUE                Set a param (repeatable).
  --allow CODE                    Suppress this warning (repeatable).
  --format [text|json|sarif|github]
                                  Output format for diagnostics; json: one
                                  document with all output.
  --json                          Same as --format json.
  --color [auto|always|never]     When to use color; auto: on a terminal, unless
                                  NO_COLOR is set.
  -h, --help                      Show this message and exit.

  Examples:
    segdsl check
    segdsl check --fix loyalty/top.seg
    segdsl check --format sarif . > findings.sarif
""")


def test_compile() -> None:
    assert page("compile") == snapshot("""\
Usage: segdsl compile [OPTIONS] FILE...

  Compile files to API requests or rules.

  Prints the body of the request that creates a segment, or with --rule only its
  rule. What takes several requests, such as a funnel or a journey, becomes an
  object with its `requests`: method, path and body of each. If FILE is a
  folder, compiles all .seg files in it. One item becomes a JSON object, several
  become an array. References by name become ids, from the target's schema and
  lock.

  If there is an error, nothing is written. Diagnostics go to standard error in
  every format.

Options:
  --rule                          Write only the rule of each request.
  --symbolic                      Write marked names where ids are unknown.
  --layout [v5|nested]            Rule layout: two levels with Composite, or the
                                  older nested And/Or.
  -o, --output FILE               Write to FILE (atomically) instead of standard
                                  output.
  --set NAME=VALUE                Set a param (repeatable).
  --select NAME                   Only the segment with this name or path
                                  (repeatable).
  --no-schema                     Do not check names and types against the
                                  target's schema.
  --target NAME                   Target in segdsl.toml, instead of the default
                                  one.
  --allow CODE                    Suppress this warning (repeatable).
  --format [text|json|sarif|github]
                                  Output format for diagnostics; json: one
                                  document with all output.
  --json                          Same as --format json.
  --color [auto|always|never]     When to use color; auto: on a terminal, unless
                                  NO_COLOR is set.
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

  Of a funnel, counts each stage, and shows the conversion from stage to stage.
  Of an activation, shows the first rows as they would be exported; nothing is
  sent. Values of columns with personal data are masked.

  If FILE is a folder, previews all .seg files in it. What has errors is
  reported, and the rest is counted. Ctrl-C kills the queries that still run on
  the server.

Options:
  --breakdown                     Count every condition, too.
  --sample N                      Show N profiles of each segment, and of each
                                  activation instead of 5.  [x>=1]
  --columns A,B,…                 Attributes to show with --sample, instead of
                                  the first ones, or `all`; of activations, the
                                  exported columns to show.
  --reveal                        Show personal data, which is masked otherwise.
  --layout [v5|nested]            Rule layout: two levels with Composite, or the
                                  older nested And/Or.
  --set NAME=VALUE                Set a param (repeatable).
  --select NAME                   Only the segment with this name or path
                                  (repeatable).
  --segment NAME|ID               Segment on the server, by name, path or id
                                  (repeatable).
  --no-schema                     Do not check names and types against the
                                  target's schema.
  --target NAME                   Target in segdsl.toml, instead of the default
                                  one.
  --now TIME                      Fix the clock of a local target, such as
                                  2024-10-01T09:00:00+09:00.
  --send-key                      Send the API key even if the target's `url` is
                                  on this machine.
  --allow CODE                    Suppress this warning (repeatable).
  --format [text|json|sarif|github]
                                  Output format for diagnostics; json: one
                                  document with all output.
  --json                          Same as --format json.
  --color [auto|always|never]     When to use color; auto: on a terminal, unless
                                  NO_COLOR is set.
  -h, --help                      Show this message and exit.

  Examples:
    segdsl preview japan.seg
    segdsl preview --breakdown japan.seg
    segdsl preview --sample 5 --columns age,country .
    segdsl preview --reveal activations/contact_sync.seg
""")


def test_plan() -> None:
    assert page("plan") == snapshot("""\
Usage: segdsl plan [OPTIONS] [PATH]...

  Show what `segdsl apply` would change on the server.

  Changes nothing. Plans all files in the folder of segdsl.toml, or only those
  in PATH.

  The plan has segments, funnels, activation templates and activations. What was
  changed on the server since the last pull or apply is a conflict; pass --force
  to overwrite it. What is new and looks renamed is reported; record the rename
  with `segdsl mv` to keep the id.

Options:
  --count                         Count the profiles that join and leave
                                  segments and stages.
  --save FILE                     Save the plan for `segdsl apply --plan FILE`.
  --prune                         Delete what no file defines any more.
  --force                         Overwrite changes made on the server.
  --exit-code                     Exit with 4 if there are changes to apply.
  --format, --output [text|json|github]
                                  Output format; json: one document; github: a
                                  pull request comment.
  --json                          Same as --format json.
  --allow-empty                   Allow a workspace that has lost all or most of
                                  what it had.
  --as-new                        Create what looks renamed as new; see `segdsl
                                  mv`.
  --set NAME=VALUE                Set a param (repeatable).
  --layout [v5|nested]            Rule layout: two levels with Composite, or the
                                  older nested And/Or.
  --no-schema                     Do not check names and types against the
                                  target's schema.
  --target NAME                   Target in segdsl.toml, instead of the default
                                  one.
  --now TIME                      Fix the clock of a local target, such as
                                  2024-10-01T09:00:00+09:00.
  --send-key                      Send the API key even if the target's `url` is
                                  on this machine.
  --color [auto|always|never]     When to use color; auto: on a terminal, unless
                                  NO_COLOR is set.
  -h, --help                      Show this message and exit.

  Examples:
    segdsl plan
    segdsl plan --count winback
    segdsl plan --save plan.json
""")


def test_apply() -> None:
    assert page("apply") == snapshot("""\
Usage: segdsl apply [OPTIONS] [PATH]...

  Apply the workspace to the server.

  Creates, updates and, with --prune, deletes segments, funnels, activation
  templates and activations. Shows the plan and asks for confirmation first.
  Everything is created after what it refers to. If there is a conflict, nothing
  is applied.

  No activation is run; `segdsl run activation` does that.

  After a failure or Ctrl-C, run the command again to apply the rest.

Options:
  --plan FILE                     Apply this saved plan.
  --yes                           Apply without asking for confirmation.
  --prune                         Delete what no file defines any more.
  --force                         Overwrite changes made on the server.
  --format, --output [text|json]  Output format; json: one document with all
                                  output.
  --json                          Same as --format json.
  --allow-empty                   Allow a workspace that has lost all or most of
                                  what it had.
  --as-new                        Create what looks renamed as new; see `segdsl
                                  mv`.
  --set NAME=VALUE                Set a param (repeatable).
  --layout [v5|nested]            Rule layout: two levels with Composite, or the
                                  older nested And/Or.
  --no-schema                     Do not check names and types against the
                                  target's schema.
  --target NAME                   Target in segdsl.toml, instead of the default
                                  one.
  --now TIME                      Fix the clock of a local target, such as
                                  2024-10-01T09:00:00+09:00.
  --send-key                      Send the API key even if the target's `url` is
                                  on this machine.
  --color [auto|always|never]     When to use color; auto: on a terminal, unless
                                  NO_COLOR is set.
  -h, --help                      Show this message and exit.

  Examples:
    segdsl apply
    segdsl apply --yes winback
    segdsl apply --plan plan.json --yes
""")


def test_schema() -> None:
    assert page("schema") == snapshot("""\
Usage: segdsl schema [OPTIONS] COMMAND [ARGS]...

  Pull and show the schema of the parent segment.

  It has the attributes, behaviors and other things that segments can refer to.

Options:
  -h, --help  Show this message and exit.

Commands:
  pull  Write the schema of the parent segment to a file.
  show  List the contents of the schema, and how to write them.

  Examples:
    segdsl schema pull
    segdsl schema show
""")
