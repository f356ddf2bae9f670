"""The completion scripts for bash, zsh and fish, and the format of their candidates.

By click's mechanism a script runs `segdsl` with `_SEGDSL_COMPLETE` and the words typed so far, and
reads one line per candidate. Besides click's own types of candidates there are `PATH`, which is
quoted like a file name and continues after a folder; `NAME`, which is quoted likewise; and `PART`,
which is followed by more text without a blank.
"""

from __future__ import annotations

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

VARIABLE = "_SEGDSL_COMPLETE"
PATH = "path"
NAME = "name"
PART = "part"

_BASH = r"""
%(complete_func)s() {
    local IFS=$'\n' response line kind value
    response=$(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
    COMPREPLY=()
    while IFS= read -r line; do
        [[ -n $line ]] || continue
        kind=${line%%%%,*}
        value=${line#*,}
        case $kind in
            path | name) compopt -o filenames 2>/dev/null ;;
            part) compopt -o nospace 2>/dev/null ;;
        esac
        COMPREPLY+=("$value")
    done <<< "$response"
    return 0
}
complete -o nosort -F %(complete_func)s %(prog_name)s 2>/dev/null ||
    complete -F %(complete_func)s %(prog_name)s
"""

_ZSH = r"""
#compdef %(prog_name)s
%(complete_func)s() {
    local -a response described parts folders
    local kind key help
    (( ! $+commands[%(prog_name)s] )) && return 1
    response=("${(@f)$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((CURRENT-1)) \
        %(complete_var)s=zsh_complete %(prog_name)s 2>/dev/null)}")
    for kind key help in ${response}; do
        case $kind in
            part) parts+=("$key") ;;
            path) [[ $key == */ ]] && folders+=("$key") || described+=("${key//:/\\:}") ;;
            *) [[ $help == _ ]] && described+=("${key//:/\\:}") ||
                described+=("${key//:/\\:}:$help") ;;
        esac
    done
    (( $#parts )) && compadd -U -S '' -- $parts
    (( $#folders )) && compadd -U -S '' -- $folders
    (( $#described )) && _describe -V unsorted described -U
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""


def _one_line(text: str) -> str:
    """The text without line ends, which would end a candidate."""
    return " ".join(text.split())


class _Bash(BashComplete):
    source_template = _BASH

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type},{item.value}"


class _Zsh(ZshComplete):
    source_template = _ZSH

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type}\n{item.value}\n{_one_line(item.help) if item.help else '_'}"


class _Fish(FishComplete):
    """fish quotes by itself, and adds no blank after a `/` or a `=`."""

    def format_completion(self, item: CompletionItem) -> str:
        help = f"\t{_one_line(item.help)}" if item.help else ""
        return f"plain,{item.value}{help}"


SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def register() -> None:
    """Registers these shells with click."""
    for name, shell in SHELLS.items():
        add_completion_class(shell, name)


def completion_script(shell: str) -> str:
    """The script that a shell reads when it starts."""
    from segdsl.cli.group import cli

    completer = SHELLS[shell](cli, {}, "segdsl", VARIABLE)
    # Not the method of bash's class, which runs bash to read its version.
    return ShellComplete.source(completer).lstrip("\n")
